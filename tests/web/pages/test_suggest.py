"""The page of suggestions, as a person uses it in a browser."""

import re

import pytest

from hashtag_recommender import assembly

from .conftest import kept, wait_for_answer

pytestmark = pytest.mark.browser
CAPTION = "오랜만에 단골 카페, espresso 한 잔의 여유"


def upload(page, photo):
    page.set_input_files("#photo", photo)
    wait_for_answer(page)


def drop_event(page, kind, photo):
    """Give a photo to the page as a browser does when one is dropped or pasted."""
    page.evaluate(
        """async ([kind, bytes]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "new.jpg", { type: "image/jpeg" }));
            const how = { bubbles: true, cancelable: true };
            document.querySelector("#text").dispatchEvent(kind === "paste"
                ? new ClipboardEvent("paste", { ...how, clipboardData: transfer })
                : new DragEvent(kind, { ...how, dataTransfer: transfer }));
        }""",
        [kind, list(photo.read_bytes())],
    )


def hold_first(page):
    """Let the first request for suggestions wait until it is told to go on."""
    held = []
    page.route("**/suggestions", lambda route: route.continue_() if held else held.append(route))
    return held


def test_a_photo_brings_chips_in_order_with_bars_and_evidence(visitor, demo):
    page = visitor.open()
    assert page.locator(".empty").is_visible()
    upload(page, demo / "new" / "coffee.jpg")
    scores = [int(told.rstrip("%")) for told in page.locator(".score > [aria-hidden]").all_inner_texts()]
    assert scores == sorted(scores, reverse=True) and len(scores) > 3
    assert "#coffee" in kept(page)
    assert page.locator(".filled").count() == len(scores)
    assert page.locator("#status").inner_text() == f"{len(scores)} hashtags suggested"
    first = page.locator(".suggestion").first
    first.locator("summary").click()
    assert first.locator("h3").first.inner_text() == "Similar photos"
    assert re.fullmatch(r"similarity 0\.\d\d", first.locator(".similarity").first.inner_text())
    shown = first.locator(".neighbours img").first
    page.wait_for_function("image => image.naturalWidth > 0", arg=shown.element_handle())
    assert "share of the votes" in page.locator("#answer").inner_text()


def test_a_caption_alone_asks_after_a_pause_and_a_control_at_once(visitor):
    page = visitor.open()
    page.locator("#text").press_sequentially("morning coffee at the café", delay=5)
    wait_for_answer(page)
    page.select_option("#count", "2")
    page.wait_for_function("() => document.querySelectorAll('.suggestion').length === 2")
    page.locator(".tick", has_text="Korean").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.chip')].every(c => !/[a-z]/i.test(c.dataset.hashtag))"
    )
    page.fill("#text", "")
    page.wait_for_selector("#answer .empty")


def test_photos_are_sent_once_and_are_named_by_their_id_then(visitor, site, demo, monkeypatch):
    page = visitor.open()
    sent, put = [], site.service.uploads.put
    monkeypatch.setattr(site.service.uploads, "put", lambda content: sent.append(content) or put(content))
    upload(page, demo / "new" / "cat.jpg")
    page.select_option("#count", "3")
    page.wait_for_function("() => document.querySelectorAll('.suggestion').length === 3")
    assert sent == [(demo / "new" / "cat.jpg").read_bytes()] and kept(page)[0] == "#cat"


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_photos_are_dropped_and_pasted_and_taken_away(visitor, demo, kind):
    page = visitor.open()
    drop_event(page, kind, demo / "new" / "cat.jpg")
    wait_for_answer(page)
    assert "#cat" in kept(page)
    drop_event(page, kind, demo / "new" / "flower.jpg")
    page.wait_for_function("() => document.querySelectorAll('#photos [name=photo_ids]').length === 2")
    page.get_by_role("button", name="Remove photo 1").click()
    page.wait_for_function("() => document.querySelectorAll('#photos [name=photo_ids]').length === 1")
    page.get_by_role("button", name="Remove photo 1").click()
    page.wait_for_selector("#answer .empty")


def test_what_the_server_holds_no_more_is_sent_again(visitor, site, demo):
    page = visitor.open()
    upload(page, demo / "new" / "cat.jpg")
    held = page.locator("[name=photo_ids]").input_value()
    site.service.uploads._recent._entries.pop(held)
    page.select_option("#count", "2")
    page.wait_for_function("() => document.querySelectorAll('.suggestion').length === 2")
    assert site.service.uploads.get(held) is not None
    visitor.forgive(404)


