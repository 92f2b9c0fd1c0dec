import sys

import numpy as np
import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.systems.references.omikuji import BONSAI, PARABEL, Omikuji
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder


def archive(n, m):
    """Posts with two hashtags of m, which their captions name in other words."""
    rng = np.random.default_rng(0)
    seeded = [rng.choice(m, 2, replace=False).tolist() for _ in range(n)]
    return [
        Post("test", str(row), " ".join(f"word{number:03d}" for number in own), tuple(f"t{number}" for number in own))
        for row, own in enumerate(seeded)
    ]


@pytest.mark.parametrize("trees", [PARABEL, BONSAI])
def test_many_hashtags_are_learned_in_silence(trees, capfd):
    posts = archive(600, 150)
    system = Omikuji(trees, NgramEncoder())
    fitted = system.fit(posts[:500], posts[500:550])
    assert "no seed" in fitted.notes[0]
    queries = [Query(post.caption) for post in posts[550:]]
    ranked, free = system.suggest(queries, 2), system.suggest(queries, None)
    hits = [
        len({s.hashtag for s in answer} & set(post.hashtags)) for answer, post in zip(ranked, posts[550:], strict=True)
    ]
    assert np.mean(hits) > 1.2  # of 2; the most used hashtags alone: below 0.1
    assert 1 < np.mean([len(answer) for answer in free]) < 4
    assert capfd.readouterr() == ("", "")


def test_posts_without_caption_do_no_harm():
    posts = [*archive(20, 5), Post("test", "bare", "", ("t0",))]
    system = Omikuji(PARABEL, NgramEncoder())
    system.fit(posts, posts)
    assert len(system.suggest([Query("")], 3)[0]) == 3


def test_where_it_is_missing_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "omikuji", None)
    with pytest.raises(SettingsError, match=r'pip install "hashtag-recommender\[eval\]"'):
        Omikuji(PARABEL, NgramEncoder()).fit(archive(9, 5), archive(9, 5))
