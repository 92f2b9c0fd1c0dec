from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Modality, Post
from hashtag_recommender.db.readers import EncodedReader, clipretrieval, open_reader
from hashtag_recommender.db.readers.columns import Columns

CAPTIONS = ["오늘의 카페", "with a #tag", "", " plain "]


def vectors(n: int, seed: int) -> NDArray[np.float16]:
    raw = np.random.default_rng(seed).normal(size=(n, 8))
    return (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float16)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parts of four posts each, numbered so that their names sort the wrong way, and photos apart."""
    folder = tmp_path / "encoded"
    for name in ("metadata", "img_emb", "text_emb", "../photos"):
        (folder / name).mkdir(parents=True)
    for number in (9, 10):
        images = [f"{number}-{i}.jpg" for i in range(4)]
        columns: dict[str, Any] = {"image_path": images, "caption": CAPTIONS}
        if number == 10:
            columns["hashtags"] = [["one"], ["two"], [], None]
        parquet.write_table(pa.table(columns), folder / f"metadata/metadata_{number}.parquet")
        np.save(folder / f"img_emb/img_emb_{number}.npy", vectors(4, number))
        np.save(folder / f"text_emb/text_emb_{number}.npy", vectors(4, number + 100))
        for name in images:
            (tmp_path / "photos" / name).write_text(name)
    return folder


def ready(folder: Path, modality: Modality, **options: Any) -> tuple[list[int], NDArray[np.float32]]:
    reader = open_reader(folder, images=folder.parent / "photos", **options)
    assert isinstance(reader, EncodedReader)
    batches = list(reader.precomputed_vectors(modality))
    places = [*[f"9-{i}.jpg" for i in range(4)], *[f"10-{i}.jpg" for i in range(4)]]
    rows = [places.index(post.post_id) for posts, _ in batches for post in posts]
    return rows, np.concatenate([v for _, v in batches]) if batches else np.zeros((0, 0), np.float32)


def test_posts_of_all_parts(folder: Path) -> None:
    (folder.parent / "photos" / "9-3.jpg").unlink()
    reader = open_reader(folder, images=folder.parent / "photos")
    rows = list(reader.read())
    assert [row.post_id if isinstance(row, Post) else row.row for row in rows] == [
        "9-0.jpg",
        "9-1.jpg",
        "9-2.jpg",
        "9-3.jpg",
        "10-0.jpg",
        "10-1.jpg",
        "10-2.jpg",
        "10-3.jpg",
    ]
    assert isinstance(rows[1], Post) and (rows[1].caption, rows[1].hashtags) == ("with a", ("tag",))
    assert isinstance(rows[5], Post) and (rows[5].caption, rows[5].hashtags) == ("with a", ("two", "tag"))
    assert isinstance(rows[3], Post) and not rows[3].photos and rows[3].flaws[0].part == "photo"
    assert reader.source == str(folder)


@pytest.mark.parametrize("batch", [1, 3, 4096])
def test_vectors_stand_in_the_order_of_the_posts(folder: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(clipretrieval, "_BATCH", batch)
    rows, found = ready(folder, "image")
    expected = np.concatenate([vectors(4, 9), vectors(4, 10)]).astype(np.float32)
    assert rows == list(range(8))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_captions_with_hashtags_have_no_vectors_nor_have_empty_ones(folder: Path) -> None:
    """The vectors of the former have seen the answers."""
    rows, found = ready(folder, "text")
    assert rows == [0, 3, 4, 7]
    expected = np.concatenate([vectors(4, 109), vectors(4, 110)])[rows].astype(np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_no_vectors_of_what_was_not_encoded(folder: Path) -> None:
    for path in (folder / "text_emb").iterdir():
        path.unlink()
    (folder / "text_emb").rmdir()
    assert ready(folder, "text")[0] == []
    assert ready(folder, "image", columns=Columns(image="caption"))[0] == []


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def save(array: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, array)


def link(path: Path) -> None:
    path.rename(path.parents[2] / "elsewhere.npy")
    path.symlink_to(path.parents[2] / "elsewhere.npy")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (Path.unlink, "has no img_emb number 10; run clip inference again"),
        (cut, r"img_emb_10\.npy cannot be read as vectors"),
        (lambda path: path.write_bytes(b""), r"img_emb_10\.npy cannot be read as vectors"),
        (lambda path: path.write_bytes(b"no array"), r"img_emb_10\.npy cannot be read as vectors"),
        (save(np.array([{}] * 4)), r"img_emb_10\.npy cannot be read as vectors"),
        (save(vectors(3, 10)), "has 3 vectors, its posts are 4"),
        (save(np.eye(4, 6, dtype=np.float32)), "of another width"),
        (save(vectors(4, 10)[0]), "holds no vectors"),
        (save(np.ones((4, 8), np.int64)), "holds no vectors"),
        (link, "leaves the folder"),
    ],
)
def test_vectors_that_are_damaged(folder: Path, damage: Callable[[Path], None], message: str) -> None:
    damage(folder / "img_emb/img_emb_10.npy")
    with pytest.raises(SourceError, match=message):
        open_reader(folder)


@pytest.mark.parametrize("row", [vectors(1, 10)[0] * 2, np.full(8, np.nan, np.float16), np.zeros(8, np.float16)])
def test_zeros_stand_for_what_is_no_vector(folder: Path, row: NDArray[np.float16]) -> None:
    path = folder / "img_emb/img_emb_10.npy"
    np.save(path, np.concatenate([vectors(3, 10), [row]]).astype(np.float16))
    _, found = ready(folder, "image")
    assert np.flatnonzero(~found.any(axis=1)).tolist() == [7]


def test_a_part_without_posts(folder: Path) -> None:
    empty = pa.table({"image_path": pa.array([], pa.string()), "caption": pa.array([], pa.string())})
    parquet.write_table(empty, folder / "metadata/metadata_8.parquet")
    for kind in ("img", "text"):
        np.save(folder / f"{kind}_emb/{kind}_emb_8.npy", np.zeros((0, 0), np.float16))
    assert ready(folder, "image")[0] == list(range(8))


def test_metadata_that_are_damaged(folder: Path) -> None:
    cut(folder / "metadata/metadata_10.parquet")
    with pytest.raises(SourceError, match=r"metadata_10\.parquet cannot be read as Parquet"):
        open_reader(folder)


def test_photos_outside_of_the_folder_are_not_taken(folder: Path) -> None:
    table = pa.table({"image_path": ["/etc/passwd", "../photos/9-0.jpg"] * 2, "caption": ["x", "y"] * 2})
    parquet.write_table(table, folder / "metadata/metadata_9.parquet")
    for row in list(open_reader(folder).read())[:2]:
        assert isinstance(row, Post) and not row.photos and "leaves the images folder" in row.flaws[0].reason


@pytest.mark.parametrize("name", ["a\\1.JPG", "/mnt/photos/a/1.JPG", "C:\\photos\\a\\1.jpg", "A/1.jpg"])
def test_photos_that_have_moved_to_another_system(folder: Path, name: str) -> None:
    (folder.parent / "photos" / "a").mkdir()
    (folder.parent / "photos" / "a" / "1.JPG").write_text(name)
    table = pa.table({"image_path": [name] * 4, "caption": ["x"] * 4})
    parquet.write_table(table, folder / "metadata/metadata_9.parquet")
    first = next(iter(open_reader(folder, images=folder.parent / "photos").read()))
    assert isinstance(first, Post) and first.photos[0].path == folder.parent / "photos" / "a" / "1.JPG"


def test_what_else_lies_in_the_folder_is_told(folder: Path) -> None:
    (folder / "stats.json").write_text("{}")
    (folder / "metadata" / "notes.txt").write_text("x")
    (note,) = open_reader(folder, images=folder.parent / "photos").notes()
    assert "1 file (.json)" in note and "1 file (.txt)" in note and "parquet" not in note and "npy" not in note
