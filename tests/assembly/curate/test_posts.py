"""Posts looked at, corrected, changed and removed one by one."""

import json
import shutil
from pathlib import Path

import pytest

from hashtag_recommender import SuggestOptions, open_recommender
from hashtag_recommender.assembly import add_post
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.console.terminal import shown_cells
from hashtag_recommender.core.post import ADDED, Post
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.db.database import open_database
from hashtag_recommender.db.engine import default_url

from ..conftest import ZEPPELIN, make_rows, refused, tags, write_rows

LAKE = "a zeppelin over the lake"


@pytest.fixture
def posts(hashtag, copy):
    """`hashtag posts` on a copy of the small home; what it printed, read if it is JSON."""

    def run(*words, code=0):
        ran = hashtag("posts", *words, "--home", copy)
        assert ran.code == code, ran
        return json.loads(ran.out) if "--json" in words else ran.out

    return run


def in_index(hashtag, home):
    return json.loads(hashtag("index", "info", "--home", home, "--json").out)["posts"]


def behind(home, text):
    """The posts on which suggestions rest, by id, and what they say."""
    with open_recommender(home) as recommender:
        answer = recommender.suggest(text=text)
    return {neighbour.post: neighbour.caption for s in answer.suggestions for neighbour in s.evidence}


def test_added_again_with_other_hashtags_it_is_corrected(posts, copy, ask):
    first = posts("add", *ZEPPELIN, "--author", "mina", "--json")
    assert first == {"post": first["post"], "outcome": "added", "indexed": False, "new": True}
    second = posts("add", "--text", f"{LAKE} #airship", "--posted-at", "2024-01-05", "--json")
    assert (second["post"], second["outcome"], second["new"]) == (first["post"], "corrected", False)
    assert posts("add", "--text", LAKE, "--hashtags", "airship", "--posted-at", "2024-01-05") == (
        f"post {first['post']} is in the archive already, unchanged\n"
    )
    [post] = posts("list", "--source", "added", "--json")
    assert (post["caption"], post["hashtags"], post["author"]) == (LAKE, ["airship"], "mina")
    found = tags(ask(copy, LAKE, "--count", 30))
    assert "airship" in found and not {"zeppelin", "luftschiff"} & set(found)


def test_one_that_an_earlier_release_knew_by_more_is_corrected_too(posts, copy):
    """By more than photos and caption; of several that say the same, the last."""
    with open_database(default_url(copy)) as database:
        for name, author in (("added-0123456789ab", "mina"), ("added-ba9876543210", "lee")):
            database.posts.add(Post(ADDED, name, LAKE, ("zeppelin",), author=author))
    assert posts("add", *ZEPPELIN, "--json")["post"] == "added-ba9876543210"
    told = {post["post"]: post["hashtags"] for post in posts("list", "--source", "added", "--json")}
    assert told == {"added-0123456789ab": ["zeppelin"], "added-ba9876543210": ["Zeppelin", "luftschiff"]}


def test_a_photo_makes_another_post_of_the_same_caption(hashtag, demo, demo_home, tmp_path):
    home = shutil.copytree(demo_home, tmp_path / "home")
    cat, coffee = demo / "new" / "cat.jpg", demo / "new" / "coffee.jpg"

    def add(*words):
        ran = hashtag("posts", "add", *words, "--hashtags", "zeppelin", "--home", home, "--json")
        return json.loads(ran.out)

    made = [add("--text", LAKE), add(cat, "--text", LAKE), add(cat, coffee, "--text", LAKE), add(cat)]
    assert [change["outcome"] for change in made] == ["added"] * 4
    assert len({change["post"] for change in made}) == 4
    again = Path(shutil.copy(cat, tmp_path / "elsewhere.jpg"))
    assert add(again, "--text", LAKE) == made[1] | {"outcome": "corrected", "new": False}, "its path is another"
    assert add(again, "--text", LAKE)["outcome"] == "unchanged"


def test_a_post_may_have_an_id_of_its_own(posts):
    assert posts("add", *ZEPPELIN, "--id", "my 1") == "added as post my 1\n"
    assert posts("add", *ZEPPELIN, "--id", "my 1") == "post my 1 is in the archive already, unchanged\n"
    assert posts("add", "--text", "another", "--hashtags", "one", "--id", "my 1") == "post my 1 corrected\n"
    assert posts("add", "--text", "another", "--hashtags", "two") == "post my 1 corrected\n", "by what it says"
    assert posts("add", "--text", "another", "--hashtags", "two", "--id", "my 2") == "added as post my 2\n"
    assert [post["post"] for post in posts("list", "--source", "added", "--json")] == ["my 2", "my 1"]


