import numpy as np

from hashtag_recommender.retrieval.learning import learn_vote_sources
from hashtag_recommender.retrieval.reranking.training import learn_reranker
from hashtag_recommender.retrieval.search import sampling


def test_of_a_large_archive_some_posts_are_learned_from(archive, monkeypatch):
    """Rows of the archive and of the sample are never taken for each other."""
    n = len(archive.clusters)
    monkeypatch.setattr(sampling.draw_posts, "__defaults__", (n - 30,))
    drawn = sampling.draw_posts(n)
    trained = learn_reranker(archive, learn_vote_sources(archive))
    assert trained is not None
    learning = trained.reranker._learning
    assert set(learning.styles.rows.tolist()) <= set(drawn.tolist())
    assert np.array_equal(learning.counts.uses, np.bincount(archive.labels.indices, minlength=archive.labels.shape[1]))
    assert trained.reranker.report.ships
