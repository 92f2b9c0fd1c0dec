"""A home whose vectors are in Milvus: what it answers, what it leaves there, and what it says when that fails."""

import json

import pytest

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly.refresh import build as build_module
from hashtag_recommender.core.errors import ClusterError, RefusedError
from hashtag_recommender.index.snapshots import retention
from hashtag_recommender.index.vectors import milvus_index

from .conftest import CAFE, CAT, make_rows, refused, write_rows

pymilvus = pytest.importorskip("pymilvus")
pytest.importorskip("milvus_lite")

pytestmark = pytest.mark.usefixtures("stops_milvus", "captions_encoder")


@pytest.fixture
def place(tmp_path):
    return f"milvus://{tmp_path}/vectors.db"


@pytest.fixture
def client(tmp_path):
    return lambda: pymilvus.MilvusClient(str(tmp_path / "vectors.db"))


def build(hashtag, home, source, *words):
    return hashtag("index", "build", source, "--source", "posts", "--home", home, *words)


def answers(home):
    with open_recommender(home) as recommender:
        return [[(s.hashtag, s.score) for s in recommender.suggest(None, text).suggestions] for text in (CAT, CAFE)]


def collections(home, kind="snap"):
    """Those that the snapshots of a home name."""
    files = sorted((home / "snapshots").glob(f"{kind}*/*/milvus.json"))
    return [json.loads(file.read_text())["name"] for file in files]


def test_it_answers_as_without(hashtag, source, place, client, tmp_path):
    """After a build, a post that was added, a refresh, a rollback, a forgetting."""
    homes = {tmp_path / "files": [], tmp_path / "milvus": ["--index", place]}

    def both(*words):
        for home, options in homes.items():
            ran = hashtag(*words, "--home", home, *(options if "build" in words else []))
            assert ran.code == 0, ran.err
        one, other = map(answers, homes)
        assert [[tag for tag, _ in answer] for answer in one] == [[tag for tag, _ in answer] for answer in other]
        for own, others in zip(one, other, strict=True):
            assert [score for _, score in own] == pytest.approx([score for _, score in others], abs=1e-4)
        return one

    home = tmp_path / "milvus"
    first = both("index", "build", source, "--source", "posts")
    both("posts", "add", "--text", CAT, "--hashtags", "zeppelin", "--id", "added")
    write_rows(source, [*make_rows(60, 2)[6:], ["new", CAT, "zeppelin", "", ""]])
    assert both("index", "refresh") != first
    older, newer = collections(home)
    (alias,) = client().list_aliases(newer)["aliases"]
    assert alias.startswith("vectors_")
    both("index", "rollback")
    assert client().list_aliases(older)["aliases"] == [alias]
    both("posts", "forget", "--author", "mina")
    assert client().list_collections() == collections(home) and len(collections(home)) == 1
    ran = build(hashtag, home, source, "--index", "faiss")
    assert ran.code == 0 and len(collections(home)) == 1
    ran = hashtag("index", "gc", "--keep", 1, "--home", home)
    assert ran.code == 0 and client().list_collections() == []


def test_what_a_killed_or_refused_build_has_left_is_dropped(hashtag, source, place, client, tmp_path, monkeypatch):
    home = tmp_path / "home"
    assert build(hashtag, home, source, "--index", place).code == 0
    before = (home / "CURRENT").read_bytes()

    def refuse(*_):
        raise RefusedError("no")

    write_rows(source, make_rows(60, 3))
    with monkeypatch.context() as patch:
        patch.setattr(build_module, "refuse", refuse)
        assert build(hashtag, home, source, "--index", place).code == 3
        assert client().list_collections() == collections(home)
        patch.setattr("hashtag_recommender.index.snapshots.snapshot.clear", lambda partial: None)  # as if killed
        assert build(hashtag, home, source, "--index", place).code == 3
    assert len(client().list_collections()) == 2 and (home / "CURRENT").read_bytes() == before
    assert hashtag("index", "gc", "--home", home).code == 0
    assert client().list_collections() == collections(home) and len(collections(home)) == 1