def test_a_post_is_changed_and_at_once_so_for_suggestions(posts, copy, ask):
    post = posts("add", *ZEPPELIN, "--author", "mina", "--posted-at", "2024-01-05", "--json")["post"]
    assert posts("edit", post, "--hashtags", "airship") == f"post {post} corrected\n"
    assert posts("show", post, "--json") == {
        "post": post,
        "source": "added",
        "caption": LAKE,
        "hashtags": ["airship"],
        "photos": [],
        "author": "mina",
        "posted_at": "2024-01-05T00:00:00+00:00",
    }
    assert "airship" in tags(ask(copy, LAKE)) and "zeppelin" not in tags(ask(copy, LAKE, "--count", 30))
    assert posts("edit", post, "--text", "a balloon in the fog #fog", "--author", "") == f"post {post} corrected\n"
    told = posts("show", post, "--json")
    assert (told["caption"], told["hashtags"], told["author"]) == ("a balloon in the fog", ["airship", "fog"], None)
    assert behind(copy, "balloon in fog")[post] == "a balloon in the fog"
    assert posts("edit", post, "--author", "") == f"post {post} is in the archive already, unchanged\n"


def test_a_post_may_get_other_photos_and_keep_those_whose_files_are_gone(hashtag, demo, demo_home, tmp_path):
    home, photo = shutil.copytree(demo_home, tmp_path / "home"), tmp_path / "new.jpg"
    shutil.copy(demo / "new" / "cat.jpg", photo)
    words = ["--home", home, "--json"]
    post = json.loads(hashtag("posts", "add", photo, "--hashtags", "zeppelin", *words).out)["post"]
    photo.unlink()
    assert hashtag("posts", "edit", post, "--text", LAKE, *words).code == 0
    assert json.loads(hashtag("posts", "show", post, *words).out)["photos"] == [str(photo)]

    def nearest(name):
        with open_recommender(home) as recommender:
            answer = recommender.suggest(demo / "new" / name, options=SuggestOptions(count=30))
        return max((n.similarity, n.post) for s in answer.suggestions for n in s.evidence)

    assert nearest("cat.jpg") == (pytest.approx(1, abs=0.01), post)
    assert hashtag("posts", "edit", post, demo / "new" / "coffee.jpg", *words).code == 0
    assert nearest("coffee.jpg") == (pytest.approx(1, abs=0.01), post)
    assert nearest("cat.jpg")[1] != post


def test_a_removed_post_is_gone_at_once(posts, copy, ask):
    post = posts("add", *ZEPPELIN, "--json")["post"]
    assert posts("remove", post) == f"post {post} removed\n"
    assert "zeppelin" not in tags(ask(copy, LAKE, "--count", 30))
    assert refused_post(posts, "show", post)
    assert posts("add", *ZEPPELIN, "--json")["outcome"] == "added", "and may come again"


def refused_post(posts, *words):
    return posts(*words, code=2) == ""


def test_what_an_index_was_built_with_speaks_no_more_and_the_next_is_without_it(hashtag, posts, copy, rebuild):
    kept, gone = (
        posts("add", "--text", text, "--hashtags", "zeppelin", "--json")["post"] for text in (LAKE, "a zeppelin at sea")
    )
    rebuild(copy)
    assert in_index(hashtag, copy) == 62 and {kept, gone} <= set(behind(copy, "zeppelin"))
    told = posts("edit", kept, "--text", "a zeppelin, dark as night")
    assert f"post {kept} corrected" in told and "are removed at the next `hashtag index refresh`" in told
    change = posts("remove", gone, "--json")
    assert change == {"post": gone, "outcome": "removed", "indexed": True}
    seen = behind(copy, "zeppelin")
    assert seen[kept] == "a zeppelin, dark as night" and gone not in seen
    assert hashtag("index", "verify", "--home", copy).code == 0
    rebuild(copy)
    assert in_index(hashtag, copy) == 61
    assert behind(copy, "zeppelin") == seen


def test_a_refresh_without_the_last_added_post_is_not_refused(hashtag, posts, copy, tmp_path):
    write_rows(tmp_path / "posts.csv", make_rows(60, 2))
    hashtag("sources", "add", tmp_path / "posts.csv", "--source", "posts", "--home", copy)
    post = posts("add", *ZEPPELIN, "--json")["post"]
    for n, change in ((61, lambda: None), (60, lambda: posts("remove", post))):
        change()
        ran = hashtag("index", "refresh", "--home", copy)
        assert ran.code == 0, ran
        assert in_index(hashtag, copy) == n


def test_posts_of_a_source_are_changed_there(hashtag, copy):
    for words in (["edit", "3", "--text", "x"], ["remove", "3"]):
        ran = hashtag("posts", *words, "--home", copy)
        assert refused(ran, "post 3 is from posts; change it there, because the next refresh reads it")


