"""How a server answers under load: start, one client, many clients, captions beside photos, and a soak with refreshes.

    .venv/bin/python benchmarks/load.py --captions CSV ... --photos FOLDER [--home HOME] [--posts 10000] [--soak 300]

CSV has columns text and hashtags; 400 of its captions are the queries, with whole photos (JPEG); of the rest come the
posts of the archive, each with a part of a photo of its own. --home: where the archive is built, or lies from before.
What the encoders take by themselves is measured in the same run, one after another, for the same photos and captions.
"""

import argparse
import csv
import http.client
import itertools
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from hashtag_recommender.assembly import open_home
from hashtag_recommender.index.snapshots.snapshot import current_snapshot

HASHTAG = Path(sys.executable).with_name("hashtag")
CLIENTS = 16
QUERIES = 400
BOUNDARY = "benchmark"


def crop(photos: Sequence[Path], folder: Path, i: int) -> None:
    """Write a part of a photo, which another post has another part of."""
    chance = random.Random(i)
    with Image.open(photos[i % len(photos)]) as image:
        width, height = image.size
        part = chance.uniform(0.5, 0.95)
        x, y = chance.uniform(0, 1 - part) * width, chance.uniform(0, 1 - part) * height
        made = image.convert("RGB").crop((int(x), int(y), int(x + part * width), int(y + part * height)))
    (ImageOps.mirror(made) if i % 2 else made).save(folder / f"{i}.jpg", quality=85)


def read_captions(file: Path) -> list[dict[str, str]]:
    """The rows that have a caption."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["text"].strip()]


def build(rows: Sequence[dict[str, str]], photos: Sequence[Path], home: Path) -> None:
    """A home with an archive of these captions, unless it is there."""
    if home.exists():
        return
    folder = home.with_name(home.name + "-archive")
    (folder / "photos").mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        list(pool.map(partial(crop, photos, folder / "photos"), range(len(rows)), chunksize=50))
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "image", "text", "hashtags"])
        writer.writerows([i, f"{i}.jpg", row["text"], row["hashtags"]] for i, row in enumerate(rows))
    command = [HASHTAG, "index", "build", folder / "posts.csv", "--images", folder / "photos", "--home", home]
    subprocess.run([*map(str, command), "--encoders", "compact"], check=True, stdout=subprocess.DEVNULL)


class Server:
    """A running `hashtag serve`."""

    def __init__(self, home: Path) -> None:
        began = time.perf_counter()
        command = [str(HASHTAG), "serve", "--port", "0", "--home", str(home)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout
        line = self.process.stdout.readline()
        self.port = int(re.findall(r":(\d+)", line)[0])
        self.ready = time.perf_counter() - began

    def memory(self) -> float:
        """Resident, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) / 1024


@contextmanager
def serving(home: Path) -> Iterator[Server]:
    """A server, until the end of the block."""
    server = Server(home)
    try:
        yield server
    finally:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0, "the server did not end as it should"


def body(photo: bytes | None, text: str) -> bytes:
    """A form as a browser sends it."""
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    parts = [f'{head}"text"\r\n\r\n{text}\r\n'.encode()]
    if photo is not None:
        named = f'{head}"photo"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        parts += [named.encode(), photo, b"\r\n"]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


class Clients:
    """Threads that ask one request after another."""

    def __init__(self, server: Server, bodies: Sequence[bytes], n: int) -> None:
        self._server = server
        self._bodies = itertools.cycle(bodies)
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self.took: list[float] = []
        self.errors: list[str] = []
        self._threads = [threading.Thread(target=self._ask) for _ in range(n)]

    def run(self, seconds: float) -> "Clients":
        """Ask for so long."""
        with self:
            time.sleep(seconds)
        return self

    def __enter__(self) -> "Clients":
        self._began = time.perf_counter()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.perf_counter() - self._began

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        while not self._ending.is_set():
            with self._lock:
                content = next(self._bodies)
            began = time.perf_counter()
            try:
                connection.request("POST", "/v1/suggest", content, headers)
                answer = connection.getresponse()
                told = answer.read()
                if answer.status != 200:
                    self.errors.append(f"{answer.status} {told[:200]!r}")
            except OSError as error:
                self.errors.append(repr(error))
                connection.close()
            self.took.append(time.perf_counter() - began)
        connection.close()

    def quantile(self, part: float) -> float:
        """Of the time that a request took, in milliseconds."""
        return sorted(self.took)[min(len(self.took) - 1, int(part * len(self.took)))] * 1000

    def __str__(self) -> str:
        rate = len(self.took) / self.seconds
        return (
            f"{len(self.took)} requests, {rate:.1f} a second, p50 {self.quantile(0.5):.1f} ms, "
            f"p99 {self.quantile(0.99):.1f} ms, {len(self.errors)} errors"
        )


