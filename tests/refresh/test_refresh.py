"""Refreshing through the command line, over sources that change, break and leave."""

import errno
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hashtag_recommender.assembly import RefreshReport, refresh_index
from hashtag_recommender.assembly.building import origin_of, plan_channel
from hashtag_recommender.assembly.home import database_of
from hashtag_recommender.assembly.learning import CarryOver
from hashtag_recommender.core import durable
from hashtag_recommender.core.progress import Silent
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.index import build as build_module
from hashtag_recommender.index.snapshot import current_snapshot, whole_snapshot, writing
from hashtag_recommender.retrieval.encoders import profiles
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec
from hashtag_recommender.retrieval.photos import read_photo

from ..crash.scenes import WordEncoder
from .conftest import answers, build, contents, make_rows, serving, write_rows


@pytest.fixture
def source(tmp_path):
    return write_rows(tmp_path / "posts.csv", make_rows(60))


@pytest.fixture
def home(source, tmp_path):
    return build(tmp_path / "home", source)


@pytest.fixture
def refresh(hashtag, home):
    """Run a refresh; returns exit code and report."""

    def run(*options, of=home):
        ran = hashtag("index", "refresh", "--home", of, "--json", *options)
        return ran.code, json.loads(ran.out), ran.err

    return run


def counts(report, place=0):
    return [report["sources"][place][name] for name in ("added", "updated", "removed", "unchanged")]


def files(folder):
    return {
        path: path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".sqlite-shm", ".sqlite-wal")
    }


# --- what changes


def test_nothing_changed_publishes_nothing(refresh, home):
    before, WordEncoder.encoded = serving(home), 0
    code, report, _ = refresh()
    assert (code, report["outcome"], counts(report)) == (0, "unchanged", [0, 0, 0, 60])
    assert serving(home) == report["snapshot"] == before
    assert (WordEncoder.encoded, report["learned"], report["gates"]) == (0, None, [])


def test_only_what_is_new_is_encoded_and_what_is_gone_leaves(refresh, home, source):
    rows = make_rows(60)
    rows[3][1] = "a zeppelin over the ridge"
    write_rows(source, [*rows[2:], ["new", "purring again", "kitten"]])
    WordEncoder.encoded = 0
    code, report, _ = refresh()
    assert (code, report["outcome"], counts(report)) == (0, "published", [1, 1, 2, 57])
    assert (WordEncoder.encoded, report["embedded"]) == (2, {"sentence": 2})
    assert report["posts"] == current_snapshot(home).manifest.posts == 59
    assert [gate["name"] for gate in report["gates"] if gate["passed"]][:4] == [
        "checksums",
        "recall",
        "database",
        "shrink",
    ]
    assert refresh()[1]["outcome"] == "unchanged"


def test_feedback_counts_without_learning_anew(hashtag, refresh, home):
    assert hashtag("feedback", "reject", "--text", "sofa nap", "--hashtags", "cat", "--home", home).code == 0
    code, report, _ = refresh()
    assert (code, report["outcome"]) == (0, "published")
    assert report["learned"].startswith("carried over: 0 posts added")


# --- what was learned


def carried_over_from_scratch(tmp_path, source, learned):
    """A home built from scratch, with what a snapshot has learned instead of its own."""
    home = build(tmp_path / "scratch", source)
    settings = Settings(home)
    with writing(home), database_of(settings) as database:
        plans = [plan_channel(EncoderSpec.from_json(r.spec)) for r in learned.manifest.channels]
        learner = CarryOver(database, (), learned, origin_of(database).program, 2.0)
        published = build_module.build(
            home, database.posts, plans, _NeverContent(learner), origin_of(database), Silent(), lambda draft: None
        )
        assert published.new and published.manifest.learned.reason.startswith("carried over")
    return home


class _NeverContent:
    def __init__(self, learner):
        self.learn = learner.learn

    def is_content_with(self, serving):
        return False


def test_carried_over_it_suggests_as_an_index_built_from_scratch_with_the_same_learned_parts(tmp_path, hashtag):
    """On an archive that is large enough for the reranker; posts come to the database in another order."""
    source, rows = tmp_path / "posts.csv", make_rows(300)
    home = build(tmp_path / "home", write_rows(source, rows[10:]))
    learned = Path(shutil.copytree(current_snapshot(home).folder, tmp_path / "learned"))
    first = whole_snapshot(learned)
    rows[50][1:] = ["a zeppelin over the summit", "zeppelin hiking"]
    for step in (rows[5:], rows[3:-2]):
        write_rows(source, step)
        report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
        assert report["learned"].startswith("carried over") and report["outcome"] == "published"
    manifest = current_snapshot(home).manifest
    assert manifest.learned.snapshot == first.manifest.snapshot
    assert manifest.learned.posts == 290 and manifest.learned.moves.to_json() == {
        "added": 7,
        "changed": 1,
        "removed": 2,
    }
    scratch = carried_over_from_scratch(tmp_path, source, first)
    assert answers(home) == answers(scratch)


