"""Controls on homes of every kind: without a database, read-only, being written, of another version."""

import json
import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import pytest

from hashtag_recommender import SuggestOptions, open_recommender
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.errors import HashtagError
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.snapshot import writing
from hashtag_recommender.retrieval.reranking import reranker

from ..conftest import CAT, ZEPPELIN, make_rows, refused, tags, write_rows


def test_a_database_elsewhere_is_to_be_named(hashtag, ask, tmp_path):
    """Else a new one would lie in the home, and nothing of what it held would ever be seen."""
    source = write_rows(tmp_path / "posts.csv", make_rows(12, 2))
    home, url = tmp_path / "home", f"sqlite:///{tmp_path / 'else.sqlite'}"
    ran = hashtag("index", "build", source, "--home", home, "--db", url, "--encoders", "compact")
    assert ran.code == 0, ran.err
    for words in (
        ["tags", "block", "cat"],
        ["tags", "remove", "cat"],
        ["tags", "list"],
        ["tags", "alias"],
        ["posts", "add", *ZEPPELIN],
        ["posts", "forget", "--author", "mina"],
        ["feedback", "reject", "--text", CAT, "--hashtags", "cat"],
    ):
        ran = hashtag(*words, "--home", home)
        assert ran.code == 2 and "--db" in ran.err.splitlines()[-1], (words, ran)
        assert not (home / "hashtag.sqlite").exists(), words
    ran = hashtag("suggest", "--text", CAT, "--home", home)
    assert (ran.code, "else.sqlite" in ran.err, "name it with --db" in ran.err) == (0, True, True)
    assert hashtag("tags", "block", "cat", "--home", home, "--db", url).code == 0
    assert hashtag("posts", "add", *ZEPPELIN, "--home", home, "--db", url).code == 0
    answer = ask(home, f"{CAT} zeppelin over the lake", "--db", url, "--count", 30)
    assert "zeppelin" in tags(answer) and "cat" not in tags(answer)


def test_without_its_database_the_index_answers_alone(hashtag, copy, ask):
    hashtag("tags", "block", "cat", "--home", copy)
    assert "cat" not in tags(ask(copy, CAT))
    (copy / "hashtag.sqlite").write_bytes(b"not a database " * 100)
    ran = hashtag("suggest", "--text", CAT, "--home", copy)
    assert (ran.code, "your own rules" in ran.err, "cat" in ran.out) == (0, True, True)


def test_suggesting_needs_nothing_to_write(copy, hashtag):
    """A home that another user owns, or a disk that is read-only: rules and added posts count all the same."""
    hashtag("tags", "block", "cat", "--home", copy)
    hashtag("posts", "add", *ZEPPELIN, "--home", copy)
    with tempfile.TemporaryDirectory() as folder:  # pytest's own may be entered by its owner only
        home = Path(shutil.copytree(copy, Path(folder) / "home"))
        Path(folder).chmod(0o755)
        inside = [home, *home.rglob("*")]
        for path in inside:
            path.chmod(0o555 if path.is_dir() else 0o444)
        user = os.geteuid()
        try:
            if user == 0:  # whom no permission keeps from writing
                os.seteuid(65534)
            recommender = open_recommender(home)
            answer = recommender.suggest(text=f"{CAT} zeppelin over the lake", options=SuggestOptions(count=20))
            with pytest.raises(HashtagError, match="see that the file and its folder can be written"):
                from hashtag_recommender.assembly import rule_store

                with rule_store(Home(Settings(home))) as book:
                    book.block("dog")
        finally:
            os.seteuid(user)
            for path in inside:
                path.chmod(0o755)
    shown = {normalise_hashtag(suggestion.hashtag) for suggestion in answer.suggestions}
    assert recommender.notes == ()
    assert "zeppelin" in shown and "cat" not in shown


def rewrite_manifest(home, change):
    """Change the manifest of the only snapshot. change: gets what it says, and returns what it is to say."""
    manifest = next((home / "snapshots").iterdir()) / "manifest.json"
    document = json.dumps(change(json.loads(manifest.read_bytes()))).encode()
    manifest.write_bytes(document)
    manifest.with_name("manifest.sha256").write_text(sha256(document).hexdigest())
    (home / "CURRENT").write_text(f"{manifest.parent.name} {sha256(document).hexdigest()}\n")


def without(home, *names):
    """Take files out of the only snapshot, as if it had been built before there were any."""
    for name in names:
        next((home / "snapshots").iterdir()).joinpath(name).unlink()

    def forget(told):
        return told | {"files": {file: record for file, record in told["files"].items() if file not in names}}

    rewrite_manifest(home, forget)


def test_an_index_of_another_format_is_to_be_built_again(hashtag, copy, rebuild, tmp_path):
    rewrite_manifest(copy, lambda told: told | {"format": 1})
    for words in (
        ["suggest", "--text", CAT],
        ["posts", "add", *ZEPPELIN],
        ["posts", "forget", "--author", "mina"],
        ["feedback", "accept", "--text", CAT, "--hashtags", "cat"],
        ["index", "info"],
    ):
        ran = hashtag(*words, "--home", copy)
        assert refused(ran, "format 1, this version reads 2; run `hashtag index build` again")
    assert rebuild(copy)["published"]
    assert hashtag("index", "verify", "--home", copy).code == 0


def test_while_a_home_is_written_one_can_ask_and_add_but_not_write_it_twice(hashtag, copy, ask):
    with writing(copy):
        assert ask(copy, CAT)["hashtags"]
        assert hashtag("tags", "block", "cat", "--home", copy).code == 0
        assert hashtag("posts", "add", *ZEPPELIN, "--home", copy).code == 0
        ran = hashtag("posts", "forget", "--author", "mina", "--home", copy)
        assert (ran.code, "is being written by `(a Python program)`, process" in ran.err) == (4, True)
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0


def test_info_tells_of_a_reranker_of_another_version(hashtag, home, monkeypatch):
    monkeypatch.setattr(reranker, "VERSION", reranker.VERSION + 1)
    ran = hashtag("index", "info", "--home", home)
    assert (ran.code, "of version" in ran.out) == (0, True)


def test_info_tells_what_an_older_index_would_gain(hashtag, large_copy):
    def gains():
        ran = hashtag("index", "info", "--home", large_copy, "--json")
        assert ran.code == 0, ran.err
        return [note for note in json.loads(ran.out)["notes"] if note.startswith("built anew, ")]

    assert gains() == []
    without(large_copy, "same_meaning.json", "signatures.json")
    assert [note.split("would")[0] for note in gains()] == [
        "built anew, hashtags of the same meaning ",
        "built anew, hashtags of one or two authors alone ",
    ]
    without(large_copy, "familiarity.json", "familiarity.npz")
    assert "how well the archive knows such posts, and have new hashtags out of captions; run" in gains()[0]
    assert hashtag("suggest", "--text", CAT, "--home", large_copy).code == 0


def test_building_does_not_make_a_second_database(hashtag, tmp_path):
    posts = write_rows(tmp_path / "posts.csv", make_rows(12, 3))
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    assert hashtag("index", "build", posts, "--home", tmp_path / "home", "--db", elsewhere).code == 0
    ran = hashtag("index", "build", posts, "--home", tmp_path / "home")
    assert (ran.code, "name it with --db" in ran.err) == (2, True)
