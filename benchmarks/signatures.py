"""Signatures of strangers: how many answers have a hashtag that one or two other authors alone use.

    .venv/bin/python benchmarks/signatures.py DATA [--set cafe_ko] [--posts N]

A quarter of the authors of the training part are held out, drawn with a fixed seed; the index is built of the others,
and answers for the posts of those held out (the first N of those with a caption). No test post is looked at.
"""

import argparse
import csv
import random
import tempfile
from pathlib import Path

from quality import hashtag, split

from hashtag_recommender.assembly import open_recommender
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import micro
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval.selection.signatures import Signatures
from hashtag_recommender.retrieval.voting.votes import carrier_matrix

_DEEP = 30  # suggestions, of which enough remain without signatures
_AT_ONCE = 50


def hold_out(folder: Path) -> list[dict[str, str]]:
    """Write kept.csv, the posts of three quarters of the authors of train.csv; return the others."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    authors = sorted({row["author"] for row in rows})
    random.Random(5).shuffle(authors)
    held = set(authors[: len(authors) // 4])
    with (folder / "kept.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["author"] not in held)
    return [row for row in rows if row["author"] in held and row["text"].strip()]


def measure(home: Path, rows: list[dict[str, str]]) -> None:
    """Print how many raw answers have a signature among the first five, and micro F1 with and without signatures."""
    recommender, archive = open_recommender(home), current_snapshot(home).archive
    signatures = Signatures(archive.hashtags, carrier_matrix(archive), archive.author_of)
    whole, kept = [], []
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        asked = recommender.suggest_batch(
            [Query(row["text"]) for row in some], SuggestOptions(count=_DEEP, raw=True, new=False)
        )
        for row, answer in zip(some, asked, strict=True):
            tags = [normalise_hashtag(found.hashtag) for found in answer.suggestions]
            columns = archive.hashtags.find(tags)
            strange = signatures.of_strangers(columns[columns >= 0], row["text"], None)
            whole.append(tags)
            kept.append([tag for tag, column in zip(tags, columns.tolist(), strict=True) if column not in strange])
    truth = [row["hashtags"].split() for row in rows]
    signed = sum(tags[:5] != left[:5] for tags, left in zip(whole, kept, strict=True)) / len(rows)
    print(f"{len(rows)} posts of authors held out: {signed:.1%} of the answers have a signature among the first five")
    for name, answers in (("with signatures", whole), ("without", kept)):
        print(f"  {name:<16}" + "".join(f"  micro F1 at {k}: {micro(answers, truth, k).f1:.4f}" for k in (5, 10)))


def main() -> None:
    """Build the index without the authors held out, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="cafe_ko")
    parser.add_argument("--posts", type=int, default=900)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        split(arguments.data / arguments.set / "posts.csv", folder)
        rows = hold_out(folder)[: arguments.posts]
        home = folder / "home"
        hashtag("index", "build", folder / "kept.csv", "--home", home, "--encoders", "compact")
        measure(home, rows)


if __name__ == "__main__":
    main()
