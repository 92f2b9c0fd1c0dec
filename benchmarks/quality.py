"""How good suggestions are: micro F1 of the product, of the plain vote, and of popularity.

    .venv/bin/python benchmarks/quality.py DATA [SET ...]

DATA holds a folder for each set with a posts.csv (image, text, hashtags, group) and the images it names. A post is of
the test part when int(group[1:], 16) // 2 % 5 == 0. Index and suggestions go through the command line, with the
compact encoders. The vote answers from the same snapshot. Raw answers are what the archive
posts; the default form leaves out spam and second words for the same, which the posts' own hashtags hold.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hashtag_recommender.assembly import open_recommender, read_posts, suggest_batch
from hashtag_recommender.core.hashtags import parse_hashtags
from hashtag_recommender.core.post import normalise_hashtag
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.eval.measures.metrics import Measure, micro

K = {"cafe_ko": 10, "film_ko": 10, "recipes_en": 5, "tweets_en": 5}
HASHTAG = Path(sys.executable).with_name("hashtag")

Answers = list[list[str]]


def split(posts: Path, folder: Path) -> Answers:
    """Write train.csv and test.csv into the folder; return the hashtags of the test posts."""
    with posts.open(encoding="utf-8", newline="") as file:
        table = csv.DictReader(file)
        rows = list(table)
    parts: dict[str, list[dict[str, str]]] = {"train": [], "test": []}
    for row in rows:
        parts["test" if int(row["group"][1:], 16) // 2 % 5 == 0 else "train"].append(row)
    for part, own in parts.items():
        with (folder / f"{part}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table.fieldnames or [])
            writer.writeheader()
            writer.writerows(own)
    return [parse_hashtags(row["hashtags"]) for row in parts["test"]]


def hashtag(*words: object) -> None:
    """Run the command as a user would."""
    subprocess.run([str(word) for word in [HASHTAG, *words]], check=True, stdout=subprocess.DEVNULL)


def ask(folder: Path, home: Path, images: Path, *options: object) -> Answers:
    """The hashtags suggested for the test posts."""
    out = folder / "out.jsonl"
    hashtag("suggest", "--batch", folder / "test.csv", "--images", images, "--home", home, "--out", out, *options)
    return suggested(out)


def voted(folder: Path, home: Path, images: Path, k: int) -> Answers:
    """What the plain vote suggests, on the same snapshot."""
    out = folder / "vote.jsonl"
    queries = read_posts(folder / "test.csv", images=images, for_queries=True)
    suggest_batch(open_recommender(home).by_vote(), queries, out, SuggestOptions(count=k, raw=True))
    return suggested(out)


def suggested(out: Path) -> Answers:
    """The hashtags of every line of a batch."""
    with out.open(encoding="utf-8") as lines:
        return [[h["hashtag"] for h in json.loads(line)["hashtags"]] for line in lines]


def popular(folder: Path, n: int, k: int) -> Answers:
    """The most used hashtags of the training part, for everyone."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        uses = Counter(
            tag for row in csv.DictReader(file) for tag in set(map(normalise_hashtag, row["hashtags"].split()))
        )
    return [[tag for tag, _ in uses.most_common(k)]] * n


def line(name: str, answers: Answers, measure: Measure) -> str:
    """One line of the table."""
    suggested = sum(map(len, answers)) / len(answers)
    return f"  {name:<20} {suggested:9.1f} {measure.precision:9.4f} {measure.recall:9.4f} {measure.f1:9.4f}"


def measure_set(posts: Path, k: int) -> None:
    """Print the table of one set."""
    images = posts.parent
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        truth = split(posts, folder)
        home = folder / "home"
        hashtag("index", "build", folder / "train.csv", "--images", images, "--home", home, "--encoders", "compact")
        print(f"{posts.parent.name}, k = {k}, {len(truth)} test posts")
        print(f"  {'':<20} {'hashtags':>9} {'precision':>9} {'recall':>9} {'micro F1':>9}", flush=True)
        for name, answers, at in [
            (f"popularity @{k}", popular(folder, len(truth), k), k),
            (f"vote @{k}", voted(folder, home, images, k), k),
            (f"product @{k}", ask(folder, home, images, "--raw", "--count", k), k),
            (f"default form @{k}", ask(folder, home, images, "--count", k), k),
            ("product, auto", ask(folder, home, images, "--raw", "--count", "auto"), None),
            ("default form, auto", ask(folder, home, images, "--count", "auto"), None),
        ]:
            print(line(name, answers, micro(answers, truth, at)), flush=True)


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(K))
    arguments = parser.parse_args()
    for name in arguments.sets:
        measure_set(arguments.data / name / "posts.csv", K.get(name, 10))


if __name__ == "__main__":
    main()
