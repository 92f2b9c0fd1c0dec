from hashlib import sha256
from pathlib import Path

import pytest

from hashtag_recommender.core.captions import CaptionAnswer, CaptionOptions, SuggestedCaption
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.results import Neighbour
from hashtag_recommender.eval.systems.caption_baselines import NearestPhoto, RandomCaption, TypicalCaption
from hashtag_recommender.eval.systems.caption_system import CaptionRecommenderSystem, photos_of


class NameEncoder:
    """The words of a photo's name, as its vector."""

    def __init__(self, words):
        self._words = words
        self.channel, self.modality = "image", "image"
        self.sparse, self.stored, self.batch_size = words.sparse, words.stored, words.batch_size
        self.languages = words.languages
        self.fingerprint, self.encode, self.release = words.fingerprint, words.encode, words.release

    def prepare(self, photo):
        return self._words.prepare(photo.stem)


def post_of(photo, caption):
    return Post("test", photo, caption, (), (Photo(Path(f"{photo}.jpg"), sha256(photo.encode()).hexdigest()),))


TRAIN = [post_of("cat", "our cat at home"), post_of("sea sun", "sun and sea"), post_of("sea boat", "out at sea")]
VALIDATION = [post_of("beach", "the beach at home")]
QUERIES = [Query(photos=Path(f"{name}.jpg")) for name in ("cat cute", "boat", "beach", "unknown")]


class Recommender:
    """Answers with the captions it was built of, if the photo is a cat's."""

    def __init__(self, posts):
        self._posts = posts
        self.asked = []

    def caption_batch(self, queries, options):
        self.asked.append((queries, options))
        near = [Neighbour("test", post.post_id, "image", 1.0, 1.0, post.caption, None) for post in self._posts]
        captions = tuple(SuggestedCaption(post.caption, 1.0, post, None) for post in near)
        return [
            CaptionAnswer(captions if "cat" in query.photos[0].stem else (), "a snapshot", error="no photo")
            for query in queries
        ]


MAKERS = {
    "retrieval": lambda words: CaptionRecommenderSystem("retrieval", "retrieval", lambda posts, _: Recommender(posts)),
    "nearest photo": lambda words: NearestPhoto(NameEncoder(words)),
    "typical caption": lambda words: TypicalCaption(),
    "random caption": lambda words: RandomCaption(),
}


@pytest.fixture(params=MAKERS)
def fitted(request, words):
    system = MAKERS[request.param](words)
    assert system.name == request.param
    system.fit(TRAIN, VALIDATION)
    return system


class TestContract:
    """What holds for every system that writes captions."""

    def test_one_caption_for_each_query_in_order(self, fitted):
        written = fitted.write(QUERIES)
        assert len(written) == len(QUERIES)
        assert {*written} <= {"", *(post.caption for post in (*TRAIN, *VALIDATION))}
        assert fitted.write(QUERIES) == written
        assert fitted.write([]) == []

    def test_to_fit_again_forgets(self, fitted):
        fitted.fit([post_of("cat", "new")], [post_of("boat", "newer")])
        assert {*fitted.write(QUERIES)} <= {"", "new", "newer"}


def test_the_nearest_photo_by_hand(words):
    system = NearestPhoto(NameEncoder(words))
    system.fit(TRAIN, VALIDATION)
    assert system.write(QUERIES) == ["our cat at home", "out at sea", "the beach at home", ""]


def test_the_typical_caption_is_most_like_all_others():
    """The cosines of `out at sea` to the others add up to 1/3 + 2/sqrt(12), those of the two at home to less."""
    system = TypicalCaption()
    system.fit(TRAIN, VALIDATION)
    assert system.write(QUERIES) == ["out at sea"] * 4


def test_random_draws_every_caption_alike():
    system = RandomCaption()
    system.fit(TRAIN, VALIDATION)
    written = system.write([Query()] * 4000)
    assert all(written.count(post.caption) == pytest.approx(1000, abs=120) for post in (*TRAIN, *VALIDATION))


def test_a_recommender_is_built_from_both_parts_and_asked_for_one_caption_of_photos_alone():
    built = []

    def build(posts, validation):
        built.append((posts, validation, Recommender(posts)))
        return built[-1][2]

    system = CaptionRecommenderSystem("product", "retrieval", build)
    with pytest.raises(RuntimeError, match="before it was fitted"):
        system.write(QUERIES)
    system.fit(TRAIN, VALIDATION)
    ((posts, validation, recommender),) = built
    assert (posts, validation) == (TRAIN, VALIDATION)
    queries = [photos_of(post) for post in (*TRAIN, *VALIDATION)]
    assert system.write(queries) == ["our cat at home", "", "", ""]
    assert recommender.asked == [(queries, CaptionOptions(count=1))]
    assert all(query.photos and not query.caption and not query.given for query in queries)
