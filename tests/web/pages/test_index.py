"""The page of the index, as a person uses it in a browser."""

from dataclasses import replace

import pytest

from hashtag_recommender import assembly
from hashtag_recommender.retrieval.reranking.reports import Reliability, RerankerReport
from hashtag_recommender.retrieval.voting.ranking import Calibration

pytestmark = pytest.mark.browser

REPORT = RerankerReport(
    posts=812,
    clusters=800,
    vote_f1={5: 0.41, 10: 0.35},
    reranker_f1={5: 0.47, 10: 0.39},
    calibration=Calibration(1.0, 0.0),
    threshold=0.24,
    auto_f1=0.52,
    auto_count=6.3,
    ece=0.021,
    reliability=tuple(Reliability(100, p, p + 0.02) for p in (0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.95)),
)


def test_what_serves_and_what_was_done(visitor, site):
    page = visitor.open("/index", timezone_id="Asia/Seoul")
    serving = page.locator("#serving").inner_text()
    assert site.service.recommender.snapshot in serving and "Similar photos" in serving and "75" in serving
    built = page.locator("#serving time")
    assert built.get_attribute("title").endswith("UTC") and "UTC" not in built.inner_text()
    assert "Too few posts" in page.locator("#quality").inner_text()
    runs = page.locator(".runs > li").all_inner_texts()
    commands = [next(known for known in ("index refresh", "index build", "") if known in run) for run in runs]
    assert "index refresh" in commands and commands[-1] == "index build"  # other tests may have added to them
    assert page.locator(".snapshots > li").count() == 2


def test_back_and_forth(visitor, site):
    newer = site.service.recommender.snapshot
    page = visitor.open("/index")
    page.get_by_role("button", name="Roll back to the previous one").click()
    page.get_by_role("button", name="Cancel").click()
    assert site.service.recommender.snapshot == newer
    page.get_by_role("button", name="Roll back to the previous one").click()
    page.locator("#confirm button[value=yes]").click()
    page.wait_for_selector("#done .success")
    assert site.service.recommender.snapshot < newer and newer not in page.locator("#serving").inner_text()
    assert "no earlier snapshot" in page.locator("#serving").inner_text()
    assert "rolled back" in page.locator(".runs > li").first.inner_text()
    page.get_by_role("button", name=f"Put in service: {newer}").click()
    page.locator("#confirm button[value=yes]").click()
    page.wait_for_function("name => document.querySelector('#serving .name').textContent === name", arg=newer)
    assert site.service.recommender.snapshot == newer


@pytest.mark.parametrize("width", [390, 1280])
def test_quality_and_reliability(visitor, monkeypatch, width, axe):
    info = assembly.index_info
    monkeypatch.setattr(assembly, "index_info", lambda home: replace(info(home), report=REPORT))
    page = visitor.open("/index", width=width, locale="ko-KR")
    told = page.locator("#quality").inner_text()
    assert "0.47" in told and "투표 0.41" in told and "0.021" in told
    assert page.locator("#quality svg circle").count() == len(REPORT.reliability)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
