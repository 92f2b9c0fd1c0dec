"""Dense channels in Milvus: inner product of centred unit vectors, in one collection for each snapshot and channel.

The channel's folder holds the address of the collection and the mean of the vectors. An alias, which follows the
snapshot in service, is for other programs; this one opens the collection that the folder names, so that who reads an
older snapshot is not disturbed.
"""

import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...core import durable
from ...core.advice import (
    CHECK_MILVUS,
    CHECK_MILVUS_FILE,
    INSTALL_MILVUS,
    INSTALL_MILVUS_LITE,
    NAME_MILVUS,
    NAME_MILVUS_TOKEN,
    REBUILD,
)
from ...core.errors import ClusterError, SettingsError, SnapshotError
from ...core.vectors import NO_ROW, Matches, Vectors, read_array
from .exact import ExactIndex, centred, mean_of, positive
from .recall import Oracle, least_effort
from .spec import Measured

SCHEME = "milvus://"
FILE = "milvus.json"
MEAN = "mean.npy"
TOKEN = "MILVUS_TOKEN"  # the environment variable
MOST_MATCHES = 16_384  # that Milvus gives for one vector

_PORT = 19530
_SERVER = re.compile(r"([^/:@\s]+)(?::(\d+))?/([A-Za-z_]\w*)", re.ASCII)
_ID, _VECTOR = "id", "vector"  # the fields of a collection: the number of a vector in its channel, and the vector
_SECONDS = 10  # for a short call
_SECONDS_TO_INDEX = 24 * 3600
_BYTES_AT_ONCE = 8 * 2**20  # of vectors in one upsert; a message of gRPC has 64 MB at the most
_MATCHES_AT_ONCE = 200_000  # in one answer
_DECIMALS = 6  # of a similarity; the last bits of the same product are others in Milvus and in NumPy
_PAUSES = (1, 2, 4)  # seconds, before each new try of an upsert

