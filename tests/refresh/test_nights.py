"""Many nights: whatever came and went, the index is the one that a build from scratch makes of what is there."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hashtag_recommender.assembly import refresh_index, verify_index
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.verify import Verdict

from .conftest import answers, build, make_rows, serving, write_rows

POSTS = make_rows(24, seed=3)


class Nights(RuleBasedStateMachine):
    """An archive that a person edits, and a refresh now and then."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.home = self.folder / "home"
        self.posts = {}

    def write(self):
        write_rows(self.folder / "posts.csv", list(self.posts.values()))

    @initialize(first=st.integers(4, 10))
    def begin(self, first):
        self.posts = {row[0]: row for row in POSTS[:first]}
        self.write()
        build(self.home, self.folder / "posts.csv")

    @rule(place=st.integers(0, len(POSTS) - 1))
    def add(self, place):
        self.posts.setdefault(str(place), POSTS[place])

    @rule(place=st.integers(0, len(POSTS) - 1), other=st.integers(0, len(POSTS) - 1))
    def change(self, place, other):
        if str(place) in self.posts:
            self.posts[str(place)] = [str(place), *POSTS[other][1:]]

    @precondition(lambda self: len(self.posts) > 2)
    @rule(draw=st.randoms(use_true_random=False))
    def delete(self, draw):
        del self.posts[draw.choice(sorted(self.posts))]

    @rule(allow=st.booleans())
    def refresh(self, allow):
        self.write()
        before = serving(self.home)
        report = refresh_index(Settings(self.home), allow_shrink=allow)
        if report.outcome == "refused":
            assert not allow and serving(self.home) == before
            return
        assert verify_index(Settings(self.home)) == Verdict(())
        with tempfile.TemporaryDirectory() as folder:
            write_rows(self.folder / "posts.csv", list(self.posts.values())[::-1])
            assert answers(build(Path(folder) / "home", self.folder / "posts.csv")) == answers(self.home)

    def teardown(self):
        shutil.rmtree(self.folder)


@pytest.mark.usefixtures("words_alone")
def test_after_any_edits_it_is_an_index_built_from_scratch():
    short = settings(
        max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    run_state_machine_as_test(Nights, settings=short)
