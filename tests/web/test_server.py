"""`hashtag serve` as a process of its own: slow clients, large bodies, signals, and what keeps it from starting."""

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.web.serve import _bind
from hashtag_recommender.web.settings import Limits

from .conftest import HERE, Serve, problem

COMMAND = [sys.executable, "-c", "from hashtag_recommender.cli import main; main()"]
# As patient as the real one in all but how long.
HASTY = """
from hashtag_recommender.cli import main
from hashtag_recommender.web import serve
serve._HEADER_SECONDS, serve._IDLE_SECONDS = 2, 3
main()
"""
ASKED = json.dumps({"text": "cat nap on the sofa"}).encode()
MIB = 1024 * 1024


class Server:
    """A process that serves a home, and what it has told so far."""

    def __init__(self, home: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HASTY, "serve", "--home", str(home), "--port", "0", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "200"},
        )
        assert self.process.stdout
        self.told = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.told)
        assert found, self.told + self.process.stdout.read()
        self.port = int(found[1])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def suggest(self) -> int:
        return self.ask("POST", "/v1/suggest", ASKED, **{"Content-Type": "application/json"})[0]

    def memory(self) -> int:
        """Bytes that it holds in memory now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert found
        return int(found[1]) * 1024

    def end(self) -> str:
        """End it as a service manager does. Returns what it told since it was ready."""
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate(timeout=40)
        return told

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="module")
def small_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a few captions, quick to open."""
    folder = tmp_path_factory.mktemp("small")
    rows = ["id,text,hashtags", "1,cat nap on the sofa,cat", "2,espresso in the morning,coffee"]
    (folder / "posts.csv").write_text("\n".join(rows))
    with Home(Settings(folder / "home", encoders="compact")) as home:
        build_index(home, read_posts(folder / "posts.csv"))
    return folder / "home"


@pytest.fixture(scope="module")
def server(small_home: Path) -> Iterator[Server]:
    server = Server(small_home)
    try:
        yield server
    finally:
        server.kill()


@pytest.fixture
def ending(small_home: Path) -> Iterator[Server]:
    """One that the test ends."""
    server = Server(small_home)
    try:
        yield server
    finally:
        server.kill()


def read_all(connection: socket.socket) -> bytes:
    """Until the server closes."""
    told = b""
    while part := connection.recv(65536):
        told += part
    return told


def test_it_answers_as_soon_as_it_says_so(server: Server) -> None:
    assert server.told.startswith("serving on http://127.0.0.1:") and "Ctrl-C" in server.told
    assert server.ask("GET", "/readyz")[0] == 200
    status, answer = server.ask("POST", "/v1/suggest", ASKED, **{"Content-Type": "application/json"})
    assert status == 200 and answer["hashtags"][0]["hashtag"] == "cat"


def test_a_head_that_never_ends_is_cut_off_while_others_are_answered(server: Server) -> None:
    with ExitStack() as opened:
        began = time.monotonic()
        slow = [opened.enter_context(server.connect()) for _ in range(3)]
        slow[1].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        slow[2].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /heal")
        closed = threading.Event()

        def trickle() -> None:
            while not closed.wait(0.2):
                try:
                    slow[1].sendall(b"a")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            assert server.suggest() == 200 and time.monotonic() - began < 1.9
            told = [read_all(connection) for connection in (slow[0], slow[2])]
            try:
                told.append(read_all(slow[1]))
            except ConnectionResetError:
                told.append(b"")
        finally:
            closed.set()
            thread.join()
        assert 1.9 < time.monotonic() - began < 10
        assert told[0] == b"" and told[1].startswith(b"HTTP/1.1 200") and b"200 OK" not in told[2]


def test_many_idle_connections_keep_nobody_out(server: Server) -> None:
    before = server.memory()
    with ExitStack() as opened:
        for _ in range(300):
            opened.enter_context(server.connect())
        assert server.suggest() == 200
        assert server.memory() - before < 50 * MIB


