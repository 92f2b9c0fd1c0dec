"""Captions over HTTP are those that the recommender gives."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hashtag_recommender.core.captions import CaptionOptions
from hashtag_recommender.web.api.dependencies import thumbnail_of
from hashtag_recommender.web.service import Service

from .conftest import CAT, TestClient, problem
from .test_suggest import alike
from .test_suggest import direct as hashtags


def direct(service: Service, *given: Any, tags: Any = (), **options: Any) -> Any:
    """What the recommender answers itself, as JSON."""
    answer = service.recommender.caption(*given, options=CaptionOptions(**options), given=tags)
    return json.loads(json.dumps(answer.to_json(thumbnail_of)))


@pytest.mark.parametrize(
    "options", [{}, {"count": 7}, {"languages": ["ko"]}, {"min_length": 20, "max_length": 40}, {"max_length": 1}]
)
def test_options_are_those_of_the_command(client: TestClient, service: Service, options: dict[str, Any]) -> None:
    told = client.post("/v1/caption", json={"text": CAT, "hashtags": ["sofa", "#nap"], **options})
    assert told.status_code == 200, told.text
    assert told.json() == direct(service, None, CAT, tags=["sofa", "#nap"], **options)
    form = {**options, "text": CAT, "hashtags": ["sofa", "#nap"]}
    assert client.post("/v1/caption", data=form).json() == told.json(), "a form says the same"


def test_photos(client: TestClient, service: Service, photo: bytes) -> None:
    sent = client.post("/v1/caption", data={"text": CAT}, files={"photo": ("cat.jpg", photo)})
    assert sent.json() == direct(service, photo, CAT)
    first = sent.json()["captions"][0]["taken_from"]
    assert client.get(first["photo"]).headers["content-type"] == "image/jpeg"
    uploaded = client.post("/photos", files={"photo": ("a.jpg", photo)}).json()["image_id"]
    assert client.post("/v1/caption", json={"photo_ids": [uploaded], "text": CAT}).json() == sent.json()


@pytest.mark.parametrize("asked", [{"hashtags": ["cat"]}, {"text": "#cat"}])
def test_hashtags_are_enough(client: TestClient, asked: Any) -> None:
    assert client.post("/v1/caption", json=asked).json()["captions"][0]["taken_from"]["channel"] == "hashtags"


@pytest.mark.parametrize("asked", [{}, {"text": "  "}, {"hashtags": []}, {"count": 5}])
def test_with_nothing_to_look_at_there_is_no_answer(client: TestClient, asked: Any) -> None:
    assert "hashtag" in problem(client.post("/v1/caption", json=asked), 400, "nothing_to_look_at")["detail"]


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"languages": ["xx"]}, 400, "settings"),
        ({"min_length": 9, "max_length": 3}, 400, "settings"),
        ({"photo_ids": ["upload-gone"]}, 404, "not_found"),
        ({"photo_ids": ["1-0"] * 11}, 413, "too_many"),
        ({"count": 21}, 422, "invalid_request"),
        ({"given": ["cat"]}, 422, "invalid_request"),
    ],
)
def test_what_cannot_be_asked_is_told(client: TestClient, asked: Any, status: int, code: str) -> None:
    told = problem(client.post("/v1/caption", json={"text": CAT, **asked}), status, code)
    assert "--" not in told["detail"] + told["fix"]


def test_a_photo_that_is_none_is_told(client: TestClient) -> None:
    problem(client.post("/v1/caption", files={"photo": ("a.jpg", b"text")}), 400, "photo")


def test_hashtags_and_captions_asked_at_once_get_their_own_answers(client: TestClient, service: Service) -> None:
    asked = [(path, f"{CAT} {i}") for i in range(12) for path in ("/v1/suggest", "/v1/caption")]
    with ThreadPoolExecutor(8) as threads:
        told = [*threads.map(lambda each: client.post(each[0], json={"text": each[1]}).json(), asked)]
    for (path, text), answer in zip(asked, told, strict=True):
        own = hashtags(service, text=text) if path == "/v1/suggest" else direct(service, None, text)
        assert answer.keys() == own.keys() and alike(answer, own)
