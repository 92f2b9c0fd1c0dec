from dataclasses import replace
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Photo, normalise_hashtag
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Answer, Suggestion
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import judge, micro_average
from hashtag_recommender.eval.measures.vocabulary import own_hashtags
from hashtag_recommender.eval.registry import choose
from hashtag_recommender.eval.systems.baselines import Ceiling, Popularity, RandomHashtags
from hashtag_recommender.eval.systems.references.co_occurrence import CoOccurrence
from hashtag_recommender.eval.systems.references.neighbours import NeighbourVote
from hashtag_recommender.eval.systems.references.omikuji import BONSAI, PARABEL, Omikuji
from hashtag_recommender.eval.systems.references.tagprop import TagProp
from hashtag_recommender.eval.systems.references.tagvote import TagVote
from hashtag_recommender.eval.systems.system import PhotoAlone, RecommenderSystem, Scored
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder

TRAIN = ("Cat cute", "cat pet cute", "cat sea", "sea sun beach", "cat pet")
VALIDATION = ("sea boat",)
TEST = ("cat pet unseen", "sea", "nothing known")
QUERIES = [Query("My pet is asleep"), Query("At the sea, with sun."), Query("")]


class Recommender:
    """Answers with the hashtags of the first post, three where it is free to choose."""

    def __init__(self, posts):
        self.hashtags = posts[0].hashtags

    def suggest_batch(self, queries, options):
        best = [Suggestion(tag, 1 / rank, (), 1, "tail") for rank, tag in enumerate(self.hashtags, 1)]
        return [Answer(tuple(best[: options.limit or 3]), "a snapshot") for _ in queries]


def of_recommender():
    return RecommenderSystem("first post", "retrieval", lambda posts, validation: Recommender(posts))


MAKERS = {
    "popularity": lambda words, test: Popularity(),
    "random": lambda words, test: RandomHashtags(),
    "ceiling": lambda words, test: Ceiling(test),
    "first post": lambda words, test: of_recommender(),
    "co-occurrence": lambda words, test: CoOccurrence(),
    "knn sentence": lambda words, test: NeighbourVote(words),
    "knn lexical": lambda words, test: NeighbourVote(NgramEncoder()),
    "tagvote": lambda words, test: TagVote([words, NgramEncoder()]),
    "tagprop rank": lambda words, test: TagProp([words, NgramEncoder()]),
    "omikuji parabel": lambda words, test: Omikuji(PARABEL, NgramEncoder()),
    "omikuji bonsai": lambda words, test: Omikuji(BONSAI, NgramEncoder()),
}


@pytest.fixture(params=MAKERS)
def fitted(request, make_posts, words):
    system = MAKERS[request.param](words, make_posts(*TEST))
    assert system.name == request.param
    system.fit(make_posts(*TRAIN, caption=TRAIN), make_posts(*VALIDATION, caption=VALIDATION))
    return system


class TestContract:
    """What holds for every system."""

    def test_as_many_as_asked_for_at_most_best_first_and_each_once(self, fitted):
        for count in (1, 3, 100):
            answers = fitted.suggest(QUERIES, count)
            assert len(answers) == len(QUERIES)
            for answer in answers:
                assert len(answer) <= count
                assert [s.score for s in answer] == sorted((s.score for s in answer), reverse=True)
                assert len({normalise_hashtag(s.hashtag) for s in answer}) == len(answer)

    def test_it_answers_twice_alike(self, fitted):
        assert fitted.suggest(QUERIES, 3) == fitted.suggest(QUERIES, 3)

    def test_to_fit_again_forgets(self, fitted, make_posts):
        fitted.fit(make_posts("new", "new other", caption=["new", "other"]), make_posts("new"))
        known = {s.hashtag for answer in fitted.suggest(QUERIES, 9) for s in answer}
        assert known <= {"new", "other"}

    def test_who_has_an_opinion_on_the_number_is_asked_for_it(self, fitted):
        if fitted.auto:
            free = fitted.suggest(QUERIES, None)
            assert len(free) == len(QUERIES)
            for few, all_ in zip(free, fitted.suggest(QUERIES, 30), strict=True):
                assert few == all_[: len(few)]
        else:
            assert fitted.kind in ("floor", "reference")

    def test_no_query_no_answer(self, fitted):
        if fitted.kind != "ceiling":
            assert fitted.suggest([], 3) == []


def test_popularity_by_hand(make_posts):
    system = Popularity()
    system.fit(make_posts(*TRAIN), make_posts(*VALIDATION))
    answers = system.suggest(QUERIES, 2)
    assert answers == [[Scored("cat", 4 / 6), Scored("sea", 3 / 6)]] * 3


