"""Who may ask, from which page, under which name, and how often; and what nobody is told."""

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.web.guards.access import RateLimit
from hashtag_recommender.web.guards.sessions import COOKIE, LIFETIME, open_session
from hashtag_recommender.web.settings import LEAST_TOKEN, ServerSettings, read_tokens

from .conftest import CAT, HERE, TOKEN, Serve, client_of, problem

OTHER = "another-token-of-this-test"
ASKED = {"text": CAT}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
OPEN = ("/healthz", "/readyz", "/openapi.json")
CLOSED = (
    "/v1/posts",
    "/v1/hashtags",
    "/v1/rules",
    "/v1/index",
    "/metrics",
    "/v1/photos/1-0",
    "/predict?text=cat",
    "/x",
)


@pytest.fixture
def guarded(serve: Serve) -> Any:
    """Asks a server that demands a token."""
    return serve(tokens=(TOKEN, OTHER))


@pytest.mark.parametrize("token", [TOKEN, OTHER])
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_opens_the_server(guarded: Any, scheme: str, token: str) -> None:
    asked = guarded.post("/v1/suggest", json=ASKED, headers={"Authorization": f"{scheme} {token}"})
    assert asked.status_code == 200, asked.text


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong-token-of-this-test",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN.upper()}",
        f"Bearer {TOKEN} {OTHER}",
        f"Bearer {TOKEN},{OTHER}",
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        TOKEN,
        f"Bearer\t{TOKEN}",
        "Bearer " + "x" * 60_000,
        "Bearer 토큰토큰토큰토큰토큰토큰".encode(),
        b"Bearer \xff\xfe\x80",
    ],
)
def test_anything_else_does_not(guarded: Any, shown: Any) -> None:
    headers = {} if shown is None else {"Authorization": shown}
    told = guarded.post("/v1/suggest", json=ASKED, headers=headers)
    problem(told, 401, "token")
    assert told.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in told.text


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "PUT", "OPTIONS", "BREW"])
def test_nothing_of_the_archive_is_told_without_a_token(guarded: Any, path: str, method: str) -> None:
    assert guarded.request(method, path).status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_some_paths_are_open(guarded: Any, path: str) -> None:
    assert guarded.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../v1/posts",
        "/healthz/../v1/posts",
        "//healthz/v1/posts",
        "/static/..%2fv1/posts",
        "/healthz;/v1/posts",
    ],
)
def test_no_detour_over_an_open_path_opens_a_closed_one(guarded: Any, path: str) -> None:
    assert "posts" not in guarded.get(HERE + path).json()


@pytest.mark.parametrize("host", ["x/static/", "x/healthz?", "x#", "/static/", "x/static/@127.0.0.1"])
def test_no_host_opens_a_closed_path(guarded: Any, host: str) -> None:
    problem(guarded.get("/v1/posts", headers={"Host": host}), 401, "token")