def test_progress_is_shown_and_an_older_answer_never_overwrites_a_newer_one(visitor, demo):
    page = visitor.open()
    held = hold_first(page)
    page.set_input_files("#photo", demo / "new" / "cat.jpg")
    page.wait_for_selector("#progress:not([hidden])")
    assert page.locator(".thumb.waiting img").get_attribute("alt") == "cat.jpg"
    assert page.locator("#answer").get_attribute("aria-busy") == "true"
    page.fill("#text", "first words")
    page.wait_for_timeout(900)
    assert len(held) == 1  # the second waits for the first
    held[0].continue_()
    page.wait_for_function("() => document.querySelector('#answer').dataset.text === 'first words'")
    assert page.locator("#progress").is_hidden()


def test_another_photo_gives_up_the_request_under_way(visitor, demo):
    page = visitor.open()
    held = hold_first(page)
    page.set_input_files("#photo", demo / "new" / "cat.jpg")
    page.wait_for_selector("#progress:not([hidden])")
    upload(page, demo / "new" / "coffee.jpg")
    assert held and "#coffee" in kept(page) and "#cat" not in kept(page)


def test_keep_drop_and_copy(visitor, demo):
    page = visitor.open(permissions=["clipboard-read", "clipboard-write"])
    upload(page, demo / "new" / "coffee.jpg")
    dropped = page.locator(".chip").nth(1)
    hashtag = dropped.get_attribute("data-hashtag")
    dropped.click()
    assert dropped.get_attribute("aria-pressed") == "false" and f"#{hashtag}" not in kept(page)
    page.get_by_role("button", name="Copy all").click()
    page.wait_for_function("() => document.querySelector('#status').textContent.includes('copied')")
    assert page.evaluate("navigator.clipboard.readText()") == " ".join(kept(page))
    # What was dropped stays so in the next answer.
    page.locator("#text").fill("coffee")
    page.wait_for_function("() => document.querySelector('#answer').dataset.text === 'coffee'")
    assert page.locator(f'.chip[data-hashtag="{hashtag}"]').get_attribute("aria-pressed") == "false"


def test_copying_without_a_clipboard(visitor):
    """As over HTTP from another machine, where browsers have none."""
    page = visitor.open(None)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto("/")
    page.fill("#text", "coffee in the morning")
    wait_for_answer(page)
    copied = " ".join(kept(page))
    page.click("#copy")
    page.fill("#given", "")
    page.focus("#given")
    page.keyboard.press("Control+V")
    assert page.input_value("#given") == copied


def test_feedback_is_stored_and_shown(visitor, site, demo):
    page = visitor.open()
    upload(page, demo / "new" / "coffee.jpg")
    row = page.locator(".suggestion").first
    hashtag = row.locator(".chip").get_attribute("data-hashtag")
    row.locator(".thumb-up").click()
    page.wait_for_function("() => document.querySelector('.thumb-up').getAttribute('aria-pressed') === 'true'")
    row.locator(".thumb-down").click()
    page.wait_for_function("() => document.querySelector('.thumb-down').getAttribute('aria-pressed') === 'true'")
    assert row.locator(".thumb-up").get_attribute("aria-pressed") == "false"
    assert "Stored" in page.locator("#status").inner_text()
    with site.service.home.database() as database:
        [judgement] = [one for one in database.feedback.judgements() if one.hashtag == hashtag.casefold()]
    assert judgement.verdict == "reject"


def test_feedback_on_a_photo_that_is_held_no_more_sends_it_again(visitor, site, demo):
    page = visitor.open()
    upload(page, demo / "new" / "tower.jpg")
    site.service.uploads._recent._entries.pop(page.locator("[name=photo_ids]").input_value())
    page.locator(".thumb-up").nth(1).click()
    page.wait_for_function("() => document.querySelectorAll('.thumb-up')[1].getAttribute('aria-pressed') === 'true'")
    visitor.forgive(404)


def test_spam_is_told_apart(visitor):
    page = visitor.open()
    page.fill("#text", "red tower by the lake")
    wait_for_answer(page)
    removed = page.locator(".removed").inner_text()
    assert "spam" in removed and "#맞팔" in removed and "asks for follows in return" in removed


def test_what_cannot_be_done_is_told_with_a_way_out(visitor, demo, tmp_path):
    page = visitor.open()
    (tmp_path / "notes.jpg").write_text("no photo")
    page.set_input_files("#photo", tmp_path / "notes.jpg")
    page.wait_for_selector("#answer .failure")
    assert "notes.jpg: not a photo" in page.locator("#answer").inner_text()
    visitor.forgive(400)
    page.get_by_role("button", name="Remove photo").click()
    page.wait_for_selector("#answer .empty")
    page.fill("#text", "coffee")
    wait_for_answer(page)
    page.select_option("#platform", "instagram")
    page.select_option("#count", "9")
    page.wait_for_selector("#answer .failure")
    assert "takes at most 5" in page.locator("#answer").inner_text()
    visitor.forgive(400)


