"""Thirty nights of an archive that grows, shrinks and breaks, and the history that a person reads of them.

    .venv/bin/python -m tests.crash.nights [FOLDER]

FOLDER is empty or not there yet, and holds archive and home afterwards; without it nothing stays. The exit code is 1
where a night did not end as it must. What is printed is `hashtag index history`.
"""

import errno
import logging
import os
import re
import sys
import tempfile

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy comes: threads do not survive a fork
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hashtag_recommender import cli
from hashtag_recommender.assembly import verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots import build, history
from hashtag_recommender.index.snapshots import retention as collecting
from hashtag_recommender.index.snapshots.snapshot import serving_name

from .operations import run, run_well
from .scenes import make_rows, suggestions_of, use_words, write_rows
from .strikes import Failures, Moments, SmallFiles, strike

SHOP, BLOG, MARKET = make_rows(90), make_rows(120)[90:], make_rows(132)[120:]


class Clock(datetime):
    """Stands at half past three of the night that it is."""

    at = datetime(2026, 10, 22, 3, 30, tzinfo=UTC)

    @classmethod
    def now(cls, tz=None):
        return cls.at


class Archive:
    """The files that a home reads every night, and what people do to them."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.shop, self.blog, self.market = (folder / f"{name}.csv" for name in ("shop", "blog", "market"))

    def correct(self):
        rows = [list(row) for row in SHOP[:41]]
        rows[3][1] = "a window in the rain"
        write_rows(self.shop, rows)

    def vanish(self):
        self.blog.rename(self.blog.with_suffix(".away"))

    def come_back(self):
        self.blog.with_suffix(".away").rename(self.blog)

    def tear(self):
        write_rows(self.shop, SHOP[:52])
        self.shop.write_bytes(self.shop.read_bytes()[:700])

    def save_as_cp949(self):
        self.shop.write_text(self.shop.read_text(encoding="utf-8"), encoding="cp949")

    def rename_column(self):
        text = self.blog.read_text(encoding="utf-8")
        self.blog.write_text(text.replace("hashtags", "labels", 1), encoding="utf-8")

    def flip_a_bit(self):
        path = next((self.home / "snapshots" / serving_name(self.home)).rglob("rows.npy"))
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.chmod(0o644)
        path.write_bytes(content)

    def command(self, *words):
        run_well([*map(str, words), "--home", str(self.home)])


@dataclass(frozen=True)
class Night:
    """What people did the day before, what came of the refresh, and what the history tells of it (a pattern)."""

    day: Callable[[Archive], object]
    outcome: str
    told: str = ""


def grow(name: str, rows: list[list[str]]) -> Callable[[Archive], object]:
    """A file holds just these posts."""
    return lambda archive: write_rows(getattr(archive, name), rows)


def nothing(archive: Archive) -> None:
    pass


NIGHTS = [
    Night(nothing, "unchanged", "70 unchanged"),
    Night(grow("shop", SHOP[:41]), "published", "1 added, 70 unchanged.*weights kept"),
    Night(Archive.correct, "published", "1 updated, 70 unchanged.*weights kept"),
    Night(Archive.vanish, "refused", r"blog\.csv does not exist"),
    Night(grow("shop", SHOP[:45]), "refused", r"blog\.csv does not exist"),
    Night(Archive.come_back, "published", "75 unchanged.*5 posts added.*5% or more"),
    Night(Archive.tear, "refused", r"^[^:]*shop\.csv: its last row"),
    Night(nothing, "refused", "looks half written, so nothing is read from it until it is complete"),
    Night(grow("shop", SHOP[:60]), "published", "15 added.*weights trained again"),
    Night(grow("shop", SHOP[5:62]), "full disk", "No space left on device"),
    Night(nothing, "published", "87 unchanged"),
    Night(grow("shop", SHOP[5:64]), "full files", "only in part"),
    Night(nothing, "published", "89 unchanged"),
    Night(grow("blog", BLOG[:24]), "published", "6 removed"),
    Night(nothing, "unchanged", "83 unchanged"),
    Night(grow("shop", SHOP[5:6]), "refused", "58 of 83 posts in service are gone.*--allow-shrink"),
    Night(grow("shop", SHOP[5:25]), "allowed", "39 removed"),
    Night(grow("shop", SHOP[5:70]), "published", "45 added"),
    Night(Archive.save_as_cp949, "unchanged", "89 unchanged"),
    Night(Archive.rename_column, "refused", "hashtags"),
    Night(grow("blog", BLOG[:24]), "unchanged", "89 unchanged"),
    Night(lambda archive: archive.command("sources", "add", archive.market), "published", "12 added"),
    Night(grow("market", [*MARKET, MARKET[0]]), "unchanged", "1 rejected"),
    Night(grow("market", MARKET), "unchanged", "101 unchanged"),
    Night(Archive.flip_a_bit, "published", "101 unchanged.*no undamaged snapshot"),
    Night(lambda archive: archive.command("index", "rollback"), "unchanged", "101 unchanged.*rolled back"),
    Night(grow("shop", SHOP[5:72]), "killed"),
    Night(nothing, "published", "2 added, 101 unchanged"),
    Night(lambda archive: archive.command("sources", "remove", archive.market), "published", "12 removed"),
    Night(nothing, "unchanged", "91 unchanged"),
]


def refresh(archive: Archive, night: Night) -> str:
    """One night; returns what was told on the standard error."""
    words = ["index", "refresh", "--home", str(archive.home)]
    if night.outcome == "killed":
        assert strike(words, Moments(12)).killed
        return ""
    if night.outcome == "full disk":
        struck = strike(words, Failures(6, errno.ENOSPC, lasting=False))
    elif night.outcome == "full files":
        struck = strike(words, SmallFiles((archive.home / "hashtag.sqlite").stat().st_size))
    else:
        ran = run([*words, "--allow-shrink"] if night.outcome == "allowed" else words)
        assert ran.code == (3 if night.outcome == "refused" else 0), ran
        return ran.told
    assert struck.code == 2, struck
    return struck.told


def pass_nights(folder: Path) -> Archive:
    """All of them, each judged."""
    archive = Archive(folder)
    for path, rows in ((archive.shop, SHOP[:40]), (archive.blog, BLOG), (archive.market, MARKET)):
        write_rows(path, rows)
    for path in (archive.shop, archive.blog):
        archive.command("index", "build", path, "--encoders", "compact")
    for number, night in enumerate(NIGHTS, start=1):
        Clock.at += timedelta(hours=9)
        night.day(archive)
        Clock.at += timedelta(hours=15)
        before, said = serving_name(archive.home), suggestions_of(archive.home)
        told = refresh(archive, night)
        published = night.outcome in ("published", "allowed")
        assert (serving_name(archive.home) != before) == published, (number, told)
        assert published or suggestions_of(archive.home) == said, number
        if night.outcome not in ("killed", "full disk", "full files"):
            assert verify_index(Home(Settings(archive.home))).problems == (), number
        last = history.read_history(archive.home)[-1]
        outcome = {"allowed": "published", "full disk": "failed", "full files": "failed"}
        assert last.outcome == outcome.get(night.outcome, night.outcome), (number, last)
        assert last.started == Clock.at.isoformat(timespec="seconds"), (number, last)
        told = f"{', '.join(f'{n} {name}' for name, n in last.counts.items() if n)} {last.notes} {last.reason}"
        assert re.search(night.told, told), (number, told)
    return archive


def main() -> None:
    """Judge them, and print the history."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    use_words()
    for module in (build, collecting, history):
        module.datetime = Clock
    with tempfile.TemporaryDirectory() as other:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else f"{other}/nights")
        folder.mkdir(parents=True, exist_ok=True)
        archive = pass_nights(folder)
        for path in (archive.shop, archive.blog):
            run_well(["index", "build", str(path), "--home", f"{other}/home", "--encoders", "compact"])
        assert suggestions_of(Path(other, "home")) == suggestions_of(archive.home)
        sys.argv = ["hashtag", "index", "history", "--count", "40", "--home", str(archive.home)]
        cli.main()


if __name__ == "__main__":
    main()
