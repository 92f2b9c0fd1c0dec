from queue import Queue

import pytest

from hashtag_recommender.console.terminal import PlainProgress, lasting


class Time:
    """A clock that stands still until a test lets a minute pass."""

    def __init__(self):
        self.now = 0.0
        self.asked = Queue()
        self.answers = Queue()

    def __call__(self):
        return self.now

    def wait(self, ended, seconds):
        """Stands in for `Event.wait`."""
        self.asked.put(seconds)
        return self.answers.get()

    def passes(self):
        """What is waited for; returns when what is to be told then has been told."""
        self.now += self.asked.get()
        self.answers.put(False)
        self.asked.put(self.asked.get())

    def ends(self):
        """The stage is over before more has passed."""
        self.answers.put(True)


@pytest.fixture
def time():
    return Time()


def lines(capsys):
    out, err = capsys.readouterr()
    assert out == ""
    return err.splitlines()


def test_nothing_is_told_in_the_first_minute(time, capsys):
    with PlainProgress(time, time.wait).stage("Encoding photos", 10) as stage:
        stage.advance(10)
        time.ends()
    assert lines(capsys) == [] and time.asked.get() == 60


def test_then_a_line_a_minute(time, capsys):
    with PlainProgress(time, time.wait).stage("Encoding photos", 1200) as stage:
        stage.advance(200)
        time.passes()
        assert lines(capsys) == ["Encoding photos: 200 of 1,200, 1 min so far, about 5 min left"]
        stage.advance(1000)
        time.passes()
        assert lines(capsys) == ["Encoding photos: 1,200 of 1,200, 2 min so far, less than a minute left"]
        time.ends()
    assert lines(capsys) == []


def test_minutes_go_on_from_one_stage_to_the_next(time, capsys):
    progress = PlainProgress(time, time.wait)
    with progress.stage("Encoding photos", 10):
        time.now += 50
        time.ends()
    time.asked.get()
    with progress.stage("Training on [the] archive", None):
        time.passes()
        assert lines(capsys) == ["Training on [the] archive: 10 s so far"]
        time.ends()


def test_a_stage_that_fails_ends_its_thread(time, capsys):
    with pytest.raises(OSError, match="disk"), PlainProgress(time, time.wait).stage("Encoding photos", 10):
        time.ends()
        raise OSError("disk")
    assert lines(capsys) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "less than a minute"), (90, "about 2 min"), (3600, "about 60 min"), (9000, "about 2.5 h")],
)
def test_how_long_something_takes(seconds, told):
    assert lasting(seconds) == told
