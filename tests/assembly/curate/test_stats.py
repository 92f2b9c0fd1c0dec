"""A hashtag's use over time, and its posts' response against like posts: on a terminal, as JSON, in explanations."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly import build_index, follow_recommender, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings

from ..conftest import CAT, HEADER, make_rows, refused

PLANTED = 2.0  # posts with #golden have so many times the likes that they would have


def with_likes(rows, seed=7):
    """The same posts, each by an author, with likes by author; some also carry #golden or #plain, one #rare."""
    rng = np.random.default_rng(seed)
    told = []
    for i, (post_id, text, tags, author, _) in enumerate(rows):
        golden, plain = rng.random() < 0.3, rng.random() < 0.3
        expected = {"mina": 800, "준호": 40, "": 90, "lee": 10}[author] * np.exp(rng.normal(0, 0.3))
        likes = rng.poisson(expected * (PLANTED if golden else 1))
        tags += " golden" * golden + " plain" * plain + " rare" * (i == 2)
        date = f"2024-{1 + i * 12 // len(rows):02}-{1 + i % 28:02}"
        told.append([post_id, text, tags, author or "kim", date, str(likes), str(likes // 10), f"{likes * 30:,}"])
    return told


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*HEADER, "likes", "댓글수", "views"][: len(rows[0])], *rows])
    return path


@pytest.fixture(scope="module")
def liked(tmp_path_factory):
    """A home of posts with likes, comments and views, beside its source. Not to be written to."""
    folder = tmp_path_factory.mktemp("liked")
    source = write(folder / "posts.csv", with_likes(make_rows(160, 3)))
    build_index(Home(Settings(folder / "home", encoders="compact")), read_posts(source, source="posts"))
    return folder / "home"


