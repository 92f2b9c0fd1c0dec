from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import open_reader

Read = Callable[..., list[Post | Reject]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a file of that name and read it."""

    def write_and_read(name: str, content: str | bytes, **options: Any) -> list[Post | Reject]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return list(open_reader(path, source="src", **options).read())

    return write_and_read
