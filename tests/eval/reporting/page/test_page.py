"""The page as text, and as a browser shows it."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from hashtag_recommender.eval.reporting.page import choose_examples, render_page
from hashtag_recommender.eval.reporting.report import build_report
from hashtag_recommender.retrieval.encoders.photos import read_photo

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")  # as tests/browser.sh looks for
SECTIONS = ["ranking", "measures", "curves", "frequency", "reliability", "learning", "examples", "published", "rules"]


@pytest.fixture
def page(evaluated):
    trial, results, report = evaluated
    return render_page(report, choose_examples(trial, results, read_photo))


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_the_page_needs_nothing_but_itself(page):
    for tag, attributes in Elements(page).found:
        assert tag not in ("script", "iframe", "object", "embed")
        for name in ("src", "href", "action", "poster"):
            assert attributes.get(name, "data:").startswith("data:"), (tag, attributes)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page


def test_the_page_holds_what_it_is_for(page, evaluated):
    _, _, report = evaluated
    assert [attributes["id"] for tag, attributes in Elements(page).found if tag == "section"] == SECTIONS
    for told in (
        "Retrieval",
        "2 test posts have a near-duplicate",
        "not comparable",
        "best: epoch 2",
        "learning rate 0.001",
        "VGG-Object",
        "the photo cannot be shown",
        "우리 집 막내 😺",
        "日本の海",
        "#고양이",
        *report["rules"],
    ):
        assert told in page, told


def test_systems_stand_best_first_and_the_ceiling_apart(page, evaluated):
    """The ceiling reaches most, and has no bar beside the others."""
    ranking = page[page.index('id="ranking"') : page.index('id="measures"')]
    rows = ranking.split("<tr ")[1:]
    f1s = [float(re.search(r'<td class="measured">\s*(?:<div[^>]*>)?(\d\.\d+)', row)[1]) for row in rows]
    assert f1s[:-1] == sorted(f1s[:-1], reverse=True) and f1s[-1] > f1s[0]
    assert rows[-1].startswith('class="ceiling"') and 'class="bar"' not in rows[-1]
    by_name = {system["name"]: system["metrics"]["micro"]["5"]["f1"] for system in evaluated[2]["systems"]}
    assert sorted(f1s) == [round(f1, 3) for f1 in sorted(by_name.values())]


def test_what_comes_from_outside_is_text(page):
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;") > 10


def test_what_is_missing_leaves_no_hole(evaluated):
    """One system that says nothing, no curves, no leaks, a single post."""
    trial, results, report = evaluated
    alone = replace(trial, test=trial.test[2:3])
    mute = [replace(results[0], ranked=[[]])]
    report = build_report(alone, mute, split={**report["split"], "leaks": 0}, dataset="one", spam=set())
    page = render_page(report, choose_examples(alone, mute, read_photo))
    assert "Only popularity was judged" in page and 'id="learning"' not in page
    assert "near-duplicate among" not in page


def browse(path, profile, *options):
    """What Chromium says of a page on standard error, and what it prints."""
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if chromium is None:
        missing = "the page is tested in a browser: install Debian's package chromium (apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    silent = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    logging = ["--enable-logging=stderr", "--v=0", "--virtual-time-budget=5000"]
    command = [chromium, *flags, *silent, *logging, f"--user-data-dir={profile}", *options, path.as_uri()]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True, timeout=120)
    return ran.stderr, ran.stdout


@pytest.mark.parametrize(("ci", "result"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_without_a_browser_tests_are_skipped_and_in_ci_they_fail(tmp_path, monkeypatch, ci, result):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(result, match="apt-get install chromium"):
        browse(tmp_path / "page.html", tmp_path)


def complaints(said):
    """Lines in which a page wrote to the console, or asked for what it did not get."""
    return [line for line in said.splitlines() if "CONSOLE" in line or "net_error" in line or "ERR_" in line]


@pytest.mark.browser
@pytest.mark.parametrize("options", [[], ["--blink-settings=preferredColorScheme=0"]], ids=["light", "dark"])
def test_a_browser_has_nothing_to_complain_of(page, tmp_path, options):
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    said, seen = browse(tmp_path / "report.html", tmp_path / "profile", "--dump-dom", *options)
    assert complaints(said) == []
    parsed = [tag for tag, _ in Elements(seen).found]
    assert parsed.count("section") == len(SECTIONS) and parsed.count("article") == 10
    assert "script" not in parsed and parsed.count("svg") == 2 + 1 + 2
    assert "우리 집 막내 😺" in seen


@pytest.mark.browser
def test_a_browser_complains_where_there_is_reason(tmp_path):
    """The test above would notice."""
    bad = tmp_path / "bad.html"
    policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">"
    bad.write_text(f"<!doctype html>{policy}<img src='gone.jpg'><script>1</script>", encoding="utf-8")
    assert len(complaints(browse(bad, tmp_path / "profile", "--dump-dom")[0])) == 2


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_sticks_out_of_the_window(page, tmp_path, width):
    """In a frame of that width, a script (of the test, not of the page) measures how wide the page is."""
    (tmp_path / "report.html").write_text(page, encoding="utf-8")
    measure = "document.title = frame.contentDocument.documentElement.scrollWidth"
    frame = f'<iframe id="frame" src="report.html" onload="{measure}" style="width:{width}px;height:900px;border:0">'
    (tmp_path / "frame.html").write_text(f"<!doctype html>{frame}</iframe>", encoding="utf-8")
    options = ("--dump-dom", "--allow-file-access-from-files", "--hide-scrollbars", "--window-size=1400,1000")
    _, seen = browse(tmp_path / "frame.html", tmp_path / "profile", *options)
    assert f"<title>{width}</title>" in seen
