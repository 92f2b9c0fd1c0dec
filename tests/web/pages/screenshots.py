"""Takes pictures of the pages: `.venv/bin/python tests/web/pages/screenshots.py URL FOLDER`, of a running server.

URL: of a server whose home is that of `make demo`. With --all, each page in
both languages and schemes, at 390 and 1280 pixels; without, the pictures of docs/images.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[3]
NEW = ROOT / ".demo" / "new"
CAPTION = "오랜만에 단골 카페, espresso 한 잔의 여유"


def suggest(page: Page) -> None:
    page.goto("/")
    page.set_input_files("#photo", NEW / "coffee.jpg")
    page.fill("#text", CAPTION)
    page.wait_for_selector(".suggestion")
    page.wait_for_selector("#answer:not([aria-busy])")
    page.wait_for_timeout(1200)
    page.wait_for_selector("#answer:not([aria-busy])")
    page.locator(".chip").nth(3).click()
    page.locator(".thumb-up").first.scroll_into_view_if_needed()
    page.locator(".why summary").first.click()
    page.wait_for_function("() => [...document.images].every(image => image.complete || image.loading === 'lazy')")
    page.wait_for_timeout(600)
    is_phone = page.viewport_size is not None and page.viewport_size["width"] < 500
    page.evaluate(f"document.activeElement.blur(); scrollTo(0, {'answer.offsetTop - 70' if is_phone else 0})")
    page.wait_for_timeout(300)


def empty(page: Page) -> None:
    page.goto("/")


def archive(page: Page) -> None:
    page.goto("/archive")
    page.wait_for_load_state("networkidle")


def index(page: Page) -> None:
    page.goto("/index")


# By name: what is done, language, scheme, width, and whether the whole page is shown or its first screen alone.
SHOTS: dict[str, tuple[Callable[[Page], None], str, str, int, bool]] = {
    "suggest": (suggest, "en", "light", 1280, False),
    "suggest-phone": (suggest, "ko", "dark", 390, False),
    "archive": (archive, "en", "light", 1280, False),
    "index": (index, "en", "light", 1280, False),
}


@contextmanager
def opened(browser_page: Callable[..., Page], language: str, scheme: str, width: int) -> Iterator[Page]:
    page = browser_page(
        locale={"en": "en-GB", "ko": "ko-KR"}[language],
        color_scheme=scheme,
        viewport={"width": width, "height": 844 if width < 500 else 900},
        device_scale_factor=2 if width < 500 else 1,
        timezone_id="Asia/Seoul",
    )
    try:
        yield page
    finally:
        page.close()


def main(url: str, folder: Path, everything: bool) -> None:
    shots = dict(SHOTS)
    if everything:
        shots = {
            f"{do.__name__}-{language}-{scheme}-{width}": (do, language, scheme, width, True)
            for do in (empty, suggest, archive, index)
            for language, scheme in (("en", "light"), ("ko", "dark"))
            for width in (390, 1280)
        }
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
        for name, (do, language, scheme, width, whole) in shots.items():
            with opened(lambda **how: browser.new_page(base_url=url, **how), language, scheme, width) as page:
                do(page)
                page.screenshot(path=folder / f"{name}.png", full_page=whole)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), "--all" in sys.argv)
