"""After any sequence of edits, refreshes, rollbacks and kills, what answers is what a build from nothing answers.

    .venv/bin/python -m tests.crash.sequences [--sequences 8] [--steps 12] [--seed 0]

Sources come and go, posts are added one by one and forgotten, hashtags are judged, blocked and kept apart; in between
the index is refreshed, refreshed and killed, rolled back and cleared away. After each refresh that ends well, all that
the home answers is held against a new home of the same sources, added posts, judgements and rules. The one exception is
a rollback that holds: then the snapshot rolled back to answers (see `index.snapshots.serving.held_back`), and it must
say so.

An archive has at most 20 posts here, so that each move is 5% of it or more, and what is learned is learned anew; so
answers are equal to the last digit. What came of it is printed as one line of JSON.
"""

import argparse
import json
import logging
import os
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy comes: threads do not survive a fork
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["HASHTAG_ENCODERS"] = "compact"

from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from hashtag_recommender.assembly import plan_refresh, refresh_index, verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest.recommender import recommender_of
from hashtag_recommender.core.feedback import feedback_digest
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.retention import snapshot_folders
from hashtag_recommender.index.snapshots.serving import serve
from hashtag_recommender.index.snapshots.snapshot import serving_name

from .operations import run, run_well
from .scenes import QUERIES, copy_home, make_rows, posts_of, suggestions_of, use_words, write_rows
from .strikes import Moments, strike

POSTS = make_rows(16)  # 0, 1 and 2 are by mina
SOURCES = ("blog", "market", "shop")
MOST = 4  # posts of a source beside the first, which is never edited; and posts added one by one
MOMENTS = 140  # of a refresh, or some more
TAGS = ("cat", "카페", "hiking", "bread")

names, places = st.sampled_from(SOURCES), st.integers(0, len(POSTS) - 1)


def said_by(home):
    """All that a home answers, with its rules and without."""
    with recommender_of(Home(Settings(home))) as recommender:
        asked = [recommender.suggest(None, query, options=SuggestOptions(count="auto")) for query in QUERIES]
    return suggestions_of(home), [
        [suggestion.to_json(explain=True) for suggestion in answer.suggestions] for answer in asked
    ]


def held_by(home):
    """The posts of the snapshot that answers: (source, id)."""
    archive = serve(home).snapshot.archive
    seen = [archive.neighbour(row, "", 0, 0) for row in range(len(archive.keys))]
    archive.close()
    return {(one.source, one.post) for one in seen}


