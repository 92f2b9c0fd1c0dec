import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.index.snapshots.build import ChannelPlan, Origin, is_built_from
from hashtag_recommender.index.snapshots.manifest import ChannelRecord, Manifest
from hashtag_recommender.index.vectors.registry import choose_index, is_exact, new_writer, read_index
from hashtag_recommender.index.vectors.spec import IndexSpec

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


@pytest.mark.parametrize("sparse", [False, True])
def test_every_index_that_is_chosen_can_be_made(sparse):
    assert is_exact(choose_index(sparse))
    assert new_writer(choose_index(sparse), 3)


def test_an_index_of_a_later_release_is_refused(tmp_path):
    for ask in (is_exact, lambda spec: read_index(spec, tmp_path), lambda spec: new_writer(spec, 3)):
        with pytest.raises(SnapshotError, match="'of-later', which this version does not know"):
            ask(IndexSpec("of-later"))
