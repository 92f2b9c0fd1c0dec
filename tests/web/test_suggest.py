"""Suggestions over HTTP are those that the recommender gives."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender import SuggestOptions
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.web.api.dependencies import thumbnail_of
from hashtag_recommender.web.service import Service
from hashtag_recommender.web.settings import Limits

from .conftest import CAT, TestClient, client_of, problem


def direct(service: Service, *given: Any, explain: bool = False, **named: Any) -> Any:
    """What the recommender answers itself, as JSON."""
    options = SuggestOptions(**named.pop("options", {}))
    answer = service.recommender.suggest(*given, options=options, explain=explain, **named)
    return json.loads(json.dumps(answer.to_json(explain, thumbnail_of)))


OPTIONS: list[dict[str, Any]] = [
    {},
    {"count": 12},
    {"count": "auto"},
    {"platform": "instagram"},
    {"platform": "x", "count": 2},
    {"min_score": 0.4},
    {"exclude": ["cat", "#고양이"], "count": 8},
    {"languages": ["ko"]},
    {"languages": ["en", "ko"], "count": 10},
    {"mix": "niche"},
    {"mix": "balanced"},
    {"diverse": True, "count": 8},
    {"half_life": 90},
    {"raw": True, "count": 40},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("explain", [False, True])
def test_options_are_those_of_the_command(
    client: TestClient, service: Service, options: dict[str, Any], explain: bool
) -> None:
    told = client.post("/v1/suggest", json={"text": CAT, **options, "explain": explain})
    assert told.status_code == 200, told.text
    assert told.json() == direct(service, text=CAT, options=options, explain=explain)
    form = {**options, "text": CAT, "explain": explain}
    form = {name: str(value).lower() if isinstance(value, bool) else value for name, value in form.items()}
    assert client.post("/v1/suggest", data=form).json() == told.json(), "a form says the same"


def test_photo_and_caption(client: TestClient, service: Service, photo: bytes) -> None:
    for text in ("", CAT):
        sent = client.post("/v1/suggest", data={"text": text, "explain": "true"}, files={"photo": ("cat.jpg", photo)})
        assert sent.json() == direct(service, photo, text, explain=True)
    assert sent.json()["hashtags"][0]["hashtag"] == "cat"
    assert sent.json()["hashtags"][0]["evidence"][0]["photo"].startswith("/v1/photos/")


def test_several_photos(client: TestClient, service: Service, demo: Path) -> None:
    photos = [(demo / "new" / name).read_bytes() for name in ("cat.jpg", "coffee.jpg")]
    files = [("photo", (f"{i}.jpg", content)) for i, content in enumerate(photos)]
    assert client.post("/v1/suggest", files=files).json() == direct(service, photos)
    ids = [client.post("/photos", files={"photo": ("a.jpg", content)}).json()["image_id"] for content in photos]
    assert client.post("/v1/suggest", json={"photo_ids": ids}).json() == direct(service, photos)
    mixed = client.post("/v1/suggest", files=files[:1], data={"photo_ids": ids[1:]})
    assert mixed.json() == direct(service, photos)


def test_a_photo_of_the_archive(client: TestClient, service: Service, demo: Path) -> None:
    """By its key, or by the id of its post."""
    answers = [client.post("/v1/suggest", json={"photo_ids": [name]}).json() for name in ("1-0", "001")]
    assert answers[0] == answers[1] == direct(service, demo / "photos" / "001.jpg")


def test_given_hashtags_and_author(client: TestClient, service: Service) -> None:
    asked = {"text": CAT, "given": ["sofa", "#nap"], "author": "nobody"}
    assert client.post("/v1/suggest", json=asked).json() == direct(
        service, text=CAT, given=["sofa", "#nap"], author="nobody"
    )
    tags = [entry["hashtag"] for entry in client.post("/v1/suggest", json={"text": CAT + " #cat"}).json()["hashtags"]]
    assert "cat" not in tags


@pytest.mark.parametrize("asked", [{}, {"text": ""}, {"text": "  "}, {"text": "#cat #dog"}, {"given": ["cat"]}])
def test_with_nothing_to_look_at_there_is_no_answer(client: TestClient, asked: Any) -> None:
    problem(client.post("/v1/suggest", json=asked), 400, "nothing_to_look_at")
    cat, nothing = client.post("/v1/suggest-batch", json={"posts": [{"text": CAT}, asked]}).json()["answers"]
    assert cat["hashtags"] and nothing["hashtags"] and "no post of the archive votes" in nothing["notes"][-1]


@pytest.mark.parametrize(
    "options",
    [{"platform": "nowhere"}, {"languages": ["xx"]}, {"raw": True, "mix": "niche"}, {"count": 31}, {"exclude": ["!"]}],
)
def test_options_that_cannot_be_met_are_told(client: TestClient, options: Any) -> None:
    told = problem(client.post("/v1/suggest", json={"text": CAT, **options}), 400, "settings")
    assert "--" not in told["detail"] + told["fix"]


def test_a_batch_is_answered_in_its_order(client: TestClient, service: Service, photo: bytes) -> None:
    uploaded = client.post("/photos", files={"photo": ("a.jpg", photo)}).json()["image_id"]
    posts = [
        {"text": CAT},
        {"photo_ids": [uploaded]},
        {"text": "espresso", "given": ["coffee"]},
        {"photo_ids": ["1-0"]},
    ]
    posts += [{"text": f"one more cat {i}"} for i in range(30)]
    told = client.post("/v1/suggest-batch", json={"posts": posts, "count": 3, "explain": True}).json()["answers"]
    assert len(told) == len(posts)
    options = {"count": 3}
    assert alike(told[0], direct(service, text=CAT, options=options, explain=True))
    assert alike(told[1], direct(service, photo, options=options, explain=True))
    assert alike(told[2], direct(service, text="espresso", given=["coffee"], options=options, explain=True))
    for i, answer in enumerate(told[4:]):
        assert alike(answer, direct(service, text=f"one more cat {i}", options=options, explain=True))


def test_many_at_once_get_their_own_answers(client: TestClient, service: Service, photo: bytes) -> None:
    """Photos and captions, with options that differ."""
    uploaded = client.post("/photos", files={"photo": ("a.jpg", photo)}).json()["image_id"]
    asked: list[dict[str, Any]] = [{"text": f"{CAT} {i}", "count": 1 + i % 7, "explain": i % 3 == 0} for i in range(40)]
    for i in range(0, 40, 5):
        asked[i]["photo_ids"] = [uploaded]
    with ThreadPoolExecutor(16) as threads:
        told = [*threads.map(lambda each: client.post("/v1/suggest", json=each).json(), asked)]
    for each, answer in zip(asked, told, strict=True):
        photos = [photo] if "photo_ids" in each else None
        options = {"count": each["count"]}
        assert alike(answer, direct(service, photos, each["text"], options=options, explain=each["explain"]))


def alike(one: Any, other: Any) -> bool:
    """Whether answers are the same but for the last digits, which depend on what is encoded beside."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return abs(one - other) < 1e-4 if isinstance(one, float) else bool(one == other)


