import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from hashtag_recommender.core.query import Query
from hashtag_recommender.core.vectors import NO_ROW, Matches
from hashtag_recommender.eval.systems.references.tagprop import _LEEWAY, Cases, TagProp, rank_weights, sigmoids


def seeded(seed=0, n=60, m=5, k=3):
    """Neighbours of which the nearer are the likelier to carry what the post does."""
    rng = np.random.default_rng(seed)
    labels = rng.random((n, m)) < [0.6, 0.4, 0.3, 0.2, 0.1]
    alike = (labels[:, None] == labels[None]).sum(axis=2) + rng.normal(size=(n, n))
    np.fill_diagonal(alike, -9)
    rows = np.argsort(-alike, axis=1)[:, :k]
    rows[0] = NO_ROW
    return labels, Matches(rows, np.where(rows == NO_ROW, 0, 1).astype(np.float32))


def test_cases_are_those_of_a_plain_loop():
    labels, matches = seeded()
    cases = Cases.of(matches, sparse.csr_matrix(labels.astype(float)))
    expected = []
    for post, own in enumerate(labels):
        for column in range(labels.shape[1]):
            ranks = [float(row != NO_ROW and labels[row, column]) for row in matches.rows[post]]
            if any(ranks):
                expected.append((column, bool(own[column]), ranks))
    found = zip(cases.columns.tolist(), cases.labels.tolist(), cases.ranks.toarray().tolist(), strict=True)
    assert list(found) == expected
    assert cases.uses.tolist() == labels.sum(axis=0).tolist()
    assert cases.n == 60


def test_no_other_weights_are_likelier():
    labels, matches = seeded()
    cases = Cases.of(matches, sparse.csr_matrix(labels.astype(float)))

    def unlikeliness(weights):
        voted = np.clip(cases.ranks @ weights, 1e-5, 1 - 1e-5)
        return -np.log(voted[cases.labels]).mean() - np.log(1 - voted[~cases.labels]).mean()

    weights = rank_weights(cases)
    assert weights.sum() == pytest.approx(1) and (weights >= 0).all()
    best = minimize(lambda z: unlikeliness(np.exp(z) / np.exp(z).sum()), np.zeros(3), method="Nelder-Mead").fun
    assert unlikeliness(weights) == pytest.approx(best, abs=1e-3)
    assert unlikeliness(weights) < unlikeliness(np.full(3, 1 / 3))


def test_sigmoids_are_the_likeliest_under_their_prior():
    labels, matches = seeded()
    cases = Cases.of(matches, sparse.csr_matrix(labels.astype(float)))
    voted_of = np.zeros(labels.shape)
    weights = np.array([0.5, 0.3, 0.2])
    for post, rows in enumerate(matches.rows):
        for weight, row in zip(weights, rows, strict=True):
            voted_of[post] += weight * labels[row] * (row != NO_ROW)

    def likeliest(voted, own, centre):
        def unlikeliness(pair):
            p = expit(pair[0] * voted + pair[1])
            away = ((pair - centre) ** 2).sum() / (2 * _LEEWAY)
            return away - np.log(np.where(own, p, 1 - p)).sum()

        return minimize(unlikeliness, centre, method="BFGS").x

    together = likeliest(voted_of.ravel(), labels.ravel(), np.zeros(2))
    expected = [likeliest(voted_of[:, column], labels[:, column], together) for column in range(5)]
    slopes, offsets = sigmoids(cases, cases.ranks @ weights)
    assert np.stack([slopes, offsets], axis=1) == pytest.approx(np.array(expected), abs=1e-2)


def test_a_rare_hashtag_is_lifted_above_a_common_one(words, make_posts):
    """Where half of the nearest carry both, the rare one tells more: elsewhere it is never seen."""
    captions, hashtags = [], []
    for place in range(60):
        captions.append("cat" if place < 6 else "sea")
        hashtags.append("common rare" if place in (0, 1, 2) else "common" if place % 2 else "other")
    system = TagProp([words])
    fitted = system.fit(make_posts(*hashtags, caption=captions), make_posts("common", caption=["sea"]))
    assert fitted.notes[0].startswith("works on the sentence channel; micro F1@1")
    cat, sea = ([s.hashtag for s in answer] for answer in system.suggest([Query("cat"), Query("sea")], 3))
    assert cat.index("rare") < cat.index("other")
    assert sea.index("rare") == 2
    [silent] = system.suggest([Query("")], 3)
    assert [s.hashtag for s in silent] == ["common", "other", "rare"]
