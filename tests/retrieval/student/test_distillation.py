import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Post
from hashtag_recommender.retrieval.student.distillation import FOLDS, draw_folds, matrix, vocabulary_of


def posts(*hashtags):
    return [Post("s", str(i), "", tuple(tags.split())) for i, tags in enumerate(hashtags)]


def test_the_most_used_hashtags_come_first_as_most_posts_write_them():
    vocabulary = vocabulary_of(posts("cat Sea", "Cat sea", "cat Sea", "cat once"))
    assert (vocabulary.shown, vocabulary.normalised, vocabulary.uses) == (("cat", "Sea"), ("cat", "sea"), (4, 3))
    assert vocabulary.first(1).shown == ("cat",) and len(vocabulary) == 2


def test_blocked_hashtags_are_not_learned():
    assert vocabulary_of(posts("cat sea f4f", "cat sea F4F"), {"f4f"}).shown == ("cat", "sea")


def test_a_vocabulary_too_small_is_refused():
    with pytest.raises(SettingsError, match="too few hashtags to learn: 1 of 3 stand on 2 posts or more"):
        vocabulary_of(posts("cat one", "cat two"))


def test_near_duplicates_are_in_one_fold_and_every_fold_has_some():
    clusters = np.repeat(np.arange(50), 2)
    folds = draw_folds(clusters)
    assert (folds[::2] == folds[1::2]).all() and set(folds) == set(range(FOLDS))
    assert (folds == draw_folds(clusters)).all()


def test_what_is_said_becomes_a_row():
    vocabulary = vocabulary_of(posts("cat sea", "Cat sea"))
    assert matrix([{"sea": 0.5, "other": 1.0}, {}], vocabulary).tolist() == [[0, 0.5], [0, 0]]


def test_what_posts_show(set_with_captions):
    shows = {shown: set_with_captions.shows(shown) for shown in ("photo", "caption", "both")}
    assert not shows["photo"][1::5].any() and not shows["caption"][::4].any()
    assert (shows["both"] == shows["photo"] & shows["caption"]).all()
    assert set_with_captions.labels.sum() == set_with_captions.due.sum() == 2 * len(shows["photo"])
