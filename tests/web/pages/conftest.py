"""A server for the pages, and a browser that looks at them and complains of what a person would not see."""

import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from starlette.testclient import TestClient

from hashtag_recommender import assembly
from hashtag_recommender.web.application import create_app
from hashtag_recommender.web.service import Service
from hashtag_recommender.web.settings import Limits, ServerSettings

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as tests/browser.sh looks for
TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True)
class Site:
    """A server in a thread, and what answers behind it."""

    url: str
    service: Service


def find_browser():
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = "the pages are tested in a browser: install Debian's package chromium (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return found


@pytest.fixture(scope="session")
def service(demo_home, demo, tmp_path_factory):
    """Of a copy of the sample home, with two snapshots and a post that was added."""
    home = assembly.open_home(shutil.copytree(demo_home, tmp_path_factory.mktemp("pages") / "home"))
    assembly.add_post(home, [demo / "new" / "tower.jpg"], "red tower by the lake", "#tower #맞팔", author="mina")
    assembly.refresh_index(home)
    with Service(home, Limits()) as running:
        yield running


@contextmanager
def serving(service, settings):
    """Serve in a thread."""
    config = uvicorn.Config(
        create_app(service, settings), port=0, ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    listening = config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", service)
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


@pytest.fixture(scope="session")
def site(service):
    with serving(service, ServerSettings()) as running:
        yield running


@pytest.fixture(scope="session")
def guarded_site(service):
    """As `site`, but a token is demanded."""
    with serving(service, ServerSettings(tokens=(TOKEN,))) as running:
        yield running


@pytest.fixture
def client(service):
    """Asks without a browser."""
    with TestClient(create_app(service, ServerSettings()), "http://127.0.0.1", raise_server_exceptions=False) as asking:
        asking.headers["accept"] = "text/html"
        yield asking


@pytest.fixture(scope="module")  # as long as it is open, no other test can run an event loop
def browser():
    path = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


class Visitor:
    """Opens pages as people of different languages, screens and habits do; notes what a browser complains of."""

    def __init__(self, browser, url):
        self._browser = browser
        self._contexts = []
        self._url = url
        self.complaints = []

    def open(self, path="/", *, locale="en-GB", width=1280, url=None, **how):
        url = url or self._url
        height = 844 if width < 500 else 900
        context = self._browser.new_context(
            base_url=url, locale=locale, viewport={"width": width, "height": height}, reduced_motion="reduce", **how
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        page = context.new_page()
        page.on("console", lambda told: told.type in ("error", "warning") and self.complaints.append(told.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: self._check_host(asked.url, url))
        if path:
            page.goto(path)
        return page

    def forgive(self, status):
        """A browser writes every answer above 399 to its console; this one was meant."""
        meant = [complaint for complaint in self.complaints if f"status of {status}" in complaint]
        assert meant
        self.complaints = [complaint for complaint in self.complaints if complaint not in meant]

    def close(self):
        for context in self._contexts:
            context.close()

    def _check_host(self, asked, url):
        if urlsplit(asked).scheme != "blob" and urlsplit(asked).netloc != urlsplit(url).netloc:
            self.complaints.append(f"asks elsewhere: {asked}")


@pytest.fixture
def visitor(browser, site):
    """Whatever a test does, no page may complain."""
    visiting = Visitor(browser, site.url)
    yield visiting
    visiting.close()
    assert visiting.complaints == []


@pytest.fixture(scope="session")
def axe():
    """What axe-core finds on a page that is serious or worse."""
    checker = Axe()

    def check(page):
        found = checker.run(page).response["violations"]
        return [
            (violation["id"], node["html"], node["failureSummary"])
            for violation in found
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
        ]

    return check


def wait_for_answer(page):
    """Until the answer to all that was asked is there."""
    page.wait_for_selector("#answer:not([aria-busy]) .suggestion")


def kept(page):
    return page.locator("#kept").inner_text().split()
