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

import numpy as np
from quality import hashtag, split

from hashtag_recommender.assembly import open_recommender
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import micro

_K = 10
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


def main() -> None:
    """Print the share of answers with a signature, and micro F1, with and without leaving signatures out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="cafe_ko")
    parser.add_argument("--posts", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        split(arguments.data / arguments.set / "posts.csv", folder)
        rows = hold_out(folder)[: arguments.posts]
        home = folder / "home"
        hashtag("index", "build", folder / "kept.csv", "--home", home, "--encoders", "compact")
        recommender = open_recommender(home)
        answers = []
        for start in range(0, len(rows), _AT_ONCE):
            queries = [Query(row["text"]) for row in rows[start : start + _AT_ONCE]]
            answers += recommender.suggest_batch(queries, SuggestOptions(count=_K))
        truth = [row["hashtags"].split() for row in rows]
        kept = [[found.hashtag for found in answer.suggestions] for answer in answers]
        signed = [[gone.hashtag for gone in answer.removed if gone.step == "signature"] for answer in answers]
        # Those that were left out would have stood in the answer, so they are put back where they would have been, at
        # the end: what they cost there is the least that they cost.
        before = [(tags[: _K - len(gone)] + gone)[:_K] for tags, gone in zip(kept, signed, strict=True)]
        share = float(np.mean([bool(gone) for gone in signed]))
        print(f"{arguments.set}: {len(rows)} posts of authors held out, micro F1 at {_K}, default form")
        print(f"  signatures left out of {share:.1%} of the answers")
        print(f"  with them   {micro(before, truth, _K).f1:.4f}")
        print(f"  without     {micro(kept, truth, _K).f1:.4f}")


if __name__ == "__main__":
    main()
