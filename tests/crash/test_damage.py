"""Every file of a home in turn damaged in every way: it is told which one, and nothing is silently empty."""

import random
import shutil

import pytest

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest.recommender import recommender_of
from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.retention import snapshot_folders
from hashtag_recommender.index.snapshots.snapshot import serving_name

EMPTY = {"authors.utf8"}  # as its posts have no authors: nothing of it can be damaged but that it is there
HARMLESS = {"noted.json"}  # where it is damaged, every byte is read
FILES = {
    *(f"{name}.{part}" for name in ("authors", "hashtags", "hashtags.shown") for part in ("utf8", "offsets.npy")),
    *(f"{name}.{part}.npy" for name in ("authors", "hashtags") for part in ("hashes", "by_hash", "by_name")),
    *("carried.columns.npy", "carried.pointers.npy", "carriers.pointers.npy", "carriers.rows.npy"),
    *("clusters.npy", "learned.json", "learned.contents.npy", "learned.keys.npy", "same_meaning.json"),
    "signatures.json",
    *("manifest.json", "manifest.sha256", "noted.json", "posts.authors.npy"),
    *("posts.jsonl", "posts.keys.npy", "posts.offsets.npy", "posts.posted.npy"),
    *("sentence/mean.npy", "sentence/rows.npy", "sentence/vectors.faiss"),
    *(f"lexical/{name}.npy" for name in ("captions", "data", "idf", "indices", "indptr", "rows")),
}


def flip_a_bit(content):
    rng, flipped = random.Random(content), bytearray(content)
    flipped[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


DAMAGES = {
    "truncated": lambda content: content[: len(content) // 2],
    "emptied": lambda content: b"",
    "removed": lambda content: None,
    "a bit flipped": flip_a_bit,
}
DAMAGED = pytest.mark.parametrize("damage", DAMAGES)


def harm(path, damage):
    content = DAMAGES[damage](path.read_bytes())
    path.unlink()  # as it may be a link to the file of another home
    if content is not None:
        path.write_bytes(content)


def files_of(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_these_are_all_files_of_a_snapshot(published):
    for folder in snapshot_folders(published):
        assert files_of(folder) == FILES


@DAMAGED
@pytest.mark.parametrize("name", sorted(FILES - EMPTY - HARMLESS))
def test_a_damaged_file_is_named_and_the_last_good_snapshot_answers_or_none(hashtag, home, damage, name):
    first, second = snapshot_folders(home)
    harm(second / name, damage)
    with recommender_of(Home(Settings(home))) as recommender:
        assert recommender.snapshot == first.name
        assert len(recommender.notes) == 1 and str(second / name) in recommender.notes[0]
        assert recommender.suggest(None, "purring on the sofa").suggestions
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, str(second / name) in ran.out.replace("\n", "")) == (1, True), ran

    shutil.rmtree(first)
    with pytest.raises(SnapshotError, match=str(second / name)):
        recommender_of(Home(Settings(home)))


@DAMAGED
@pytest.mark.parametrize("name", ["manifest.json", "manifest.sha256", "posts.jsonl"])
def test_an_earlier_snapshot_that_is_damaged_is_not_gone_back_to(hashtag, home, damage, name):
    first, second = snapshot_folders(home)
    harm(first / name, damage)
    with recommender_of(Home(Settings(home))) as recommender:
        assert (recommender.snapshot, recommender.notes) == (second.name, ())
    ran = hashtag("index", "rollback", "--home", home)
    assert (ran.code, str(first / name) in ran.err) == (2, True), ran
    assert serving_name(home) == second.name


def test_a_current_that_names_another_snapshot_is_no_reason_to_give_up(hashtag, home):
    """As one flipped bit of a date can make of it: a name that is older than all."""
    snapshots = snapshot_folders(home)
    current = (home / "CURRENT").read_text().replace("snap-2", "snap-0")
    (home / "CURRENT").write_text(current)
    with recommender_of(Home(Settings(home))) as recommender:
        assert recommender.snapshot == snapshots[-1].name and str(home / "CURRENT") in recommender.notes[0]
    assert hashtag("index", "rollback", "--home", home).code == 0
    assert serving_name(home) is not None and snapshot_folders(home) == snapshots


@DAMAGED
def test_a_damaged_current_is_named_and_nothing_is_lost(hashtag, home, damage):
    snapshots = snapshot_folders(home)
    harm(home / "CURRENT", damage)
    with recommender_of(Home(Settings(home))) as recommender:
        assert recommender.snapshot in {folder.name for folder in snapshots}
        assert len(recommender.notes) == 1 and str(home / "CURRENT") in recommender.notes[0]
        assert recommender.suggest(None, "purring on the sofa").suggestions
    ran = hashtag("index", "verify", "--home", home)
    assert (ran.code, str(home / "CURRENT") in ran.out.replace("\n", "")) == (1, True), ran
    assert hashtag("index", "rollback", "--home", home).code == 0
    assert serving_name(home) is not None and snapshot_folders(home) == snapshots
