"""The page of the archive, as a person uses it in a browser."""

import pytest

from hashtag_recommender import assembly

from .conftest import kept, wait_for_answer

pytestmark = pytest.mark.browser


def confirm(page):
    page.locator("#confirm button[value=yes]").click()


def test_search(visitor):
    page = visitor.open("/archive")
    assert page.locator(".post").count() == 24
    page.fill("#search", "coffee")
    page.wait_for_function("() => document.querySelectorAll('.post').length < 24")
    assert all("coffee" in text.lower() for text in page.locator(".post").all_inner_texts())
    assert "text=coffee" in page.url
    page.reload()
    assert page.input_value("#search") == "coffee" and page.locator(".post").count() < 24
    page.fill("#search", "no post says this")
    page.wait_for_selector("#found .empty")
    assert "fewer letters" in page.locator("#found").inner_text()
    page.get_by_role("link", name="Show all posts").click()
    page.wait_for_selector(".post")
    page.locator("#found .more-link").click()
    page.wait_for_function("() => document.querySelectorAll('.post').length === 48")
    page.select_option("#by-source", "added")
    page.wait_for_function("() => document.querySelectorAll('.post').length === 1")
    assert "by mina" in page.locator(".post").inner_text()


def test_a_post_is_added_found_suggested_and_removed(visitor, demo):
    page = visitor.open("/archive")
    page.set_input_files("#new-photo", demo / "new" / "motorcycle.jpg")
    page.fill("#new-text", "polishing the chrome")
    page.fill("#new-hashtags", "#chrome 크롬")
    page.fill("#new-author", "mina")
    page.fill("#new-date", "2030-01-02")
    page.get_by_role("button", name="Add to the archive").click()
    page.wait_for_selector("#done .success")
    assert "in the archive" in page.locator("#status").inner_text() and page.input_value("#new-text") == ""
    first = page.locator(".post").first
    assert "polishing the chrome" in first.inner_text() and "#크롬" in first.inner_text()
    assert "2030" in first.locator("time").inner_text()

    asking = visitor.open()
    asking.fill("#text", "polishing the chrome")
    wait_for_answer(asking)
    assert "#chrome" in kept(asking)

    first.get_by_role("button", name="Remove").click()
    assert "for good" in page.locator("#confirm").inner_text()
    page.get_by_role("button", name="Cancel").click()
    assert page.locator(".post").first.inner_text().startswith("polishing")
    first.get_by_role("button", name="Remove").click()
    confirm(page)
    page.wait_for_function("() => !document.querySelector('.post').textContent.includes('polishing')")
    assert "removed" in page.locator("#done").inner_text()


def test_a_post_that_cannot_be_added_stays_in_the_form(visitor, tmp_path):
    page = visitor.open("/archive")
    (tmp_path / "notes.jpg").write_text("no photo")
    page.set_input_files("#new-photo", tmp_path / "notes.jpg")
    page.fill("#new-hashtags", "#alone")
    page.get_by_role("button", name="Add to the archive").click()
    page.wait_for_selector("#done .failure")
    assert page.input_value("#new-hashtags") == "#alone"
    visitor.forgive(400)


def test_hashtags_are_found_blocked_and_freed(visitor, site):
    page = visitor.open("/archive")
    assert "No rules of yours yet" in page.locator("#rules").inner_text()
    page.fill("#prefix", "커피")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.hashtags tbody th bdi')].every(h => /^#커피/.test(h.textContent))"
    )
    page.get_by_role("button", name="Block #커피", exact=True).click()
    page.wait_for_selector("#done .success")
    assert "blocked by you" in page.locator("#hashtags-found").inner_text()
    assert "never suggested" in page.locator("#rules").inner_text()
    page.get_by_role("button", name="Remove the rule on #커피").click()
    page.wait_for_selector("#rules .empty")
    page.fill("#prefix", "맞팔")
    page.wait_for_selector("#hashtags-found .is-blocked")
    assert "asks for follows" in page.locator("#hashtags-found").inner_text()
    page.get_by_role("button", name="Allow #맞팔").click()
    page.wait_for_selector("#hashtags-found tr:not(.is-blocked) td")
    assert "although the list blocks it" in page.locator("#rules").inner_text()
    with assembly.rule_store(site.service.home) as rules:
        rules.remove("맞팔")
    # Also one that no post carries yet.
    page.fill("#prefix", "zzz")
    page.get_by_role("button", name="Block #zzz").click()
    page.get_by_role("button", name="Remove the rule on #zzz").click()
    page.wait_for_selector("#rules .empty")


def test_in_korean_and_without_javascript(visitor):
    page = visitor.open("/archive", locale="ko-KR", width=390, java_script_enabled=False)
    assert page.get_by_role("heading", level=1).inner_text() == "보관함"
    page.fill("#search", "고양이")
    page.locator(".search").first.get_by_role("button").click()
    assert "게시물" in page.locator("#found .hint").inner_text()
    page.fill("#prefix", "카페")
    page.locator(".search").nth(1).get_by_role("button").click()
    page.get_by_role("button", name="#카페 차단", exact=True).click()
    assert "규칙을 저장했습니다" in page.locator("#done").inner_text()
    page.get_by_role("button", name="#카페 규칙 삭제").click()
    assert page.locator("#rules .empty").is_visible()
