"""Encoding on a real Ray cluster of two nodes on this machine, one worker killed on the way."""

import csv
import errno
import json
import os
import re
import shutil
import sqlite3
import warnings
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray
from PIL import Image
from ray.cluster_utils import Cluster

from hashtag_recommender.assembly import build_channels, open_recommender, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh import build as build_module
from hashtag_recommender.assembly.refresh import engines, ray_cluster, ray_engine
from hashtag_recommender.assembly.refresh.build import plan_channels
from hashtag_recommender.assembly.refresh.ray_worker import ShardEncoder, ShardJob, from_table, to_table
from hashtag_recommender.assembly.refresh.shards import SHARDS, read_shard, shard_folder, write_shard
from hashtag_recommender.core import durable
from hashtag_recommender.core.errors import ClusterError, HomeError
from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec

from .conftest import refused

pytestmark = pytest.mark.filterwarnings("ignore:::ray")
PHOTOS = EncoderSpec("efficientnet-lite0")
COLOURS = {"cat": (200, 60, 40), "coffee": (90, 60, 30), "sea": (20, 90, 200)}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        head = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 100_000_000}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        cluster.add_node(num_cpus=1, object_store_memory=100_000_000)
        yield cluster.address
        cluster.shutdown()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(ray_engine, "SHARD", 4)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Posts of photos in three colours with captions, one of the photos damaged."""
    folder = tmp_path_factory.mktemp("archive")
    rows = []
    for i in range(18):
        name, colour = list(COLOURS.items())[i % 3]
        noise = np.random.default_rng(i).integers(0, 40, (48, 48, 3))
        Image.fromarray(np.clip(noise + colour, 0, 255).astype(np.uint8)).save(folder / f"{i}.png")
        rows.append([str(i), f"{i}.png", f"the {name} of day {i}", name])
    (folder / "7.png").write_bytes((folder / "7.png").read_bytes()[:200])
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "image", "text", "hashtags"], *rows])
    return folder / "posts.csv"


@pytest.fixture(scope="module")
def local(archive, tmp_path_factory):
    """The home that the local engine makes, of photos alone."""
    home = Home(Settings(tmp_path_factory.mktemp("local") / "home"))
    build(home, archive)
    return home.folder


@pytest.fixture
def in_process(monkeypatch):
    """What a worker does, done here: without a cluster, where none is needed to see what becomes of it."""

    def outcomes(job, tables):
        work = ShardEncoder(job)
        return (row for table in tables for row in work(table).to_pylist())

    monkeypatch.setattr(ray_cluster, "connected", lambda address: nullcontext())
    monkeypatch.setattr(ray, "put", lambda table: table)
    monkeypatch.setattr(ray_engine, "_outcomes", outcomes)


@pytest.fixture
def no_cluster_home(in_process, tmp_path):
    return Home(Settings(tmp_path / "home", engine="ray"))


@pytest.fixture
def ray_home(cluster, tmp_path):
    return Home(Settings(tmp_path / "home", engine="ray", ray_address=cluster))


def build(home, source, spec=PHOTOS, progress=None):
    """Of one channel."""
    return build_channels(home, plan_channels([spec], home.settings), read_posts(source, source="posts"), progress)


def stored(home):
    """The vectors of a home, by content and encoder."""
    with closing(sqlite3.connect(home / "hashtag.sqlite")) as connection:
        rows = connection.execute("SELECT content_digest, fingerprint, vector FROM embedding")
        return {(digest, encoder): np.frombuffer(vector, dtype="<f2") for digest, encoder, vector in rows}


def alike(one, other):
    """Whether the vectors of two homes are those of the same contents, and the same but for the last digit."""
    one, other = stored(one), stored(other)
    return one.keys() == other.keys() and all(np.allclose(one[key], other[key], atol=1e-3) for key in one)


def answers(home):
    with open_recommender(home) as recommender:
        photos = [Image.new("RGB", (48, 48), colour) for colour in COLOURS.values()]
        return [[s.hashtag for s in recommender.suggest(photo).suggestions] for photo in photos]


def kill_workers():
    """Kill the actors of this test's cluster; returns how many there were."""
    actors = [child for child in psutil.Process().children(recursive=True) if "ShardEncoder" in child.name()]
    for actor in actors:
        actor.kill()
    return len(actors)


class AtFirst:
    """A progress that does something when the first contents are encoded."""

    def __init__(self, do):
        self._do, self.done = do, []

    def stage(self, name, total):
        return nullcontext(self)

    def advance(self, n):
        if not self.done:
            self.done.append(self._do())


def test_a_build_gives_what_a_local_one_gives_though_a_worker_is_killed(ray_home, archive, local):
    progress = AtFirst(kill_workers)
    report = build(ray_home, archive, progress=progress)
    home = ray_home.folder
    assert progress.done[0] > 0 and report.embedded == {"image": 17}
    assert alike(home, local) and answers(home) == answers(local)
    assert (home / "rejects.csv").read_text() == (local / "rejects.csv").read_text(), "the damaged photo, in its words"
    assert not (home / SHARDS).exists()
    assert not ray.is_initialized()


