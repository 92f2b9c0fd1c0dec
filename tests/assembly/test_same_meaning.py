"""Which hashtags are merged by default in real archives: the labelled pairs of `benchmarks/same_meaning.py`.

The archives are not in the repository. They are looked for in the folder that HASHTAG_DATA names, or else in
`shared/data` in or beside the checkout; without them this is skipped.
"""

import importlib
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from hashtag_recommender.assembly import read_posts
from hashtag_recommender.core.post import Post
from hashtag_recommender.core.protocols import StoredPost
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.index.snapshots.archive import ArchiveWriter, SnapshotArchive
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.reranking.hashtag_names import NameVectors, name_captions

from ..conftest import ROOT

FEWEST = 3  # posts; hashtags on fewer are not compared, so that their names need not be encoded


@pytest.fixture
def data() -> Path:
    named = os.environ.get("HASHTAG_DATA")
    places = [Path(named)] if named else [ROOT / "shared" / "data", ROOT.parent / "shared" / "data"]
    for place in places:
        if (place / "cafe_ko" / "posts.csv").is_file():
            return place
    pytest.skip("the real archives are not here; name their folder by HASHTAG_DATA")


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`benchmarks/same_meaning.py`."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("same_meaning")


def archive_of(posts: Path, images: Path, folder: Path) -> SnapshotArchive:
    read = [post for post in read_posts(posts, images=images).read() if isinstance(post, Post)]
    ArchiveWriter(folder).write(StoredPost(key, post) for key, post in enumerate(read))
    return SnapshotArchive(folder)


def names_of(archive: SnapshotArchive) -> NameVectors:
    """As a build makes them, as far as they are compared."""
    encoder = UniversalSentenceEncoder()
    vectors = np.zeros((len(archive.hashtags), encoder.fingerprint.dimension), dtype=np.float32)
    columns = np.flatnonzero(np.diff(archive.carriers[0]) >= FEWEST)
    captions = name_captions(encoder.channel, [archive.shown[column] for column in columns.tolist()])
    vectors[columns] = encoder.encode([encoder.prepare(caption) for caption in captions])
    return NameVectors.of(unit_rows(vectors))


def test_labelled_pairs_keep_their_precision_and_recall(data: Path, benchmark: ModuleType, tmp_path: Path) -> None:
    total = np.zeros(3, dtype=np.int64)
    for name in benchmark.SETS:
        folder = tmp_path / name
        folder.mkdir()
        benchmark.split(data / name / "posts.csv", folder)
        archive = archive_of(folder / "train.csv", data / name, folder)
        merged, _ = benchmark.merged_in(archive, names_of(archive))
        archive.close()
        for half in range(len(benchmark.HALVES)):
            total += benchmark.count(merged, *benchmark.read_pairs(name, half))
    right, wrong, pairs = total.tolist()
    assert pairs == 69
    assert right / (right + wrong) >= 0.95, f"{wrong} wrong merges beside {right} right ones"
    assert right / pairs >= 0.6, f"{right} of {pairs} are merged"
