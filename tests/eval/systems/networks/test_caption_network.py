"""Networks that write captions."""

from pathlib import Path

import numpy as np
import pytest
import torch

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.vectors import PhotoFeatures
from hashtag_recommender.eval.systems.caption_system import photos_of
from hashtag_recommender.eval.systems.networks.caption_network import CaptionNetwork
from hashtag_recommender.eval.systems.networks.emitter import PAD
from hashtag_recommender.eval.systems.networks.learner import Setting
from hashtag_recommender.eval.systems.networks.writing import END, FIRST_WORD, UNKNOWN

QUICK = Setting(batch_size=8, learning_rate=1e-2, width=32, dropout=0.0)
CAPTIONS = ("a cup of coffee", "waves at the beach, wave after wave", "우리 동네 빵집", "high up in the mountains")


def see(photo):
    """Of each caption its own features, and noise. A photo's number holds which caption it has."""
    number = int(Path(photo).stem)
    prototype = np.random.default_rng(number % len(CAPTIONS)).normal(size=(4, 12))
    grid = (prototype + 0.3 * np.random.default_rng(number).normal(size=(4, 12))).astype(np.float32)
    return PhotoFeatures(grid.mean(axis=0), grid)


def posts_of(numbers, captions=CAPTIONS):
    return [
        Post("test", str(n), captions[n % len(captions)], (), (Photo(Path(f"{n}.jpg"), f"{n:064x}"),)) for n in numbers
    ]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "look_back"])
def fitted(request):
    network = CaptionNetwork(see, look_back=request.param, grid=(QUICK,))
    notes = network.fit(posts_of(range(48)), posts_of(range(48, 60))).notes
    return network, notes


def test_photos_that_it_has_never_seen_get_the_caption_of_what_they_show(fitted):
    network, _ = fitted
    test = posts_of(range(60, 100))
    written = network.write([photos_of(post) for post in test])
    right = sum(one == post.caption.replace(",", "") for one, post in zip(written, test, strict=True))
    assert right > 34  # one caption for all: 10


def test_it_says_what_it_is_and_how_it_came_about(fitted):
    network, (note,) = fitted
    assert network.kind == "network" and network.name in ("show_attend_tell", "show_attend_tell look_back")
    assert note.startswith(f"17 words, captions of 7 words at most; of 1 setting {QUICK} stands, after epoch ")


def test_nobody_asks_nothing_and_what_cannot_be_seen_gets_some_caption(fitted):
    network, _ = fitted
    assert network.write([]) == []
    assert all(network.write([Query(), Query()]))


def test_equal_seeds_give_equal_networks(two_epochs):
    written, weights = [], []
    for seed in (1, 1, 2):
        network = CaptionNetwork(see, grid=[Setting(8, 1e-2, 16, 0.3)], seed=seed)
        network.fit(posts_of(range(16)), posts_of(range(16, 20)))
        written.append(network.write([photos_of(post) for post in posts_of(range(20, 40))]))
        weights.append(network._writer.emitter.out.weight)
    assert written[0] == written[1]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_words_of_one_use_are_never_written(two_epochs):
    captions = [f"once{n} often" for n in range(12)]
    network = CaptionNetwork(see, grid=[QUICK])
    network.fit(posts_of(range(12), captions), posts_of(range(12), captions))
    for caption in network.write([photos_of(post) for post in posts_of(range(12))]):
        assert set(caption.split()) == {"often"}


def test_a_caption_that_is_cut_off_has_no_end():
    network = CaptionNetwork(see, grid=[QUICK])
    network._words, network._longest = ("cat", "sea"), 3
    captions = [["sea", "cat"], ["cat", "once", "sea"], ["cat"] * 4]
    assert network._targets(captions).tolist() == [
        [FIRST_WORD + 1, FIRST_WORD, END, PAD],
        [FIRST_WORD, UNKNOWN, FIRST_WORD + 1, END],
        [FIRST_WORD] * 3 + [PAD],
    ]


def test_nothing_to_learn_from_is_said():
    network = CaptionNetwork(see, grid=[QUICK])
    with pytest.raises(SettingsError, match="no word occurs twice in the captions of the 3 training posts"):
        network.fit(posts_of(range(3), ["one", "two", "three"]), posts_of(range(3)))
    bare = [Post("test", "1", "a caption, a caption", ())]
    with pytest.raises(SettingsError, match="show_attend_tell needs photos"):
        network.fit(bare, bare)
