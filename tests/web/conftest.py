"""Servers over homes of the sample archive, asked within this process, and photos as nobody should send them."""

import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.protocols import Encoder
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.web.application import create_app
from hashtag_recommender.web.service import Service
from hashtag_recommender.web.settings import Limits, ServerSettings

HERE = "http://127.0.0.1:8000"
TOKEN = "a-token-of-this-test"
CAT = "cat nap on the sofa"

Serve = Callable[..., TestClient]


@pytest.fixture(scope="session")
def encoders(demo_home: Path) -> dict[str, Encoder[Any]]:
    """Opened once for all servers."""
    home = Home(Settings(demo_home))
    return {record.channel: home.encoder(record) for record in current_snapshot(demo_home).manifest.channels}


@pytest.fixture(scope="session")
def service(
    demo_home: Path, encoders: dict[str, Encoder[Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """Of a home that tests may write to, as long as they take back what others would see."""
    folder = shutil.copytree(demo_home, tmp_path_factory.mktemp("served") / "home")
    with Service(Home(Settings(folder), encoders), Limits()) as service:
        yield service


@pytest.fixture
def own_service(demo_home: Path, encoders: dict[str, Encoder[Any]], tmp_path: Path) -> Iterator[Service]:
    """Of a home of the test's own."""
    folder = shutil.copytree(demo_home, tmp_path / "home")
    with Service(Home(Settings(folder), encoders), Limits()) as service:
        yield service


def client_of(service: Service, **settings: Any) -> TestClient:
    """Who asks a server, by default with all rights."""
    app = create_app(service, ServerSettings(**settings))
    return TestClient(app, HERE, raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="session")
def client(service: Service) -> Iterator[TestClient]:
    with client_of(service) as client:
        yield client


@pytest.fixture
def own(own_service: Service) -> Iterator[TestClient]:
    """Asks the server of the test's own home."""
    with client_of(own_service) as client:
        yield client


@pytest.fixture
def serve(service: Service) -> Iterator[Serve]:
    """Start a server with other settings on the shared home."""
    with ExitStack() as opened:
        yield lambda **settings: opened.enter_context(client_of(service, **settings))


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The document of an error, which says what it must."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "code", "fix"} <= document.keys()
    assert (document["status"], document["code"]) == (status, code)
    assert document["detail"] and document["fix"]
    return document


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The bytes of a file of a picture."""
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


@pytest.fixture(scope="session")
def photo(demo: Path) -> bytes:
    """A photo of a cat, of 512 pixels."""
    return (demo / "new" / "cat.jpg").read_bytes()