def test_learned_anew_it_is_the_index_that_a_fresh_build_makes(tmp_path, refresh, home, source):
    rows = make_rows(260, seed=4)
    for step in (rows[100:], rows[:200][::-1], rows[5:]):
        write_rows(source, step)
        code, report, _ = refresh("--allow-shrink")
        assert code == 0 and report["learned"].startswith("learned anew")
    fresh = build(tmp_path / "fresh", source)
    assert answers(home) == answers(fresh)
    of_keys = {"posts.keys.npy", "learned.keys.npy", "learned.contents.npy"}
    own, due = ({name: sha for name, sha in contents(one)[0].items() if name not in of_keys} for one in (home, fresh))
    assert own == due, "every file is the same, but for the numbers of posts in the database"


def test_a_build_learns_anew_what_a_refresh_has_carried_over(hashtag, refresh, home, source):
    write_rows(source, [*make_rows(60), ["new", "purring again", "kitten"]])
    assert refresh()[1]["learned"].startswith("carried over")
    ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact", "--json")
    assert json.loads(ran.out)["published"]
    assert current_snapshot(home).manifest.learned.moves.total == 0


def test_from_when_on_it_is_learned_anew_is_a_setting(refresh, home, source):
    (home / "hashtag.toml").write_text("relearn_after = 0.5\n")
    write_rows(source, make_rows(80))
    assert refresh()[1]["learned"].startswith("carried over: 20 posts added, 0 changed and 0 removed")
    write_rows(source, make_rows(90))
    assert refresh()[1]["learned"].startswith("learned anew: 30 posts added"), "small steps count together"


# --- what breaks


def test_a_source_that_vanishes_keeps_the_index_and_the_others_go_on(hashtag, refresh, home, source, tmp_path):
    other = write_rows(tmp_path / "other.csv", [["1", "a zeppelin", "zeppelin"]])
    assert hashtag("sources", "add", other, "--home", home).code == 0
    assert refresh()[1]["posts"] == 61
    before = serving(home)
    source.rename(tmp_path / "away.csv")
    write_rows(other, [["1", "a zeppelin", "zeppelin"], ["2", "another", "zeppelin"]])
    code, report, err = refresh()
    assert (code, report["outcome"], serving(home)) == (3, "refused", before)
    assert "posts.csv does not exist" in report["reason"] and "posts.csv does not exist" in err
    by_name = {entry["name"]: entry for entry in report["sources"]}
    assert by_name[str(source)]["failed"] and by_name[str(other)]["added"] == 1
    (tmp_path / "away.csv").rename(source)
    code, report, _ = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "published", 62)


