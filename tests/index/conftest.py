from collections.abc import Callable
from pathlib import Path

import pytest

from hashtag_recommender.index.snapshots.manifest import Manifest
from hashtag_recommender.index.snapshots.snapshot import publish, writing

FILES = {"posts.txt": b"some posts", "image/vectors": bytes(range(256)) * 40}


def fill(folder: Path, name: str) -> Manifest:
    """A snapshot of two small files, which says that it has one post."""
    for path, content in FILES.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)
    return Manifest(name, "2026-01-01", "test 1", "digest", "db", {"a.csv": 1}, 1, 1, (), {})


@pytest.fixture
def publish_one(tmp_path: Path) -> Callable[[], str]:
    """Publish one more snapshot in `tmp_path`, and return its name."""

    def once() -> str:
        with writing(tmp_path):
            return publish(tmp_path, fill).snapshot

    return once