def test_a_browser_is_sent_to_where_it_can_log_in(guarded: Any) -> None:
    sent = guarded.get("/v1/posts", headers={"Accept": "text/html,*/*"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?next=/v1/posts")
    sent = guarded.get("//evil.example/%0d%0aSet-Cookie:x=1", headers={"Accept": "text/html"})
    assert sent.headers["location"].startswith("/login?next=") and "set-cookie" not in sent.headers
    assert "\n" not in sent.headers["location"]


def session(value: str) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={value}"}


def test_a_session_opens_the_server_until_it_expires(guarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = open_session(OTHER)
    assert OTHER not in cookie
    assert guarded.post("/v1/suggest", json=ASKED, headers=session(cookie)).status_code == 200
    later = time.time() + LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: later)
    problem(guarded.post("/v1/suggest", json=ASKED, headers=session(cookie)), 401, "token")


def test_a_session_is_of_a_token_that_still_opens(guarded: Any) -> None:
    problem(guarded.get("/v1/posts", headers=session(open_session("a-token-taken-out-since"))), 401, "token")


def test_no_session_can_be_forged(guarded: Any) -> None:
    expires, _, seal = open_session(TOKEN).partition(".")
    forged = [
        f"{int(expires) + 1}.{seal}",
        f"{expires}.{seal[:-1]}{'0' if seal[-1] != '0' else '1'}",
        f"{expires}.{seal.upper()}",
        f"{expires}.",
        f"{expires}",
        f".{seal}",
        f"-1.{seal}",
        f"{'9' * 5000}.{seal}",
        f"{expires}.{TOKEN}",
        TOKEN,
        "",
        "٣.x",
        "a.b.c",
    ]
    for value in forged:
        told = guarded.get("/v1/posts", headers={"Cookie": f"{COOKIE}={value}".encode()})
        assert told.status_code == 401, value


def test_a_wrong_token_is_not_made_good_by_a_session(guarded: Any) -> None:
    wrong = {"Authorization": "Bearer wrong-token-of-this-test", **session(open_session(TOKEN))}
    assert guarded.get("/v1/posts", headers=wrong).status_code == 401


def test_on_this_machine_alone_no_token_is_demanded(client: Any) -> None:
    assert client.post("/v1/suggest", json=ASKED).status_code == 200


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]", "[::1]:8000", "localhost:1"]
)
def test_this_machine_goes_by_its_names(client: Any, host: str) -> None:
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:99999",
        "evil.example:x",
        "localhost@evil.example",
        "evil.example#localhost",
        "localhost/x",
        "localhost\\",
        "[::1",
        "[",
        "",
        "0.0.0.0",
        "127.0.0.1:8000:8000",
        " ",
        "localhost, evil.example",
        b"\xff",
    ],
)
def test_no_other_name_reaches_it(client: Any, host: Any) -> None:
    """A web site may let its own name point to 127.0.0.1 (DNS rebinding); its pages then send that name."""
    problem(client.get("/v1/posts", headers={"Host": host}), 403, "host")


