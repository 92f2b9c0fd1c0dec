import numpy as np

from hashtag_recommender.retrieval.search.sampling import draw_posts


def test_of_many_posts_some_are_searched_always_the_same():
    assert draw_posts(100, 100).tolist() == list(range(100))
    drawn = draw_posts(300, 100)
    assert len(np.unique(drawn)) == 100 and (np.diff(drawn) > 0).all() and drawn.max() > 2.5 * 100
    assert np.array_equal(drawn, draw_posts(300, 100))
