import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hashtag_recommender import console
from hashtag_recommender.console.log import JsonProgress


@pytest.fixture
def logged(capsys):
    """The lines on standard error, read back; nothing may be on standard output."""

    def read():
        out, err = capsys.readouterr()
        assert out == ""
        assert err == "" or err.endswith("\n")
        return [json.loads(line) for line in err.splitlines()]

    return read


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_an_event_is_one_line_with_its_time(logged):
    console.event("published", snapshot="snap-1", posts=3, home=Path("/srv/카페"), note="two\nlines")
    [line] = logged()
    assert list(line) == ["time", "level", "event", "snapshot", "posts", "home", "note"]
    told = datetime.fromisoformat(line.pop("time"))
    assert told.utcoffset() == timedelta(0)
    assert abs((datetime.now(UTC) - told).total_seconds()) < 60
    shown = {"snapshot": "snap-1", "posts": 3, "home": "/srv/카페", "note": "two\nlines"}
    assert line == {"level": "info", "event": "published"} | shown


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"db": "postgresql://user:s3cr@et@host/name"}, {"db": "postgresql://user:***@host/name"}),
        ({"error": "at a://u:s3cret@h, later"}, {"error": "at a://u:***@h, later"}),
        ({"db": "a://h/n?x=1&sslpassword=s3cret&y=2"}, {"db": "a://h/n?x=1&sslpassword=***&y=2"}),
        ({"password": "s3cret"}, {"password": "***"}),
        ({"options": {"api_key": "s3cret", "k": 5}}, {"options": {"api_key": "***", "k": 5}}),
        ({"urls": ["a://u:s3cret@h"]}, {"urls": ["a://u:***@h"]}),
        ({"webhook": "https://chat.example.org/s3cret"}, {"webhook": "***"}),
    ],
)
def test_secrets_are_never_logged(logged, fields, shown):
    console.event("refresh", **fields)
    [line] = logged()
    assert {name: line[name] for name in fields} == shown
    assert "s3cr" not in json.dumps(line)


@pytest.mark.parametrize("value", [0, 1.5, True, None, "passed", "https://example.org:8080/a", [1, {"a": "b"}]])
def test_what_is_no_secret_stays(logged, value):
    console.event("refresh", passed=value, tokens=7)
    [line] = logged()
    assert (line["passed"], line["tokens"]) == (value, 7)


def test_figures_that_json_has_not_are_null(logged):
    console.event("refresh", share=float("nan"), most=float("inf"))
    [line] = logged()
    assert (line["share"], line["most"]) == (None, None)


def test_the_time_is_the_events_own():
    with pytest.raises(ValueError, match="time"):
        console.event("refresh", time="noon")


def test_a_stage_is_told_at_its_start_and_end_and_seldom_between(logged):
    clock = Clock()
    with JsonProgress(clock).stage("Encoding photos", 100) as stage:
        for _ in range(100):
            clock.now += 1
            stage.advance(1)
    lines = logged()
    assert [line["event"] for line in lines] == ["stage started", *["stage progress"] * 3, "stage finished"]
    assert lines[0]["total"] == 100
    assert [line["done"] for line in lines[1:]] == [30, 60, 90, 100]
    assert [line["seconds"] for line in lines[1:]] == [30, 60, 90, 100]
    assert {line["stage"] for line in lines} == {"Encoding photos"}


def test_a_stage_that_fails_is_told_and_fails(logged):
    with pytest.raises(OSError, match="disk"), JsonProgress(Clock()).stage("Learning", None):
        raise OSError("disk")
    started, failed = logged()
    assert (started["event"], started["level"], started["total"]) == ("stage started", "info", None)
    assert (failed["event"], failed["level"], failed["error"]) == ("stage failed", "error", "OSError")


def test_each_format_has_its_progress(logged):
    with console.progress_for("text").stage("Encoding photos", 1) as stage:
        stage.advance(1)
    assert logged() == []  # no terminal, no bars
    with console.progress_for("json").stage("Encoding photos", 1) as stage:
        stage.advance(1)
    assert [line["event"] for line in logged()] == ["stage started", "stage finished"]