def large(server: Server, size: int, *, chunked: bool = False, told: int | None = None) -> tuple[int, dict[str, Any]]:
    """Send a body of a size; the answer."""
    with server.connect() as connection:
        length = b"Transfer-Encoding: chunked" if chunked else f"Content-Length: {told or size}".encode()
        head = b"POST /photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        connection.sendall(head + length + b"\r\n\r\n")
        start = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        parts = [start, *[b"\xff" * MIB] * (size // MIB)]
        parts.append(b"\xff" * (size - sum(map(len, parts))))
        for part in parts:
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        connection.sendall(b"0\r\n\r\n" if chunked else b"")
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_and_memory_stays_flat(server: Server, chunked: bool) -> None:
    server.suggest()
    before, highest, over = server.memory(), 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.01):
            highest = max(highest, server.memory())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        for _ in range(3):
            status, problem = large(server, 100_000_000, chunked=chunked)
            assert (status, problem["code"]) == (413, "too_large")
    finally:
        over.set()
        thread.join()
    assert highest - before < 40 * MIB, "less than the limit of a body: files are on the disk while they arrive"
    assert server.suggest() == 200


def test_a_length_that_lies_holds_nobody_up(server: Server) -> None:
    """More is told than sent, or less."""
    with server.connect() as connection:
        head = b"POST /v1/suggest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        connection.sendall(head + b"Content-Length: 1000\r\n\r\n" + ASKED)
        connection.shutdown(socket.SHUT_WR)
        began = time.monotonic()
        assert server.suggest() == 200 and time.monotonic() - began < 5
    with server.connect() as connection:
        connection.sendall(head + b"Content-Length: 10\r\n\r\n" + ASKED + b"\r\n\r\n")
        told = read_all(connection)
        assert told.startswith(b"HTTP/1.1 422 ") and b" 200 OK" not in told, "what is left is no request"
    for length in (b"99999999999999999999999999", b"-1", b"1e3", b"5, 6"):
        with server.connect() as connection:
            connection.sendall(head + b"Content-Length: " + length + b"\r\n\r\n" + ASKED)
            assert connection.recv(65536).splitlines()[0].split()[1] in (b"400", b"413"), length
    assert server.suggest() == 200


def test_what_is_no_http_is_told_so(server: Server) -> None:
    for sent in (
        b"\0\0\0\0\r\n\r\n",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n",
        b"GET\r\n\r\n",
    ):
        with server.connect() as connection:
            connection.sendall(sent)
            assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    with server.connect() as connection:
        connection.sendall(b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert server.suggest() == 200


def test_a_client_that_leaves_is_forgotten(server: Server) -> None:
    for _ in range(20):
        with server.connect() as connection:
            head = b"POST /v1/suggest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(ASKED) + ASKED)
    assert server.suggest() == 200


def test_it_ends_when_what_is_under_way_is_answered(ending: Server) -> None:
    assert ending.suggest() == 200
    with ExitStack() as opened:
        idle = opened.enter_context(ending.connect())
        asking = [opened.enter_context(ending.connect()) for _ in range(8)]
        head = b"POST /v1/suggest HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        for connection in asking:  # of each the last byte is missing
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(ASKED) + ASKED[:-1])
        time.sleep(0.5)
        ending.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert ending.process.poll() is None
        with pytest.raises(OSError):
            ending.connect()
        for connection in asking:
            connection.sendall(ASKED[-1:])
        for connection in asking:
            told = read_all(connection)
            assert told.startswith(b"HTTP/1.1 200 OK") and b'"cat"' in told
        assert read_all(idle) == b""
        told, _ = ending.process.communicate(timeout=20)
    assert ending.process.returncode == 0, told
    assert all(" INFO " in line for line in told.splitlines()), told


def test_ctrl_c_ends_it_as_well(ending: Server) -> None:
    ending.process.send_signal(signal.SIGINT)
    told, _ = ending.process.communicate(timeout=20)
    assert ending.process.returncode == 0
    assert all(" INFO " in line for line in told.splitlines()), told


def refused(home: Path, *words: object) -> str:
    """What is told in place of serving: one line."""
    ran = subprocess.run(
        [*COMMAND, "serve", "--home", str(home), *map(str, words)], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 2 and len(ran.stderr.splitlines()) == 1, ran.stderr
    return ran.stderr


def test_a_port_that_is_taken_is_told(server: Server, small_home: Path) -> None:
    told = refused(small_home, "--port", server.port)
    assert f"cannot listen on 127.0.0.1, port {server.port} (Address already in use)" in told
    assert "--port" in told
    assert server.suggest() == 200


@pytest.mark.parametrize("host", ["a..b", "192.0.2.1", "\ud800", "a" * 300])
def test_an_address_that_is_none_is_told(host: str) -> None:
    with pytest.raises(SettingsError, match="cannot listen on .* choose another --port or --host"):
        _bind(uvicorn.Config(lambda: None, host=host, port=0))


def test_without_an_index_nothing_is_served(hashtag: Any, small_home: Path, tmp_path: Path) -> None:
    assert "no index in" in refused(tmp_path)
    damaged = Path(shutil.copytree(small_home, tmp_path / "home"))
    for manifest in (damaged / "snapshots").glob("*/manifest.json"):
        manifest.write_text("{")
    for home, complaint in ((tmp_path / "none", "no home folder"), (damaged, "manifest")):
        ran = hashtag("serve", "--home", home)
        assert (ran.code, len(ran.err.splitlines()), ran.out) == (2, 1, "") and complaint in ran.err


def test_a_body_that_trickles_is_cut_off(serve: Serve) -> None:
    hasty = serve(limits=Limits(seconds=0.3)).app

    async def trickle(body: bytes) -> AsyncIterator[bytes]:
        for letter in body:
            yield bytes([letter])
            await asyncio.sleep(0.05)

    async def ask(path: str, kind: str, body: bytes) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(hasty), base_url=HERE) as client:
            return await client.post(path, content=trickle(body), headers={"Content-Type": kind})

    for path, kind, body in (
        ("/v1/suggest", "application/json", ASKED),
        ("/v1/suggest", "application/x-www-form-urlencoded", b"text=cat+nap+on+the+sofa"),
        ("/photos", "multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="photo"'),
    ):
        began = time.monotonic()
        told = asyncio.run(ask(path, kind, body))
        problem(told, 408, "slow_body")
        assert told.headers["connection"] == "close" and time.monotonic() - began < 1.5