def test_an_id_of_several_sources_needs_its_source(hashtag, posts, copy, tmp_path):
    posts("add", *ZEPPELIN, "--id", "3")
    for words in (["show", "3"], ["edit", "3", "--text", "x"], ["remove", "3"]):
        assert refused(hashtag("posts", *words, "--home", copy), "post 3 is in several sources: added, posts; name one")
    assert posts("show", "3", "--source", "posts", "--json")["source"] == "posts"
    assert posts("remove", "3", "--source", "added") == "post 3 removed\n"
    assert posts("show", "3", "--json")["source"] == "posts"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["show", "gone"], "there is no post 'gone'; `hashtag posts list` shows which there are"),
        (["show", "3", "--source", "added"], "there is no post '3' of added"),
        (["show", "3", "--source", "other"], "no source is called 'other'"),
        (["list", "--source", "other"], "no source is called 'other'"),
        (["edit", "mine"], "nothing to change"),
        (["edit", "mine", "--text", ""], "the post would have no photo and no caption"),
        (["edit", "mine", "--hashtags", ""], "the post has no hashtag"),
        (["edit", "mine", "--posted-at", "yesterday"], "'yesterday' is no time"),
        (["edit", "mine", "gone.jpg"], "there is no photo gone.jpg"),
        (["add", *ZEPPELIN, "--id", " "], "the id is empty"),
        (["add", *ZEPPELIN, "--id", "x" * 1001], "more than 1,000 bytes"),
    ],
)
def test_what_cannot_be_done_to_a_post(hashtag, posts, copy, words, complaint):
    posts("add", *ZEPPELIN, "--id", "mine")
    before = posts("show", "mine")
    assert refused(hashtag("posts", *words, "--home", copy), complaint)
    assert posts("show", "mine") == before


def test_posts_are_listed_newest_first(posts):
    listed = posts("list", "--json")
    dates = [post["posted_at"] for post in listed]
    assert len(listed) == 20 and dates == sorted(dates, reverse=True)
    everything = posts("list", "--count", 99, "--json")
    assert len(everything) == 60 and everything[:20] == listed
    assert [post["posted_at"] for post in everything[-6:]] == [None] * 6, "those without a date come last"
    assert {post["author"] for post in posts("list", "--author", "mina", "--json")} == {"mina"}
    assert len(posts("list", "--source", "posts", "--count", 2, "--json")) == 2
    tag = everything[0]["hashtags"][0]
    found = posts("list", "--search", f"#{tag.upper()}", "--count", 99, "--json")
    assert everything[0] in found and all(tag in json.dumps(post).lower() for post in found)
    assert posts("list", "--search", "no post holds this", "--json") == []
    no_such = "no such post is in the archive\n"
    assert posts("list", "--author", "nobody") == posts("list", "--author", "mina", "--source", "added") == no_such
    assert posts("list", "--source", "added") == "no post was added yet; `hashtag posts add` adds one\n"


@pytest.fixture
def long_caption(posts):
    """Of the newest post."""
    caption = "카페 라떼 " * 30
    posts("add", "--text", caption, "--hashtags", "카페 #라떼", "--author", "준호", "--posted-at", "2031-02-03")
    return caption.strip()


def test_a_list_shows_captions_within_80_cells(posts, long_caption, terminal):
    first, second, *_ = posts("list").splitlines()
    assert first.startswith("added-") and "카페 라떼 카페 라떼" in first and first.endswith("…")
    assert shown_cells(first) <= 80
    assert second.split() == ["2031-02-03", "no", "photo", "준호", "added", "#카페", "#라떼"]
    shown = posts("show", first.split()[0])
    assert shown.count("라떼") > 30 and "added with `hashtag posts add`" in shown


def test_in_a_pipe_a_list_shows_whole_captions(posts, long_caption):
    assert posts("list", "--count", 1).splitlines()[0].endswith(f"  {long_caption}")


def test_who_is_forgotten_cannot_be_added_by_a_change(hashtag, posts, copy):
    post = posts("add", *ZEPPELIN, "--json")["post"]
    assert hashtag("posts", "forget", "--author", "mina", "--home", copy).code == 0
    assert refused(hashtag("posts", "edit", post, "--author", "mina", "--home", copy), "its author was forgotten")
    assert posts("show", post, "--json")["author"] is None


def test_the_python_interface_adds_by_id(copy):
    change = add_post(Home(Settings(copy)), (), LAKE, "zeppelin", post_id="mine")
    assert (change.post_id, change.outcome) == ("mine", "added")


def test_verify_says_of_a_removed_post_that_it_leaves_and_not_that_it_answers(hashtag, posts, copy):
    posts("add", *ZEPPELIN)
    assert hashtag("index", "refresh", "--home", copy).code == 0
    [post] = posts("list", "--source", "added", "--json")
    posts("remove", post["post"])
    ran = hashtag("index", "verify", "--home", copy)
    assert ran.code == 0 and "posts have changed; run `hashtag index refresh`" in " ".join((ran.out + ran.err).split())
    assert "answers" not in ran.out + ran.err


def test_what_is_not_told_is_kept_to_the_letter(posts):
    posts("add", "--text", "none #cat", "--hashtags", "#none", "--author", "null", "--id", "nan")
    assert posts("edit", " nan ", "--hashtags", "#null", "--json")["post"] == "nan"
    posts("edit", "nan", "--posted-at", "2024-01-05")
    [post] = posts("list", "--source", "added", "--json")
    assert (post["caption"], post["hashtags"], post["post"]) == ("none", ["null"], "nan")


@pytest.mark.parametrize("words", [("show", "\udcff"), ("remove", "\udcff")])
def test_half_a_character_is_no_damage(hashtag, copy, words):
    ran = hashtag("posts", *words, "--home", copy)
    assert ran.code == 2 and "damaged" not in ran.err, ran
