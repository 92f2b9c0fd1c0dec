"""Every operation answers whatever it is asked, as the OpenAPI document says."""

import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.web.application import create_app
from hashtag_recommender.web.service import Service
from hashtag_recommender.web.settings import Limits, ServerSettings

from .conftest import HERE

EXAMPLES = 15
# Data that the document does not allow may also be more than the server takes.
REFUSED = {"checks": {"negative_data_rejection": {"expected-statuses": ["400", "404", "413", "415", "422"]}}}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def document(demo_home: Path, encoders: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a server whose home may be written to."""
    folder = shutil.copytree(demo_home, tmp_path_factory.mktemp("openapi") / "home")
    with Service(Home(Settings(folder), encoders), Limits()) as service:
        app = create_app(service, ServerSettings(auth=False))
        yield schemathesis.openapi.from_asgi("/openapi.json", app, config=SchemathesisConfig.from_dict(REFUSED))


OPERATIONS = [
    ("POST", "/v1/suggest"),
    ("POST", "/v1/suggest-batch"),
    ("POST", "/v1/caption"),
    ("GET", "/v1/posts"),
    ("POST", "/v1/posts"),
    ("DELETE", "/v1/posts"),
    ("POST", "/v1/feedback"),
    ("GET", "/v1/hashtags"),
    ("GET", "/v1/rules"),
    ("POST", "/v1/rules"),
    ("GET", "/v1/index"),
    ("POST", "/v1/index/rollback"),
    ("POST", "/photos"),
    ("GET", "/v1/photos/{key}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/predict"),
    ("POST", "/predict"),
]


def test_these_are_all_operations(document: Any) -> None:
    assert {(found.ok().method.upper(), found.ok().path) for found in document.get_all_operations()} == {*OPERATIONS}


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_operation_keeps_to_the_document(document: Any, method: str, path: str, mode: GenerationMode) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True)
    @given(case=document[path][method].as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        # In a form all is text, so that a wrong type may be a right text.
        left_out = [] if case.media_type == "application/json" else [negative_data_rejection]
        case.call_and_validate(checks=CHECKS, excluded_checks=left_out)

    try:
        ask()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "there is nothing that could be wrong"


def test_every_reference_leads_somewhere(client: Any) -> None:
    document = client.get("/openapi.json").json()
    references = set(re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(document)))
    assert references and references <= document["components"]["schemas"].keys()


def test_every_operation_has_an_example_and_tells_its_problems(client: Any) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["summary"] and operation["description"]
            for status, told in operation["responses"].items():
                assert status == "200" or [*told["content"]] == ["application/problem+json"], (path, status)
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert "examples" in json.dumps(schemas[name]), name


JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000
TEXTS = {
    "NUL": "cat\0nap",
    "half a pair": "cat \ud800 nap",
    "the other half": "\udfff",
    "not a character": "\uffff\ufdd0",
    "marks on one letter": "e" + "\u0301" * 2_000,
    "right to left": "\u202ecat\u202c",
    "zero width": "\u200b\u200d\ufeff",
    "hash signs": "#" * 20_000,
    "hashtags": "#a" * 10_000,
    "one word": "a" * 20_000,
    "spaces": " " * 100_000,
    "emoji": "👩‍👩‍👧‍👦" * 1_000,
    "SQL": "'; DROP TABLE post; --",
    "pattern": "%_\\\\%",
    "markup": "<script>alert(1)</script>{{7*7}}${7*7}",
    "format": "%s%n{0}{__class__}",
    "expression": "(a+)+$" * 1000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_that_are_none(client: Any, name: str) -> None:
    """Wherever a text may stand it is answered, in time."""
    text, began = TEXTS[name], time.monotonic()
    told = json.dumps(text)
    short = json.dumps(text[:100])
    bodies = {
        "/v1/suggest": [
            f'{{"text": {told}}}',
            f'{{"text": "cat nap", "given": [{short}], "exclude": [{short}], "author": {short}}}',
            f'{{"text": "cat nap", "platform": {short}}}',
            f'{{"text": "cat nap", "languages": [{short}]}}',
            f'{{"text": "cat nap", "photo_ids": [{short}]}}',
            f'{{"text": "cat nap", {short}: 1}}',
        ],
        "/v1/suggest-batch": [f'{{"posts": [{{"text": {told}}}, {{"text": "cat", "given": [{short}]}}]}}'],
        "/v1/caption": [f'{{"text": {told}}}', f'{{"text": "cat nap", "hashtags": [{short}]}}'],
        "/v1/posts": [
            f'{{"text": {told}, "hashtags": [{short}], "id": "texts"}}',
            f'{{"text": "cat nap", "hashtags": ["cat"], "id": {short}, "author": {short}}}',
            f'{{"text": "cat nap", "hashtags": ["cat"], "posted_at": {short}}}',
        ],
        "/v1/feedback": [f'{{"text": {told}, "hashtags": ["cat", {short}], "verdict": "accept"}}'],
        "/v1/rules": [f'{{"hashtag": {short}, "kind": "allow"}}', f'{{"hashtag": {short}, "kind": "remove"}}'],
        "/v1/index/rollback": [f'{{"snapshot": {short}}}'],
        "/predict": [f'{{"text": {told}}}', f'{{"image_id": {short}}}'],
    }
    accept = {"Accept": "application/json"}
    for path, asked in bodies.items():
        for body in asked:
            check(client.post(path, content=body.encode(), headers=JSON | accept))
    written = text.encode(errors="replace").decode()
    for path in ("/v1/suggest", "/v1/posts", "/v1/feedback"):
        check(client.post(path, data={"text": written, "hashtags": written[:100], "verdict": "reject"}, headers=accept))
    for query in ("text", "source", "author", "id"):
        check(client.get("/v1/posts", params={query: written[:900]}))
    check(client.get("/v1/hashtags", params={"prefix": written[:100]}))
    check(client.get("/predict", params={"text": written[:2_000]}, headers=accept))
    check(client.delete("/v1/posts", params={"id": written[:900]}))
    for post in client.get("/v1/posts", params={"source": "added", "count": 200}).json()["posts"]:
        client.delete("/v1/posts", params={"id": post["post"]})
    for rule in client.get("/v1/rules").json()["rules"]:
        client.post("/v1/rules", json={"hashtag": rule["hashtag"], "kind": "remove"})
    assert time.monotonic() - began < 60


def check(answer: Any) -> None:
    """It is answered, and what is refused is told as it must be."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 20_000, "no error repeats all that was sent"
        assert {"detail", "code", "fix"} <= answer.json().keys()


@pytest.mark.parametrize(
    "body",
    [
        b"", b" ", b"null", b"[]", b"1", b'"text"', b"{", b"{}}", b"{'text': 'cat'}", b'{"text": "cat"} x', b"\xff\xfe",
        b'{"text": "\xff"}', DEEP, b'{"a":' * 100_000, b'{"text": ' + DEEP, b'{"text": NaN}', b'{"half_life": -1}',
        b'{"text": "cat", "half_life": NaN}', b'{"text": "cat", "half_life": 0}', b'{"text": "a", "half_life": 1e999}',
        b'{"text": "cat", "min_score": -1e999}', b'{"text": "cat", "count": ' + b"9" * 4_000 + b"}",
        b'{"text": "cat", "count": ' + b"9" * 100_000 + b"}", b'{"text": "cat", "count": -1}',
        b'{"text": "cat", "count": 0}', b'{"text": "cat", "count": 1.5}', b'{"text": "cat", "count": "5x"}',
        b'{"text": "cat", "count": [1]}', b'{"text": "cat", "diverse": 2}', b'{"text": ["a"]}', b'{"text": {"a": ""}}',
        b'{"text": null}', b'{"photo_ids": "1-0"}', b'{"photo_ids": [1]}', b'{"photo_ids": [null]}', b'{"text": true}',
        b'{"text": "cat", "Text": "x"}', b'{"text": "cat", "__proto__": {}}', b'{"text": "' + b"a" * 100_001 + b'"}',
        b'{"text": "cat", "given": [' + b'"a",' * 100 + b'"b"]}', b'{"text": "cat", "given": ["' + b"a" * 1001 + b'"]}',
        b'{"text": "cat", "mix": "all"}', b'{"text": "cat", "raw": true, "mix": "niche"}',
        '{"text": "cat"}'.encode("utf-16")[:-1], b"\x80\x02}q\x00.", b"text: cat", b"<text>cat</text>",
    ],
)  # fmt: skip
def test_json_that_is_none_of_the_document(client: Any, body: bytes) -> None:
    answer = client.post("/v1/suggest", content=body, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    check(answer)


def test_of_a_field_given_twice_the_last_counts_in_json_and_none_in_a_form(client: Any) -> None:
    asked = client.post("/v1/suggest", content=b'{"text": "zzz", "text": "cat nap on the sofa"}', headers=JSON)
    assert asked.json()["hashtags"][0]["hashtag"] == "cat"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    check(client.post("/v1/suggest", content=b"text=cat&text=dog", headers=form))
    assert client.post("/v1/suggest", content=b"text=cat&text=dog", headers=form).status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "count=0", "count=-1", "count=99999999999999999999999999", "count=x", "count=1e3", "count=1&count=x",
        "count=%00", "count=" + "9" * 50_000, "source=" + "a" * 1001, "id=" + "a" * 1001, "text=" + "a" * 1001,
    ],
)  # fmt: skip
def test_queries_that_are_none(client: Any, query: str) -> None:
    answer = client.get(f"/v1/posts?{query}")
    assert answer.status_code == 422
    check(answer)


@pytest.mark.parametrize(
    "query", ["text=%ff%fe", "text=%", "text=%zz", "&&&", "=", "text", "x=" + "y" * 60_000, "text=%00"]
)
def test_queries_that_are_odd(client: Any, query: str) -> None:
    assert client.get(f"/v1/posts?{query}").status_code == 200


def test_a_page_that_is_not_there(client: Any) -> None:
    for path in (
        "/v1",
        "/v1/",
        "/v1/posts/",
        "//v1/posts",
        "/V1/posts",
        "/docs",
        "/redoc",
        "/.env",
        "/v1/suggest/..",
        "/*",
    ):
        answer = client.get(HERE + path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