def encoders_alone(home: Path, queries: Sequence[tuple[bytes, str]]) -> Callable[[int], float]:
    """A function that returns what all encoders take for a query, one after another, in milliseconds."""
    opened = open_home(home)
    encoders = [opened.encoder(record) for record in current_snapshot(home).manifest.channels]

    def measure(i: int) -> float:
        photo, text = queries[i % len(queries)]
        began = time.perf_counter()
        for encoder in encoders:
            encoder.encode([encoder.prepare(photo if encoder.modality == "image" else text)])
        return (time.perf_counter() - began) * 1000

    measure(0)
    return measure


def compare_latency(server: Server, home: Path, queries: Sequence[tuple[bytes, str]], seconds: float) -> Clients:
    """Print what one client waits beside what encoders take alone, in turn; returns the last turn's client."""
    alone, bodies = encoders_alone(home, queries), [body(*query) for query in queries]
    ratios = []
    for number in range(3):
        encoding = statistics.median(alone(i) for i in range(80))
        client = Clients(server, bodies, 1).run(seconds)
        ratios.append(client.quantile(0.5) / encoding)
        print(f"  turn {number + 1}: encoders alone p50 {encoding:.1f} ms; one client: {client}")
    print(f"one client: p50 / encoders alone {statistics.median(ratios):.2f}")
    return client


def takes_up(server: Server, snapshot: str) -> bool:
    """Whether a server answers by a snapshot within half a minute."""
    for _ in range(60):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/readyz")
        if snapshot in connection.getresponse().read().decode():
            return True
        connection.close()
        time.sleep(0.5)
    return False


def soak(server: Server, home: Path, bodies: Sequence[bytes], seconds: float) -> None:
    """Print how answers and memory fare while refreshes publish snapshots."""
    archive = home.with_name(home.name + "-archive") / "posts.csv"
    published, memory = 0, []
    with Clients(server, bodies, 4) as clients:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with archive.open("a", encoding="utf-8", newline="") as file:
                new = f"soak-{os.getpid()}-{published}"
                csv.writer(file).writerow([new, "", f"a post that came in meanwhile, number {published}", "soak new"])
            command = [str(HASHTAG), "index", "refresh", "--home", str(home)]
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr
            published += 1
            memory.append(server.memory())
            print(f"    snapshot {published} after {seconds - (until - time.monotonic()):.0f} s: {memory[-1]:.0f} MB")
    assert takes_up(server, current_snapshot(home).folder.name), "the last snapshot does not serve"
    half = len(memory) // 2
    later = statistics.median(memory[half:]) / statistics.median(memory[1 : half + 1] or memory)
    print(
        f"soak of {seconds:.0f} s, {published} snapshots: {clients}; memory of the second half / the first {later:.2f}"
    )
    for error in clients.errors[:3]:
        print(f"  {error}")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captions", type=Path, required=True, nargs="+")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--soak", type=float, default=300)
    arguments = parser.parse_args()
    rows = [row for file in arguments.captions for row in read_captions(file)]
    random.Random(0).shuffle(rows)
    asked, rows = rows[:QUERIES], rows[QUERIES:]
    photos = sorted(arguments.photos.glob("*.jpg"))
    with tempfile.TemporaryDirectory() as temporary:
        home = arguments.home or Path(temporary) / "home"
        build(rows[: arguments.posts], photos, home)
        queries = [(photos[-1 - i % len(photos)].read_bytes(), row["text"]) for i, row in enumerate(asked)]
        measure(home, queries, arguments.seconds, arguments.soak)


def measure(home: Path, queries: Sequence[tuple[bytes, str]], seconds: float, soak_seconds: float) -> None:
    """Print what each part of the benchmark gives."""
    bodies: list[Any] = [body(*query) for query in queries]
    captions = [body(None, text) for _, text in queries]
    starts, firsts = [], []
    for _ in range(5):
        began = time.perf_counter()
        with serving(home) as server:
            starts.append(server.ready)
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
            connection.request("POST", "/v1/suggest", bodies[0], kind)
            assert connection.getresponse().status == 200
            firsts.append(time.perf_counter() - began)
            connection.close()
    print(f"start: ready after {statistics.median(starts):.2f} s, first answer after {statistics.median(firsts):.2f} s")
    with serving(home) as server:
        one = compare_latency(server, home, queries, seconds)
        many = Clients(server, bodies, CLIENTS).run(seconds)
        print(f"{CLIENTS} clients: {many}; p99 / p50 {many.quantile(0.99) / many.quantile(0.5):.1f}")
        rates = [len(clients.took) / clients.seconds for clients in (many, one)]
        print(f"throughput of {CLIENTS} clients / of one {rates[0] / rates[1]:.2f}")
        alone = Clients(server, captions, 1).run(seconds)
        with Clients(server, bodies, CLIENTS):
            beside = Clients(server, captions, 1).run(seconds)
        print(f"captions, one client: {alone}\ncaptions, one client beside {CLIENTS} with photos: {beside}")
        if soak_seconds:
            soak(server, home, bodies, soak_seconds)


if __name__ == "__main__":
    main()
