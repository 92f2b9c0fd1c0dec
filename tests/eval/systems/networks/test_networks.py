"""What all networks promise."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.vectors import PhotoFeatures
from hashtag_recommender.eval.measures.metrics import micro
from hashtag_recommender.eval.runs.run import Trial, run
from hashtag_recommender.eval.systems.baselines import Popularity
from hashtag_recommender.eval.systems.networks.amnn import Amnn
from hashtag_recommender.eval.systems.networks.embedding_similarity import EmbeddingSimilarity
from hashtag_recommender.eval.systems.networks.learner import Setting
from hashtag_recommender.eval.systems.networks.mlp import Mlp
from hashtag_recommender.eval.systems.networks.multilabel_cnn import MultilabelCnn
from hashtag_recommender.eval.systems.networks.show_attend_tell import ShowAttendTell
from hashtag_recommender.eval.systems.networks.text_image_concat import TextImageConcat
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder

QUICK = Setting(batch_size=8, learning_rate=1e-2, width=32, dropout=0.0)


class PooledEncoder:
    """The pooled features, as an encoder of the product has them."""

    channel = "image"
    modality = "image"
    sparse, stored = False, True
    languages = None
    batch_size = 16
    fingerprint = Fingerprint("drawn", "none", "1", 12, "none")

    def __init__(self, look_at):
        self._look_at = look_at

    def prepare(self, content):
        return self._look_at(content).pooled

    def encode(self, prepared):
        pooled = np.stack(prepared)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)

    def release(self):
        pass


MAKERS = {
    "amnn": Amnn,
    "show_attend_tell": ShowAttendTell,
    "show_attend_tell look_back": lambda look_at, **given: ShowAttendTell(look_at, look_back=True, **given),
    "multilabel_cnn": MultilabelCnn,
    "multilabel_cnn multi": lambda look_at, **given: MultilabelCnn(look_at, "multi", **given),
    "multilabel_cnn balanced": lambda look_at, **given: MultilabelCnn(look_at, balance=True, **given),
    "multilabel_cnn enriched": lambda look_at, **given: MultilabelCnn(look_at, enrich=True, **given),
    "text_image_concat": lambda look_at, **given: TextImageConcat(look_at, text_model="no/such-model", **given),
    "embedding_similarity": EmbeddingSimilarity,
    "mlp": lambda look_at, **given: Mlp([PooledEncoder(look_at)], NgramEncoder(), **given),
}
READS_CAPTIONS = {"amnn", "text_image_concat", "mlp"}


@pytest.fixture(scope="module", params=MAKERS)
def kind(request, look_at):
    """Each network: its name, and how it is made."""

    def make(grid=(QUICK,), seed=0, look_at=look_at):
        return MAKERS[request.param](look_at, grid=grid, seed=seed)

    return SimpleNamespace(name=request.param, make=make)


@pytest.fixture(scope="module")
def learned(kind, draw_posts):
    """Each network, and the 64 posts that it has learned by heart."""
    posts = draw_posts(64)
    network = kind.make()
    network.fit(posts, posts)
    return SimpleNamespace(network=network, posts=posts, queries=queries_of(posts))


def queries_of(posts):
    return [Query(post.caption, tuple(photo.path for photo in post.photos)) for post in posts]


def f1(answers, posts, k):
    return micro([[scored.hashtag for scored in answer] for answer in answers], [p.hashtags for p in posts], k).f1


def test_it_learns_64_posts_by_heart(learned):
    assert f1(learned.network.suggest(learned.queries, 3), learned.posts, 3) > 0.95
    assert f1(learned.network.suggest(learned.queries, None), learned.posts, None) > 0.9


def test_it_says_what_it_is(kind, learned):
    assert learned.network.name == kind.name
    assert learned.network.kind == "network"
    assert learned.network.auto


@pytest.mark.parametrize("count", [1, 5, 12, 30])
def test_answers_have_the_length_asked_for_and_no_hashtag_twice(learned, count):
    answers = learned.network.suggest(learned.queries, count)
    assert len(answers) == 64
    for answer in answers:
        assert len({scored.hashtag for scored in answer}) == len(answer) == min(count, 12)
        scores = [scored.score for scored in answer]
        assert scores == sorted(scores, reverse=True)


def test_nobody_asks_nothing(learned):
    assert learned.network.suggest([], 5) == []


def test_one_query_is_answered_as_all_are(learned):
    together = learned.network.suggest(learned.queries[:5], 3)
    for query, answer in zip(learned.queries, together, strict=False):
        (alone,) = learned.network.suggest([query], 3)
        assert [scored.hashtag for scored in alone] == [scored.hashtag for scored in answer]
        assert [scored.score for scored in alone] == pytest.approx([scored.score for scored in answer], abs=1e-4)


def test_a_learning_curve_is_kept(learned):
    attempt = learned.network.best
    assert attempt.setting == QUICK
    assert attempt.curve[-1].loss < attempt.curve[0].loss
    assert attempt.validation == attempt.curve[attempt.best].validation
    assert attempt.validation.f1 == max(epoch.validation.f1 for epoch in attempt.curve)
    assert f1(learned.network.suggest(learned.queries, 3), learned.posts, 3) == pytest.approx(attempt.validation.f1)


def test_what_a_query_lacks_or_what_cannot_be_read_counts_as_nothing(learned):
    caption = learned.queries[0].caption
    bare, broken, empty = learned.network.suggest([Query(caption), Query(caption, Path("broken.jpg")), Query()], 5)
    assert bare == broken
    assert len(empty) == 5


def test_it_can_be_put_to_the_test(kind, draw_posts, two_epochs):
    posts = draw_posts(24)
    result = run(kind.make(), Trial(posts[:16], posts[16:20], posts[20:]))
    assert result.name == kind.name
    assert [len(ranked) for ranked in result.ranked] == [12] * 4
    assert result.free is not None


def test_equal_seeds_give_equal_networks(kind, draw_posts, two_epochs):
    posts = draw_posts(24)
    answers = []
    for seed in (1, 1, 2):
        network = kind.make(seed=seed, grid=[Setting(8, 1e-2, 16, 0.3)])
        network.fit(posts[:16], posts[16:])
        answers.append((network.suggest(queries_of(posts), 5), network.best.curve))
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


def test_the_setting_stands_that_is_best_on_the_validation_posts(kind, draw_posts):
    idle = Setting(batch_size=8, learning_rate=0.0, width=32, dropout=0.0)
    posts = draw_posts(16)
    network = kind.make(grid=[idle, QUICK, idle])
    network.fit(posts, posts)
    assert [attempt.setting for attempt in network.attempts] == [idle, QUICK, idle]
    assert network.best is network.attempts[1]
    assert f1(network.suggest(queries_of(posts), 3), posts, 3) == pytest.approx(network.best.validation.f1)


def test_a_second_fit_forgets_the_first(kind, draw_posts, two_epochs):
    posts = draw_posts(16)
    other = [Post("test", post.post_id, post.caption, ("other",), post.photos) for post in posts]
    network = kind.make()
    network.fit(posts, posts)
    network.fit(other, other)
    assert len(network.attempts) == 1
    assert {scored.hashtag for answer in network.suggest(queries_of(posts), 5) for scored in answer} == {"other"}


def without_photos(posts):
    """Some have none, the others one that cannot be read."""
    broken = Photo(Path("broken.jpg"), "0" * 64)
    return [replace(post, photos=(broken,) if place % 2 else ()) for place, post in enumerate(posts)]


def test_photos_are_asked_for_by_who_looks_at_nothing_else(kind, draw_posts, two_epochs):
    posts = without_photos(draw_posts(16))
    if kind.name in READS_CAPTIONS:
        notes = kind.make().fit(posts, posts).notes
        assert ("no post has a photo: captions alone" in notes) == (kind.name != "mlp")
        return
    with pytest.raises(SettingsError, match=f"{kind.name} needs photos, and no training post has one that can be read"):
        kind.make().fit(posts, posts)


@pytest.mark.parametrize("name", ["amnn", "text_image_concat"])
def test_captions_alone_or_photos_alone_are_learned_from_and_it_says_so(name, look_at, draw_posts):
    posts = draw_posts(32)
    for some, note in (
        (without_photos(posts), "no post has a photo: captions alone"),
        ([replace(post, caption=" ") for post in posts], "no post has a caption: photos alone"),
    ):
        network = MAKERS[name](look_at, grid=(QUICK,))
        assert note in network.fit(some, some).notes
        assert f1(network.suggest(queries_of(some), 3), some, 3) > 0.8  # the most used hashtags alone: 0.35
    with pytest.raises(SettingsError, match=f"{name} needs captions or photos"):
        nothing = [replace(post, caption="") for post in without_photos(posts)]
        network.fit(nothing, nothing)


def test_hashtags_are_asked_for(kind, draw_posts):
    posts = draw_posts(8)
    bare = [Post("test", post.post_id, post.caption, (), post.photos) for post in posts]
    for some, others in ((bare, posts), (posts, bare), (posts, [])):
        with pytest.raises(SettingsError, match="hashtags"):
            kind.make().fit(some, others)


def test_validation_posts_may_carry_hashtags_that_nobody_has_seen(kind, draw_posts, two_epochs):
    posts = draw_posts(16)
    unseen = [Post("test", post.post_id, post.caption, ("unheard_of",), post.photos) for post in posts]
    network = kind.make()
    network.fit(posts, unseen)
    assert network.best.validation.f1 == 0


@pytest.mark.parametrize("name", sorted(READS_CAPTIONS))
def test_captions_are_read(name, look_at, draw_posts):
    with_photo, *others = draw_posts(32)
    posts = [with_photo, *(Post("test", post.post_id, post.caption, post.hashtags) for post in others)]
    network = MAKERS[name](look_at, grid=(QUICK,))
    network.fit(posts, posts)
    assert f1(network.suggest(queries_of(posts), 3), posts, 3) > 0.8  # the most used hashtags alone: 0.35


@pytest.mark.parametrize("name", sorted(READS_CAPTIONS))
def test_photos_are_looked_at(name, look_at, draw_posts):
    posts = draw_posts(32, captions=False)
    network = MAKERS[name](look_at, grid=(QUICK,))
    network.fit(posts, posts)
    assert f1(network.suggest(queries_of(posts), 3), posts, 3) > 0.8  # the most used hashtags alone: 0.35


TOPICS = ("coffee", "beach", "mountain", "바다", "bread", "train")
ELSEWHERE = ("today", "daily", "again", "오늘", "love")


def posts_on_topics(n, seed):
    """Posts on six topics, which caption and photo tell of, and two of three hashtags; a photo's number holds it."""
    rng = np.random.default_rng(seed)
    posts = []
    for number in range(n):
        place = int(rng.integers(len(TOPICS)))
        topic = TOPICS[place]
        caption = " ".join(rng.permutation([topic, *rng.choice(ELSEWHERE, 2)]))
        photo = Photo(Path(f"{len(TOPICS) * (n * seed + number) + place}.jpg"), "0" * 64)
        posts.append(Post("test", str(number), caption, (topic, f"{topic}_too", str(rng.choice(ELSEWHERE))), (photo,)))
    return posts


def see_topics(photo):
    """A topic's own features, and noise."""
    number = int(Path(photo).stem)
    prototype = np.random.default_rng(number % len(TOPICS)).normal(size=(4, 12))
    grid = (prototype + 0.5 * np.random.default_rng(number).normal(size=(4, 12))).astype(np.float32)
    return PhotoFeatures(grid.mean(axis=0), grid)


def test_posts_that_it_has_never_seen_get_better_than_the_most_used_hashtags(kind):
    trial = Trial(posts_on_topics(80, seed=1), posts_on_topics(24, seed=2), posts_on_topics(40, seed=3))
    floor, reached = (
        micro([[scored.hashtag for scored in answer[:2]] for answer in result.ranked], trial.truth, 2).f1
        for result in (run(Popularity(), trial), run(kind.make(look_at=see_topics), trial))
    )
    assert reached > 2 * floor


def test_only_what_cannot_be_read_is_passed_over(draw_posts):
    def fails(photo):
        raise ValueError("a mistake in the program")

    with pytest.raises(ValueError, match="mistake"):
        MultilabelCnn(fails).fit(draw_posts(4), draw_posts(4))