def test_the_alias_comes_back_if_a_build_is_killed(hashtag, source, place, client, tmp_path, monkeypatch):
    home = tmp_path / "home"
    assert build(hashtag, home, source, "--index", place).code == 0
    (first,) = collections(home)

    def kill(*_):
        raise KeyboardInterrupt

    write_rows(source, make_rows(60, 3))
    with monkeypatch.context() as patch:
        patch.setattr("hashtag_recommender.index.snapshots.snapshot.put_in_service", kill)
        assert build(hashtag, home, source, "--index", place).code == 130
    assert not client().list_aliases(first)["aliases"]
    assert hashtag("index", "gc", "--home", home).code == 0
    assert client().list_aliases(first)["aliases"] and client().list_collections() == [first]


def test_vectors_that_cannot_be_dropped_are_told_until_they_are(hashtag, source, place, client, tmp_path, monkeypatch):
    home = tmp_path / "home"
    for seed in (2, 3):
        write_rows(source, make_rows(60, seed))
        assert build(hashtag, home, source, "--index", place).code == 0

    def fail(folder):
        raise ClusterError("Milvus failed")

    with monkeypatch.context() as patch:
        patch.setattr(retention, "drop_index", fail)
        ran = hashtag("index", "gc", "--keep", 1, "--home", home)
        assert ran.code == 0 and "are still there: Milvus failed" in " ".join(ran.out.split())
    ran = hashtag("index", "verify", "--home", home, "--json")
    assert "is deleted, but vectors of it are still elsewhere" in json.loads(ran.out)["notes"][0]
    assert len(client().list_collections()) == 2
    assert hashtag("index", "gc", "--home", home).code == 0
    assert client().list_collections() == collections(home)
    assert json.loads(hashtag("index", "verify", "--home", home, "--json").out) == {
        "ok": True,
        "problems": [],
        "notes": [],
    }


def test_a_backup_tells_what_it_lacks_and_a_build_makes_it_again(hashtag, source, place, client, tmp_path):
    home, restored = tmp_path / "home", tmp_path / "restored"
    assert build(hashtag, home, source, "--index", place).code == 0
    first = answers(home)
    ran = hashtag("backup", tmp_path / "backup", "--home", home)
    assert ran.code == 0 and "are not in the backup, but in milvus://" in " ".join((ran.out + ran.err).split())
    client().drop_collection(*client().list_collections())
    ran = hashtag("restore", tmp_path / "backup", "--home", restored)
    assert ran.code == 0 and "were not in the backup" in " ".join((ran.out + ran.err).split())
    for words in (["suggest", "--text", CAT], ["index", "rollback"]):
        assert hashtag(*words, "--home", restored).code == 2
    assert "is missing in milvus://" in hashtag("suggest", "--text", CAT, "--home", restored).err
    assert hashtag("index", "verify", "--home", restored).code == 1
    assert build(hashtag, restored, source, "--index", place).code == 0
    assert answers(restored) == first


UNUSABLE = {
    "milvus://127.0.0.1:9/posts": "Milvus failed at milvus://127.0.0.1:9/posts (Fail connecting to server",
    "milvus://root:secret@host/posts": "holds a user or a token; leave it out of --index, and set MILVUS_TOKEN",
    "weaviate://host": "'weaviate://host' is no address of Milvus; name --index like milvus://HOST:19530/NAME",
}


def test_an_index_that_cannot_be_used(hashtag, source, tmp_path, monkeypatch):
    monkeypatch.setattr(milvus_index, "_SECONDS", 1)
    home = tmp_path / "home"
    assert build(hashtag, home, source).code == 0
    before = (home / "CURRENT").read_bytes()
    for place, told in UNUSABLE.items():
        ran = build(hashtag, home, source, "--index", place)
        assert refused(ran, told) and "secret" not in ran.err
        assert (home / "CURRENT").read_bytes() == before
