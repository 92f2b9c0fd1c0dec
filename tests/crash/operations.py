"""What is killed: every command that writes a home, each with the home before it and the home after it."""

import io
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config

from hashtag_recommender import cli
from hashtag_recommender.assembly import verify_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.db import engine as engine_module
from hashtag_recommender.index.snapshots.retention import snapshot_folders

from .scenes import EARLIER, Content, content_of, copy_home, make_rows, write_rows

NEW = ["--text", "a zeppelin over the summit", "--hashtags", "zeppelin hiking", "--author", "jun"]


@dataclass(frozen=True)
class Operation:
    """A command that writes a home.

    words: those behind `hashtag`. home: as it is before. old, new: what it holds before and after. notes: what `verify`
    says after. repeats: with which exit codes the command may end where it had been done already.
    """

    name: str
    words: Sequence[str]
    home: Path
    old: Content
    new: Content
    notes: tuple[str, ...]
    repeats: tuple[int, ...]

    def words_for(self, home: Path) -> list[str]:
        return [*self.words, "--home", str(home)]


@dataclass(frozen=True)
class Ran:
    """code: the exit code. told: what stood on the standard error."""

    code: int
    told: str


def run(words: Sequence[str]) -> Ran:
    """Run `hashtag` with these words within this process; what is no error of its own family goes on upwards."""
    told = io.StringIO()
    sys.argv = ["hashtag", *words]
    with redirect_stderr(told), redirect_stdout(io.StringIO()):
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, told.getvalue())


def make_operations(folder: Path) -> list[Operation]:
    """All of them, over homes made in a folder that is empty."""
    source, rows = folder / "posts.csv", make_rows()
    build = ["index", "build", str(source), "--encoders", "compact", "--source", "posts"]
    base = folder / "base"
    for some in (rows[4:], rows[2:], rows):
        run_well([*build, "--home", str(base)], write_rows(source, some))
    changed = [[row[0], row[1] + " slowly", *row[2:]] for row in rows[:2]]
    write_rows(
        source, [*changed, *rows[5:], ["new", "a zeppelin over the window", "zeppelin", ""], ["bad", "", "", ""]]
    )
    first, second, _ = [snapshot.name for snapshot in snapshot_folders(base)]
    backup = folder / "backup"
    run_well(["backup", str(backup), "--home", str(base)])

    made = []

    def add(name: str, *words: str, prepare: Callable[[Path], object] = lambda home: None, repeats=(0,)) -> None:
        home = folder / "before" / name
        if name != "first build":
            copy_home(base, home)
        prepare(home)
        after = copy_home(home, folder / "after" / name)
        run_well([*words, "--home", str(after)])
        notes = verify_index(Home(Settings(after))).notes
        old = content_of(copy_home(home, folder / "seen" / name))
        made.append(Operation(name, words, home, old, content_of(after), notes, repeats))

    add("first build", *build)
    add("build", *build)
    add("refresh", "index", "refresh", "--allow-shrink")
    add("posts add", "posts", "add", *NEW)
    add("posts edit", "posts", "edit", "mine", "--text", "a balloon", prepare=_add_mine)
    add("posts remove", "posts", "remove", "mine", prepare=_add_mine, repeats=(0, 2))  # of what is gone
    add("posts forget", "posts", "forget", "--author", "mina")
    add("rollback", "index", "rollback", first, repeats=(0, 2))  # "in service already" is refused
    add("gc", "index", "gc", "--keep", "1", prepare=lambda home: _roll_back(home, second))
    add("migration", "tags", "list", prepare=_downgrade)
    add("restore", "restore", str(backup), "--force", prepare=lambda home: _roll_back(home, second))
    return made


def run_well(words: Sequence[str], *_: object) -> None:
    ran = run(words)
    if ran.code:
        raise RuntimeError(f"hashtag {' '.join(words)}: {ran.told}")


def _roll_back(home: Path, snapshot: str) -> None:
    run_well(["index", "rollback", snapshot, "--home", str(home)])


def _add_mine(home: Path) -> None:
    run_well(["posts", "add", *NEW, "--id", "mine", "--home", str(home)])


def _downgrade(home: Path) -> None:
    """Bring the database to an earlier revision, as an earlier release has left it."""
    config = Config()
    config.set_main_option("script_location", str(engine_module._MIGRATIONS))
    engine = sqlalchemy.create_engine(engine_module.default_url(home))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, EARLIER)
    engine.dispose()
    with closing(engine.raw_connection()) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