def test_a_full_queue_is_told_and_the_rest_is_answered(demo_home: Path, encoders: Any, monkeypatch: Any) -> None:
    with Service(Home(Settings(demo_home), encoders), Limits(queue=2, at_once=1)) as full, client_of(full) as client:
        with ThreadPoolExecutor(16) as threads:
            answers = [*threads.map(lambda i: client.post("/v1/suggest", json={"text": f"cat {i}"}), range(48))]
        told = [answer.status_code for answer in answers]
        assert set(told) == {200, 503}
        for answer in answers:
            if answer.status_code == 503:
                problem(answer, 503, "queue_full")
                assert answer.headers["retry-after"] == "1"


def test_an_answer_that_takes_too_long(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    object.__setattr__(own_service, "limits", Limits(seconds=0.0))
    with client_of(own_service) as client:
        told = client.post("/v1/suggest", json={"text": CAT})
        problem(told, 503, "timeout")
        assert told.headers["retry-after"] == "1"


JSON = {"Accept": "application/json"}


def test_predict_answers_as_servers_of_networks_do(client: TestClient, service: Service, photo: bytes) -> None:
    uploaded = client.post("/photos", files={"photo": ("a.jpg", photo)}).json()["image_id"]
    asked = {"image_id": uploaded, "text": CAT, "n_label": 3}
    expected = direct(service, photo, CAT, options={"count": 3})
    assert client.get("/predict", params=asked, headers=JSON).json() == expected
    assert client.post("/predict", json=asked, headers=JSON).json() == expected
    form = {**asked, "n_label": "3"}
    assert client.post("/predict", data=form, headers=JSON).json() == expected
    of_post = client.get("/predict", params={"image_id": "001"}, headers=JSON).json()
    assert of_post["hashtags"][0]["hashtag"] == "flower"


def test_predict_reads_so_many_words_of_a_caption(client: TestClient, service: Service) -> None:
    long = "cat nap on the sofa espresso in the morning"
    told = client.get("/predict", params={"text": long, "max_seq_len": 5}, headers=JSON).json()
    assert told == direct(service, text=CAT)
    assert client.get("/predict", params={"text": long, "max_seq_len": 99}, headers=JSON).json() == direct(
        service, text=long
    )


@pytest.mark.parametrize("asked", [{"n_label": 0}, {"n_label": 31}, {"max_seq_len": 0}, {"n_label": "x"}, {"more": 1}])
def test_predict_refuses_what_it_does_not_know(client: TestClient, asked: Any) -> None:
    problem(client.get("/predict", params={"text": CAT, **asked}, headers=JSON), 422, "invalid_request")
    problem(client.post("/predict", json={"text": CAT, **asked}, headers=JSON), 422, "invalid_request")


def test_predict_takes_one_photo_by_its_id_alone(client: TestClient, photo: bytes) -> None:
    problem(client.get("/predict", params={"image_id": "nothing"}, headers=JSON), 404, "not_found")
    problem(client.post("/predict", files={"photo": ("a.jpg", photo)}, headers=JSON), 400, "damaged_form")
