"""How well hashtags of the same meaning are merged, on pairs that were labelled by hand.

    .venv/bin/python benchmarks/same_meaning.py DATA [SET ...] [--homes FOLDER]

DATA is as in quality.py, which also defines the split. For each set an index of the training part is built, with the
compact encoders, in FOLDER, or in a temporary one. Printed are

* precision and recall on the labelled pairs of tests/retrieval/selection/same_meaning.csv: on the half by which
  thresholds were chosen (the even rows), and on the half kept for this;
* the share of the answers to the test posts with the same meaning twice among five hashtags, without and with merging:
  with a labelled pair, and with two hashtags that are merged;
* the seconds that this adds to a build.

The pairs were drawn from the training posts of three sets: pairs of hashtags on five posts or more (recipes_en: two)
that any single sign puts near each other, weak ones included: sound, writing, name vectors, company, or that one
contains the other. They were labelled before any threshold was chosen, by this rule: two hashtags mean the same if who
posts one could post the other, and nothing changes but language, script, spelling, number or an abbreviation. Another
word for nearly the same in one language is not the same (photo, photography), nor is a part or a kind of it (film,
filmcamera), nor what is used in its place (맛스타그램, 먹스타그램). A loanword is the same as the native word (데일리,
일상).
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from quality import hashtag, split, suggested

from hashtag_recommender.assembly import open_recommender, read_posts, suggest_batch
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.index.snapshots.archive import SnapshotArchive
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval.recommender import ArchiveRecommender
from hashtag_recommender.retrieval.reranking.hashtag_names import NameVectors
from hashtag_recommender.retrieval.selection.same_meaning import learn_same_meaning, merge
from hashtag_recommender.retrieval.selection.selector import HashtagTable, Meanings
from hashtag_recommender.retrieval.voting.votes import carrier_matrix, label_matrix

PAIRS = Path(__file__).parents[1] / "tests/retrieval/selection/same_meaning.csv"
SETS = ("recipes_en", "film_ko", "cafe_ko")
HALVES = ("choosing half", "reporting half")
FIVE = 5

Pair = tuple[str, str]
Answers = list[list[str]]
Same = Callable[[str, str], bool]
Counts = NDArray[np.int64]


def read_pairs(name: str, half: int) -> tuple[list[Pair], list[Pair]]:
    """The labelled pairs of a set that mean the same, and those that do not. half: 0 or 1."""
    found: tuple[list[Pair], list[Pair]] = ([], [])
    with PAIRS.open(encoding="utf-8", newline="") as file:
        for i, row in enumerate(csv.DictReader(file)):
            if row["set"] == name and i % 2 == half:
                found[row["same"] == "0"].append((row["one"], row["other"]))
    return found


def build(data: Path, folder: Path) -> Path:
    """The home with an index of the training part."""
    split(data / "posts.csv", folder)
    home = folder / "home"
    hashtag("index", "build", folder / "train.csv", "--images", data, "--home", home, "--encoders", "compact")
    return home


def answers(recommender: ArchiveRecommender, folder: Path, images: Path) -> Answers:
    """Five hashtags for each test post."""
    out = folder / "out.jsonl"
    queries = read_posts(folder / "test.csv", images=images, for_queries=True)
    suggest_batch(recommender, queries, out, SuggestOptions(count=FIVE))
    return [list(map(normalise_hashtag, answer)) for answer in suggested(out)]


def merged_in(archive: SnapshotArchive, names: NameVectors | None) -> tuple[Same, float]:
    """Whether two hashtags are merged, and the seconds that learning it takes. names: see `learn_same_meaning`."""
    table = HashtagTable(archive.hashtags, archive.shown, carrier_matrix(archive))
    start = time.perf_counter()
    links = learn_same_meaning(archive.hashtags, label_matrix(archive), archive.author_of, names)
    seconds = time.perf_counter() - start
    meanings = Meanings(table, merge(links, Rules(), table))
    return lambda one, other: len(set(meanings.of([one, other]))) == 1, seconds


def names_of(home: Path) -> NameVectors | None:
    """The names of hashtags that the current snapshot keeps."""
    reranker = current_snapshot(home).folder / "reranker"
    return NameVectors.load(reranker, "names_multilingual") if reranker.is_dir() else None


def share(suggested: Answers, same: Same) -> str:
    """The share of answers with two hashtags of the same meaning, in words."""
    twice = sum(any(same(*pair) for pair in combinations(answer, 2)) for answer in suggested)
    return f"{twice / len(suggested):.1%}"


def count(same: Same, alike: Sequence[Pair], different: Sequence[Pair]) -> Counts:
    """Right merges, wrong merges, and pairs that should be merged."""
    return np.array([sum(same(*pair) for pair in alike), sum(same(*pair) for pair in different), len(alike)])


def show(half: str, counts: Counts) -> None:
    """Print precision and recall."""
    right, wrong, of = counts.tolist()
    precision = f"{right / (right + wrong):.3f}" if right + wrong else "-"
    recall = f"{right / of:.3f}" if of else "-"
    print(f"  {half:<16} precision {precision} ({right} of {right + wrong}), recall {recall} ({right} of {of})")


def measure_set(data: Path, folder: Path) -> Counts:
    """Print the figures of one set, and return the counts of both halves: (2, 3)."""
    home = build(data, folder)
    merged, seconds = merged_in(current_snapshot(home).archive, names_of(home))
    print(f"{data.name}, learned in {seconds:.1f} s")
    halves = [read_pairs(data.name, half) for half in range(len(HALVES))]
    counts = np.array([count(merged, *pairs) for pairs in halves])
    for half, of_half in zip(HALVES, counts, strict=True):
        show(half, of_half)
    same = {frozenset(pair) for alike, _ in halves for pair in alike}

    def labelled(one: str, other: str) -> bool:
        return frozenset((one, other)) in same

    recommender = open_recommender(home)
    for words, asked in (("without merging", recommender.without_merging()), ("with merging", recommender)):
        given = answers(asked, folder, data)
        twice = f"{share(given, labelled)} labelled, {share(given, merged)} merged"
        print(f"  {words:<16} same meaning twice among five: {twice}", flush=True)
    return counts


def main() -> None:
    """Print the figures of every set, and of the labelled pairs of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--homes", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        total = np.zeros((len(HALVES), 3), dtype=np.int64)
        for name in asked.sets:
            folder = (asked.homes or Path(temporary)) / name
            folder.mkdir(parents=True, exist_ok=True)
            total += measure_set(asked.data / name, folder)
    print("all")
    for half, counts in zip(HALVES, total, strict=True):
        show(half, counts)


if __name__ == "__main__":
    main()
