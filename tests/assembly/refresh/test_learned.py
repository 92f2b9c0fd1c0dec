"""What a refresh learns anew, and what it carries over."""

import json
import shutil
from pathlib import Path

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh.build import origin_of, plans_of
from hashtag_recommender.assembly.refresh.training import CarryOver
from hashtag_recommender.core.progress import Silent
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots import build as build_module
from hashtag_recommender.index.snapshots.snapshot import current_snapshot, whole_snapshot, writing

from .conftest import answers, build, contents, make_rows, write_rows


def carried_over_from_scratch(tmp_path, source, learned):
    """A home built from scratch, with what a snapshot has learned instead of its own."""
    home = build(tmp_path / "scratch", source)
    settings = Home(Settings(home))
    with writing(home), settings.database(create=True) as database:
        plans = plans_of(learned.manifest.channels, settings.settings)
        learner = CarryOver(database, (), learned, origin_of(database).program, 2.0)
        published = build_module.build(
            home, database.posts, plans, _NeverContent(learner), origin_of(database), Silent(), lambda draft: None
        )
        assert published.new and published.manifest.learned.reason.startswith("weights kept")
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
        assert report["learned"].startswith("weights kept") and report["outcome"] == "published"
    manifest = current_snapshot(home).manifest
    assert manifest.learned.snapshot == first.manifest.snapshot
    assert manifest.learned.posts == 290 and manifest.learned.changes.to_json() == {
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
        assert code == 0 and report["learned"].startswith("weights trained again")
    fresh = build(tmp_path / "fresh", source)
    assert answers(home) == answers(fresh)
    of_keys = {"posts.keys.npy", "learned.keys.npy", "learned.contents.npy"}
    own, due = ({name: sha for name, sha in contents(one)[0].items() if name not in of_keys} for one in (home, fresh))
    assert own == due, "every file is the same, but for the numbers of posts in the database"


def test_a_build_learns_anew_what_a_refresh_has_carried_over(hashtag, refresh, home, source):
    write_rows(source, [*make_rows(60), ["new", "purring again", "kitten"]])
    assert refresh()[1]["learned"].startswith("weights kept")
    ran = hashtag("index", "build", source, "--home", home, "--encoders", "compact", "--json")
    assert json.loads(ran.out)["published"]
    assert current_snapshot(home).manifest.learned.changes.total == 0


def test_from_when_on_it_is_learned_anew_is_a_setting(refresh, home, source):
    (home / "hashtag.toml").write_text("relearn_after = 0.5\n")
    write_rows(source, make_rows(80))
    assert refresh()[1]["learned"].startswith("weights kept: 20 posts added, 0 changed and 0 removed")
    write_rows(source, make_rows(90))
    assert refresh()[1]["learned"].startswith("weights trained again: 30 posts added"), "small steps count together"
