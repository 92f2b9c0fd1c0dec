"""Vectors in Milvus: addresses, aliases, what is dropped, and what is said where it does not work."""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from hashtag_recommender.core.errors import ClusterError, SettingsError, SnapshotError
from hashtag_recommender.core.vectors import NO_ROW, unit_rows
from hashtag_recommender.index.vectors import milvus_index
from hashtag_recommender.index.vectors.exact import ExactIndex
from hashtag_recommender.index.vectors.faiss_index import write_exact
from hashtag_recommender.index.vectors.milvus_index import (
    FILE,
    MEAN,
    MilvusAddress,
    MilvusIndex,
    drop_collection,
    reach,
    switch_alias,
    write_milvus,
)
from hashtag_recommender.index.vectors.registry import HNSW_UP_TO, choose_index, index_to_train, is_exact, read_index
from hashtag_recommender.index.vectors.spec import IndexLimits, IndexSpec

pymilvus = pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")

pytestmark = pytest.mark.usefixtures("stops_milvus")


def vectors_of(n, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(n, 16)))


@pytest.fixture
def address(tmp_path):
    return f"milvus://{tmp_path}/posts.db"


@pytest.fixture
def write(tmp_path, address):
    def write(snapshot, vectors, index_type="FLAT"):
        folder = tmp_path / snapshot / "image"
        folder.mkdir(parents=True)
        return folder, write_milvus(vectors, folder, 0.97, address, index_type)

    return write


def client_of(tmp_path):
    return pymilvus.MilvusClient(str(tmp_path / "posts.db"))


@pytest.mark.parametrize(
    ("told", "uri", "name", "shown"),
    [
        ("milvus://db.example.org:19531/posts", "http://db.example.org:19531", "posts", None),
        ("milvus://db/posts", "http://db:19530", "posts", "milvus://db:19530/posts"),
        ("milvus:///srv/my posts.db", "/srv/my posts.db", "my_posts", None),
        ("milvus:///srv/2024.db", "/srv/2024.db", "_2024", None),
    ],
)
def test_an_address_is_read(told, uri, name, shown):
    address = MilvusAddress.of(told)
    assert (address.uri, address.name, str(address)) == (uri, name, shown or told)
    assert MilvusAddress.of(str(address)) == address


def test_a_relative_file_is_the_same_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert str(MilvusAddress.of("milvus://./posts.db")) == f"milvus://{tmp_path}/posts.db"


@pytest.mark.parametrize("told", ["posts.db", "milvus://", "milvus://host", "milvus://host:x/a", "milvus://host/a-b"])
def test_what_is_no_address_is_refused(told):
    with pytest.raises(SettingsError, match="no address of Milvus; name --index like milvus://HOST"):
        MilvusAddress.of(told)


def test_a_token_in_an_address_is_not_repeated():
    with pytest.raises(SettingsError, match="set MILVUS_TOKEN") as told:
        MilvusAddress.of("milvus://root:secret@host/posts")
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    ("vectors", "recall", "kind"),
    [
        (1000, 0.97, "milvus_flat"),
        (10**6, 0.97, "milvus_hnsw"),
        (10**6, 1, "milvus_flat"),
        (2 * HNSW_UP_TO, 0.9, "milvus_diskann"),
    ],
)
def test_the_type_is_chosen_by_size(vectors, recall, kind):
    spec = choose_index(vectors, 512, False, IndexLimits(1, recall, "milvus://host:19530/posts"))
    assert (spec.kind, spec.parameters) == (kind, {"address": "milvus://host:19530/posts"})
    assert is_exact(spec) is (kind == "milvus_flat")
    assert choose_index(vectors, 512, True, IndexLimits(1, recall)).kind in ("lexical", "pruned_lexical")


def test_it_agrees_with_the_oracle_also_beyond_what_milvus_gives_at_once(write, monkeypatch):
    vectors, queries = vectors_of(300), vectors_of(7, seed=1)
    index = MilvusIndex.read(write("snap-1", vectors)[0])
    monkeypatch.setattr(milvus_index, "_MATCHES_AT_ONCE", 64)
    for most in (16_384, 40):
        monkeypatch.setattr(milvus_index, "MOST_MATCHES", most)
        for k in (20, 100, 310):
            found, due = index.search(queries, k), ExactIndex(vectors).search(queries, k)
            assert found.rows.shape == (7, k)
            assert found.similarities == pytest.approx(due.similarities, abs=2e-6)
            assert np.count_nonzero(found.rows != due.rows) <= 2  # of nearly equal ones
            assert (found.similarities[found.rows == NO_ROW] == 0).all()


def test_a_graph_finds_what_is_wanted(write):
    folder, measured = write("snap-1", vectors_of(2000), "HNSW")
    assert measured.recall >= 0.97 and measured.effort > 0
    assert json.loads((folder / FILE).read_text())["effort"] == measured.effort


def test_the_alias_follows_and_readers_of_older_snapshots_are_not_disturbed(write, tmp_path):
    one, other = vectors_of(30), vectors_of(40, seed=1)
    (first, _), (second, _) = write("snap-1", one), write("snap-2.partial", other)
    client = client_of(tmp_path)
    reader = MilvusIndex.read(first)
    for folder, name in ((first, "posts_snap_1_image"), (second, "posts_snap_2_image"), (first, "posts_snap_1_image")):
        switch_alias(folder)
        assert client.describe_alias("posts_image")["collection_name"] == name
        assert reader.search(one, 1).rows[:, 0].tolist() == list(range(30))
    switch_alias(second)
    drop_collection(second)
    drop_collection(second)  # as if killed before it had told
    assert client.list_collections() == ["posts_snap_1_image"]
    assert not client.list_aliases("posts_snap_1_image")["aliases"]