def test_the_commands_take_the_engine(hashtag, cluster, archive, local, tmp_path, monkeypatch):
    """A refresh, and then a build, encode what is new on the cluster."""
    source = Path(shutil.copytree(archive.parent, tmp_path / "archive")) / "posts.csv"
    home = Home(Settings(tmp_path / "home"))
    build(home, source)
    given = []
    monkeypatch.setattr(ray_engine, "to_table", lambda shard: given.append(len(shard)) or to_table(shard))
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    for command, reads, address in (("refresh", [], cluster), ("build", [source, "--source", "posts"], "auto")):
        Image.new("RGB", (40, 40), (given and 1 or 0, 90, 30)).save(source.parent / f"{command}.png")
        with source.open("a", encoding="utf-8") as file:
            file.write(f"{command},{command}.png,,coffee\n")
        options = ["--engine", "ray", "--ray-address", address, "--json"]
        monkeypatch.setattr(build_module, "chosen_encoders", lambda settings: ([PHOTOS], []))
        ran = hashtag("index", command, *reads, "--home", home.folder, *options)
        assert ran.code == 0, ran.err
        assert json.loads(ran.out)["embedded"] == {"image": 1}
    assert given == [2, 2], "the new photo, and again the damaged one"


def test_a_stopped_build_goes_on_by_another_engine(no_cluster_home, archive, local):
    def stop():
        raise KeyboardInterrupt

    home = no_cluster_home.folder
    with pytest.raises(KeyboardInterrupt):
        build(no_cluster_home, archive, progress=AtFirst(stop))
    kept = len(stored(home))
    assert kept >= 3, "what the first shard held"
    assert list((home / SHARDS).rglob("*.parquet")), "its file is deleted only when the next is asked for"
    report = build(Home(replace(no_cluster_home.settings, engine="local")), archive)
    assert report.embedded == {"image": 17 - kept}
    assert alike(home, local) and not (home / SHARDS).exists()


def test_shards_of_a_killed_run_are_kept(archive, local, tmp_path):
    """As if it had been killed before it had read them."""
    settings = Settings(tmp_path / "home")
    [plan] = plan_channels([PHOTOS], settings)
    photos = [Photo(archive.parent / f"{i}.png", durable.file_digest(archive.parent / f"{i}.png")) for i in range(6)]
    folder = shard_folder(settings.home, plan.encoder.fingerprint)
    folder.mkdir(parents=True)
    work = ShardEncoder(ShardJob(plan.spec, plan.encoder.fingerprint, "image", settings.cache_folder, folder))
    work(to_table([(photo.digest, photo) for photo in photos]))
    write_shard(folder, ["0" * 64], np.zeros((1, plan.encoder.fingerprint.dimension), dtype=np.float32))
    report = build(Home(settings), archive)
    assert report.embedded == {"image": 11}
    assert "6 photos had been encoded for the image channel by a run that was stopped" in report.notes
    assert alike(settings.home, local), "nothing that no post asks for"
    assert not (settings.home / SHARDS).exists()


