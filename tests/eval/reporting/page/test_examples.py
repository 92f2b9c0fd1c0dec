from base64 import b64decode
from io import BytesIO

from PIL import Image

from hashtag_recommender.eval.reporting.page import choose_examples
from hashtag_recommender.retrieval.encoders.photos import read_photo


def test_examples_are_spread_and_chosen_blindly(evaluated):
    trial, results, _ = evaluated
    chosen = choose_examples(trial, results, read_photo, n=4)
    assert [example.place for example in chosen] == [2, 5, 8, 11]
    assert chosen == choose_examples(trial, results, read_photo, n=4)
    silent = choose_examples(trial, [], read_photo, n=4)
    assert [example.post_id for example in silent] == [example.post_id for example in chosen]
    assert [example.place for example in choose_examples(trial, [], read_photo, n=100)] == list(range(1, 13))


def test_photos_are_small_and_those_that_cannot_be_read_are_said_so(evaluated):
    trial, results, _ = evaluated
    whole, torn, none = choose_examples(trial, results, read_photo, n=100)[:3]
    kind, content = whole.photo.split(",")
    assert kind == "data:image/jpeg;base64"
    with Image.open(BytesIO(b64decode(content))) as image:
        assert (image.format, image.size) == ("JPEG", (300, 200))
    assert torn.photo is None and torn.without.startswith("the photo cannot be shown: ")
    assert (none.photo, none.without) == (None, "no photo")


def test_hits_are_those_the_post_carries(evaluated):
    trial, results, _ = evaluated
    first = choose_examples(trial, results, read_photo, n=100)[0]
    assert first.truth == ("Cat", "고양이")
    assert [(shown.hashtag, shown.hit) for shown in first.answers["ours"]] == [
        ("cat", True),
        ("고양이", True),
        ("sea", False),
    ]
