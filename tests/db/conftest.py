from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.db import forgetting, ingest, pages, vectors
from hashtag_recommender.db import store as store_module
from hashtag_recommender.db.database import Database, open_database
from hashtag_recommender.db.engine import default_url
from hashtag_recommender.db.store import SqlPostStore, open_store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return default_url(tmp_path)
    url: str = request.getfixturevalue("empty_postgres")
    return url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    with open_database(url) as database:
        yield database


@pytest.fixture
def store(url: str) -> Iterator[SqlPostStore]:
    with open_store(url) as store:
        yield store


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that few posts fill several pages."""
    for module in (forgetting, ingest, pages, store_module, vectors):
        monkeypatch.setattr(module, "CHUNK", 2)
    for module in (pages, store_module):
        monkeypatch.setattr(module, "_KEYS_A_PAGE", 2)
    monkeypatch.setattr(vectors, "_CONTENTS_A_PAGE", 2)


@pytest.fixture
def make_post() -> Callable[..., Post]:
    """Posts of the source `src`, with photos known by one letter each."""

    def make(post_id: str, caption: str = "", *hashtags: str, photo: str = "", source: str = "src") -> Post:
        return Post(
            source, post_id, caption, hashtags, tuple(Photo(Path(f"/photos/{one}.jpg"), one * 64) for one in photo)
        )

    return make