# By type of index: how it is built, and the parameter of a search that says how much it looks at.
_TYPES: dict[str, tuple[dict[str, int], str | None]] = {
    "FLAT": ({}, None),
    "HNSW": ({"M": 16, "efConstruction": 200}, "ef"),
    "DISKANN": ({}, "search_list"),
}
_EFFORTS = (64, 96, 144, 216, 324, 486, 729, 1094, 1641, 2462, 3693)


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where collections lie. uri: as `MilvusClient` takes it, the path of a file of Milvus Lite or the URL of a server.

    name: what the names of the collections and aliases begin with.
    """

    uri: str
    name: str

    @classmethod
    def of(cls, told: str) -> "MilvusAddress":
        """From `milvus://HOST:PORT/NAME` or `milvus://FILE.db`. Raises SettingsError on anything else."""
        rest = told.removeprefix(SCHEME)
        if "@" in rest:  # which is not repeated, as it may be a password
            raise SettingsError("the address of Milvus holds a user or a token", NAME_MILVUS_TOKEN)
        if told.startswith(SCHEME) and rest.endswith(".db"):
            path = Path(rest).resolve()
            return cls(str(path), re.sub(r"\W", "_", f"_{path.stem}" if path.stem[0].isdigit() else path.stem))
        if told.startswith(SCHEME) and (match := _SERVER.fullmatch(rest)):
            return cls(f"http://{match[1]}:{match[2] or _PORT}", match[3])
        raise SettingsError(f"{told!r} is no address of Milvus", NAME_MILVUS)

    @property
    def is_file(self) -> bool:
        """Whether it is a file of Milvus Lite."""
        return not self.uri.startswith("http")

    def __str__(self) -> str:
        """In the form that `of` takes, with the whole path of a file."""
        return SCHEME + (self.uri if self.is_file else f"{self.uri.removeprefix('http://')}/{self.name}")


@dataclass(frozen=True, slots=True)
class Collection:
    """The collection of a channel's folder, as its file tells. vectors: their number. index_type: as Milvus names it.

    effort: how much a search looks at; 0 if it looks at every vector.
    """

    address: str
    name: str
    alias: str
    vectors: int
    index_type: str
    effort: int = 0

    @classmethod
    def read(cls, folder: Path) -> "Collection":
        """Raises SnapshotError on a file that is no such thing."""
        try:
            return cls(**json.loads((folder / FILE).read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            raise SnapshotError(f"{folder / FILE} names no collection of Milvus: {error}", REBUILD) from error

    def write(self, folder: Path) -> None:
        """Durably."""
        durable.write_durably(folder / FILE, json.dumps(asdict(self), indent=1).encode())


class MilvusIndex:
    """A collection that `write_milvus` wrote."""

    cap = 1.0  # rounding may make more of it

    def __init__(self, client: Any, collection: Collection, mean: Vectors) -> None:
        """client: a MilvusClient, which several threads may use. mean: (d,) that was taken off the vectors."""
        self._client = client
        self._collection = collection
        self._mean = mean

    @classmethod
    def read(cls, folder: Path) -> "MilvusIndex":
        """Raises SnapshotError where the collection is missing or another one, ClusterError without a connection."""
        collection = Collection.read(folder)
        try:
            mean: Vectors = read_array(folder / MEAN)
        except (OSError, EOFError, ValueError) as error:
            raise SnapshotError(f"{folder / MEAN} cannot be read: {error}", REBUILD) from error
        address, name = MilvusAddress.of(collection.address), collection.name
        if address.is_file and not Path(address.uri).exists():  # which Milvus Lite would make
            raise SnapshotError(f"{address.uri} is missing, which holds the collection {name}", REBUILD)
        with _connected(address) as client:
            if not client.has_collection(name, timeout=_SECONDS):
                raise SnapshotError(f"the collection {name} is missing in {address}", REBUILD)
            fields = {field["name"]: field for field in client.describe_collection(name, timeout=_SECONDS)["fields"]}
            dimension = fields.get(_VECTOR, {}).get("params", {}).get("dim")
            if dimension != len(mean):
                raise SnapshotError(
                    f"the collection {name} in {address} holds vectors of {dimension} dimensions instead of "
                    f"{len(mean)}",
                    REBUILD,
                )
            client.load_collection(name, timeout=_SECONDS_TO_INDEX)
            if (vectors := _count(client, name)) != collection.vectors:
                raise SnapshotError(
                    f"the collection {name} in {address} holds {vectors} vectors instead of {collection.vectors}",
                    REBUILD,
                )
            return cls(client, collection, mean)

    def __len__(self) -> int:
        return self._collection.vectors

    def search(self, queries: Vectors, k: int) -> Matches:
        """See `VectorIndex.search`. queries: float32 (m, d). Raises ClusterError if Milvus fails."""
        found = self.uncapped(queries, k)
        return Matches(found.rows, np.minimum(found.similarities, np.float32(self.cap)))

    def uncapped(self, queries: Vectors, k: int) -> Matches:
        """See `Extendable.uncapped`.

        For more matches than Milvus gives at once, ranges of rows are searched one after another.
        """
        n, asked = len(self), centred(queries, self._mean)
        starts = [0] if k <= MOST_MATCHES else range(0, n, MOST_MATCHES)
        found = [self._nearest(asked, min(k, n, MOST_MATCHES), start, len(starts) > 1) for start in starts]
        rows, similarities = (np.hstack(parts) for parts in zip(*found, strict=True))
        similarities = np.round(similarities, _DECIMALS)
        order = np.lexsort((rows, -similarities))[:, :k]  # equal ones by row, in which order Milvus does not give them
        best = Matches(np.take_along_axis(rows, order, axis=1), np.take_along_axis(similarities, order, axis=1))
        lacking = ((0, 0), (0, k - order.shape[1]))
        return positive(Matches(np.pad(best.rows, lacking, constant_values=NO_ROW), np.pad(best.similarities, lacking)))

    def _nearest(self, asked: Vectors, k: int, start: int, in_part: bool) -> tuple[Any, Any]:
        """The nearest k of all vectors or, in_part, of MOST_MATCHES from `start` on: rows and similarities, (m, k)."""
        parameter = _TYPES[self._collection.index_type][1]
        effort = {parameter: max(self._collection.effort, k)} if parameter else {}
        rows = np.full((len(asked), k), NO_ROW, dtype=np.int64)
        similarities = np.zeros(rows.shape, dtype=np.float32)
        at_once = max(1, _MATCHES_AT_ONCE // k)
        with _in_words(MilvusAddress.of(self._collection.address)):
            for first in range(0, len(asked), at_once):
                answers = self._client.search(
                    self._collection.name,
                    data=asked[first : first + at_once],
                    anns_field=_VECTOR,
                    limit=k,
                    filter=f"{_ID} >= {start} and {_ID} < {start + MOST_MATCHES}" if in_part else "",
                    output_fields=[_ID],
                    search_params={"metric_type": "IP", "params": effort},
                    timeout=60 * _SECONDS,
                )
                for i, hits in enumerate(answers, first):
                    rows[i, : len(hits)], similarities[i, : len(hits)] = hits.ids, hits.distances
        return rows, similarities

    def beside(self, vectors: Vectors) -> "_Newcomers":
        """See `Extendable.beside`. vectors: float32 (m, d), rows of length 1."""
        return _Newcomers(vectors, self._mean)


class _Newcomers(ExactIndex):
    """Beside a collection: a post that is in both is equally alike in both."""

    def uncapped(self, queries: Vectors, k: int) -> Matches:
        """See `Extendable.uncapped`."""
        found = self.search(queries, k)
        similarities = np.round(found.similarities, _DECIMALS)
        order = np.lexsort((found.rows, -similarities))
        return Matches(np.take_along_axis(found.rows, order, axis=1), np.take_along_axis(similarities, order, axis=1))


def write_milvus(vectors: Vectors, folder: Path, wanted: float, address: str, index_type: str) -> Measured:
    """Write a new collection, and its address into the folder of its channel, by whose path it is named.

    vectors: float32 (n, d), rows of length 1; some are read at a time. wanted: recall at 50, in [0, 1]. address: as
    `MilvusAddress.of` takes it. index_type: FLAT, HNSW or DISKANN. Raises ClusterError if Milvus fails.
    """
    where, mean = MilvusAddress.of(address), mean_of(vectors)
    snapshot, channel = folder.parent.name.removesuffix(".partial"), folder.name
    name = re.sub(r"\W", "_", f"{where.name}_{snapshot}_{channel}", flags=re.ASCII)
    alias = re.sub(r"\W", "_", f"{where.name}_{channel}", flags=re.ASCII)
    collection = Collection(str(where), name, alias, len(vectors), index_type)
    collection.write(folder)  # before it is there, so that it is found and dropped if this process is killed
    np.save(folder / MEAN, mean)
    with _connected(where) as client:
        _create(client, name, vectors.shape[1])
        _fill(client, name, vectors, mean)
        _build(client, name, index_type)
        if (found := _count(client, name)) != len(vectors):
            raise ClusterError(f"{where} has kept {found} of the {len(vectors)} vectors of {name}", CHECK_MILVUS)
    if _TYPES[index_type][1] is None:
        return Measured()

    def searched(effort: int) -> MilvusIndex:
        return MilvusIndex(client, Collection(**{**asdict(collection), "effort": effort}), mean)

    effort, recall = least_effort(Oracle(vectors), wanted, _EFFORTS, searched)
    Collection(**{**asdict(collection), "effort": effort}).write(folder)
    return Measured(recall, effort)


def switch_alias(folder: Path) -> None:
    """Let the alias of a channel name the collection of a folder. Raises SnapshotError where that is missing."""
    MilvusIndex.read(folder)
    from pymilvus.exceptions import MilvusException

    collection = Collection.read(folder)
    with _connected(MilvusAddress.of(collection.address)) as client:
        try:
            client.alter_alias(collection.name, collection.alias, timeout=_SECONDS)
        except MilvusException:  # there is none yet
            client.create_alias(collection.name, collection.alias, timeout=_SECONDS)


def drop_collection(folder: Path) -> None:
    """Drop the collection that a folder names, if it names one and this is there, with what aliases it has."""
    if not (folder / FILE).exists():
        return
    collection = Collection.read(folder)
    address = MilvusAddress.of(collection.address)
    if address.is_file and not Path(address.uri).exists():
        return
    with _connected(address) as client:
        if client.has_collection(collection.name, timeout=_SECONDS):
            for alias in client.list_aliases(collection.name, timeout=_SECONDS)["aliases"]:
                client.drop_alias(alias, timeout=_SECONDS)
            client.drop_collection(collection.name, timeout=_SECONDS)


def reach(address: str) -> None:
    """Raises SettingsError without the client, ClusterError if no Milvus answers there."""
    where = MilvusAddress.of(address)
    with _connected(where) as client:
        client.list_collections(timeout=_SECONDS)


def _create(client: Any, name: str, dimension: int) -> None:
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field(_ID, DataType.INT64, is_primary=True)
    schema.add_field(_VECTOR, DataType.FLOAT_VECTOR, dim=dimension)
    client.create_collection(name, schema=schema, consistency_level="Strong", timeout=_SECONDS)


def _fill(client: Any, name: str, vectors: Vectors, mean: Vectors) -> None:
    at_once = max(1, _BYTES_AT_ONCE // (4 * vectors.shape[1]))
    for start in range(0, len(vectors), at_once):
        batch = centred(np.asarray(vectors[start : start + at_once]), mean)
        rows = [{_ID: start + i, _VECTOR: vector} for i, vector in enumerate(batch)]
        _with_retry(partial(client.upsert, name, rows, timeout=6 * _SECONDS))


def _with_retry(upsert: Any) -> None:
    """An upsert that was done already, though its answer was lost, does no harm a second time."""
    from pymilvus.exceptions import MilvusException

    for pause in _PAUSES:
        try:
            upsert()
            return
        except MilvusException:
            time.sleep(pause)
    upsert()


def _build(client: Any, name: str, index_type: str) -> None:
    client.flush(name, timeout=_SECONDS_TO_INDEX)
    parameters = client.prepare_index_params()
    parameters.add_index(field_name=_VECTOR, index_type=index_type, metric_type="IP", params=_TYPES[index_type][0])
    client.create_index(name, parameters, timeout=_SECONDS_TO_INDEX)
    client.load_collection(name, timeout=_SECONDS_TO_INDEX)


def _count(client: Any, name: str) -> int:
    return int(client.query(name, output_fields=["count(*)"], timeout=6 * _SECONDS)[0]["count(*)"])


@contextmanager
def _connected(address: MilvusAddress) -> Iterator[Any]:
    """A MilvusClient, which stays connected. Raises as `reach` does, also within, in place of Milvus' own errors."""
    for library, advice in (("pymilvus", INSTALL_MILVUS), ("milvus_lite", INSTALL_MILVUS_LITE)):
        if (library == "pymilvus" or address.is_file) and find_spec(library) is None:
            raise SettingsError(f"{address} needs {library}, which is not installed", advice)
    with _in_words(address):
        yield _client(address.uri, os.environ.get(TOKEN, ""))


@lru_cache
def _client(uri: str, token: str) -> Any:
    from pymilvus import MilvusClient

    for name in ("pymilvus", "milvus_lite", "grpc._server"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails is told by the exception
    return MilvusClient(uri, token=token, timeout=_SECONDS)


@contextmanager
def _in_words(address: MilvusAddress) -> Iterator[None]:
    """Raises ClusterError in place of Milvus' own errors."""
    from grpc import RpcError
    from pymilvus.exceptions import ConnectionConfigException, MilvusException

    try:
        yield
    except ConnectionConfigException as error:
        raise ClusterError(f"{address.uri} cannot be opened by Milvus Lite", CHECK_MILVUS_FILE) from error
    except MilvusException as error:
        raise ClusterError(f"Milvus failed at {address} ({_first_line(error.message)})", CHECK_MILVUS) from error
    except RpcError as error:
        raise ClusterError(f"Milvus failed at {address} ({_first_line(error.details())})", CHECK_MILVUS) from error


def _first_line(told: str) -> str:
    """Of what Milvus says, without the token, should it stand there."""
    line = next(iter(str(told).splitlines()), "")
    token = os.environ.get(TOKEN)
    return line.replace(token, "***") if token else line