def test_a_half_written_file_is_left_until_it_is_whole(refresh, home, source):
    before, whole = serving(home), source.read_bytes()
    row = whole.rindex(b"\n", 0, -1) + 1
    for torn in (whole[: whole.index(b",", len(whole) // 2)], whole[: whole.index(b",", row)]):
        source.write_bytes(torn)
        for options in ((), ("--allow-shrink",), ("--dry-run",)):
            code, report, err = refresh(*options)
            assert (code, serving(home)) == (3, before)
            assert "looks half written" in err or "looks half written" in report["reason"]
    source.write_bytes(whole)
    assert refresh()[1]["outcome"] == "unchanged", "the database was left as it was"


def test_a_file_that_has_lost_its_second_half_is_refused_until_a_person_says_so(refresh, home, source):
    before, whole = serving(home), source.read_bytes()
    half = whole[: whole.index(b"\n", len(whole) // 2) + 1]
    source.write_bytes(half)
    for _ in range(2):
        code, report, err = refresh()
        assert (code, report["outcome"], serving(home)) == (3, "refused", before)
        assert "--allow-shrink" in err and not report["gates"][0]["passed"]
    source.write_bytes(whole)
    assert refresh()[1]["outcome"] == "unchanged", "the database was left as it was"
    source.write_bytes(half)
    code, report, _ = refresh("--allow-shrink")
    assert (code, report["outcome"]) == (0, "published")
    assert not next(gate for gate in report["gates"] if gate["name"] == "shrink")["passed"]


def test_a_source_that_fails_midway_leaves_nothing(refresh, home, source):
    before = serving(home)
    rows = make_rows(60)
    rows[0][1] = "changed before it fails"
    write_rows(source, [[*row[:2], ""] for row in rows])
    code, report, _ = refresh()
    assert (code, serving(home)) == (3, before)
    assert "none carries a hashtag" in report["reason"]
    write_rows(source, make_rows(60))
    assert refresh()[1]["outcome"] == "unchanged"


@pytest.mark.parametrize("gate", ["checksums", "recall", "database"])
def test_a_snapshot_that_is_not_sound_never_serves(refresh, hashtag, home, source, monkeypatch, gate):
    before, sync_tree = serving(home), durable.sync_tree

    def sync_and_damage(folder):
        sync_tree(folder)
        with (folder / "posts.jsonl").open("r+b") as file:
            file.write(b"?")

    with monkeypatch.context() as patch:
        if gate == "checksums":
            patch.setattr(durable, "sync_tree", sync_and_damage)
        elif gate == "recall":
            patch.setattr("hashtag_recommender.index.recall.recall", lambda index, batches: 0.9)
        else:
            patch.setattr("hashtag_recommender.index.verify.compare", lambda snapshot, store: ["posts differ"])
        write_rows(source, make_rows(61))
        code, report, err = refresh()
    assert (code, report["outcome"]) == (3, "refused") and f"({gate})" in err
    assert [entry["name"] for entry in report["gates"] if not entry["passed"]] == [gate]
    assert serving(home) == before
    assert [path.name for path in (home / "snapshots").iterdir()] == [before]
    assert hashtag("index", "build", source, "--home", home, "--encoders", "compact").code == 0


def test_worse_quality_is_refused_by_night_and_told_by_day(hashtag, refresh, tmp_path):
    source = write_rows(tmp_path / "more.csv", make_rows(260))
    home = build(tmp_path / "better", source)
    before, rng = serving(home), np.random.default_rng(0)
    rows = make_rows(260)
    tags = rng.permutation([row[2] for row in rows])
    write_rows(source, [[*row[:2], tag] for row, tag in zip(rows, tags, strict=True)])
    code, report, _ = refresh(of=home)
    assert code == 3 and "(quality)" in report["reason"] and serving(home) == before
    ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact")
    assert ran.code == 0 and "published, though worse: F1" in " ".join(ran.err.split())
    assert serving(home) != before


# --- killed, and run again


class Killed(BaseException):
    """What no program catches."""


@pytest.mark.parametrize("moment", ["save_vectors", "write", "sync_tree", "put_in_service", "let_go"])
def test_killed_and_run_again_it_ends_where_one_ends_that_was_never_killed(
    refresh, hashtag, home, source, tmp_path, monkeypatch, moment
):
    other = write_rows(tmp_path / "other.csv", [["1", "a zeppelin", "zeppelin"], ["2", "fog", "zeppelin"]])
    for command in ("add", "remove"):
        assert hashtag("sources", command, other, "--home", home).code == 0
        refresh() if command == "add" else None
    spared = Path(shutil.copytree(home, tmp_path / "spared"))
    write_rows(source, [*make_rows(60)[1:], ["new", "purring again", "kitten"]])
    place = {
        "save_vectors": "db.store.SqlPostStore.save_vectors",
        "write": "index.archive.ArchiveWriter.write",
        "sync_tree": "core.durable.sync_tree",
        "put_in_service": "index.snapshot.put_in_service",
        "let_go": "db.sources.SourceBook.let_go",
    }[moment]

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"hashtag_recommender.{place}", kill)
        with pytest.raises(Killed):
            refresh_index(Settings(home))
    code, report, _ = refresh()
    assert code == 0
    assert refresh(of=spared)[0] == 0
    assert contents(home) == contents(spared) and current_snapshot(home).manifest.posts == 60
    assert [entry["name"] for entry in json.loads(hashtag("sources", "list", "--home", home, "--json").out)] == [
        str(source)
    ]


def test_a_full_disk_leaves_what_serves(hashtag, refresh, home, source, monkeypatch):
    before = serving(home)
    write_rows(source, make_rows(62))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("hashtag_recommender.index.archive.np.save", full)
        ran = hashtag("index", "refresh", "--home", home)
    assert ran.code == 2 and "No space left on device" in ran.err and serving(home) == before
    code, report, _ = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "published", 62)


# --- sources


def test_a_build_remembers_how_its_source_is_read(hashtag, tmp_path):
    (tmp_path / "photos").mkdir()
    path = tmp_path / "글.csv"
    path.write_text("who,Contents,tags\n1,카페에서,카페\n", encoding="cp949")
    home = tmp_path / "home"
    options = ["--images", tmp_path / "photos", "--source", "mine", "--encoding", "cp949", "--id-column", "who"]
    assert hashtag("index", "build", path, "--home", home, "--encoders", "compact", *options).code == 0
    (known,) = json.loads(hashtag("sources", "list", "--home", home, "--json").out)
    assert known == {
        "name": "mine",
        "location": str(path),
        "images": str(tmp_path / "photos"),
        "encoding": "cp949",
        "query": None,
        "columns": {"post_id": "who"},
        "posts": 1,
        "leaves_at": None,
    }
    path.write_text("who,Contents,tags\n1,카페에서,카페\n2,책방에서,책\n", encoding="cp949")
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 2)


def test_sources_told_first_are_built_by_the_first_refresh(hashtag, tmp_path, source, monkeypatch):
    monkeypatch.setenv("HASHTAG_ENCODERS", "compact")
    home = tmp_path / "new"
    assert "every `hashtag index refresh`" in hashtag("sources", "add", source, "--home", home).out
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 60)
    assert report["learned"] == "learned anew: no whole snapshot serves"
    assert hashtag("index", "refresh", "--home", tmp_path / "nowhere").code == 2


def test_a_removed_source_leaves_with_the_next_refresh_and_is_no_shrinking(hashtag, refresh, home, source, tmp_path):
    other = write_rows(tmp_path / "other.csv", make_rows(10, seed=9))
    assert hashtag("index", "build", other, "--home", home, "--encoders", "compact").code == 0
    ran = hashtag("sources", "remove", source, "--home", home)
    assert ran.code == 0 and "its 60 posts leave with the next" in ran.out
    assert "they leave with the next refresh" in hashtag("sources", "list", "--home", home).out
    code, report, _ = refresh()
    assert (code, report["posts"]) == (0, 10)
    assert str(source) not in hashtag("sources", "list", "--home", home).out
    assert hashtag("sources", "remove", source, "--home", home).code == 2


def test_a_source_is_removed_by_the_path_it_was_added_by(hashtag, home, source, monkeypatch):
    monkeypatch.chdir(source.parent)
    ran = hashtag("sources", "remove", source.name, "--home", home)
    assert ran.code == 0 and "its 60 posts leave" in ran.out


def test_without_any_source_there_is_nothing_to_refresh(hashtag, refresh, home, source, tmp_path):
    before = serving(home)
    assert hashtag("sources", "remove", source, "--home", home).code == 0
    code, report, err = refresh()
    assert (code, serving(home)) == (3, before)
    assert "every source was removed" in report["reason"] and "hashtag sources add" in err
    empty = tmp_path / "empty"
    empty.mkdir()
    ran = hashtag("index", "refresh", "--home", empty)
    assert ran.code == 2 and "no source is known to be read again" in " ".join(ran.err.split())


def test_a_source_can_leave_its_posts_behind(hashtag, refresh, home, source):
    assert "60 posts stay" in hashtag("sources", "remove", source, "--keep-posts", "--home", home).out
    source.unlink()
    code, report, err = refresh()
    assert (code, report["outcome"], report["posts"]) == (0, "unchanged", 60)
    assert any("stay as they are" in note for note in report["notes"])
    assert "nobody told" in hashtag("sources", "list", "--home", home).out


# --- a dry run


def test_a_dry_run_tells_and_changes_nothing(hashtag, refresh, home, source):
    write_rows(source, [*make_rows(60)[1:], ["new", "purring again", "kitten"], ["b", "", "cat"]])
    before = files(home)
    code, report, _ = refresh("--dry-run")
    assert (code, report["outcome"], counts(report)) == (0, "planned", [2, 0, 1, 59])
    assert report["embedded"] == {"sentence": 1}
    assert report["learned"].startswith("learned anew: 2 posts added, 0 changed and 1 removed")
    assert [(gate["name"], gate["passed"]) for gate in report["gates"]] == [("shrink", True)]
    assert files(home) == before
    ran = hashtag("index", "refresh", "--home", home, "--dry-run")
    assert "would be learned anew" in ran.out and "nothing was changed" in ran.out
    done = refresh()[1]
    assert (counts(done), done["embedded"]) == (counts(report), report["embedded"])
    assert done["learned"].startswith("learned anew: 2 posts added, 0 changed and 1 removed")
    assert refresh("--dry-run")[1]["learned"] is None


def test_a_dry_run_says_what_would_be_refused(refresh, home, source):
    write_rows(source, make_rows(20))
    before = files(home)
    code, report, err = refresh("--dry-run")
    assert (code, report["gates"][0]["passed"]) == (3, False) and "--allow-shrink" in err
    assert refresh("--dry-run", "--allow-shrink")[0] == 0
    source.unlink()
    assert refresh("--dry-run")[0] == 3
    assert files(home) == before


def test_a_report_keeps_its_first_reason():
    report = RefreshReport()
    report.refuse("one")
    report.refuse("two")
    assert (report.outcome, report.reason) == ("refused", "one")


def test_a_query_is_remembered_and_asked_again_without_its_password(hashtag, tmp_path):
    import sqlite3

    database = sqlite3.connect(tmp_path / "blog.sqlite")
    database.execute("CREATE TABLE post (id TEXT, text TEXT, tags TEXT)")
    database.execute("INSERT INTO post VALUES ('1', 'a cat', 'cat')")
    database.commit()
    home, url = tmp_path / "home", f"sqlite:///{tmp_path / 'blog.sqlite'}"
    query = "SELECT id, text, tags AS hashtags FROM post"
    options = ["--query", query, "--source", "blog", "--home", home, "--encoders", "compact"]
    assert hashtag("index", "build", url, *options).code == 0
    database.execute("INSERT INTO post VALUES ('2', 'a dog', 'dog')")
    database.commit()
    database.close()
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert (report["outcome"], report["posts"]) == ("published", 2)
    (known,) = json.loads(hashtag("sources", "list", "--home", home, "--json").out)
    assert (known["location"], known["query"], known["images"]) == (url, query, str(tmp_path))


def test_a_refusal_stands_in_the_history_and_what_was_rolled_back_does_not_return(hashtag, refresh, home, source):
    before = serving(home)
    write_rows(source, make_rows(62))
    assert refresh()[1]["outcome"] == "published"
    assert hashtag("index", "rollback", "--home", home).code == 0
    code, report, _ = refresh()
    assert (code, report["outcome"], serving(home)) == (0, "unchanged", before)
    assert any("was rolled back" in note for note in report["notes"])
    ran = hashtag("index", "gc", "--keep", "1", "--home", home)
    assert "rolled back: without it" in " ".join(ran.out.split())
    assert refresh()[1]["outcome"] == "unchanged", "clearing away does not undo it"
    source.unlink()
    assert refresh()[0] == 3
    runs = json.loads(hashtag("index", "history", "--home", home, "--json").out)["runs"]
    told = [(run["command"], run["outcome"]) for run in runs[:4]]
    assert (
        told == [(f"index {name}", end) for name, end in (("refresh", "refused"), ("refresh", "unchanged"))] + told[2:]
    )
    assert "does not exist" in runs[0]["reason"]
    shown = hashtag("index", "history", "--home", home).out
    assert "2 added, 60 unchanged" in shown and "passed checksums, recall" in shown
    assert "figure" not in shown and max(map(len, shown.splitlines())) <= 80


# --- what cannot be taken


class ColourEncoder:
    """Photos to their mean colour."""

    channel, modality, batch_size = "image", "image", 8
    fingerprint = Fingerprint("colours", "none", "1", 3, "")

    def prepare(self, content):
        return np.asarray(read_photo(content, 8), dtype=np.float32).mean(axis=(0, 1))

    def encode(self, prepared):
        return unit_rows(np.stack(prepared))

    def release(self):
        pass


def test_a_photo_that_turns_out_to_be_damaged_is_told(hashtag, monkeypatch, tmp_path):
    monkeypatch.setattr(profiles, "_COMPACT", [EncoderSpec("image"), EncoderSpec("ngrams")])
    made = {"image": ColourEncoder, "ngrams": NgramEncoder}
    monkeypatch.setattr(profiles, "make_encoder", lambda spec: made[spec.kind]())
    for name, colour in (("red", "#d00"), ("blue", "#00d")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.jpg")
    (tmp_path / "torn.jpg").write_bytes((tmp_path / "red.jpg").read_bytes()[:300])
    lines = ["id,image,text,hashtags", "1,red.jpg,a nap,cat", "2,blue.jpg,a lake,boat"]
    source, home = tmp_path / "posts.csv", tmp_path / "home"
    source.write_text("\n".join(lines), encoding="utf-8")
    assert hashtag("index", "build", source, "--home", home, "--encoders", "compact").code == 0
    source.write_text("\n".join([*lines, "3,torn.jpg,a pier,boat"]), encoding="utf-8")
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    assert report["sources"][0]["rejected"] == 1 and report["sources"][0]["first_reject"].startswith("3: ")
    assert "posts.csv,3," in (home / "rejects.csv").read_text(encoding="utf-8")
    assert refresh_index(Settings(home)).sources[0].rejected == 1, "nor is it forgotten the night after"


def test_rejects_go_when_their_rows_are_mended_or_their_source_leaves(hashtag, home, source, refresh, tmp_path):
    rejects = home / "rejects.csv"
    source.write_text(source.read_text(encoding="utf-8").rstrip().rpartition(",")[0], encoding="utf-8")
    assert refresh()[0] == 3 and rejects.exists()
    write_rows(source, make_rows(60))
    assert refresh()[0] == 0 and not rejects.exists()
    other = write_rows(tmp_path / "other.csv", [*make_rows(4, seed=4), ["5", "", ""]])
    assert hashtag("sources", "add", other, "--home", home).code == 0
    assert refresh()[0] == 0 and rejects.exists()
    assert hashtag("sources", "remove", other, "--home", home).code == 0
    assert refresh()[0] == 0 and not rejects.exists()


def test_a_source_is_named_whatever_its_name(hashtag, home, tmp_path):
    few = write_rows(tmp_path / "few.csv", make_rows(50, seed=4))
    assert hashtag("sources", "add", few, "--source", "posts", "--home", home).code == 0
    assert hashtag("index", "refresh", "--home", home).code == 0
    write_rows(few, make_rows(1, seed=4))
    ran = hashtag("index", "refresh", "--home", home)
    assert ran.code == 3 and "error: posts: 49 of 110 posts in service are gone" in ran.err


# --- for machines


def test_the_log_is_of_json_alone_however_it_ends(hashtag, home, source):
    write_rows(source, make_rows(61))
    ran = hashtag("index", "refresh", "--home", home, "--log", "json")
    events = [json.loads(line) for line in ran.err.splitlines()]
    assert (ran.code, ran.out) == (0, "")
    assert (events[-1]["event"], events[-1]["outcome"]) == ("refresh", "published")
    assert any(event["event"] == "stage finished" for event in events)
    source.unlink()
    ran = hashtag("index", "refresh", "--home", home, "--log", "json")
    last = json.loads(ran.err.splitlines()[-1])
    assert (ran.code, last["level"], last["outcome"]) == (3, "error", "refused")
    with writing(home):
        ran = hashtag("index", "refresh", "--home", home, "--log", "json")
    last = json.loads(ran.err.splitlines()[-1])
    assert (ran.code, last["event"]) == (4, "refresh failed") and "being written" in last["error"]
    ran = hashtag("index", "refresh", "--home", home, "--log", "json", "--metrics", home / "nowhere" / "x.prom")
    assert (ran.code, json.loads(ran.err)["event"]) == (2, "refresh failed")


def test_metrics_tell_of_every_end(hashtag, home, source, tmp_path):
    file = tmp_path / "hashtag.prom"

    def metrics():
        lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}

    write_rows(source, make_rows(61))
    assert hashtag("index", "refresh", "--home", home, "--metrics", file).code == 0
    well = metrics()
    assert (well["hashtag_refresh_exit_code"], well["hashtag_index_posts"]) == (0, 61)
    assert well['hashtag_index_embedded_total{channel="sentence"}'] == 1
    assert well['hashtag_refresh_gate{gate="recall"}'] == 1
    source.unlink()
    assert hashtag("index", "refresh", "--home", home, "--metrics", file).code == 3
    assert metrics()["hashtag_refresh_exit_code"] == 3
    with writing(home):
        assert hashtag("index", "refresh", "--home", home, "--metrics", file).code == 4
    last = "hashtag_refresh_last_success_timestamp_seconds"
    assert (metrics()["hashtag_refresh_exit_code"], metrics()[last]) == (4, well[last])
    assert hashtag("index", "refresh", "--home", home, "--metrics", tmp_path / "wrong.txt").code == 2
