"""A student learns what its teacher says, from photos, captions or both."""

import numpy as np
import pytest
import torch

from hashtag_recommender.core.progress import Silent
from hashtag_recommender.retrieval.student.network import FEATURES, Head, mean_head
from hashtag_recommender.retrieval.student.training import best_threshold, train


@pytest.fixture(scope="module")
def trained(examples):
    return train(examples, Silent())


@pytest.fixture(scope="module")
def trained_with_captions(set_with_captions):
    return train(set_with_captions, Silent())


def right(examples, head, photo, caption):
    """The part of posts that show both whose own two hashtags come first, as the head is shown them."""
    rows = examples.shows("both" if examples.bags is not None else "photo")
    features = torch.from_numpy(examples.features[rows, 0].astype(np.float32)) * photo
    bags = None if examples.bags is None else torch.from_numpy(examples.bags[rows]) * caption
    with torch.inference_mode():
        odds = head.log_odds(features, torch.full((len(features), 1), float(photo)), bags)
    best = odds.topk(2, dim=1).indices.numpy()
    return float(np.take_along_axis(examples.labels[rows], best, axis=1).all(axis=1).mean())


def test_it_learns_the_subjects_of_photos(examples, trained):
    assert right(examples, trained.head, photo=True, caption=False) == 1
    assert trained.posts == len(examples.posts) and 0.9 < trained.auto_f1 <= 1
    assert trained.f1 == pytest.approx(2 * 2 / (5 + 2), abs=0.02)  # two of five are right, two were due


@pytest.mark.parametrize(("photo", "caption"), [(True, False), (False, True), (True, True)])
def test_either_of_photo_and_caption_may_be_missing(set_with_captions, trained_with_captions, photo, caption):
    assert right(set_with_captions, trained_with_captions.head, photo, caption) > 0.95


def test_it_comes_out_alike_twice(examples, trained):
    again = train(examples, Silent())
    assert again.threshold == trained.threshold
    for one, other in zip(again.head.parameters(), trained.head.parameters(), strict=True):
        assert torch.equal(one, other)


def test_probabilities_are_those_of_teacher_and_posts(examples, trained):
    features = torch.from_numpy(examples.features[:, 0].astype(np.float32))
    said = torch.sigmoid(trained.head.log_odds(features, torch.ones(len(features), 1), None)).detach().numpy()
    assert said[:, 0].mean() == pytest.approx(0.75, abs=0.1)  # daily: half the teacher's .5, half the posts' 1


def test_a_mean_head_is_the_mean_of_log_odds():
    heads = [Head(torch.zeros(3), buckets=4) for _ in range(2)]
    for head in heads:
        for parameter in head.parameters():
            torch.nn.init.normal_(parameter)
    inputs = torch.rand(5, FEATURES), torch.ones(5, 1), torch.rand(5, 4)
    found = mean_head(heads).log_odds(*inputs)
    expected = (heads[0].eval().log_odds(*inputs) + heads[1].eval().log_odds(*inputs)) / 2
    assert torch.allclose(found, expected, atol=1e-4)
    assert torch.allclose(heads[0].first(2).log_odds(*inputs), heads[0].log_odds(*inputs)[:, :2], atol=1e-5)


def test_the_best_threshold_is_the_best_of_all():
    rng = np.random.default_rng(0)
    probabilities = rng.integers(1, 9, size=(20, 4)).astype(np.float32) / 10
    labels = (rng.random((20, 4)) < probabilities).astype(np.float32)
    due = int(labels.sum()) + 5

    def f1(threshold):
        chosen = probabilities >= threshold
        return 2 * labels[chosen].sum() / (chosen.sum() + due)

    threshold, best = best_threshold(probabilities, labels, due)
    assert best == pytest.approx(max(map(f1, np.unique(probabilities)))) == pytest.approx(f1(np.float32(threshold)))
