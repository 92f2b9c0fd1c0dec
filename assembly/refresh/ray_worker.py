"""What a worker of a Ray cluster does: encode one shard after another, and say what became of each."""

import os
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa

from ...core.errors import SnapshotError, WeightsError, describe
from ...core.pipeline import encode_stream
from ...core.post import Modality, Photo
from ...core.protocols import Encoder, Fingerprint
from ...retrieval.encoders.profiles import EncoderSpec, build_runtime, make_encoder
from .shards import write_shard

Problem: TypeAlias = Literal["encoder", "folder", "disk"]

_FAILURE = pa.struct([("content", pa.binary()), ("digest", pa.string()), ("reason", pa.string())])
# One row for each shard. shard: its file, null if nothing was encoded. problem, kind: why it could not be made.
_OUTCOME = pa.schema(
    [
        ("host", pa.string()),
        ("shard", pa.string()),
        ("failures", pa.list_(_FAILURE)),
        ("kind", pa.string()),
        ("problem", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class ShardJob:
    """What a worker is to do.

    spec: how its encoder is made. cache: see `Settings.cache_folder`. folder: where shards go.
    """

    spec: Mapping[str, str]
    fingerprint: Fingerprint
    modality: Modality
    cache: Path
    folder: Path


class ShardEncoder:
    """An actor with one encoder."""

    def __init__(self, job: ShardJob) -> None:
        self._job = job
        self._encoder: Encoder[Any] | None = None

    def __call__(self, contents: pa.Table) -> pa.Table:
        """Encode the contents of a table of `to_table`, and write them as one shard; returns one row of `_OUTCOME`."""
        try:
            return self._encode(contents)
        except (WeightsError, SnapshotError) as error:
            return _outcome(kind="encoder", problem=str(error))
        except FileNotFoundError:
            return _outcome(kind="folder", problem=f"it has no folder {self._job.folder}")
        except OSError as error:
            return _outcome(kind="disk", problem=f"{self._job.folder} cannot be written ({describe(error)})")

    def _encode(self, contents: pa.Table) -> pa.Table:
        encoder = self._encoder = self._encoder or self._make_encoder()
        if not self._job.folder.is_dir():
            raise FileNotFoundError
        digests: list[str] = []
        vectors: list[Any] = []
        failed: dict[str, str] = {}
        for batch in encode_stream(encoder, from_table(contents, self._job.modality)):
            digests += batch.keys
            failed |= dict(batch.failures)
            if batch.vectors is not None:
                vectors.append(batch.vectors)
        rows = zip(contents["digest"].to_pylist(), contents["content"].to_pylist(), strict=True)
        failures = [
            {"digest": digest, "content": content, "reason": failed[digest]}
            for digest, content in rows
            if digest in failed
        ]
        shard = write_shard(self._job.folder, digests, np.concatenate(vectors)).name if vectors else None
        return _outcome(shard=shard, failures=failures)

    def _make_encoder(self) -> Encoder[Any]:
        job = self._job
        encoder = make_encoder(EncoderSpec.from_json(job.spec), build_runtime(job.cache))
        if encoder.fingerprint != job.fingerprint:
            raise WeightsError(f"its encoder is {encoder.fingerprint}, not {job.fingerprint}")
        return encoder


def to_table(contents: Iterable[tuple[str, Any]]) -> pa.Table:
    """(digest, content) pairs as a table. Paths are bytes, as not all of them are text."""
    pairs = [
        (digest, os.fsencode(content.path) if isinstance(content, Photo) else content.encode())
        for digest, content in contents
    ]
    digests, encoded = zip(*pairs, strict=True)
    return pa.table({"digest": pa.array(digests, pa.string()), "content": pa.array(encoded, pa.binary())})


def from_table(table: pa.Table, modality: Modality) -> Iterable[tuple[str, Any]]:
    """What `to_table` was given."""
    for digest, content in zip(table["digest"].to_pylist(), table["content"].to_pylist(), strict=True):
        yield digest, Photo(Path(os.fsdecode(content)), digest) if modality == "image" else content.decode()


def _outcome(
    *,
    shard: str | None = None,
    failures: Iterable[Mapping[str, Any]] = (),
    kind: Problem | None = None,
    problem: str | None = None,
) -> pa.Table:
    row = {"host": socket.gethostname(), "shard": shard, "failures": failures, "kind": kind, "problem": problem}
    return pa.Table.from_pylist([row], schema=_OUTCOME)