def test_random_draws_every_hashtag_alike(make_posts):
    system = RandomHashtags()
    system.fit(make_posts("often a", "often b", "often c"), [])
    seeded = [answer[0].hashtag for answer in system.suggest([Query("")] * 4000, 1)]
    assert all(seeded.count(hashtag) == pytest.approx(1000, abs=120) for hashtag in ("often", "a", "b", "c"))


def test_the_ceiling_knows_all_but_what_training_does_not(make_posts):
    system = Ceiling(make_posts(*TEST))
    system.fit(make_posts(*TRAIN), make_posts(*VALIDATION))
    answers = [[s.hashtag for s in answer] for answer in system.suggest(QUERIES, 10)]
    assert answers == [["cat", "pet"], ["sea"], []]
    with pytest.raises(ValueError, match="2 queries, but the ceiling knows the truth of 3 posts"):
        system.suggest(QUERIES[:2], 10)


def test_nothing_restricted_to_training_hashtags_gets_above_the_ceiling(make_posts):
    test, truth = make_posts(*TEST), [own_hashtags(post) for post in make_posts(*TEST)]
    systems = [Ceiling(test), Popularity(), RandomHashtags(), CoOccurrence()]
    for system in systems:
        system.fit(make_posts(*TRAIN), make_posts(*VALIDATION))
    for k in range(1, 6):
        f1s = [
            micro_average(
                judge([[s.hashtag for s in answer] for answer in system.suggest(QUERIES, 5)], truth).counts(k)
            )
            for system in systems
        ]
        assert max(measure.f1 for measure in f1s) == f1s[0].f1


def test_a_recommender_is_asked_as_it_posts_unless_told(make_posts):
    asked = []

    class Listening(Recommender):
        def suggest_batch(self, queries, options):
            asked.append(options)
            return super().suggest_batch(queries, options)

    for options in ({}, {"options": SuggestOptions(min_score=0.5)}):
        system = RecommenderSystem("product", "retrieval", lambda posts, validation: Listening(posts), **options)
        system.fit(make_posts(*TRAIN), [])
        system.suggest(QUERIES, 7)
    assert asked == [SuggestOptions(count=7, raw=True), SuggestOptions(count=7, min_score=0.5)]


def test_a_recommender_is_built_from_both_parts(make_posts):
    parts = []

    def build(posts, validation):
        parts.append((posts, validation))
        return Recommender(posts)

    system = RecommenderSystem("product", "retrieval", build)
    with pytest.raises(RuntimeError, match="before it was fitted"):
        system.suggest(QUERIES, 3)
    train, validation = make_posts(*TRAIN), make_posts(*VALIDATION)
    system.fit(train, validation)
    assert parts == [(train, validation)]
    assert system.suggest(QUERIES[:1], 1) == [[Scored("Cat", 1.0)]]


def test_what_cannot_be_wished_for_is_said(make_posts):
    system = RecommenderSystem(
        "product", "retrieval", lambda posts, validation: Recommender(posts), SuggestOptions(most=5)
    )
    system.fit(make_posts(*TRAIN), [])
    with pytest.raises(SettingsError, match="at most 5"):
        system.suggest(QUERIES, 30)


def test_who_sees_photos_alone_is_asked_without_captions(make_posts):
    asked = []

    class Recording(Recommender):
        def suggest_batch(self, queries, options):
            asked.extend(queries)
            return super().suggest_batch(queries, options)

    system = PhotoAlone(RecommenderSystem("first post", "network", lambda posts, validation: Recording(posts)))
    assert (system.name, system.kind, system.auto) == ("first post", "network", True)
    system.fit(make_posts("cat pet"), make_posts("sea"))
    photo, other = Path("a.jpg"), Path("b.jpg")
    answers = system.suggest([Query("a cat", (photo,)), Query("no photo"), Query("", (other,))], 1)
    assert [[scored.hashtag for scored in answer] for answer in answers] == [["cat"], [], ["cat"]]
    assert asked == [Query("", (photo,)), Query("", (other,))]


def test_students_are_compared_only_where_they_are_named(make_posts, tmp_path):
    posts = [replace(post, photos=(Photo(tmp_path / "a.jpg", "0"),)) for post in make_posts("cat", "sea")]
    names = {"student", "retrieval photo alone"}
    assert not names & {entry.name for entry in choose(["all"], posts)[0]}
    assert {entry.name for entry in choose(sorted(names), posts)[0]} == names
    with pytest.raises(SettingsError, match="student cannot be compared on these posts: it needs photos"):
        choose(["student"], make_posts("cat", "sea"))
