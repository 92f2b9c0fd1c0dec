"""Signatures of strangers: how many answers have a hashtag that one or two other authors alone use.

    .venv/bin/python benchmarks/signatures.py DATA [--set cafe_ko] [--posts N]
    .venv/bin/python benchmarks/signatures.py DATA --guesses

A quarter of the authors of the training part are held out, drawn with a fixed seed, and of the others a tenth of the
groups of posts; the index is built of the rest. It answers for N posts with a caption of strangers, the authors held
out, and for N of insiders, who do not say who they are. Signatures are left out as they are counted where authors are
known, and as they are guessed where they are hidden. No test post is looked at.

With --guesses no index is built, and it says for the training part of each set how many signatures are guessed where
authors are hidden. Of cafe_ko, whose authors are known, it also says how many of these hashtags one or two authors
alone use, and how many would be guessed of archives of one author alone, one for each author with 100 posts or more.
"""

import argparse
import csv
import random
import tempfile
from pathlib import Path

import numpy as np
from quality import K, hashtag, split
from scipy import sparse

from hashtag_recommender.assembly import open_recommender, read_posts
from hashtag_recommender.core.post import Post, normalise_hashtag
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.vectors import Rows
from hashtag_recommender.eval.measures.metrics import micro
from hashtag_recommender.index.snapshots.archive import PostTable
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval.selection.signatures import MOST_AUTHORS, Signatures, guess_signatures
from hashtag_recommender.retrieval.voting.votes import carrier_matrix, count_uses, label_matrix

_DEEP = 30  # suggestions, of which enough remain without signatures
_AT_ONCE = 50
_LARGE = 100  # posts of an author
_FEWEST = 5  # posts of a hashtag that is guessed


def hold_out(folder: Path) -> dict[str, list[dict[str, str]]]:
    """Write kept.csv, what the index is built of, out of train.csv; return the posts of strangers and of insiders."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    authors = sorted({row["author"] for row in rows})
    random.Random(5).shuffle(authors)
    held = set(authors[: len(authors) // 4])
    groups = sorted({row["group"] for row in rows if row["author"] not in held})
    random.Random(6).shuffle(groups)
    apart = set(groups[: len(groups) // 10])
    with (folder / "kept.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["author"] not in held and row["group"] not in apart)
    written = [row for row in rows if row["text"].strip()]
    random.Random(7).shuffle(written)
    insiders = [row for row in written if row["author"] not in held and row["group"] in apart]
    return {"strangers": [row for row in written if row["author"] in held], "insiders": insiders}


def measure(home: Path, who: str, rows: list[dict[str, str]]) -> None:
    """Print how many raw answers have a signature among the first five, and micro F1 with and without signatures."""
    recommender, archive = open_recommender(home), current_snapshot(home).archive
    by_hashtag, hidden = carrier_matrix(archive), np.full(len(archive.author_of), -1)
    guessed = guess_signatures(archive.hashtags, label_matrix(archive), hidden)
    ways = {
        "without counted": Signatures(archive.hashtags, by_hashtag, archive.author_of),
        "without guessed": Signatures(archive.hashtags, by_hashtag, hidden, guessed),
    }
    answers: dict[str, list[list[str]]] = {"with signatures": [], **{way: [] for way in ways}}
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        asked = recommender.suggest_batch(
            [Query(row["text"]) for row in some], SuggestOptions(count=_DEEP, raw=True, new=False)
        )
        for row, answer in zip(some, asked, strict=True):
            tags = [normalise_hashtag(found.hashtag) for found in answer.suggestions]
            columns = archive.hashtags.find(tags)
            answers["with signatures"].append(tags)
            for way, signatures in ways.items():
                strange = signatures.of_strangers(columns[columns >= 0], row["text"], None)
                left = [tag for tag, column in zip(tags, columns.tolist(), strict=True) if column not in strange]
                answers[way].append(left)
    truth = [row["hashtags"].split() for row in rows]
    print(f"{len(rows)} posts of {who}")
    for way, given in answers.items():
        pairs = zip(answers["with signatures"], given, strict=True)
        changed = sum(tags[:5] != left[:5] for tags, left in pairs) / len(rows)
        f1 = "".join(f"  micro F1 at {k}: {micro(given, truth, k).f1:.4f}" for k in (5, 10))
        print(f"  {way:<16}{f1}  other first five: {changed:.1%}", flush=True)


def show_guesses(posts: Path) -> None:
    """Print how many signatures are guessed, and how often that is right."""
    table = PostTable()
    for post in read_posts(posts).read():
        if isinstance(post, Post):
            table.add(post)
    hashtags, author_of = StringTable.of(table.hashtags), np.asarray(table.author_of)
    parts = np.ones(len(table.columns), dtype=np.float32), np.asarray(table.columns), np.asarray(table.pointers)
    labels = sparse.csr_matrix(parts, shape=(len(author_of), len(hashtags)))
    guessed = guess(hashtags, labels)
    often = count_uses(labels) >= _FEWEST
    print(f"  {len(guessed)} of {np.count_nonzero(often)} hashtags on {_FEWEST} posts or more")
    if (author_of < 0).all():
        return
    by_author = sparse.csr_matrix((np.ones(len(author_of)), (author_of, np.arange(len(author_of))))) @ labels
    few = np.count_nonzero(by_author.toarray(), axis=0) <= MOST_AUTHORS
    right = np.count_nonzero(few[guessed])
    recall = right / np.count_nonzero(few & often)
    print(f"  of at most {MOST_AUTHORS} authors: {right}, precision {right / len(guessed):.3f}, recall {recall:.3f}")
    large = np.flatnonzero(np.bincount(author_of) >= _LARGE).tolist()
    alone = [len(guess(hashtags, labels[author_of == author])) for author in large]
    print(f"  guessed of archives of one author: {sum(alone)}, in {len(alone)} archives")


def guess(hashtags: StringTable, labels: sparse.csr_matrix) -> Rows:
    """The columns that are guessed where authors are hidden."""
    return hashtags.find(list(guess_signatures(hashtags, labels, np.full(labels.shape[0], -1))))


def main() -> None:
    """Build the index without what is held out, and measure; or show the guesses."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--set", default="cafe_ko")
    parser.add_argument("--posts", type=int, default=900)
    parser.add_argument("--guesses", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if arguments.guesses:
            for name in K:
                split(arguments.data / name / "posts.csv", folder)
                print(name)
                show_guesses(folder / "train.csv")
            return
        split(arguments.data / arguments.set / "posts.csv", folder)
        held_out = hold_out(folder)
        home = folder / "home"
        hashtag("index", "build", folder / "kept.csv", "--home", home, "--encoders", "compact")
        for who, rows in held_out.items():
            measure(home, who, rows[: arguments.posts])


if __name__ == "__main__":
    main()
