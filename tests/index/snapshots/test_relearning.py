import numpy as np
import pytest

from hashtag_recommender.core.archive_state import ArchiveState, Changes
from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.index.snapshots.manifest import LearnedFrom, Manifest
from hashtag_recommender.index.snapshots.relearning import Origins, read_state, save_state, why_anew

ENCODER = Fingerprint("model", "weights", "1", 3, "")
BEFORE = Origins("program 1", {"image": ENCODER})


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        (Changes(0, 0, 0), False),
        (Changes(49, 0, 0), False),
        (Changes(50, 0, 0), True),
        (Changes(17, 17, 16), True),
        (Changes(0, 0, 50), True),
    ],
)
def test_from_a_twentieth_of_the_posts_on_it_is_learned_anew(changes, anew):
    assert (why_anew(BEFORE, BEFORE, 1000, changes, 0.05) is not None) == anew


def test_a_single_post_is_enough_where_every_move_counts():
    assert why_anew(BEFORE, BEFORE, 1000, Changes(0, 1, 0), 0.0)
    assert why_anew(BEFORE, BEFORE, 1000, Changes(0, 0, 0), 0.0) is None


def test_another_program_or_encoder_or_channel_learns_anew():
    still = Changes(0, 0, 0)
    assert "program 1" in why_anew(BEFORE, Origins("program 2", BEFORE.encoders), 1000, still, 0.05)
    for encoders in (
        {},
        {"image": Fingerprint("model", "weights", "2", 3, "")},
        {"image": ENCODER, "lexical": ENCODER},
    ):
        assert "channels" in why_anew(BEFORE, Origins("program 1", encoders), 1000, still, 0.05)


def test_what_it_was_learned_from_survives_its_folder(tmp_path):
    save_state(tmp_path, ArchiveState(np.array([3, 9]), np.array([2**64 - 1, 0], dtype=np.uint64)))
    again = read_state(tmp_path)
    assert again.keys.tolist() == [3, 9] and again.contents.tolist() == [2**64 - 1, 0]
    (tmp_path / "learned.keys.npy").unlink()
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_state(tmp_path)


def test_the_manifest_tells_where_it_was_learned():
    lineage = LearnedFrom("snap-1", 100, Changes(1, 2, 0), "carried over")
    manifest = Manifest("snap-2", "", "p", "a", "db", {}, 0, 0, (), {}, learned=lineage)
    assert Manifest.from_bytes(manifest.to_bytes()) == manifest
    older = Manifest("snap-2", "", "p", "a", "db", {}, 0, 0, (), {})
    assert Manifest.from_bytes(older.to_bytes()).learned is None
