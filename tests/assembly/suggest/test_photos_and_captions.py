"""Where the encoders see photos and captions in one space, a photo finds posts by their captions, and the reverse."""

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly import build_index, index_info, read_posts
from hashtag_recommender.assembly.home import open_home

from ...conftest import COLOURS

PHOTO, CAPTION = "photo", "caption"
SENTENCES = ["a photo of a {} thing", "so {} today", "my {} shoes", "we painted the kitchen {} on sunday"]


def colour_photo(path, name, seed=0):
    random = np.random.default_rng(seed)
    side = int(random.integers(30, 60))
    noise = random.normal(0, 12, (side, side, 3))
    Image.fromarray(np.clip(np.asarray(COLOURS[name]) + noise, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def make_home(colour_clip_folder, sentence_folder, tmp_path_factory):
    """Builds a home of posts of some kinds: of each colour and kind a few, with the hashtags #COLOUR and #KIND."""

    def make(*kinds, each=4):
        folder = tmp_path_factory.mktemp("archive")
        rows = ["id,photo,caption,hashtags"]
        for name in COLOURS:
            for kind in kinds:
                for i in range(each):
                    key = f"{name}-{kind}-{i}"
                    photo = colour_photo(folder / f"{key}.png", name, i).name if kind == PHOTO else ""
                    caption = SENTENCES[i % len(SENTENCES)].format(name) if kind == CAPTION else ""
                    rows.append(f'{key},{photo},"{caption}",#{name} #{kind}')
        (folder / "posts.csv").write_text("\n".join(rows))
        home = folder / "home"
        models = {"image_model": str(colour_clip_folder), "sentence_model": str(sentence_folder)}
        with open_home(home, encoders="clip", **models) as opened:
            report = build_index(opened, read_posts(folder / "posts.csv"))
        return home, report

    return make


@pytest.fixture(scope="module")
def mixed(make_home):
    """Half of the posts are photos without captions, half captions without photos."""
    return make_home(PHOTO, CAPTION)


def channels(found):
    return {name for name, posts in found.items() if posts}


def test_every_modality_finds_both(mixed, tmp_path):
    home, report = mixed
    assert set(report.embedded) == {"image", "text", "sentence"}
    with open_recommender(home) as recommender:
        for name in COLOURS:
            by_photo = recommender.neighbours(colour_photo(tmp_path / "new.png", name, 99), k=4)
            by_caption = recommender.neighbours(text=f"so {name} today!", k=4)
            assert channels(by_photo) == {"image", "image_to_text"}
            assert channels(by_caption) == {"sentence", "lexical", "text_to_image"}
            for found, kind in ((by_photo["image_to_text"], CAPTION), (by_caption["text_to_image"], PHOTO)):
                assert found[0].post.rpartition("-")[0] == f"{name}-{kind}"
                assert all(post.channel in ("image_to_text", "text_to_image") for post in found)
                assert all((post.photo is not None) == (kind == PHOTO) for post in found)


def test_a_caption_gets_the_hashtags_of_photos_that_fit_it(make_home):
    home, _ = make_home(PHOTO)
    with open_recommender(home) as recommender:
        for name in COLOURS:
            answer = recommender.suggest(text=f"my {name} shoes")
            assert answer.suggestions[0].hashtag in (name, PHOTO)
            assert name in {suggestion.hashtag for suggestion in answer.suggestions[:2]}
            assert {post.channel for suggestion in answer.suggestions for post in suggestion.evidence} == {
                "text_to_image"
            }


def test_a_photo_gets_the_hashtags_of_captions_that_fit_it(make_home, tmp_path):
    home, _ = make_home(CAPTION)
    with open_recommender(home) as recommender:
        for name in COLOURS:
            answer = recommender.suggest(colour_photo(tmp_path / "new.png", name, 99))
            assert name in {suggestion.hashtag for suggestion in answer.suggestions[:2]}


def test_weights_of_such_channels_are_learned_from_posts_with_both(make_home, tmp_path):
    home, _ = make_home(PHOTO, CAPTION, each=30)
    with open_recommender(home) as recommender:
        answer = recommender.suggest(colour_photo(tmp_path / "new.png", "blue", 99), "a blue thing", explain=True)
    assert "blue" in {suggestion.hashtag for suggestion in answer.suggestions[:3]}
    with open_home(home) as opened:
        assert {record.channel for record in index_info(opened).manifest.channels} == {
            "image",
            "text",
            "sentence",
            "lexical",
        }
