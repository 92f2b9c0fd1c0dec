"""A hashtag that no post carries comes where its name fits."""

import json
import shutil

import numpy as np
import pytest

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly.hashtag_names import name_digests
from hashtag_recommender.assembly.home import open_home
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval import learned

from ..conftest import refused

ALL = SuggestOptions(count=200, raw=True)
NAMED_BY = {"sentence", "multilingual"}


@pytest.fixture
def add(hashtag, large_copy):
    """`hashtag tags add`; returns what it says."""

    def run(*tags, home=large_copy):
        ran = hashtag("tags", "add", *tags, "--home", home)
        assert ran.code == 0, ran.err
        return ran.out, ran.err

    return run


def candidates(home, text):
    with open_recommender(home) as recommender:
        answer = recommender.suggest(text=text, options=ALL)
    return {suggestion.hashtag: suggestion for suggestion in answer.suggestions}


def test_it_comes_where_its_name_fits_in_any_language(add, large_copy):
    text = "our little kitty is asleep on the sofa"
    assert not {"고양이낮잠", "volleyball"} & candidates(large_copy, text).keys()
    assert add("#고양이낮잠", "volleyball") == ("#고양이낮잠: added\n#volleyball: added\n", "")
    added = candidates(large_copy, text)["고양이낮잠"]
    assert (added.uses, added.evidence) == (0, ())
    assert candidates(large_copy, "the volleyball match was close").keys() >= {"volleyball"}


def test_it_is_a_rule_that_can_be_taken_back(add, hashtag, large_copy):
    add("volleyball")
    rules = json.loads(hashtag("tags", "list", "--json", "--home", large_copy).out)
    assert rules == [{"hashtag": "volleyball", "kind": "add", "target": None}]
    assert hashtag("tags", "remove", "volleyball", "--home", large_copy).code == 0
    assert "volleyball" not in candidates(large_copy, "the volleyball match was close")


def test_one_that_posts_carry_stays_as_it_is(add, large_copy):
    before = candidates(large_copy, "purring on the sofa")
    add("cat")
    after = candidates(large_copy, "purring on the sofa")
    assert {tag: found.score for tag, found in after.items()} == {tag: found.score for tag, found in before.items()}


def test_an_added_post_brings_the_names_of_its_hashtags(hashtag, large_copy):
    words = "--text", "a match in the gym", "--hashtags", "#volleyball"
    assert hashtag("posts", "add", *words, "--home", large_copy).code == 0
    with open_recommender(large_copy) as recommender:
        assert recommender.knows("volleyball")
        names = recommender._learned.reranker._learning.hashtag_names
    assert set(names.of) == NAMED_BY
    for name in names.of.values():
        assert np.linalg.norm(name.take(np.arange(len(name))), axis=1) == pytest.approx(1, abs=1e-5)


def test_forgetting_an_author_and_building_anew_keep_its_name(add, hashtag, large_copy):
    add("고양이낮잠")
    assert hashtag("posts", "forget", "--author", "lee", "--home", large_copy).code == 0
    records = [record for record in current_snapshot(large_copy).manifest.channels if record.channel in NAMED_BY]
    assert len(records) == len(NAMED_BY)
    with open_home(large_copy) as opened, opened.database() as database:
        for record in records:
            digests = name_digests(record.channel, ["고양이낮잠"])
            assert database.posts.vectors_of(record.fingerprint, digests).keys() == set(digests)


def test_who_allows_one_does_not_take_it_back(add, hashtag, large_copy):
    add("volleyball")
    assert hashtag("tags", "allow", "volleyball", "--home", large_copy).out == "#volleyball: added\n"
    told = hashtag("suggest", "--text", "a match", "--given", "volleyball", "--home", large_copy).err
    assert "no post of the archive carries #volleyball" in told


def test_where_names_do_not_count_it_says_so(add, small_home, tmp_path, monkeypatch):
    out, err = add("volleyball", home=shutil.copytree(small_home, tmp_path / "small"))
    assert out == "#volleyball: added\n"
    assert "not suggested yet: the archive is too small to train on" in err
    monkeypatch.setattr(learned, "read_names", lambda folder: ())
    assert "built before the names of hashtags were compared; run `hashtag index build` again" in add("volleyball")[1]


def test_what_is_no_hashtag_is_refused(hashtag, large_copy):
    assert refused(hashtag("tags", "add", "!?", "--home", large_copy), "is no hashtag")