def test_a_busy_server_offers_to_try_again(visitor, site, monkeypatch):
    page = visitor.open()
    monkeypatch.setattr(site.service._texts, "_longest", 0)
    page.fill("#text", "coffee")
    page.wait_for_selector("#answer .failure")
    visitor.forgive(503)
    monkeypatch.undo()
    page.get_by_role("button", name="Try again").click()
    wait_for_answer(page)


def test_a_server_that_is_gone_is_told(visitor):
    page = visitor.open()
    page.route("**/suggestions", lambda route: route.abort())
    page.fill("#text", "coffee")
    page.wait_for_selector("#message:not([hidden])")
    assert "does not answer" in page.locator("#message").inner_text()
    visitor.complaints.clear()  # the browser says so, too


def test_in_korean_from_a_phone(visitor, demo):
    page = visitor.open(locale="ko-KR", width=390, color_scheme="dark", has_touch=True)
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.get_by_role("heading", level=1).inner_text() == "새 게시물에 달 해시태그"
    page.fill("#text", CAPTION)
    upload(page, demo / "new" / "coffee.jpg")
    page.get_by_text("해시태그 추천받기").click()
    page.wait_for_selector("#answer:not([aria-busy])")
    page.wait_for_function("() => document.querySelector('#answer').getBoundingClientRect().top < 200")
    page.locator(".why summary").first.click()
    assert page.locator(".evidence h3").first.inner_text() == "비슷한 사진"
    assert "표의 몫" in page.locator(".notes").inner_text()


def test_the_keyboard_is_enough(visitor, demo):
    """Skip to the content, write, choose a control, keep and drop, unfold, judge."""
    page = visitor.open(permissions=["clipboard-read", "clipboard-write"])
    press = page.keyboard.press

    def focused(selector):
        return page.evaluate("selector => document.activeElement.matches(selector)", selector)

    def tab_to(selector):
        for _ in range(60):
            press("Tab")
            if focused(selector):
                outline = page.evaluate("""() => {
                    const here = document.activeElement;
                    const shown = here.nextElementSibling ?? here;
                    return [here, shown].map(one => getComputedStyle(one).outlineStyle).join(" ");
                }""")
                assert "solid" in outline, selector
                return
        raise AssertionError(f"no way to {selector}")

    press("Tab")
    assert focused(".skip")
    press("Enter")
    tab_to("#photo")
    tab_to("#text")
    page.keyboard.type("coffee in the morning")
    wait_for_answer(page)
    assert focused("#text")
    tab_to("#count")
    press("ArrowDown")
    page.wait_for_function("() => document.querySelectorAll('.suggestion').length === 1")
    assert focused("#count")
    tab_to("[name=mix]")
    press("ArrowRight")
    page.wait_for_selector("#answer:not([aria-busy])")
    tab_to("#copy")
    press("Enter")
    tab_to(".chip")
    press("Space")
    assert page.locator(".chip").first.get_attribute("aria-pressed") == "false"
    tab_to(".thumb-up")
    press("Enter")
    page.wait_for_selector(".thumb-up[aria-pressed=true]")
    tab_to(".why summary")
    press("Enter")
    assert page.locator(".evidence").first.is_visible()


def test_without_javascript(visitor, demo):
    page = visitor.open(java_script_enabled=False)
    page.set_input_files("#photo", demo / "new" / "cat.jpg")
    page.fill("#text", "sleepy cat")
    page.get_by_role("button", name="Suggest hashtags").click()
    assert "#cat" in kept(page) and page.locator("#copy").is_hidden()
    assert page.input_value("#text") == "sleepy cat"
    page.locator("#controls summary").first.click()
    page.select_option("#count", "2")
    page.get_by_role("button", name="Suggest hashtags").click()
    assert page.locator(".suggestion").count() == 2 and page.locator("#photos img").count() == 1


def test_a_new_snapshot_is_not_needed_for_a_rule(visitor, site):
    """What is blocked on the page of the archive is gone from the next answer."""
    with assembly.rule_store(site.service.home) as rules:
        rules.block("coffee")
    try:
        page = visitor.open()
        page.fill("#text", "coffee in the morning")
        wait_for_answer(page)
        assert "#coffee" not in kept(page) and "blocked by you" in page.locator(".removed").inner_text()
    finally:
        with assembly.rule_store(site.service.home) as rules:
            rules.remove("coffee")
