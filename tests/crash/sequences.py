"""Any sequence of edits, refreshes, rollbacks and kills comes to the index that a build from scratch makes."""

import logging
import os
import shutil
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy comes: threads do not survive a fork
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from hashtag_recommender.assembly import verify_index
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshot import serving_name

from .operations import run, run_well
from .scenes import make_rows, suggestions_of, use_words, write_rows
from .strikes import Moments, strike

POSTS = make_rows(16)
MOMENTS = 125  # of a refresh, or some more


class Sequences(RuleBasedStateMachine):
    """A file that is edited, and a home that is refreshed, rolled back and struck."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home, self.posts, self.published = self.folder / "home", {}, {}

    def write(self):
        return write_rows(self.folder / "posts.csv", list(self.posts.values()))

    def from_scratch(self):
        """What a new home suggests that is built from the posts of now."""
        home = Path(tempfile.mkdtemp(dir=self.folder)) / "home"
        run_well(["index", "build", str(self.write()), "--home", str(home), "--encoders", "compact"])
        return suggestions_of(home)

    def refreshing(self):
        return ["index", "refresh", "--home", str(self.home), "--allow-shrink"]

    @initialize(first=st.integers(4, 8))
    def begin(self, first):
        self.posts = {row[0]: row for row in POSTS[:first]}
        run_well(["index", "build", str(self.write()), "--home", str(self.home), "--encoders", "compact"])
        self.published[serving_name(self.home)] = suggestions_of(self.home)

    @rule(places=st.sets(st.integers(0, len(POSTS) - 1), min_size=1, max_size=3))
    def add(self, places):
        for place in sorted(places):
            self.posts.setdefault(str(place), POSTS[place])

    @rule(place=st.integers(0, len(POSTS) - 1), other=st.integers(0, len(POSTS) - 1))
    def change(self, place, other):
        if str(place) in self.posts:
            self.posts[str(place)] = [str(place), *POSTS[other][1:]]

    @precondition(lambda self: len(self.posts) > 2)
    @rule(draw=st.randoms(use_true_random=False))
    def delete(self, draw):
        del self.posts[draw.choice(sorted(self.posts))]

    @rule()
    def refresh(self):
        self.write()
        run_well(self.refreshing())
        verdict, now = verify_index(Settings(self.home)), suggestions_of(self.home)
        assert verdict.problems == ()
        if any("which was rolled back" in note for note in verdict.notes):
            assert now == self.published[serving_name(self.home)]
        else:
            assert verdict.notes == () and now == self.from_scratch()
            self.published[serving_name(self.home)] = now

    @rule(at=st.integers(1, MOMENTS))
    def kill(self, at):
        self.write()
        before = suggestions_of(self.home)
        strike(self.refreshing(), Moments(at))
        now = suggestions_of(self.home)
        assert verify_index(Settings(self.home)).problems == ()
        assert now in (before, self.from_scratch())
        self.published[serving_name(self.home)] = now

    @rule()
    def roll_back(self):
        before = serving_name(self.home)
        ran = run(["index", "rollback", "--home", str(self.home)])
        assert ran.code == (2 if serving_name(self.home) == before else 0), ran.told
        assert verify_index(Settings(self.home)).problems == ()
        assert suggestions_of(self.home) == self.published[serving_name(self.home)]

    def teardown(self):
        shutil.rmtree(self.folder)


if __name__ == "__main__":
    use_words()
    logging.disable(logging.WARNING)
    few = settings(
        max_examples=4, stateful_step_count=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Sequences, settings=few)
