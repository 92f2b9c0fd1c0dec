"""Encoding on a Ray cluster: Ray Data hands contents to a pool of actors, which write shards into the home."""

import os
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
import ray.data

from ...core.advice import INSTALL_ALIKE, MAKE_ROOM, SHARE_FOLDERS
from ...core.errors import ClusterError, HashtagError, HomeError, PhotoError
from ...core.pipeline import batches
from ...core.post import Photo
from ...core.protocols import Encoded, Encoder
from ...core.settings import Settings
from ...core.vectors import Vectors
from .ray_worker import ShardEncoder, ShardJob, to_table
from .shards import read_shard, shard_folder

SHARD = 2048  # contents; whole batches of every encoder, so that its batches are those of the local engine
_TRIES = 3  # after the first, of a shard whose worker was lost: a content of it may be what ends the worker


class RayEngine:
    """Satisfies `EmbeddingEngine`, within `ray_cluster.connected`.

    Each shard is yielded as soon as it is written, and deleted when the next is asked for: then it has been kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home.absolute()
        self._cache = settings.cache_folder.absolute()

    def encode(
        self, encoder: Encoder[Any], spec: Mapping[str, str], contents: Iterable[tuple[str, Any]]
    ) -> Iterator[Encoded[str, Any]]:
        """See `EmbeddingEngine.encode`. Memory: one shard; Ray keeps the contents.

        Raises ClusterError if a worker has other encoders, or does not see the files that this process sees; HomeError
        if it cannot write into the home.
        """
        folder = shard_folder(self._home, encoder.fingerprint)
        folder.mkdir(parents=True, exist_ok=True)
        job = ShardJob(spec, encoder.fingerprint, encoder.modality, self._cache, folder)
        for outcome in _outcomes(job, [ray.put(to_table(shard)) for shard in batches(contents, SHARD)]):
            if outcome["problem"]:
                raise _error(outcome)
            failures = [
                (failure["digest"], _reason(encoder, failure, outcome["host"])) for failure in outcome["failures"]
            ]
            if outcome["shard"] is None:
                yield Encoded([], None, failures)
                continue
            digests, vectors = _read(folder / outcome["shard"], outcome["host"])
            yield Encoded(digests, vectors, failures)
            (folder / outcome["shard"]).unlink()
        shutil.rmtree(folder.parent)  # with what a worker wrote twice, as it was thought lost


def _outcomes(job: ShardJob, tables: Sequence[ray.ObjectRef]) -> Iterator[dict[str, Any]]:
    """Rows of `ShardEncoder`, one for each table, in the order in which they are ready."""
    workers, resources = _pool()
    with warnings.catch_warnings():
        # Ray is about to name its options for actors anew; without this one it would try for ever.
        warnings.filterwarnings("ignore", message=".*ray_remote_args")
        outcomes = ray.data.from_arrow_refs(tables).map_batches(
            ShardEncoder,
            fn_constructor_args=[job],
            batch_size=None,  # a table, whole
            batch_format="pyarrow",
            concurrency=(1, workers),
            max_task_retries=_TRIES,
            **resources,
        )
    yield from outcomes.iter_rows()


def _pool() -> tuple[int, dict[str, Any]]:
    """How many actors the cluster has room for, and what each of them takes: a GPU if there are any, else a machine."""
    machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = int(sum(machine.get("GPU", 0) for machine in machines))
    if gpus:
        return gpus, {"num_gpus": 1}
    cores = [int(machine["CPU"]) for machine in machines if machine.get("CPU", 0) >= 1]
    if not cores:
        raise ClusterError("the Ray cluster has neither GPUs nor CPUs")
    return sum(n // min(cores) for n in cores), {"num_cpus": min(cores)}


def _read(shard: Path, host: str) -> tuple[list[str], Vectors]:
    try:
        return read_shard(shard)
    except FileNotFoundError:
        told = f"a Ray worker on {host} has written {shard}, which is not here"
        raise ClusterError(told, SHARE_FOLDERS) from None


def _reason(encoder: Encoder[Any], failure: Mapping[str, Any], host: str) -> str:
    """Why a photo cannot be decoded, in the words of this process. Raises ClusterError if it can be decoded here."""
    photo = Photo(Path(os.fsdecode(failure["content"])), failure["digest"])
    try:
        encoder.prepare(photo)
    except PhotoError as error:
        return str(error)
    told = f"a Ray worker on {host} cannot read {photo.path}, which this machine can ({failure['reason']})"
    raise ClusterError(told, SHARE_FOLDERS)


def _error(outcome: Mapping[str, Any]) -> HashtagError:
    told = f"on the Ray worker {outcome['host']}: {outcome['problem']}"
    if outcome["kind"] == "disk":
        return HomeError(told, MAKE_ROOM)
    return ClusterError(told, SHARE_FOLDERS if outcome["kind"] == "folder" else INSTALL_ALIKE)