class Sequences(RuleBasedStateMachine):
    """Files that are edited, and a home that reads them, is refreshed, rolled back and struck.

    built: what each snapshot was built from. rolled_back: those that a rollback holds back.
    """

    # Of all sequences together: where they take place, what new homes answered, and what came of it.
    folder, scratch, came = Path(), {}, Counter()

    def __init__(self):
        super().__init__()
        self.home = self.folder / "home"
        self.files = {name: {f"{name}0": [f"{name}0", *POSTS[4 + place][1:]]} for place, name in enumerate(SOURCES)}
        self.read, self.leaving, self.forgotten = set(), set(), set()
        self.built, self.rolled_back = {}, set()
        self.came["sequences"] += 1

    @property
    def settings(self):
        return Home(Settings(self.home))

    def hashtag(self, *words, codes=(0,)):
        ran = run([*map(str, words), "--home", str(self.home)])
        assert ran.code in codes, (words, ran)
        return ran.code

    def write(self):
        for name, rows in self.files.items():
            write_rows(self.folder / f"{name}.csv", list(rows.values()))

    def content(self):
        """What the database holds that an index is built from."""
        with self.settings.database(create=True) as database:
            return frozenset(posts_of(self.home)), feedback_digest(database.feedback.judgements())

    def wanted(self):
        """The posts that the database must hold after a refresh, but for those added one by one: (source, id, text)."""
        rows = [(name, row) for name in self.read - self.leaving for row in self.files[name].values()]
        return {(name, row[0], row[1]) for name, row in rows if row[3] not in self.forgotten}

    def from_nothing(self):
        """What a new home answers of the same sources, added posts, judgements and rules.

        The new home never knew the authors that were forgotten, so their posts are not in the files that it reads.
        """
        with self.settings.database(create=True) as database:
            added = [stored.post for stored in database.posts.added()]
            judgements, rules = database.feedback.judgements(), database.rules.rules()
        sources = {
            name: [row for row in self.files[name].values() if row[3] not in self.forgotten]
            for name in sorted(self.read - self.leaving)
        }
        key = repr(([(name, sorted(rows)) for name, rows in sources.items()], added))
        key += repr((judgements, [(one.kind, one.hashtag) for one in rules]))
        if key not in self.scratch:
            home = self.folder / "new"
            for name, rows in sources.items():
                file = write_rows(self.folder / f"{name}.new.csv", rows)
                run_well(["sources", "add", str(file), "--source", name, "--home", str(home)])
            with Home(Settings(home)).database(create=True) as database:
                for post in added:
                    database.posts.add(post)
                database.feedback.record(judgements)
            for one in rules:
                run_well(["tags", one.kind, one.hashtag, "--home", str(home)])
            run_well(["index", "refresh", "--home", str(home)])
            self.scratch[key] = said_by(home)
            shutil.rmtree(home)
        return self.scratch[key]

    def is_held(self, serving, now):
        """Whether a rollback holds, by the words of the README. now: what the database holds."""
        served, _ = self.built[serving]
        there = {(source, post) for source, post, *_ in now[0]}
        all_there = all(
            (source, post) in there and author not in self.forgotten for source, post, _, _, author in served
        )
        return all_there and any(self.built[name] == now for name in self.rolled_back)

    def note_published(self, before):
        """Keep in mind what has been published, if anything was; returns whether."""
        now = serving_name(self.home)
        if now != before:
            self.built[now], self.rolled_back = self.content(), set()
        return now != before

    def check_told(self):
        """The home is sound, and it is told if posts answer that the database does not hold, or the reverse."""
        verdict = verify_index(self.settings)
        assert verdict.problems == ()
        with self.settings.database(create=True) as database:
            added = {(stored.post.source, stored.post.post_id) for stored in database.posts.added()}
        if held_by(self.home) | added != {(source, post) for source, post, *_ in posts_of(self.home)}:
            assert verdict.notes, "what answers is not what the database holds, and nobody says so"
        return verdict.notes

    @initialize(name=names)
    def begin(self, name):
        """A home of two snapshots, the second with one post more."""
        self.read.add(name)
        for n, row in enumerate([None, POSTS[3]]):
            self.files[name] |= {row[0]: row} if row else {}
            self.write()
            made, before = self.folder / "made" / f"{name}{n}", serving_name(self.home)
            if not made.exists():
                build = ["index", "build", str(self.folder / f"{name}.csv"), "--source", name]
                run_well([*build, "--home", str(self.home)])
                copy_home(self.home, made)
            shutil.rmtree(self.home, ignore_errors=True)
            copy_home(made, self.home)
            self.note_published(before)

    @rule(name=names, place=places, other=places, refreshed=st.booleans())
    def edit(self, name, place, other, refreshed):
        """A post is written, changed or, if it would stay as it is, deleted."""
        rows, row = self.files[name], [str(place), *POSTS[other][1:]]
        if rows.get(row[0]) == row:
            del rows[row[0]]
        elif row[0] in rows or len(rows) <= MOST:
            rows[row[0]] = row
        if refreshed:
            self.refresh()

    @rule(name=names, refreshed=st.booleans())
    def come_or_go(self, name, refreshed):
        """A source comes or, if it is read already and another one is, goes."""
        if name not in self.read - self.leaving:
            self.write()
            self.hashtag("sources", "add", self.folder / f"{name}.csv", "--source", name)
            self.read.add(name)
            self.leaving.discard(name)
        elif len(self.read - self.leaving) > 1:
            self.hashtag("sources", "remove", name)
            self.leaving.add(name)
        if refreshed:
            self.refresh()

    @rule(place=places, refreshed=st.booleans())
    def add_post(self, place, refreshed):
        _, text, tags, author = POSTS[place]
        added = [post for source, post, *_ in posts_of(self.home) if source == "added"]
        if len(added) < MOST and author not in self.forgotten:
            by = ["--author", author] if author else []
            self.hashtag("posts", "add", "--text", f"{text}, at once", "--hashtags", tags, *by)
        if refreshed:
            self.refresh()

    @rule(verdict=st.sampled_from(["accept", "reject"]), tag=st.sampled_from(TAGS), query=st.sampled_from(QUERIES))
    def judge(self, verdict, tag, query):
        self.hashtag("feedback", verdict, "--text", query, "--hashtags", tag, codes=(0, 2))  # 2: nobody carries it

    @rule(tag=st.sampled_from(TAGS), ruled=st.sampled_from(["block", "apart", "remove"]))
    def rule_on(self, tag, ruled):
        self.hashtag("tags", ruled, tag, codes=(0, 2))  # 2: there is no rule to remove

    @precondition(lambda self: not self.forgotten)
    @rule()
    def forget(self):
        before = serving_name(self.home)
        if self.hashtag("posts", "forget", "--author", "mina", codes=(0, 2)) == 0:
            self.forgotten.add("mina")
            self.note_published(before)
            self.rolled_back = set()
            assert self.built[serving_name(self.home)] == self.content(), (
                "forgetting publishes, whatever was rolled back"
            )
            assert "mina" not in said_by(self.home)[0]
            self.came["forgotten"] += 1

    @rule()
    def refresh(self):
        self.write()
        before, planned = serving_name(self.home), plan_refresh(self.settings, allow_shrink=True)
        report = refresh_index(self.settings, allow_shrink=True)
        assert report.reason is None and planned.reason is None
        self.read, self.leaving = self.read - self.leaving, set()
        now = self.content()
        assert {post[:3] for post in now[0] if post[0] != "added"} == self.wanted()
        held = now != self.built[before] and self.is_held(before, now)
        assert (report.outcome == "unchanged") == (held or now == self.built[before])
        assert self.note_published(before) == (report.outcome == "published")
        for one in (report, planned):
            assert any("which was rolled back" in note for note in one.notes) == held
        assert (planned.learned is None) == (report.learned is None)
        assert (planned.learned or "")[:7] == (report.learned or "")[:7]
        told = self.check_told()
        if held:
            assert all("which was rolled back" in note for note in told)
            assert held_by(self.home) == {(source, post) for source, post, *_ in self.built[before][0]}
        else:
            assert told == ()
            assert said_by(self.home) == self.from_nothing()
        self.came["refreshes"] += 1
        self.came["held" if held else report.outcome] += 1

    @rule(at=st.integers(1, MOMENTS))
    def kill(self, at):
        self.write()
        before, said = serving_name(self.home), said_by(self.home)
        struck = strike(["index", "refresh", "--home", str(self.home), "--allow-shrink"], Moments(at))
        self.came["killed"] += struck.killed
        if self.note_published(before):
            assert said_by(self.home) == self.from_nothing()
        else:
            assert said_by(self.home) == said
        self.check_told()
        if not struck.killed:
            assert struck.code == 0, struck
            self.read, self.leaving = self.read - self.leaving, set()

    @rule(draw=st.none() | st.integers(0, 9), refreshed=st.booleans())
    def roll_back(self, draw, refreshed):
        before, known = serving_name(self.home), [folder.name for folder in snapshot_folders(self.home)]
        named = [] if draw is None else [known[draw % len(known)]]
        if self.hashtag("index", "rollback", *named, codes=(0, 2)):
            assert serving_name(self.home) == before
            return
        now = serving_name(self.home)
        self.rolled_back = {name for name in known if name > now}
        self.check_told()
        assert held_by(self.home) == {(source, post) for source, post, *_ in self.built[now][0]}
        self.came["rolled back"] += 1
        if refreshed:
            self.refresh()

    @rule(keep=st.integers(1, 3))
    def clear_away(self, keep):
        self.hashtag("index", "gc", "--keep", keep)
        assert {folder.name for folder in snapshot_folders(self.home)} >= {serving_name(self.home), *self.rolled_back}

    def teardown(self):
        shutil.rmtree(self.home)


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    use_words()
    logging.disable(logging.WARNING)
    many = settings(
        max_examples=asked.sequences,
        stateful_step_count=asked.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        Sequences.folder = Path(folder)
        run_state_machine_as_test(seed(asked.seed)(Sequences), settings=many)
    seconds = round(time.perf_counter() - started)
    print(json.dumps({"seed": asked.seed, **Sequences.came, "seconds": seconds}))


if __name__ == "__main__":
    main()
