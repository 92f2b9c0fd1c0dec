from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.runs.captions import CaptionTrial, run_captions
from hashtag_recommender.eval.runs.splits import Split
from hashtag_recommender.eval.systems.caption_baselines import TypicalCaption


def post_of(number, caption="a caption", photo=True):
    return Post("test", str(number), caption, (), (Photo(Path(f"{number}.jpg"), "0" * 64),) if photo else ())


def split_of(*parts):
    return Split("file", *(np.asarray(rows, dtype=np.int64) for rows in parts), leaks=0)


POSTS = [post_of(0), post_of(1, "♥ !"), post_of(2, photo=False), post_of(3), post_of(4, "at sea"), post_of(5, "")]


def test_posts_without_photo_or_caption_are_left_out_and_counted():
    trial = CaptionTrial.of(POSTS, split_of([0, 1], [2, 3], [4, 5]))
    assert [[post.post_id for post in part] for part in (trial.train, trial.validation, trial.test)] == [
        ["0"],
        ["3"],
        ["4"],
    ]
    assert trial.truth == ["at sea"]
    assert trial.notes() == ["3 posts are left out: they lack a photo that can be read, or a caption with a word"]
    assert CaptionTrial.of(POSTS, split_of([0], [3], [4])).left_out == 3
    assert CaptionTrial.of([POSTS[0]] * 3, split_of([0], [1], [2])).notes() == []


@pytest.mark.parametrize(
    ("parts", "name"), [(([1], [3], [4]), "training"), (([0], [5], [4]), "validation"), (([0], [3], [2]), "test")]
)
def test_a_part_without_such_posts_is_refused(parts, name):
    told = f"no {name} post has both a photo and a caption; of 6 posts 5 have a photo, and 3 have both"
    with pytest.raises(SettingsError, match=told):
        CaptionTrial.of(POSTS, split_of(*parts))


def test_photos_alone_are_shown():
    class Listening(TypicalCaption):
        def write(self, queries):
            self.asked = queries
            return super().write(queries)

    system, trial = Listening(), CaptionTrial.of(POSTS, split_of([0], [3], [4]))
    result = run_captions(system, trial)
    assert system.asked == [Query(photos=(Path("4.jpg"),))]
    assert (result.name, result.kind, result.captions) == ("typical caption", "floor", ["a caption"])


def test_a_caption_for_every_query_is_asked_for():
    class Mute(TypicalCaption):
        def write(self, queries):
            return []

    with pytest.raises(ValueError, match="typical caption wrote 0 captions for 1 posts"):
        run_captions(Mute(), CaptionTrial.of(POSTS, split_of([0], [3], [4])))
