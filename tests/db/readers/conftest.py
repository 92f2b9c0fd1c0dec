import json
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


@pytest.fixture
def read_rows(read: Read) -> Callable[..., list[Post | Reject]]:
    def read_rows(*rows: dict[str, Any], **options: Any) -> list[Post | Reject]:
        return read("a.jsonl", "\n".join(json.dumps(row) for row in rows), **options)

    return read_rows


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    (folder / "more").mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"a photo")
    (folder / "more" / "비.jpg").write_bytes(b"another photo")
    (tmp_path / "secret.jpg").write_bytes(b"not to be read")
    return folder
