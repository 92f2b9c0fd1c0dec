import dataclasses

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.vectors import Matches
from hashtag_recommender.retrieval.reranking.counts import count
from hashtag_recommender.retrieval.reranking.features import STYLE_VOTES, FeatureInputs, FeatureMaker
from hashtag_recommender.retrieval.reranking.reranker import gather
from hashtag_recommender.retrieval.reranking.ridge_learning import learn_ridge
from hashtag_recommender.retrieval.search.similarity import Scales
from hashtag_recommender.retrieval.search.writing_style import Styles
from hashtag_recommender.retrieval.voting.fusion import fuse
from hashtag_recommender.retrieval.voting.votes import count_uses, temperatures, vote_shares


@pytest.fixture(scope="module")
def learned(archive, fusion):
    scales = Scales.learn(archive.contents)
    posts = scales.weigh(archive.contents)
    ridge = learn_ridge(posts, archive.labels, archive.hashtags, [np.array([row]) for row in range(len(posts))]).ridge
    uses = count_uses(archive.labels)
    maker = FeatureMaker(archive.hashtags, archive.labels, uses, scales, fusion, ridge, archive.names.of)
    counts = count(archive.labels, maker.finder.find_all(archive.contents.captions))
    return scales, ridge, maker, counts, Styles(posts.style, np.arange(len(posts))), archive.names


def evidence_of(queries, learned) -> list[FeatureInputs]:
    scales, ridge, _, counts, styles, names = learned
    comparable = scales.weigh(queries.contents)
    name_fits = names.fit(queries.contents)
    in_style = styles.nearest(comparable.style)
    return list(gather(queries, comparable.words, ridge.ask(comparable), in_style, name_fits, counts))


def test_every_post_has_the_same_features_in_one_order(ask, learned):
    queries, _ = ask(30)
    found = [learned[2].candidates(inputs) for inputs in evidence_of(queries, learned)]
    assert len({tuple(candidates.features) for candidates in found}) == 1
    for candidates in found:
        assert np.all(np.diff(candidates.columns) > 0)
        assert candidates.matrix().shape == (len(candidates.columns), len(candidates.features))
        assert candidates.matrix().dtype == np.float32
        assert not np.isinf(candidates.matrix()).any()


def test_the_votes_are_the_channels_own(ask, learned, archive, fusion):
    """Against the slow way: every neighbour's share, hashtag by hashtag."""
    queries, _ = ask(3)
    inputs = evidence_of(queries, learned)[1]
    candidates = learned[2].candidates(inputs)
    for vote_source in fusion.vote_sources:
        matches = inputs.hits[vote_source.channel]
        near = Matches(matches.rows[:, : vote_source.neighbours], matches.similarities[:, : vote_source.neighbours])
        shares = vote_shares(near, temperatures(matches, vote_source.margin))[0]
        expected = np.zeros(len(archive.hashtags))
        for row, share in zip(near.rows[0], shares, strict=True):
            if row >= 0:
                expected += share * archive.labels[row].toarray()[0]
        mine = candidates.features[f"{vote_source.channel}_{vote_source.neighbours}"]
        assert mine == pytest.approx(expected[candidates.columns], abs=1e-5)
    carriers = archive.labels[inputs.hits["image"].rows[0]].toarray()[:, candidates.columns] > 0
    assert candidates.features["image_carriers"].tolist() == carriers.sum(axis=0).tolist()
    nearest = np.where(carriers, inputs.hits["image"].similarities[0][:, None], 0).max(axis=0)
    assert candidates.features["image_nearest"] == pytest.approx(nearest)
    assert candidates.features["vote"] == pytest.approx(queries.votes[1].toarray()[0, candidates.columns])


def test_posts_written_alike_vote(ask, learned, archive):
    queries, _ = ask(3)
    inputs = evidence_of(queries, learned)[1]
    candidates = learned[2].candidates(inputs)
    alike, rows = inputs.in_style.similarities[0], inputs.in_style.rows[0]
    for name, sharpness in STYLE_VOTES.items():
        weights = np.exp((alike - alike[0]) / (sharpness * max(alike[0] - alike[49], 1e-3)))
        expected = weights @ archive.labels[rows].toarray() / weights.sum()
        assert candidates.features[name] == pytest.approx(expected[candidates.columns], abs=1e-5)


def test_a_channel_that_was_not_asked_is_unknown(ask, learned):
    queries, _ = ask(12)
    without_photo, without_caption = (learned[2].candidates(evidence_of(queries, learned)[i]) for i in (9, 11))
    assert np.isnan(without_photo.features["image_10"]).all()
    assert not np.isnan(without_photo.features["lexical_10"]).any()
    assert np.isnan(without_caption.features["lexical_nearest"]).all()
    assert not without_caption.features["mention"].any()


def test_a_hashtag_in_the_caption_is_a_candidate_that_no_neighbour_carries(ask, learned, archive, fusion):
    queries, _ = ask(1)
    nobody = {
        channel: Matches(np.full_like(matches.rows, -1), np.zeros_like(matches.similarities))
        for channel, matches in queries.hits.items()
    }
    votes = fuse(fusion, nobody, archive.labels, 1).scores
    contents = dataclasses.replace(queries.contents, captions=["surfing all day"])
    silent = dataclasses.replace(queries, contents=contents, hits=nobody, votes=votes)
    candidates = learned[2].candidates(evidence_of(silent, learned)[0])
    i = candidates.columns.tolist().index(archive.hashtags.index("surfing"))
    assert candidates.features["mention"][i] == 2
    assert candidates.features["vote"][i] == 0


def test_hashtags_known_only_from_posts_left_out_come_by_their_names_alone(ask, learned, archive):
    queries, _ = ask(2)
    left_out = archive.labels[:, 0].nonzero()[0]
    nothing = sparse.csr_matrix(archive.labels.shape, dtype=np.float32)
    counts = count(archive.labels, nothing).without(left_out, archive.labels, nothing)
    inputs = dataclasses.replace(evidence_of(queries, learned)[1], counts=counts)
    fit = inputs.name_fit["image"]
    named, unnamed = (
        learned[2].candidates(dataclasses.replace(inputs, name_fit={"image": dataclasses.replace(fit, best=best)}))
        for best in (np.arange(10), np.arange(5, 15))
    )
    assert 0 in named.columns and not named.carried[named.columns == 0].any() and named.carried.sum() > 5
    assert 0 not in unnamed.columns
