"""Why a hashtag is suggested, in words and for machines."""

from rich.cells import cell_len

from ..conftest import CAFE, CAT


def test_explaining_in_plain_words(hashtag, home, terminal):
    words = ["--explain", "--count", 5, "--given", "cat", "--author", "mina", "--half-life", "300", "--lang", "ko,en"]
    for text in (CAT, CAFE):
        ran = hashtag("suggest", "--text", text, "--home", home, *words)
        assert ran.code == 0, ran.err
        for told in (
            "posts carry it: ",
            "posts with similar words",
            "how often it occurs with the given hashtags",
            "how often mina",
        ):
            assert told in ran.out, told
        assert all(cell_len(line) <= 80 for line in ran.out.splitlines()[:-1])


def test_explaining_for_machines(home, ask):
    answer = ask(home, CAT, "--explain", "--author", "mina")
    for entry in answer["hashtags"]:
        assert set(entry) - {"also"} == {"hashtag", "score", "evidence", "uses", "tier", "reasons"}
        told = {"post", "similarity", "channel", "share", "caption", "photo"}
        assert all(set(post) == told for post in entry["evidence"])
        assert all(set(reason) == {"what", "log_odds"} for reason in entry["reasons"])
    of_mina = next(entry for entry in answer["hashtags"] if entry["hashtag"] == "minasworld")
    assert {reason["what"]: reason["log_odds"] for reason in of_mina["reasons"]}["how often mina uses it"] > 1
    assert not any("reasons" in entry for entry in ask(home, CAT)["hashtags"])


def test_lines_fit_a_terminal(hashtag, home, copy, terminal):
    hashtag("tags", "block", "맞팔해요", "--home", copy)
    for words in (["index", "info"], ["index", "verify"], ["tags", "list"], ["tags", "alias"]):
        for folder in (home, copy):
            ran = hashtag(*words, "--home", folder)
            assert ran.code == 0
            assert all(cell_len(line.rstrip()) <= 80 for line in ran.out.splitlines()), ran.out
