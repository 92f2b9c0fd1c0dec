import dataclasses
import json

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.retrieval.adjustments import Adjuster
from hashtag_recommender.retrieval.new_hashtags.extractor import NewHashtag, NewHashtagExtractor, Writing
from hashtag_recommender.retrieval.new_hashtags.training import learn_new_hashtags
from hashtag_recommender.retrieval.new_hashtags.word_counts import count_words, find_suffixes, words_of
from hashtag_recommender.retrieval.new_hashtags.words import split_words
from hashtag_recommender.retrieval.reranking.context_priors import ContextPriors, Contexts
from hashtag_recommender.retrieval.selection.selector import HashtagTable
from hashtag_recommender.retrieval.voting.ranking import Ranked


@pytest.fixture(scope="module")
def menu(archive, fusion):
    """The archive, where many captions begin with the name of a dish, which is a hashtag; most dishes appear once."""
    rng = np.random.default_rng(3)
    names, captions = list(archive.hashtags), list(archive.contents.captions)
    labels = sparse.lil_matrix((len(captions), len(names) + len(captions)), dtype=np.float32)
    labels[:, : len(names)] = archive.labels
    for row in range(0, len(captions), 2):
        dish = "".join(rng.choice(list("bdfgklmnprstvz")) + rng.choice(list("aeiou")) for _ in range(4))
        captions[row] = f"{dish.capitalize()} {captions[row]}"
        labels[row, len(names)] = 1
        names.append(dish)
    return dataclasses.replace(
        archive,
        contents=dataclasses.replace(archive.contents, captions=captions),
        labels=sparse.csr_matrix(labels[:, : len(names)]),
        hashtags=StringTable.of(names),
    )


@pytest.fixture(scope="module")
def extractor(menu, fusion):
    learned = learn_new_hashtags(menu, fusion)
    assert learned is not None
    return learned


def no_votes(menu):
    return sparse.csr_matrix((1, len(menu.hashtags)), dtype=np.float32)


def found(extractor, menu, caption, lower=False):
    return extractor.find(
        *extractor.split([caption]), menu.hashtags, no_votes(menu), Writing(lower, frozenset(["LATIN", "HANGUL"]))
    )


def test_a_name_that_no_post_carries_is_found_where_names_stand(extractor, menu):
    best, *_ = found(extractor, menu, "Tazukipo morning quiet golden walk window")
    assert (best.hashtag, best.words) == ("Tazukipo", ("tazukipo",))
    assert best.probability > 0.5


def test_words_that_are_never_hashtags_are_not(extractor, menu):
    assert all(new.hashtag not in ("morning", "quiet") for new in found(extractor, menu, "morning quiet golden walk"))


def test_hashtags_that_posts_carry_are_not_new(extractor, menu):
    assert all(new.hashtag.lower() != "latte" for new in found(extractor, menu, "Latte morning quiet"))


def test_of_nested_phrases_the_likelier_one_comes(extractor, menu):
    hashtags = [new.hashtag.lower() for new in found(extractor, menu, "Tazukipo Ruvelido morning quiet")]
    assert all(a == b or a not in b for a in hashtags for b in hashtags)


def test_the_case_is_that_of_the_archive(extractor, menu):
    assert found(extractor, menu, "Tazukipo morning quiet", lower=True)[0].hashtag == "tazukipo"
    assert Writing.of(["coffee", "latte", "NYC"]).lower_case and not Writing.of(["Coffee", "Latte", "nyc"]).lower_case


def test_new_hashtags_are_in_scripts_that_the_archive_uses(extractor, menu):
    assert Writing.of(["coffee"] * 99 + ["카페", "東京"] * 1).scripts == {"LATIN"}
    assert found(extractor, menu, "Ласточка 東京駅 morning quiet") == found(extractor, menu, "morning quiet") == []


def test_captions_without_words_have_none(extractor, menu):
    assert found(extractor, menu, "") == found(extractor, menu, "😀 !!") == []


def test_it_is_loaded_as_it_was_saved(extractor, menu, tmp_path):
    extractor.save(tmp_path)
    loaded = NewHashtagExtractor.load(tmp_path)
    for caption in ("Tazukipo morning quiet", "성수동 카페 Ruvelido"):
        assert found(loaded, menu, caption) == found(extractor, menu, caption)


@pytest.mark.parametrize("damage", ["version", "shape", "gone"])
def test_damaged_files_are_told(extractor, tmp_path, damage):
    extractor.save(tmp_path)
    if damage == "version":
        fields = json.loads((tmp_path / "new_hashtags.json").read_text(encoding="utf-8"))
        (tmp_path / "new_hashtags.json").write_text(json.dumps(fields | {"version": 9}), encoding="utf-8")
    elif damage == "shape":
        np.save(tmp_path / "begun.npy", np.zeros(3, dtype=np.float32))
    else:
        (tmp_path / "words.utf8").unlink()
    with pytest.raises(SnapshotError):
        NewHashtagExtractor.load(tmp_path)


def test_too_few_hashtags_in_captions_teach_nothing(archive, fusion):
    assert learn_new_hashtags(archive, fusion) is None


def test_words_are_counted_by_what_became_of_them():
    captions = ["성수 카페", "성수 빵집", "홍대 카페"]
    words = [words_of(split_words(caption)) for caption in captions]
    hashtags = ["성수맛집", "카페", "홍대맛집"]
    labels = sparse.csr_matrix(np.asarray([[1, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=np.float32))
    counted = count_words(np.arange(3), words, labels, StringTable.of(hashtags))
    counts = counted.total(np.zeros(0, dtype=np.int64))
    place = {word: place for word, place in zip(["성수", "카페"], counts.find(["성수", "카페"]).tolist(), strict=True)}
    assert counts.captions[place["카페"]] == 2 and counts.named[place["카페"]] == 1
    assert counts.begun[place["성수"]] == 2
    assert counted.total(np.asarray([0])).begun[place["성수"]] == 1
    assert counts.captions[counts.find(["없다"])[0]] == 0


def test_suffixes_follow_several_words_of_captions():
    places = ["성수", "홍대", "망원", "합정"]
    words = [[place] for place in places]
    labels = sparse.csr_matrix(np.eye(4, 8, dtype=np.float32) + np.eye(4, 8, 4, dtype=np.float32))
    hashtags = [*(f"{place}맛집" for place in places), *(f"{place}역" for place in places)]
    assert find_suffixes(words, labels, StringTable.of(hashtags)) == {"맛집": 4}


def test_a_judgement_of_a_new_hashtag_counts(menu):
    table = HashtagTable(menu.hashtags, list(menu.hashtags), sparse.csc_matrix(menu.labels))
    contexts = Contexts(menu.labels, table.by_hashtag, np.full(menu.labels.shape[0], -1))
    adjuster = Adjuster(contexts, ContextPriors(), {"tazukipo": -1.0}, table)
    ranked = Ranked(np.array([0]), np.array([0.5]), np.zeros((1, 0), dtype=np.float32))
    new = [NewHashtag("Tazukipo", ("tazukipo",), 0.5), NewHashtag("Ruvelido", ("ruvelido",), 0.4)]
    columns, chances = adjuster.adjust(ranked, new, [], None, None).candidates()
    assert columns.tolist() == [0, len(menu.hashtags), len(menu.hashtags) + 1]
    assert chances == pytest.approx([0.5, 1 / (1 + np.e), 0.4])