def test_shards_hold_what_was_written(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    path = write_shard(tmp_path, ["a", "b", "c"], vectors)
    digests, read = read_shard(path)
    assert digests == ["a", "b", "c"] and read.dtype == np.float32 and (read == vectors).all()
    assert write_shard(tmp_path, ["a", "b", "c"], vectors) == path
    assert write_shard(tmp_path, ["a", "b"], vectors[:2]) != path


def test_contents_come_to_a_worker_as_they_are():
    photo = Photo(Path("/photos/caf\udce9.jpg"), "1" * 64)  # a name in Latin-1
    assert list(from_table(to_table([("1" * 64, photo)]), "image")) == [("1" * 64, photo)]
    assert list(from_table(to_table([("a", "카페 ☕️")]), "text")) == [("a", "카페 ☕️")]


def test_photos_that_a_worker_does_not_see(no_cluster_home, archive, monkeypatch):
    """They lie on a disk of this machine alone."""
    photo = archive.parent / "1.png"
    missing = {"content": bytes(photo), "digest": durable.file_digest(photo), "reason": "the photo is missing"}
    outcome = {"host": "node-7", "shard": None, "failures": [missing], "kind": None, "problem": None}
    monkeypatch.setattr(ray_engine, "_outcomes", lambda job, tables: [outcome])
    told = f"a Ray worker on node-7 cannot read {photo}, which this machine can (the photo is missing); see that all"
    with pytest.raises(ClusterError, match=re.escape(told)):
        build(no_cluster_home, archive)


@pytest.mark.parametrize(
    ("difference", "kind", "told"),
    [
        ({"folder": Path("/nowhere/home/shards")}, ClusterError, "it has no folder /nowhere/home/shards; see that all"),
        ({"spec": {"kind": "of a later release"}}, ClusterError, "of kind 'of a later release'.+same releases"),
        ({"spec": EncoderSpec("universal-sentence-encoder").to_json()}, ClusterError, "its encoder is .+same releases"),
    ],
)
def test_a_worker_that_is_set_up_otherwise(no_cluster_home, archive, monkeypatch, difference, kind, told):
    monkeypatch.setattr(ray_engine, "ShardJob", lambda *fields: replace(ShardJob(*fields), **difference))
    with pytest.raises(kind, match=f"on the Ray worker .+{told}"):
        build(no_cluster_home, archive)


def test_a_full_disk(no_cluster_home, archive, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(durable, "write_durably", full)
    with pytest.raises(HomeError, match="cannot be written .No space left on device.; see that its disk has room"):
        build(no_cluster_home, archive)
    assert not (no_cluster_home.folder / "CURRENT").exists()


def test_contents_that_end_every_worker_are_not_tried_for_ever(ray_home, archive, monkeypatch):
    class Deadly(ShardEncoder):
        def __call__(self, contents):
            os._exit(1)

    monkeypatch.setattr(ray_engine, "ShardEncoder", Deadly)
    monkeypatch.setattr(ray_engine, "_TRIES", 0)
    with pytest.raises(ClusterError, match="a Ray worker was lost several times"):
        build(ray_home, archive)
    assert not ray.is_initialized()


def ray_build(hashtag, archive, home, address):
    return hashtag("index", "build", archive, "--home", home, "--engine", "ray", "--ray-address", address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:9", "there is no Ray cluster at 127.0.0.1:9 (Connection refused); see that the cluster runs"),
        ("nonsense", "the Ray cluster at nonsense cannot be reached (Invalid address format: nonsense)"),
        ("ray://127.0.0.1:10001", "an address of Ray Client, over which no data set can be read; run the command on"),
    ],
)
def test_an_address_at_which_no_cluster_is(hashtag, archive, tmp_path, address, told):
    assert refused(ray_build(hashtag, archive, tmp_path / "home", address), told)
    assert not (tmp_path / "home").exists()


def test_no_cluster_on_this_machine(hashtag, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(ray, "init", lambda **_: (_ for _ in ()).throw(ConnectionError("Could not find any")))
    told = "no Ray cluster runs on this machine; start one with `ray start --head`"
    assert refused(ray_build(hashtag, archive, tmp_path / "home", "auto"), told)


def test_a_cluster_of_another_release(hashtag, cluster, archive, local, tmp_path, monkeypatch):
    monkeypatch.setattr(ray, "__version__", "1.0.0")
    home = Path(shutil.copytree(local, tmp_path / "home"))
    before = (home / "CURRENT").read_bytes()
    ran = ray_build(hashtag, archive, home, cluster)
    assert refused(ran, "runs other releases") and "1.0.0" in ran.err and "same releases" in ran.err
    assert (home / "CURRENT").read_bytes() == before


def test_ray_is_not_installed(hashtag, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    told = 'which is not installed; run `pip install "hashtag-recommender[ray]"`, or leave --engine out'
    assert refused(ray_build(hashtag, archive, tmp_path / "home", "auto"), told)


def test_an_engine_that_there_is_not(hashtag, archive, tmp_path, monkeypatch):
    monkeypatch.setenv("HASHTAG_ENGINE", "spark")
    ran = hashtag("index", "build", archive, "--home", tmp_path / "home")
    assert refused(ran, "engine is 'spark'; it must be local or ray")


def test_ray_sends_no_statistics_and_serves_no_pages(monkeypatch):
    told = {}
    monkeypatch.delenv("RAY_USAGE_STATS_ENABLED", raising=False)

    def init(**options):
        told.update(options, statistics=ray_cluster.os.environ.get("RAY_USAGE_STATS_ENABLED"))

    monkeypatch.setattr(ray, "init", init)
    with ray_cluster.connected("local"):
        pass
    assert (told["include_dashboard"], told["statistics"]) == (False, "0")


def test_a_machine_with_gpus_gives_each_worker_one(monkeypatch):
    nodes = [{"Alive": True, "Resources": {"CPU": 8.0, "GPU": 2.0}}, {"Alive": True, "Resources": {"CPU": 4.0}}]
    monkeypatch.setattr(ray, "nodes", lambda: nodes)
    assert ray_engine._pool() == (2, {"num_gpus": 1})
    del nodes[0]["Resources"]["GPU"]
    assert ray_engine._pool() == (3, {"num_cpus": 4})
    nodes[:] = [{"Alive": False, "Resources": {"CPU": 8.0}}]
    with pytest.raises(ClusterError, match="neither GPUs nor CPUs"):
        ray_engine._pool()
