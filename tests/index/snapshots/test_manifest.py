import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from hashtag_recommender.core.errors import SettingsError, SnapshotError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.index.snapshots.build import ChannelPlan, Origin, is_built_from
from hashtag_recommender.index.snapshots.manifest import ChannelRecord, Manifest
from hashtag_recommender.index.vectors.registry import choose_index, is_exact, read_index, write_index
from hashtag_recommender.index.vectors.spec import IndexLimits, IndexSpec, Measured

ENCODER = Fingerprint("model", "weights", "1", 3, "")
DENSE = ChannelRecord("image", {"kind": "sentence"}, ENCODER, IndexSpec("faiss"), 2)
MANIFEST = Manifest("snap-1", "", "program 1", "archive", "db", {}, 0, 0, (DENSE,), {}, feedback="said")


def test_an_index_without_parameters_stands_as_its_kind_as_it_always_has():
    [channel] = json.loads(MANIFEST.to_bytes())["channels"]
    assert channel["index"] == MANIFEST.to_json()["channels"][0]["index"] == "faiss"
    assert Manifest.from_bytes(MANIFEST.to_bytes()) == MANIFEST


def test_parameters_of_an_index_survive():
    tuned = replace(MANIFEST, channels=(replace(DENSE, index=IndexSpec("faiss", {"lists": 64})),))
    assert Manifest.from_bytes(tuned.to_bytes()) == tuned != MANIFEST


@pytest.mark.parametrize("told", [7, None, ["faiss"], {"parameters": {}}, {"kind": "faiss", "lists": 64}])
def test_what_is_no_index_is_refused(told):
    document = json.loads(MANIFEST.to_bytes())
    document["channels"][0]["index"] = told
    with pytest.raises(SnapshotError, match="cannot be read"):
        Manifest.from_bytes(json.dumps(document).encode())


def test_a_snapshot_with_another_index_is_built_anew():
    origin = Origin("program 1", "db", "said")
    encoder = SimpleNamespace(channel="image", fingerprint=ENCODER, sparse=False)
    plans = [ChannelPlan(encoder, {})]
    assert is_built_from(MANIFEST, "archive", origin, plans)
    for other in (IndexSpec("lexical"), IndexSpec("faiss", {"lists": 64})):
        assert not is_built_from(replace(MANIFEST, channels=(replace(DENSE, index=other),)), "archive", origin, plans)


def test_a_snapshot_whose_index_finds_less_than_is_wanted_now_is_built_anew():
    origin = Origin("program 1", "db", "said")
    encoder = SimpleNamespace(channel="image", fingerprint=ENCODER, sparse=False)
    many = replace(DENSE, vectors=60_000, index=IndexSpec("ivf", {"lists": 1024}), measured=Measured(0.98, 30, "int8"))
    manifest = replace(MANIFEST, channels=(many,))
    for recall, is_same in ((0.98, True), (0.99, False)):
        plans = [ChannelPlan(encoder, {}, IndexLimits(recall=recall))]
        assert is_built_from(manifest, "archive", origin, plans) is is_same
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest


@pytest.mark.parametrize(
    ("vectors", "sparse", "memory", "recall", "kind"),
    [
        (1000, False, None, 0.97, "faiss"),
        (1_000_000, False, None, 0.97, "ivf"),
        (1_000_000, False, None, 1.0, "faiss"),
        (1_000_000, False, 2 * 10**8, 0.97, "ivf_pq"),
        (1000, False, 600_000, 0.97, "ivf"),
        (1000, True, None, 0.97, "lexical"),
        (1_000_000, True, None, 0.97, "pruned_lexical"),
        (1_000_000, True, None, 1.0, "lexical"),
    ],
)
def test_the_index_is_chosen_by_size_memory_and_recall(vectors, sparse, memory, recall, kind):
    spec = choose_index(vectors, 512, sparse, IndexLimits(memory, recall))
    assert spec.kind == kind and is_exact(spec) is (kind in ("faiss", "lexical"))


def test_a_memory_that_nothing_fits_into_is_told():
    with pytest.raises(
        SettingsError,
        match="1,000,000 vectors of 512 dimensions need 144.0 MB of memory at the least, and 1.0 MB.*--memory",
    ):
        choose_index(1_000_000, 512, False, IndexLimits(10**6))


def test_an_index_of_a_later_release_is_refused(tmp_path):
    for ask in (is_exact, lambda spec: read_index(spec, tmp_path), lambda spec: write_index(spec, None, tmp_path, 1)):
        with pytest.raises(SnapshotError, match="'of-later', which this version does not know"):
            ask(IndexSpec("of-later"))
