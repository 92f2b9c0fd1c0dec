"""What programs read of a refresh: its log, its metrics."""

import json

from hashtag_recommender.index.snapshots.snapshot import writing

from .conftest import make_rows, write_rows


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