def test_an_upsert_is_tried_again(write, monkeypatch):
    tries = []
    whole = pymilvus.MilvusClient.upsert

    def flaky(self, *words, **options):
        tries.append(words)
        if len(tries) == 1:
            raise pymilvus.exceptions.MilvusException(message="a node was lost")
        return whole(self, *words, **options)

    monkeypatch.setattr(pymilvus.MilvusClient, "upsert", flaky)
    monkeypatch.setattr(milvus_index, "_PAUSES", (0,))
    assert len(MilvusIndex.read(write("snap-1", vectors_of(30))[0])) == 30
    assert len(tries) == 2
    tries.clear()
    monkeypatch.setattr(pymilvus.MilvusClient, "upsert", lambda *_, **__: (tries.clear(), flaky(None)))
    with pytest.raises(ClusterError, match=r"Milvus failed at .*posts.db \(a node was lost\)"):
        write("snap-2", vectors_of(30))


def test_a_collection_that_is_missing_or_another_is_told(write, tmp_path):
    folder, _ = write("snap-1", vectors_of(30))
    told = json.loads((folder / FILE).read_text())
    (folder / FILE).write_text(json.dumps(told | {"vectors": 31}))
    with pytest.raises(SnapshotError, match="posts_snap_1_image in .* holds 30 vectors instead of 31"):
        MilvusIndex.read(folder)
    np.save(folder / MEAN, np.zeros(8, dtype=np.float32))
    with pytest.raises(SnapshotError, match="vectors of 16 dimensions instead of 8"):
        MilvusIndex.read(folder)
    drop_collection(folder)
    for ask in (MilvusIndex.read, switch_alias):
        with pytest.raises(SnapshotError, match="posts_snap_1_image is missing in .*; run `hashtag index build`"):
            ask(folder)
    (folder / FILE).write_text(json.dumps(told | {"address": f"milvus://{tmp_path}/gone.db"}))
    with pytest.raises(SnapshotError, match="gone.db is missing"):
        MilvusIndex.read(folder)
    drop_collection(folder)
    assert not (tmp_path / "gone.db").exists()
    (folder / FILE).write_text("{}")
    with pytest.raises(SnapshotError, match="names no collection of Milvus"):
        MilvusIndex.read(folder)


def test_a_file_of_another_kind_is_told(tmp_path, caplog):
    (tmp_path / "posts.db").write_bytes(b"SQLite format 3\x00")
    with pytest.raises(ClusterError, match="cannot be opened by Milvus Lite; see that no other process has it open"):
        reach(f"milvus://{tmp_path}/posts.db")
    assert not caplog.records


class _Refusing(grpc.GenericRpcHandler):
    def service(self, _):
        def refuse(_, context):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure: root:secret")

        return grpc.unary_unary_rpc_method_handler(refuse)


@pytest.mark.parametrize("handlers", [None, [], [_Refusing()]])
def test_a_server_that_is_not_there_is_no_milvus_or_refuses_the_token(handlers, monkeypatch):
    monkeypatch.setenv("MILVUS_TOKEN", "root:secret")
    monkeypatch.setattr(milvus_index, "_SECONDS", 1)
    server = grpc.server(ThreadPoolExecutor(1), handlers=handlers or [])
    port = server.add_insecure_port("127.0.0.1:0")
    if handlers is None:
        server.stop(0).wait()
    else:
        server.start()
    try:
        with pytest.raises(ClusterError, match=rf"Milvus failed at milvus://127.0.0.1:{port}/posts .*MILVUS_") as told:
            reach(f"milvus://127.0.0.1:{port}/posts")
    finally:
        server.stop(0).wait()
    assert "secret" not in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("library", "told"), [("pymilvus", r"hashtag-recommender\[milvus\]"), ("milvus_lite", "--no-deps milvus-lite")]
)
def test_a_library_that_is_not_installed_is_named(library, told, address, monkeypatch):
    monkeypatch.setattr(milvus_index, "find_spec", lambda name: None if name == library else name)
    with pytest.raises(SettingsError, match=f"{library}, which is not installed; run .*{told}"):
        reach(address)


def test_training_sees_the_similarities_of_this_machine(write, address, tmp_path):
    """To the last digit; so that what is learned does not depend on where the vectors lie."""
    vectors = vectors_of(60)
    folder, _ = write("snap-1", vectors)
    exact = tmp_path / "exact"
    exact.mkdir()
    write_exact(vectors, exact, 1)
    due = read_index(IndexSpec("faiss"), exact).search(vectors, 20)
    trained = index_to_train(IndexSpec("milvus_flat", {"address": address}), folder, vectors).search(vectors, 20)
    assert np.array_equal(trained.rows, due.rows)
    assert np.array_equal(trained.similarities, due.similarities)


def test_training_asks_an_index_that_does_not_look_at_every_vector_itself(write, address):
    folder, _ = write("snap-1", vectors_of(60), "HNSW")
    assert isinstance(
        index_to_train(IndexSpec("milvus_hnsw", {"address": address}), folder, vectors_of(60)), MilvusIndex
    )
