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


def inputs_of(queries, learned) -> FeatureInputs:
    scales, ridge, _, counts, styles, names = learned
    comparable = scales.weigh(queries.contents)
    name_fits = names.fit(queries.contents)
    in_style = styles.nearest(comparable.style)
    [inputs] = gather(queries, comparable.words, ridge.ask(comparable), in_style, name_fits, counts)
    return inputs


def features_of(candidates, query) -> dict[str, np.ndarray]:
    return {name: values[candidates.query == query] for name, values in candidates.features.items()}


def test_every_post_has_the_same_features_in_one_order(ask, learned):
    queries, _ = ask(30)
    candidates = learned[2].candidates(inputs_of(queries, learned))
    assert np.unique(candidates.query).tolist() == list(range(30))
    assert np.all(np.diff(candidates.query * len(learned[5].of["image"]) + candidates.columns) > 0)
    assert candidates.matrix().shape == (len(candidates.columns), len(candidates.features))
    assert candidates.matrix().dtype == np.float32
    assert not np.isinf(candidates.matrix()).any()


def test_a_query_has_the_same_candidates_and_features_alone_as_among_others(ask, learned):
    queries, _ = ask(12)
    together = learned[2].candidates(inputs_of(queries, learned))
    for i in range(12):
        here = slice(i, i + 1)
        contents = queries.contents.take(np.arange(i, i + 1))
        hits = {name: Matches(matches.rows[here], matches.similarities[here]) for name, matches in queries.hits.items()}
        alone = learned[2].candidates(
            inputs_of(dataclasses.replace(queries, contents=contents, hits=hits, votes=queries.votes[here]), learned)
        )
        assert np.array_equal(alone.columns, together.columns[together.query == i])
        for name, values in features_of(together, i).items():
            assert alone.features[name] == pytest.approx(values, rel=1e-4, abs=1e-5, nan_ok=True), name


def test_the_votes_are_the_channels_own(ask, learned, archive, fusion):
    """Against the slow way: every neighbour's share, hashtag by hashtag."""
    queries, _ = ask(3)
    inputs = inputs_of(queries, learned)
    candidates = learned[2].candidates(inputs)
    columns, features = candidates.columns[candidates.query == 1], features_of(candidates, 1)
    for vote_source in fusion.vote_sources:
        matches = inputs.hits[vote_source.channel]
        near = Matches(matches.rows[:, : vote_source.neighbours], matches.similarities[:, : vote_source.neighbours])
        shares = vote_shares(near, temperatures(matches, vote_source.margin))[1]
        expected = np.zeros(len(archive.hashtags))
        for row, share in zip(near.rows[1], shares, strict=True):
            if row >= 0:
                expected += share * archive.labels[row].toarray()[0]
        mine = features[f"{vote_source.channel}_{vote_source.neighbours}"]
        assert mine == pytest.approx(expected[columns], abs=1e-5)
    carriers = archive.labels[inputs.hits["image"].rows[1]].toarray()[:, columns] > 0
    assert features["image_carriers"].tolist() == carriers.sum(axis=0).tolist()
    nearest = np.where(carriers, inputs.hits["image"].similarities[1][:, None], 0).max(axis=0)
    assert features["image_nearest"] == pytest.approx(nearest)
    assert features["vote"] == pytest.approx(queries.votes[1].toarray()[0, columns])


def test_posts_written_alike_vote(ask, learned, archive):
    queries, _ = ask(3)
    inputs = inputs_of(queries, learned)
    candidates = learned[2].candidates(inputs)
    columns, features = candidates.columns[candidates.query == 1], features_of(candidates, 1)
    alike, rows = inputs.in_style[1].similarities[0], inputs.in_style[1].rows[0]
    for name, sharpness in STYLE_VOTES.items():
        weights = np.exp((alike - alike[0]) / (sharpness * max(alike[0] - alike[49], 1e-3)))
        expected = weights @ archive.labels[rows].toarray() / weights.sum()
        assert features[name] == pytest.approx(expected[columns], abs=1e-5)


def test_a_channel_that_was_not_asked_is_unknown(ask, learned):
    queries, _ = ask(12)
    candidates = learned[2].candidates(inputs_of(queries, learned))
    without_photo, without_caption = (features_of(candidates, i) for i in (9, 11))
    assert np.isnan(without_photo["image_10"]).all()
    assert not np.isnan(without_photo["lexical_10"]).any()
    assert np.isnan(without_caption["lexical_nearest"]).all()
    assert not without_caption["mention"].any()


def test_a_hashtag_in_the_caption_is_a_candidate_that_no_neighbour_carries(ask, learned, archive, fusion):
    queries, _ = ask(1)
    nobody = {
        channel: Matches(np.full_like(matches.rows, -1), np.zeros_like(matches.similarities))
        for channel, matches in queries.hits.items()
    }
    votes = fuse(fusion, nobody, archive.labels, 1).scores
    contents = dataclasses.replace(queries.contents, captions=["surfing all day"])
    silent = dataclasses.replace(queries, contents=contents, hits=nobody, votes=votes)
    candidates = learned[2].candidates(inputs_of(silent, learned))
    i = candidates.columns.tolist().index(archive.hashtags.index("surfing"))
    assert candidates.features["mention"][i] == 2
    assert candidates.features["vote"][i] == 0


def test_hashtags_known_only_from_posts_left_out_come_by_their_names_alone(ask, learned, archive):
    queries, _ = ask(2)
    left_out = archive.labels[:, 0].nonzero()[0]
    nothing = sparse.csr_matrix(archive.labels.shape, dtype=np.float32)
    counts = count(archive.labels, nothing).without(left_out, archive.labels, nothing)
    inputs = dataclasses.replace(inputs_of(queries, learned), counts=counts)
    fits = inputs.name_fits["image"]
    named, unnamed = (
        learned[2].candidates(
            dataclasses.replace(inputs, name_fits={"image": dataclasses.replace(fits, best=[best] * 2)})
        )
        for best in (np.arange(10), np.arange(5, 15))
    )
    assert 0 in named.columns and not named.carried[named.columns == 0].any() and named.carried.sum() > 5
    assert 0 not in unnamed.columns
