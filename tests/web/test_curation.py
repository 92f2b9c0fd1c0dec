"""Feedback, hashtags, rules, the index and metrics over HTTP."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hashtag_recommender import assembly
from hashtag_recommender.assembly import Home, build_index, index_history, read_posts, rule_store
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.web.problems import hide_home
from hashtag_recommender.web.service import Service
from hashtag_recommender.web.settings import Limits

from .conftest import CAT, TestClient, client_of, problem


def tags(client: TestClient, **asked: Any) -> list[str]:
    return [entry["hashtag"] for entry in client.post("/v1/suggest", json=asked).json()["hashtags"]]


def test_feedback_is_kept_for_the_next_build(own: TestClient, own_service: Service, demo: Path) -> None:
    for i in range(3):
        asked = {"text": f"{CAT} {i}", "hashtags": ["cat"], "verdict": "reject"}
        [told] = own.post("/v1/feedback", json=asked).json()["judgements"]
        assert (told["hashtag"], told["verdict"]) == ("cat", "reject") and told["score"] > 0.1
    with own_service.home.database() as database:
        assert [judgement.hashtag for judgement in database.feedback.judgements()] == ["cat"] * 3


def test_feedback_on_an_uploaded_photo(own: TestClient, own_service: Service, photo: bytes) -> None:
    sent = {"photo": ("a.jpg", photo)}
    told = own.post("/v1/feedback", data={"verdict": "accept", "hashtags": ["cat", "고양이"]}, files=sent)
    scores = {each["hashtag"]: each["score"] for each in told.json()["judgements"]}
    assert scores.keys() == {"cat", "고양이"} and all(score > 0.2 for score in scores.values())
    uploaded = own.post("/photos", files=sent).json()["image_id"]
    again = own.post("/v1/feedback", json={"photo_ids": [uploaded], "hashtags": ["cat"], "verdict": "reject"})
    assert again.json()["judgements"][0]["score"] == pytest.approx(scores["cat"], abs=1e-4)
    assert not (own_service.home.folder / "photos").exists(), "of a photo its digest alone is kept"


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"text": CAT, "hashtags": ["neverused"], "verdict": "accept"}, 404, "not_found"),
        ({"text": CAT, "hashtags": ["!!!"], "verdict": "accept"}, 400, "settings"),
        ({"text": CAT, "hashtags": [], "verdict": "accept"}, 422, "invalid_request"),
        ({"text": CAT, "hashtags": ["cat"], "verdict": "perhaps"}, 422, "invalid_request"),
        ({"text": CAT, "hashtags": ["cat"]}, 422, "invalid_request"),
        ({"text": "", "hashtags": ["cat"], "verdict": "accept"}, 400, "settings"),
        ({"text": "a\0b", "hashtags": ["cat"], "verdict": "accept"}, 400, "settings"),
    ],
)
def test_feedback_that_makes_no_sense(client: TestClient, asked: Any, status: int, code: str) -> None:
    problem(client.post("/v1/feedback", json=asked), status, code)


def test_hashtags_are_listed_the_most_used_first(client: TestClient) -> None:
    listed = client.get("/v1/hashtags", params={"count": 1000}).json()["hashtags"]
    assert len(listed) == 132 and [each["uses"] for each in listed] == sorted((e["uses"] for e in listed), reverse=True)
    assert listed[:3] == client.get("/v1/hashtags", params={"count": 3}).json()["hashtags"]
    for prefix in ("CAT", "cat", "#cat"):
        found = client.get("/v1/hashtags", params={"prefix": prefix}).json()["hashtags"]
        assert [each["hashtag"] for each in found[:2]] == ["cat", "catstagram"]
        assert all(each["hashtag"].lower().startswith("cat") for each in found)
    assert client.get("/v1/hashtags", params={"prefix": "zzz"}).json() == {"hashtags": []}


def test_rules_are_followed_at_once(own: TestClient) -> None:
    assert "cat" in tags(own, text=CAT)
    told = own.post("/v1/rules", json={"hashtag": "#Cat", "kind": "block"}).json()
    assert told["rules"] == [{"hashtag": "cat", "kind": "block", "target": None}] and told["shipped"] > 0
    assert "cat" not in tags(own, text=CAT)
    [listed] = [
        e for e in own.get("/v1/hashtags", params={"prefix": "cat"}).json()["hashtags"] if e["hashtag"] == "cat"
    ]
    assert listed["blocked"] == "blocked by you"
    own.post("/v1/rules", json={"hashtag": "cat", "kind": "allow"})
    assert "cat" in tags(own, text=CAT)
    assert own.post("/v1/rules", json={"hashtag": "cat", "kind": "remove"}).json()["rules"] == []
    told = problem(own.post("/v1/rules", json={"hashtag": "cat", "kind": "remove"}), 404, "not_found")
    assert told["fix"] == "GET /v1/rules lists them"


def test_aliases_are_told_by_the_hashtags(own: TestClient, own_service: Service) -> None:
    with rule_store(own_service.home) as rules:
        rules.alias("catstagram", "cat")
    own_service.recommender.follow()
    listed = {e["hashtag"]: e["aliases"] for e in own.get("/v1/hashtags", params={"prefix": "cat"}).json()["hashtags"]}
    assert "catstagram" in listed["cat"] and "cat" in listed["catstagram"]


def test_the_index_tells_of_itself(client: TestClient, service: Service) -> None:
    told = client.get("/v1/index").json()
    assert told["info"]["snapshot"] == service.recommender.snapshot and told["info"]["posts"] == 74
    assert "database" not in told["info"]
    assert told["history"]["runs"]  # other tests may have added to them
    assert told["history"] == hide_home(index_history(service.home, 20).to_json(), service.home.folder)


def test_there_is_nothing_to_go_back_to(client: TestClient, service: Service) -> None:
    told = problem(client.post("/v1/index/rollback", json={}), 404, "not_found")
    assert "the home" in told["detail"]
    problem(client.post("/v1/index/rollback", json={"snapshot": "snap-x"}), 404, "not_found")
    problem(client.post("/v1/index/rollback", json={"snapshot": service.recommender.snapshot}), 400, "settings")
    runs = client.get("/v1/index").json()["history"]["runs"]
    assert "index rollback" not in [run["command"] for run in runs]  # nothing was done


def test_a_home_that_another_process_writes_is_told(own: TestClient, own_service: Service) -> None:
    with own_service.home.run("index refresh"):
        told = problem(own.post("/v1/index/rollback", json={}), 409, "busy")
    assert str(own_service.home.folder) not in str(told) and "is being written" in told["detail"]
    assert "try again" in told["fix"]


def test_no_request_is_dropped_while_the_snapshot_changes(own: TestClient, own_service: Service, demo: Path) -> None:
    """A build, a rollback and the way forward again, while others ask without a pause."""
    over, told = threading.Event(), [[] for _ in range(3)]  # type: list[Any]

    def ask(answers: list[Any]) -> None:
        while not over.is_set():
            answers.append(own.post("/v1/suggest", json={"text": "a zeppelin over the lake", "count": 30}))

    threads = [threading.Thread(target=ask, args=(answers,)) for answers in told]
    for thread in threads:
        thread.start()
    try:
        before = own.get("/readyz").json()["snapshot"]
        posts = (demo / "posts.csv").read_text(encoding="utf-8") + ",,a zeppelin over the lake,zeppelin,\n"
        source = own_service.home.folder.parent / "posts.csv"
        source.write_text(posts, encoding="utf-8")
        with Home(Settings(own_service.home.folder, encoders="compact")) as home:
            build_index(home, read_posts(source, source=str(demo / "posts.csv"), images=demo))
        own_service.recommender.follow()
        after = own.get("/readyz").json()["snapshot"]
        assert after != before and "zeppelin" in tags(own, text="a zeppelin over the lake")
        assert own.post("/v1/index/rollback", json={}).json() == {"before": after, "after": before, "skipped": []}
        assert "zeppelin" not in tags(own, text="a zeppelin over the lake")
        assert own.post("/v1/index/rollback", json={"snapshot": after}).json()["after"] == after
        assert "zeppelin" in tags(own, text="a zeppelin over the lake")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    answers = [answer for some in told for answer in some]
    assert len(answers) > 10 and {answer.status_code for answer in answers} == {200}
    for answer in answers:
        has = "zeppelin" in [entry["hashtag"] for entry in answer.json()["hashtags"]]
        assert has == (answer.json()["snapshot"] == after), "one snapshot gives a whole answer"


def test_a_home_that_was_emptied_is_not_the_fault_of_who_asks(own: TestClient, own_service: Service) -> None:
    current = own_service.home.folder / "CURRENT"
    content = current.read_bytes()
    current.write_bytes(b"none\n")
    told = own.get("/v1/index")
    problem(told, 503, "no_index")
    assert int(told.headers["retry-after"]) > 0 and "hashtag index" not in told.text
    assert own.post("/v1/suggest", json={"text": CAT}).status_code == 200, "what is open answers on"
    current.write_bytes(content)


def test_metrics_tell_what_was_done(own: TestClient, photo: bytes) -> None:
    own.post("/v1/suggest", json={"text": CAT})
    own.post("/v1/suggest", files={"photo": ("a.jpg", photo)})
    own.post("/v1/suggest", json={"text": 1})
    own.get("/v1/photos/1-0")
    own.get("/v1/photos/1-0")
    own.get("/v1/photos/2-0")
    own.post("/photos", files={"photo": ("a.jpg", photo)})
    answer = own.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples: dict[tuple[str, str], float] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            samples[sample.name, json.dumps(sample.labels, sort_keys=True)] = sample.value

    def value(name: str, **labels: str) -> float:
        return samples[f"hashtag_{name}", json.dumps(labels, sort_keys=True)]

    assert value("http_requests_total", method="POST", path="/v1/suggest", status="200") == 2
    assert value("http_requests_total", method="POST", path="/v1/suggest", status="422") == 1
    assert value("http_requests_total", method="GET", path="/v1/photos/{key}", status="200") == 3
    assert value("http_request_seconds_count", path="/v1/suggest") == 3
    for step in ("wait", "encode", "search", "vote", "rank", "select"):
        assert value("suggest_step_seconds_count", step=step) >= 2
        assert value("suggest_step_seconds_sum", step=step) >= 0
    for lane in ("photo", "text"):
        assert value("queue_length", lane=lane) == 0 and value("suggest_batch_size_count", lane=lane) == 1
    assert (value("thumbnails_total", cache="hit"), value("thumbnails_total", cache="miss")) == (1, 2)
    assert value("uploads_bytes") == len(photo)
    assert value("snapshot_age_seconds") > 0


def test_it_is_ready_by_a_snapshot(client: TestClient, service: Service) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok", "snapshot": service.recommender.snapshot}


def test_a_database_that_does_not_answer_holds_up_nothing_else(
    demo_home: Path, encoders: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(demo_home, tmp_path / "home")
    thawed = threading.Event()
    monkeypatch.setattr(assembly, "list_posts", lambda *_, **__: thawed.wait(30))
    with Service(Home(Settings(folder), encoders), Limits(seconds=0.3)) as service, client_of(service) as client:
        try:
            problem(client.get("/v1/posts"), 503, "database")
            assert client.get("/readyz").json()["status"] == "ok"
            assert client.get("/v1/hashtags").json()["hashtags"]
        finally:
            thawed.set()
