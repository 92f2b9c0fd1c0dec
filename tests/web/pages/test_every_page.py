"""What holds of all pages, in a browser: they fit the window, anybody can use them, and signing in opens them."""

import pytest

from .conftest import TOKEN, find_browser, wait_for_answer

PATHS = ["/", "/archive", "/index", "/predict?text=coffee", "/nothing-here"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("ci", "result"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_a_browser_tests_are_skipped_and_in_ci_they_fail(tmp_path, monkeypatch, ci, result):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(result, match="apt-get install chromium"):
        find_browser()


@pytest.mark.parametrize(("locale", "scheme", "width"), [("en-GB", "light", 1280), ("ko-KR", "dark", 390)])
def test_axe_finds_nothing_serious(visitor, axe, demo, locale, scheme, width):
    page = visitor.open(locale=locale, color_scheme=scheme, width=width)
    for path in PATHS:
        page.goto(path)
        assert axe(page) == [], path
    visitor.forgive(404)
    page.goto("/")
    page.locator("#controls").evaluate("controls => { controls.open = true; }")
    page.fill("#text", "red tower by the lake #tower")
    page.set_input_files("#photo", demo / "new" / "coffee.jpg")
    wait_for_answer(page)
    page.locator(".chip").first.click()
    page.locator(".why summary").first.click()
    page.locator(".evidence img").first.wait_for()
    page.click("#suggest-captions")
    page.wait_for_selector("ol.captions")
    assert axe(page) == []


@pytest.mark.parametrize("width", [390, 640, 1280])
def test_nothing_sticks_out_of_the_window(visitor, demo, width):
    """640 pixels are a window of 1280 at 200%."""
    page = visitor.open(width=width)
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    visitor.forgive(404)
    page.goto("/")
    page.fill("#text", "supercalifragilistic" * 12)
    page.set_input_files("#photo", demo / "new" / "coffee.jpg")
    wait_for_answer(page)
    page.locator(".why summary").first.click()
    page.click("#suggest-captions")
    page.wait_for_selector("ol.captions")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_language_is_chosen_and_remembered(visitor):
    page = visitor.open("/archive?text=coffee")
    page.get_by_role("link", name="한국어").click()
    assert page.locator("html").get_attribute("lang") == "ko" and page.input_value("#search") == "coffee"
    page.goto("/index")
    assert page.get_by_role("heading", level=1).inner_text() == "색인"
    page.get_by_role("link", name="English").click()
    page.goto("/")
    assert page.locator("html").get_attribute("lang") == "en"


def test_a_token_opens_the_pages_and_signing_out_closes_them(visitor, guarded_site):
    page = visitor.open("/archive", url=guarded_site.url)
    assert page.url.endswith("/login?next=/archive")
    page.fill("#token", "a-token-nobody-has")
    page.get_by_role("button", name="Sign in").click()
    assert "not known" in page.get_by_role("alert").first.inner_text() or page.locator("#wrong").is_visible()
    visitor.forgive(403)
    page.fill("#token", TOKEN)
    page.get_by_role("button", name="Sign in").click()
    assert page.url.endswith("/archive")
    page.get_by_role("link", name="Suggest").click()
    page.fill("#text", "coffee")
    wait_for_answer(page)
    page.get_by_role("button", name="Sign out").click()
    assert page.url.endswith("/login")
    page.goto("/index")
    assert page.url.endswith("/login?next=/index")


def test_a_session_that_has_ended_leads_to_the_form(visitor, guarded_site):
    page = visitor.open("/login", url=guarded_site.url)
    page.fill("#token", TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.context.clear_cookies()
    page.fill("#text", "coffee")
    page.wait_for_url("**/login?next=*")
    visitor.forgive(401)
