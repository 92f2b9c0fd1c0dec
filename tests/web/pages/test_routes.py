"""The pages as text, without a browser."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hashtag_recommender import assembly
from hashtag_recommender.web.application import create_app
from hashtag_recommender.web.guards.sessions import COOKIE
from hashtag_recommender.web.pages.languages import LANGUAGES, words_of
from hashtag_recommender.web.pages.login import local_path
from hashtag_recommender.web.pages.rendering import counted, size
from hashtag_recommender.web.pages.static_files import static_url
from hashtag_recommender.web.settings import ServerSettings

from .conftest import TOKEN

ROOT = Path(__file__).parents[3]
PAGES = ["/", "/archive", "/index", "/predict?text=coffee"]


def keys(words, above=()):
    for name, value in words.items():
        if isinstance(value, dict):
            yield from keys(value, (*above, name))
        else:
            yield (*above, name), sorted(set(re.findall(r"{\w*}", "".join(value))))


def test_all_languages_have_the_same_words_with_the_same_gaps():
    english = dict(keys({name: value for name, value in words_of("en").items() if name != "told"}))
    for language in LANGUAGES:
        assert dict(keys({name: value for name, value in words_of(language).items() if name != "told"})) == english


def test_no_word_is_named_as_what_templates_can_ask_of_a_table():
    """`words.copy` would be a method of the table, and not its word."""
    for path, _ in keys(words_of("en")):
        assert not any(hasattr(dict, name) for name in path), path


def test_what_is_translated_is_still_said():
    """A changed message would else be shown in English."""
    said = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "retrieval").rglob("*.py"))
    said += (ROOT / "core" / "rules.py").read_text(encoding="utf-8")
    said += (ROOT / "retrieval" / "selection" / "lists" / "spam.toml").read_text(encoding="utf-8")
    assert [message for message in words_of("ko")["told"] if message not in said] == []


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", "ko"),
        ("en-US,ko;q=0.5", "en"),
        ("fr,ko;q=0.2", "ko"),
        ("ja", "en"),
        ("ko;q=oops, en;q=0.1", "en"),
        ("", "en"),
    ],
)
def test_the_browser_tells_the_language(client, accepted, language):
    answer = client.get("/", headers={"accept-language": accepted})
    assert f'<html lang="{language}">' in answer.text and answer.headers["content-language"] == language


def test_a_chosen_language_is_remembered(client):
    assert '<html lang="ko">' in client.get("/?lang=ko").text
    assert '<html lang="ko">' in client.get("/archive").text
    assert '<html lang="en">' in client.get("/archive?lang=en&text=coffee").text
    assert '<html lang="en">' in client.get("/?lang=xx").text


class Elements(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_load_nothing_from_elsewhere_and_hold_no_script(client, path, language):
    page = client.get(path, headers={"accept-language": language})
    assert page.status_code == 200
    ids = []
    for tag, attributes in Elements(page.text).found:
        assert "style" not in attributes and not any(name.startswith("on") for name in attributes)
        assert tag != "style" and (tag != "script" or attributes["src"])
        for name in ("src", "href", "action"):
            assert re.match(r"[/#](?!/)", attributes.get(name, "/")), attributes
        ids += [attributes["id"]] if "id" in attributes else []
        if attributes.get("src", "").startswith("/static"):
            assert client.get(attributes["src"]).status_code == 200
    assert len(ids) == len(set(ids))


def test_files_of_pages_are_kept_and_nothing_else_is_served(client):
    kept = client.get(static_url("suggest.js"))
    assert kept.headers["content-type"].startswith("text/javascript") and "immutable" in kept.headers["cache-control"]
    old = client.get("/static/older/suggest.js")
    assert old.content == kept.content and old.headers["cache-control"] == "no-cache"
    for name in ("__init__.py", "..%2fpages%2flogin.py", "%2e%2e%2fsuggest.py", "gone.js", ""):
        assert client.get(f"/static/older/{name}").status_code == 404
    shipped = {file.name for file in files("hashtag_recommender.web.pages.static").iterdir()}
    for script in ("page.js", "suggest.js", "chips.js"):
        imported = re.findall(r'from "\./(.+?)"', client.get(static_url(script)).text)
        assert imported and set(imported) <= shipped


def test_the_form_works_as_browsers_send_it_without_a_script(client, demo):
    photo = (demo / "new" / "cat.jpg").read_bytes()
    fields = {"text": "sleepy <cat>", "count": "3", "platform": "", "mix": "", "given": "#pet, 집사", "author": ""}
    page = client.post("/suggestions", data=fields, files={"photo": ("cat.jpg", photo, "image/jpeg")})
    assert page.status_code == 200 and 'data-hashtag="cat"' in page.text and "sleepy &lt;cat&gt;" in page.text
    assert 'data-hashtag="집사"' not in page.text
    held = re.search(r'name="photo_ids" value="(upload-\w+)"', page.text)[1]
    again = client.post("/suggestions", data={**fields, "count": "2", "photo_ids": held}, files={"photo": ("", b"")})
    assert again.text.count('class="suggestion"') == 2
    assert client.get(f"/v1/photos/{held}").headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("fields", "photo", "status", "told"),
    [
        ({"text": "coffee", "count": "3", "platform": "nowhere"}, None, 400, "platform &#39;nowhere&#39; is not known"),
        ({"photo_ids": "upload-gone"}, None, 404, "no post &#39;upload-gone&#39;"),
        ({"count": "many"}, None, 422, "a field is wrong"),
        ({}, ("<b>.jpg", b"text"), 400, "&lt;b&gt;.jpg: not a photo"),
    ],
)
def test_what_cannot_be_answered_is_told_in_the_page(client, fields, photo, status, told):
    page = client.post("/suggestions", data=fields, files={"photo": photo or ("", b"")})
    assert page.status_code == status and told in page.text and 'id="suggest"' in page.text


def test_what_moved_a_hashtag_is_told_in_the_language_of_the_page(client):
    fields = {"text": "morning", "given": "#카페", "count": "5"}
    assert "how often it occurs with the given hashtags" in client.post("/suggestions", data=fields).text
    korean = client.post("/suggestions?lang=ko", data=fields).text
    assert "이미 단 해시태그와 함께 쓴 정도" in korean and "확률을 바꾼 것" in korean


def test_scores_are_called_what_they_are(client, service, monkeypatch):
    assert "share of the votes" in client.post("/suggestions", data={"text": "coffee"}).text
    monkeypatch.setattr(type(service.recommender), "has_probabilities", True)
    page = client.post("/suggestions", data={"text": "coffee"}).text
    assert "Bars show the probability" in page and "% probable" in page


def test_what_was_learned_and_cannot_be_read_is_told(client, monkeypatch):
    info = assembly.index_info
    monkeypatch.setattr(assembly, "index_info", lambda home: replace(info(home), unusable="damaged", notes=("a note",)))
    page = client.get("/index").text
    assert "What was learned cannot be read" in page and "a note" in page


def test_an_answer_is_asked_for_by_its_form_alone(client):
    assert client.get("/suggestions", follow_redirects=False).headers["location"] == "/"


def test_nothing_to_look_at_is_no_error(client):
    page = client.post("/suggestions", data={"text": "  "})
    assert page.status_code == 200 and 'class="empty"' in page.text


def test_what_was_done_is_told_once(client):
    done = client.post("/archive/rules?prefix=cof", data={"hashtag": "coffee", "kind": "block"}, follow_redirects=False)
    assert done.status_code == 303 and done.headers["location"] == "/archive?done=ruled&prefix=cof"
    assert "next suggestion follows it" in client.get(done.headers["location"]).text
    client.post("/archive/rules", data={"hashtag": "coffee", "kind": "remove"})
    assert "success" not in client.get("/archive?done=<script>").text
    assert client.post("/archive/posts/remove", data={"id": "nobody"}).status_code == 404
    assert client.post("/index/rollback", data={"snapshot": "nobody"}).status_code == 404


def test_predict_answers_people_and_programs(client):
    page = client.get("/predict", params={"text": "morning coffee", "n_label": 2})
    assert page.text.count('class="suggestion"') == 2 and "morning coffee" in page.text
    assert client.get("/predict?text=coffee", headers={"accept": "*/*"}).text.startswith("<!doctype html>")
    told = client.get("/predict?text=coffee", headers={"accept": "application/json"})
    assert told.json()["hashtags"]
    posted = client.post("/predict", json={"text": "coffee", "n_label": 1})
    assert posted.text.count('class="suggestion"') == 1


def test_errors_are_pages_for_people_and_documents_for_programs(client, service, monkeypatch):
    page = client.get("/nothing")
    assert page.status_code == 404 and "There is nothing here" in page.text
    assert client.get("/nothing", headers={"accept": "*/*"}).json()["code"] == "not_found"
    assert client.get("/archive?posts=many").status_code == 422
    monkeypatch.setattr(service.recommender, "hashtags", None)
    page = client.get("/archive", headers={"accept-language": "ko"})
    assert page.status_code == 500 and "잘되지 않았어요" in page.text and "Traceback" not in page.text


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ("/archive?text=a&posts=3", "/archive?text=a&posts=3"),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/보관함", "/%EB%B3%B4%EA%B4%80%ED%95%A8"),
    ],
)
def test_signing_in_leads_to_this_server_alone(told, path):
    assert local_path(told) == path


def test_a_token_is_shown_once(service):
    with TestClient(create_app(service, ServerSettings(tokens=(TOKEN,))), "https://127.0.0.1") as client:
        client.headers["accept"] = "text/html"
        assert client.get("/", follow_redirects=False).headers["location"] == "/login?next=/"
        wrong = client.post("/login", data={"token": "wrong", "next": "/index"})
        assert wrong.status_code == 403 and 'value="/index"' in wrong.text and COOKIE not in client.cookies
        right = client.post("/login", data={"token": TOKEN, "next": "/index"}, follow_redirects=False)
        assert (right.status_code, right.headers["location"]) == (303, "/index")
        cookie = right.headers["set-cookie"]
        assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Secure")) and TOKEN not in cookie
        assert "Sign out" in client.get("/index").text
        client.post("/logout")
        assert client.get("/index", follow_redirects=False).status_code == 303


def test_without_tokens_there_is_nothing_to_sign_in_to(client):
    assert client.get("/login", follow_redirects=False).headers["location"] == "/"
    assert "Sign out" not in client.get("/").text


def test_numbers_in_words():
    assert [counted(["{n} post", "{n} posts"], n) for n in (0, 1, 1200)] == ["0 posts", "1 post", "1,200 posts"]
    assert [size(n) for n in (900, 9_127_001, 52_000_000_000)] == ["0.9 kB", "9.1 MB", "52 GB"]
