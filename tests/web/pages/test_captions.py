"""Captions on the page of suggestions, with a script and without."""

import re

import pytest

from hashtag_recommender.core.caption_cleaning import clean_caption
from hashtag_recommender.web.pages.languages import words_of

from .conftest import kept, wait_for_answer

COFFEE = "coffee in the morning"


def section(page):
    """The part of a page that shows captions."""
    return re.search(r'<section id="captions".*?</section>', page.text, re.DOTALL)[0]


def test_the_form_works_as_browsers_send_it_without_a_script(client, demo):
    photo = (demo / "new" / "cat.jpg").read_bytes()
    fields = {"text": "sleepy <cat>", "count": "3", "given": "#pet, 집사"}
    page = client.post("/captions", data=fields, files={"photo": ("cat.jpg", photo, "image/jpeg")})
    assert page.status_code == 200 and section(page).count('class="words"') == 3
    assert 'data-hashtag="cat"' in page.text and "sleepy &lt;cat&gt;" in page.text, "hashtags and form stay"
    held = re.search(r'name="photo_ids" value="(upload-\w+)"', page.text)[1]
    alone = client.post("/captions?alone=true", data={**fields, "photo_ids": held})
    assert "data-hashtag" not in alone.text
    assert section(alone) == section(page)
    assert 'class="words"' not in client.post("/suggestions", data=fields).text
    assert client.get("/captions", follow_redirects=False).headers["location"] == "/"


def test_a_caption_says_whose_it_is(client):
    told = section(client.post("/captions", data={"text": "red tower by the lake"}))
    first, second = told.split("<li>")[1:3]
    assert "red tower by the lake" in first and "From a post by <bdi>mina</bdi>" in first
    assert 'class="id"' not in first and "added-" not in first, "nobody told its id"
    assert "From a post of the archive" in second and re.search(r'class="id">\d{3}<', second)
    assert re.search(r'src="/v1/photos/\d+-0"', first)


def test_hashtags_are_enough_and_nothing_is_no_error(client):
    assert 'class="words"' in section(client.post("/captions?alone=true", data={"given": "#coffee"}))
    empty = client.post("/captions", data={"text": " "})
    assert empty.status_code == 200 and "Add a photo, a caption or hashtags first." in section(empty)
    refused = client.post("/captions?alone=true", data={"text": "coffee", "languages": "xx"})
    assert refused.status_code == 400 and "&#39;xx&#39; is not known" in section(refused)
    unread = client.post("/captions?alone=true", files={"photo": ("a.jpg", b"text")})
    assert unread.status_code == 400 and "a.jpg: not a photo" in section(unread)


@pytest.mark.parametrize(("language", "told"), [("en", "similar posts left out: their"), ("ko", "뺐습니다: 글이 다른")])
def test_what_is_left_out_is_told_in_the_language_of_the_page(client, language, told):
    fields = {"text": "카페 커피", "languages": "th"}
    assert told in section(client.post(f"/captions?alone=true&lang={language}", data=fields))
    everything = "@me https://a.example a@b.example © Me\n#tag 2024.05.03 5,000원 02-123-4567"
    assert {*clean_caption(everything).removed} == words_of(language)["captions"]["kinds"].keys()


@pytest.mark.browser
def test_captions_come_by_their_button_and_go_when_the_post_changes(visitor, demo):
    page = visitor.open(permissions=["clipboard-read", "clipboard-write"])
    page.set_input_files("#photo", demo / "new" / "coffee.jpg")
    wait_for_answer(page)
    page.locator(".chip").first.click()
    page.focus("#suggest-captions")
    page.keyboard.press("Enter")
    page.wait_for_selector("ol.captions")
    assert page.locator("#status").inner_text() == "3 captions suggested"
    assert page.evaluate("document.activeElement.id") == "suggest-captions"
    assert page.locator(".chip").first.get_attribute("aria-pressed") == "false", "only this part is new"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-copy][data-said='Caption copied']")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator(".words").first.inner_text()
    page.select_option("#count", "2")
    page.wait_for_function("() => document.querySelectorAll('.suggestion').length === 2")
    assert page.locator(".words").count() == 3, "other hashtags are wanted of the same post"
    for change in (lambda: page.fill("#text", COFFEE), lambda: page.get_by_role("button", name="Remove photo").click()):
        page.click("#suggest-captions")
        page.wait_for_selector("ol.captions")
        change()
        assert page.locator("ol.captions").count() == 0


@pytest.mark.browser
def test_captions_for_an_earlier_post_are_not_shown(visitor):
    page = visitor.open()
    page.fill("#text", COFFEE)
    held = []
    page.route("**/captions?*", lambda route: route.continue_() if held else held.append(route))
    page.click("#suggest-captions")
    page.wait_for_selector("#captions-progress:not([hidden])")
    page.fill("#text", "sleepy cat")
    assert page.locator("#captions-progress").is_hidden()
    with page.expect_response("**/captions?*"):
        held[0].continue_()
    wait_for_answer(page)
    assert page.locator("ol.captions").count() == 0


@pytest.mark.browser
def test_a_photo_that_is_held_no_more_is_sent_again(visitor, site, demo):
    page = visitor.open()
    page.set_input_files("#photo", demo / "new" / "cat.jpg")
    wait_for_answer(page)
    site.service.uploads._recent._entries.pop(page.locator("[name=photo_ids]").input_value())
    page.click("#suggest-captions")
    page.wait_for_selector("ol.captions")
    visitor.forgive(404)


@pytest.mark.browser
def test_what_fails_is_told(visitor, site, monkeypatch):
    page = visitor.open()
    page.fill("#text", COFFEE)
    wait_for_answer(page)
    monkeypatch.setattr(site.service._texts, "_longest", 0)
    page.click("#suggest-captions")
    page.wait_for_selector("#captions .failure")
    visitor.forgive(503)
    page.route("**/captions?*", lambda route: route.abort())
    page.click("#suggest-captions")
    page.wait_for_selector("#message:not([hidden])")
    assert page.locator("#captions .failure").count() == 0 and page.locator("#captions-progress").is_hidden()
    visitor.complaints.clear()  # the browser says so, too


@pytest.mark.browser
def test_without_javascript_in_korean(visitor, demo):
    page = visitor.open(java_script_enabled=False, locale="ko-KR", width=390)
    page.set_input_files("#photo", demo / "new" / "cat.jpg")
    page.fill("#text", "낮잠 자는 고양이")
    page.get_by_role("button", name="글 추천받기", exact=True).click()
    assert page.locator(".words").count() == 3 and page.locator("[data-copy]").first.is_hidden()
    assert page.url.endswith("/captions#captions"), "where they are"
    assert "보관함의 게시물에서" in page.locator(".whose").first.inner_text()
    assert page.input_value("#text") == "낮잠 자는 고양이" and page.locator("#photos img").count() == 1
    assert "#cat" in kept(page)