def test_with_a_token_the_name_does_not_matter(guarded: Any) -> None:
    assert guarded.get("/v1/posts", headers={"Host": "tags.example", **BEARER}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "http://["},
        {"Origin": "http://localhost:8000"},
        {"Origin": f"{HERE}.evil.example"},
        {"Origin": f"{HERE}/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_pages_of_other_sites_change_nothing(client: Any, headers: dict[str, str], method: str) -> None:
    problem(client.request(method, "/v1/rules", headers=headers), 403, "cross_site")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": HERE}, {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_own_pages_and_programs_may_ask(client: Any, headers: dict[str, str]) -> None:
    assert client.post("/v1/suggest", json=ASKED, headers=headers).status_code == 200


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
SITE = "https://shop.example"


def test_no_site_is_named_so_none_is_let_in(client: Any) -> None:
    for told in (
        client.options("/v1/suggest", headers={"Origin": SITE, **PREFLIGHT}),
        client.get("/v1/posts", headers={"Origin": SITE}),
    ):
        assert not [name for name in told.headers if name.startswith("access-control")]


def test_a_site_that_is_named_is_let_in_and_no_other(serve: Serve) -> None:
    named = serve(tokens=(TOKEN,), origins=(SITE,))
    allowed = named.options("/v1/suggest", headers={"Origin": SITE, **PREFLIGHT})
    assert allowed.status_code == 200 and allowed.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in allowed.headers, "a session is for pages of the server's own"
    asked = named.post("/v1/suggest", json=ASKED, headers={"Origin": SITE, **BEARER})
    assert asked.status_code == 200 and asked.headers["access-control-allow-origin"] == SITE
    refused = named.post("/v1/suggest", json=ASKED, headers={"Origin": SITE})
    assert refused.status_code == 401 and refused.headers["access-control-allow-origin"] == SITE
    for other in ("https://evil.example", "http://shop.example", f"{SITE}.evil.example", "null"):
        told = named.options("/v1/suggest", headers={"Origin": other, **PREFLIGHT})
        assert told.status_code == 400 and "access-control-allow-origin" not in told.headers
        told = named.post("/v1/suggest", json=ASKED, headers={"Origin": other, **BEARER})
        assert problem(told, 403, "cross_site") and "access-control-allow-origin" not in told.headers


STRICT = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def test_every_answer_has_the_headers_of_a_careful_server(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    open_, guarded = serve(origins=(SITE,)), serve(tokens=(TOKEN,), rate=1)

    def fail(*_: Any) -> None:
        raise RuntimeError("made up")

    answers = [
        open_.get("/healthz"),
        open_.get("/openapi.json"),
        open_.get("/metrics"),
        open_.get("/nothing"),
        open_.put("/v1/suggest"),
        open_.post("/v1/suggest", json=ASKED),
        open_.post("/v1/suggest", json={"text": 1}),
        open_.get("/v1/posts", headers={"Host": "evil.example"}),
        open_.options("/v1/suggest", headers={"Origin": SITE, **PREFLIGHT}),
        open_.post("/photos", content=b"x", headers={"Content-Length": "999999999"}),
        guarded.get("/v1/posts", headers={"Accept": "text/html"}),
        guarded.get("/v1/posts"),
    ]
    monkeypatch.setattr(open_.app.state.service.recommender, "hashtags", fail)
    answers.append(open_.get("/v1/hashtags"))
    assert [answer.status_code for answer in answers] == [
        200, 200, 200, 404, 405, 200, 422, 403, 200, 413, 303, 429, 500,
    ]  # fmt: skip
    for answer in answers:
        assert STRICT.items() <= dict(answer.headers).items(), answer.request.url
        policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
        assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
        assert "cache-control" in answer.headers
        assert "server" not in answer.headers


def test_an_error_of_the_program_tells_nothing_of_it(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("secret /srv/path")

    monkeypatch.setattr(client.app.state.service.recommender, "hashtags", fail)
    document = problem(client.get("/v1/hashtags"), 500, "internal")
    assert "secret" not in str(document) and "/srv" not in str(document)


def test_a_method_that_a_path_does_not_know_is_told_which_it_does(client: Any) -> None:
    told = client.put("/v1/suggest")
    problem(told, 405, "method")
    assert told.headers["allow"] == "POST"


def test_head_is_answered_as_get_without_the_body(client: Any) -> None:
    for path in ("/healthz", "/v1/posts", "/v1/photos/1-0"):
        head, get = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(get.content))
    assert client.head("/nothing").status_code == 404
    assert client.head("/v1/suggest").status_code == 405


def test_who_asks_too_often_is_told_when_to_ask_again(serve: Serve) -> None:
    limited = serve(tokens=(TOKEN, OTHER), rate=3)
    for _ in range(3):
        assert limited.get("/v1/rules", headers=BEARER).status_code == 200
    told = limited.get("/v1/rules", headers=BEARER)
    problem(told, 429, "rate")
    assert 1 <= int(told.headers["retry-after"]) <= 20
    other = {"Authorization": f"Bearer {OTHER}"}
    assert limited.get("/v1/rules", headers=other).status_code == 200, "each token has a count of its own"


def test_wrong_tokens_count_for_the_address(serve: Serve) -> None:
    limited = serve(tokens=(TOKEN,), rate=5)
    told = [limited.get("/v1/rules", headers={"Authorization": f"Bearer guess-{i:016}"}).status_code for i in range(8)]
    assert told == [401] * 5 + [429] * 3, "so that nobody can try many"
    assert limited.get("/v1/rules", headers=BEARER).status_code == 200, "a right one has a count of its own"


def test_after_the_time_told_one_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    limit = RateLimit(2)
    assert [limit.ask("a"), limit.ask("a")] == [0, 0]
    wait = limit.ask("a")
    assert wait == pytest.approx(30) and limit.ask("b") == 0
    now += wait
    assert limit.ask("a") == 0 and limit.ask("a") > 0
    now += 10_000
    assert [limit.ask("a"), limit.ask("a")] == [0, 0] and limit.ask("a") > 0, "silence saves up no more than that"


def test_the_count_of_callers_does_not_grow_without_end() -> None:
    limit = RateLimit(60)
    for i in range(20_000):
        limit.ask(str(i))
    assert len(limit._callers) <= 10_000


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "", "tags.example", "fe80::1", "2130706433"])
def test_other_machines_may_not_ask_unless_that_is_said(host: str) -> None:
    with pytest.raises(SettingsError, match="no token is demanded") as refused:
        ServerSettings(host)
    assert "--token-file" in str(refused.value) and "--no-auth" in str(refused.value)
    assert not ServerSettings(host, tokens=(TOKEN,)).checks_host
    assert not ServerSettings(host, auth=False).checks_host
    assert ServerSettings(host, auth=False).most_a_minute == 1200


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_may(host: str) -> None:
    assert ServerSettings(host).checks_host
    assert (ServerSettings(host).most_a_minute, ServerSettings(host, rate=7).most_a_minute) == (None, 7)


