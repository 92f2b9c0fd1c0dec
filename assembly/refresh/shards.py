"""Shards: Parquet files in a home by which the workers of a cluster hand over the vectors that they have made."""

import shutil
from collections.abc import Iterator, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...core import durable
from ...core.protocols import Encoder, Fingerprint
from ...core.vectors import Vectors
from ...db.store import SqlPostStore
from ...index.snapshots.build import ChannelPlan
from .lacking import counted, digests_without

SHARDS = "shards"  # the folder of a home


def shard_folder(home: Path, fingerprint: Fingerprint) -> Path:
    """Where the shards of an encoder lie."""
    return home / SHARDS / fingerprint.digest


def write_shard(folder: Path, digests: Sequence[str], vectors: Vectors) -> Path:
    """Write vectors (n, d) float32 and the digests of their contents, durably and in one step.

    The same contents make a file of the same name. Raises OSError, also if the folder is not there.
    """
    path = folder / f"{sha256(''.join(digests).encode()).hexdigest()}.parquet"
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel(), pa.float32()), vectors.shape[1])
    content = BytesIO()
    pq.write_table(pa.table({"digest": pa.array(digests, pa.string()), "vector": column}), content)
    durable.write_durably(path, content.getvalue())
    return path


def read_shard(path: Path) -> tuple[list[str], Vectors]:
    """The digests of n contents, and their vectors, (n, d) float32. Raises OSError if it is not there."""
    table = pq.ParquetFile(path).read().combine_chunks()
    flat = table["vector"].combine_chunks().flatten().to_numpy()
    return table["digest"].to_pylist(), np.asarray(flat, dtype=np.float32).reshape(table.num_rows, -1)


def keep_shards(store: SqlPostStore, home: Path, plans: Sequence[ChannelPlan]) -> list[str]:
    """Keep the vectors of shards that a stopped run has left, and delete these; returns what a person should know.

    Only what the database asks for is kept. Call it after `ingest`, before `embed`, within `Home.run`.
    Raises OSError if they cannot be read or deleted.
    """
    if not (home / SHARDS).exists():
        return []
    notes = [note for plan in plans if plan.encoder.stored for note in _keep(store, home, plan.encoder)]
    shutil.rmtree(home / SHARDS)
    return notes


def _keep(store: SqlPostStore, home: Path, encoder: Encoder[Any]) -> Iterator[str]:
    paths = sorted(shard_folder(home, encoder.fingerprint).glob("*.parquet"))
    lacking = digests_without(store, encoder) if paths else set()
    kept = 0
    for path in paths:
        digests, vectors = read_shard(path)
        rows = [row for row, digest in enumerate(digests) if digest in lacking]
        store.save_vectors(encoder.fingerprint, [digests[row] for row in rows], vectors[rows])
        kept += len(rows)
    if kept:
        what = counted(kept, encoder.modality)
        yield f"{what} had been encoded for the {encoder.channel} channel by a run that was stopped"