def stats(hashtag, home, tag):
    ran = hashtag("tags", "stats", tag, "--home", home, "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_a_planted_effect_is_found_and_none_where_none_is(hashtag, liked):
    golden, plain = (stats(hashtag, liked, tag)["reach"]["likes"] for tag in ("golden", "plain"))
    assert 1.4 < golden["low"] < PLANTED < golden["high"] < 2.8
    assert plain["low"] < 1 < plain["high"]
    assert golden["posts"] > 30 and golden["like_posts"] > 60


def test_the_document(hashtag, liked):
    told = stats(hashtag, liked, "#GOLDEN")
    assert list(told) == [
        *("hashtag", "same", "uses", "posts", "unit", "periods", "medians", "reach", "compared_by", "notes")
    ]
    assert (told["hashtag"], told["same"], told["posts"], told["unit"]) == ("golden", [], 160, "month")
    assert [period["start"] for period in told["periods"]] == [f"2024-{month:02}-01" for month in range(1, 13)]
    assert sum(period["posts"] for period in told["periods"]) == 160
    assert sum(period["uses"] for period in told["periods"]) == told["uses"]
    assert set(told["periods"][0]) == {"start", "posts", "uses", "likes", "comments", "views"}
    assert set(told["medians"]) == set(told["reach"]) == {"likes", "comments", "views"}
    assert set(told["reach"]["views"]) == {"ratio", "low", "high", "posts", "like_posts"}
    assert told["compared_by"] == ["author", "time"] and told["notes"] == []


def test_on_a_terminal(hashtag, liked, terminal):
    out = hashtag("tags", "stats", "golden", "--home", liked).out
    lines = out.splitlines()
    assert lines[0].endswith("of 160 posts have #golden")
    assert lines[2] == "by month, from 2024-01-01 to 2024-12-01"
    assert [line.split()[0] for line in lines[3:7]] == ["uses", "likes", "comments", "views"]
    assert all(set(line.split()[-1]) <= set("▁▂▃▄▅▆▇█·") and len(line.split()[-1]) == 12 for line in lines[3:7])
    assert "█" in lines[3]
    assert " times (" in out and " against " in out and "by the same author" in out
    assert "does not say that the hashtag is its reason" in " ".join(out.split())
    assert all(cell_len(line.rstrip()) <= 80 for line in lines), out


def test_too_few_posts_get_no_number(hashtag, liked):
    likes = stats(hashtag, liked, "rare")["reach"]["likes"]
    reason = likes.pop("reason")
    assert reason == "too few posts to tell: 1; at least 10 needed"
    assert {"ratio": None, "low": None, "high": None, "posts": 1}.items() <= likes.items()
    out = hashtag("tags", "stats", "rare", "--home", liked).out
    assert reason in out and out.startswith("1 of 160 posts has #rare\n") and "In brackets" not in out


def test_hashtags_of_one_meaning_count_together(hashtag, liked, tmp_path):
    home = Path(shutil.copytree(liked, tmp_path / "home"))
    golden, plain = (stats(hashtag, home, tag)["uses"] for tag in ("golden", "plain"))
    assert hashtag("tags", "alias", "plain", "golden", "--home", home).code == 0
    told = [stats(hashtag, home, tag) for tag in ("golden", "Plain")]
    assert [document["same"] for document in told] == [["plain"], ["golden"]]
    assert told[0]["uses"] == told[1]["uses"] and max(golden, plain) < told[0]["uses"] < golden + plain
    assert hashtag("tags", "stats", "golden", "--home", home).out.splitlines()[0].endswith("have #golden or #plain")


def test_what_cannot_be_told_is_said(hashtag, small_home, liked, tmp_path):
    assert refused(hashtag("tags", "stats", "zeppelin", "--home", liked), "no post of the archive carries #zeppelin")
    assert refused(hashtag("tags", "stats", "!!", "--home", liked), "is no hashtag")
    assert refused(hashtag("tags", "stats", "a b", "--home", liked), "is 2 hashtags; name one")
    ran = hashtag("tags", "stats", "cat", "--home", small_home)
    assert ran.code == 0 and "no post of the archive has likes, comments or views" in ran.err
    assert "by " in ran.out and "against" not in ran.out
    undated = [[*row[:4], "", *row[5:]] for row in with_likes(make_rows(60, 2))]
    home = tmp_path / "undated"
    assert hashtag("index", "build", write(tmp_path / "a.csv", undated), "--home", home).code == 0
    told = stats(hashtag, home, "golden")
    assert told["unit"] is None and told["periods"] == [] and told["medians"]["likes"] > 0
    assert told["reach"]["likes"]["reason"] == "not compared, as no post has a date"
    assert "no post of the archive has a date" in told["notes"][0]


def test_likes_that_change_make_no_new_index(hashtag, liked, tmp_path, monkeypatch):
    home = Path(shutil.copytree(liked, tmp_path / "home"))
    source = write(tmp_path / "posts.csv", [[*row[:5], *row[5:7], "n/a"] for row in with_likes(make_rows(160, 3))])
    assert hashtag("sources", "add", source, "--source", "posts", "--home", home).code == 0
    before = stats(hashtag, home, "golden")
    with follow_recommender(home) as server:
        first = server.suggest(None, CAT, explain=True)
        ran = hashtag("index", "refresh", "--home", home, "--json")
        assert ran.code == 0, ran.err
        report = json.loads(ran.out)
        assert report["outcome"] == "unchanged" and report["sources"][0]["unchanged"] == 160
        after = stats(hashtag, home, "golden")
        assert after["reach"]["likes"] == before["reach"]["likes"] and "views" in before["reach"]
        assert "views" not in after["reach"]
        server.follow()
        second = server.suggest(None, CAT, explain=True)
    assert {reach.measure for s in first.suggestions for reach in s.reach} == {"likes", "comments", "views"}
    assert {reach.measure for s in second.suggestions for reach in s.reach} == {"likes", "comments"}


def test_explanations_tell_it(hashtag, liked, small_home, ask, terminal):
    answer = ask(liked, CAT, "--explain", "--count", "10")
    golden = next(entry for entry in answer["hashtags"] if entry["hashtag"] == "golden")
    told = stats(hashtag, liked, "golden")["reach"]
    assert golden["reach"] == told
    out = hashtag("suggest", "--text", CAT, "--home", liked, "--explain", "--count", "10").out
    line = next(line for line in out.splitlines() if f"likes ×{told['likes']['ratio']:.2f} (" in line)
    assert line.endswith("against like posts") and all(cell_len(line) <= 80 for line in out.splitlines()[:-1])
    assert not any("reach" in entry for entry in ask(liked, CAT)["hashtags"])
    assert not any("reach" in entry for entry in ask(small_home, CAT, "--explain")["hashtags"])


def test_without_its_database_an_explanation_does_without_and_says_so(liked, tmp_path, caplog):
    home = Path(shutil.copytree(liked, tmp_path / "home"))
    with open_recommender(home) as recommender:
        (home / "hashtag.sqlite").write_bytes(b"no database at all, and so long that it is read as one" * 100)
        answer = recommender.suggest(None, CAT, explain=True)
    assert answer.suggestions and not any(suggestion.reach for suggestion in answer.suggestions)
    assert "likes, comments and views are left out" in caplog.text