def test_the_options_of_serve_are_those_settings(hashtag: Any, demo_home: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("short\n")
    for words, told in (
        (["--host", "0.0.0.0"], "no token is demanded"),
        (["--token-file", tokens], "too short"),
        (["--token-file", tokens, "--no-auth"], "leave one out"),
        (["--cors-origin", "shop.example"], "is no web site; write it like https://example.org"),
        (["--cors-origin", "https://shop.example/path"], "is no web site"),
        (["--cors-origin", "*"], "is no web site"),
    ):
        if "leave one out" in told:
            tokens.write_text(TOKEN)
        ran = hashtag("serve", "--home", demo_home, *words)
        assert (ran.code, len(ran.err.splitlines())) == (2, 1) and told in ran.err


def test_tokens_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# of the shop\n{TOKEN}\n\n  {OTHER}  \r\n")
    assert read_tokens(file) == (TOKEN, OTHER)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "holds no token"),
        (b"# nothing\n\n", "holds no token"),
        (b"secretsecret123", "too short"),
        (b"fine-token-of-this-test\nsecret", "too short"),
        ("비밀비밀비밀비밀비밀비밀비밀비밀비밀".encode(), "not made of ASCII"),
        (b"secret secret secret", "not made of ASCII"),
        (b"secret-secret-\x01-secret", "not made of ASCII"),
        (b"\xffsecret-secret-secret", "not UTF-8"),
        (None, "No such file"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_used(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    file = tmp_path / "tokens"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=complaint) as refused:
        read_tokens(file)
    assert "secret" not in str(refused.value).replace("secrets.token_urlsafe", "").replace("import secrets", "")
    assert str(LEAST_TOKEN) in str(refused.value)


def test_the_log_holds_no_token_and_no_caption(
    serve: Serve, caplog: pytest.LogCaptureFixture, photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any level, also of the libraries, also when a request fails."""
    caplog.set_level(logging.DEBUG)
    caption, cookie = "zanzibar holiday secretly", open_session(TOKEN)
    guarded = serve(tokens=(TOKEN,))
    caplog.clear()

    def ask() -> None:
        guarded.post("/v1/suggest", json={"text": caption, "given": ["zanzibar"]}, headers=BEARER)
        guarded.post("/v1/suggest", data={"text": caption}, files={"photo": ("zanzibar.jpg", photo)}, headers=BEARER)
        guarded.post("/v1/suggest", data={"text": caption}, headers=session(cookie))
        guarded.post("/v1/suggest", json={"text": caption, "zanzibar": 1}, headers=BEARER)
        guarded.post("/v1/feedback", json={"text": caption, "hashtags": ["cat"], "verdict": "no"}, headers=BEARER)
        guarded.get("/predict", params={"text": caption}, headers={**BEARER, "Accept": "application/json"})
        guarded.get("/v1/posts", params={"text": caption}, headers=BEARER)
        guarded.get("/v1/posts", headers={"Authorization": f"Bearer {TOKEN[:-1]}"})
        guarded.get("/v1/posts", headers={"Authorization": f"Basic {TOKEN}"})
        guarded.post("/v1/suggest", content=caption.encode(), headers={**BEARER, "Content-Type": "application/json"})

    ask()
    monkeypatch.setattr(guarded.app.state.service.recommender, "suggest_batch", lambda *_, **__: 1 / 0)
    ask()
    # The client of the test tells what it asks, as no server does.
    told = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert any("POST /v1/suggest" in record.getMessage() for record in told)
    text = "\n".join(logging.Formatter().format(record) for record in told)
    for secret in (TOKEN[:-1], cookie, "zanzibar", "secretly"):
        assert secret not in text


def test_a_made_up_method_makes_no_new_metric(client: Any) -> None:
    for i in range(3):
        client.request(f"BREW{i}", "/v1/suggest")
    told = client.get("/metrics").text
    assert 'method="other"' in told and "BREW" not in told


def test_a_made_up_path_makes_no_new_metric(client: Any) -> None:
    client.get("/made/up/by/me")
    assert "made/up" not in client.get("/metrics").text


def test_the_service_outlives_its_servers(service: Any) -> None:
    with client_of(service) as other:
        assert other.get("/readyz").json()["snapshot"] == service.recommender.snapshot
