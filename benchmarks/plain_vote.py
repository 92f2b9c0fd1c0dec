"""How good the plain vote is: micro F1 of the fused channels, of each channel alone, and of popularity.

    .venv/bin/python benchmarks/plain_vote.py DATA [SET ...]

DATA holds a folder for each set with a posts.csv (image, text, hashtags, group) and the images it names. A post is of
the test part when int(group[1:], 16) // 2 % 5 == 0. Index and suggestions go through the command line, with the
compact encoders; each channel alone is built and fitted by itself over the same posts.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from hashtag_recommender.assembly import build_channels, open_recommender, read_posts, suggest_batch
from hashtag_recommender.core.post import normalise_hashtag, parse_hashtags
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.eval.metrics import Measure, micro
from hashtag_recommender.retrieval.encoders.profiles import ClipModels, choose_encoders

K = {"cafe_ko": 10, "film_ko": 10, "recipes_en": 5, "tweets_en": 5}
HASHTAG = Path(sys.executable).with_name("hashtag")


def split(posts: Path, folder: Path) -> list[list[str]]:
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


def suggested(out: Path) -> list[list[str]]:
    """The hashtags of every line of a batch."""
    return [[h["hashtag"] for h in json.loads(line)["hashtags"]] for line in out.open(encoding="utf-8")]


def fused(folder: Path, images: Path, k: int) -> list[list[str]]:
    """Through the command line, as a user would."""
    home, out = folder / "home", folder / "fused.jsonl"
    build = ["index", "build", folder / "train.csv", "--images", images, "--home", home, "--encoders", "compact"]
    batch = ["suggest", "--batch", folder / "test.csv", "--images", images, "--home", home, "--out", out, "--count", k]
    for command in (build, batch):
        subprocess.run([str(word) for word in [HASHTAG, *command]], check=True, stdout=subprocess.DEVNULL)
    return suggested(out)


def alone(folder: Path, images: Path, k: int) -> dict[str, list[list[str]]]:
    """Each channel by itself, from the vectors that the first build left in the database."""
    answers = {}
    for spec in choose_encoders("compact", ClipModels())[0]:
        settings = Settings(folder / "home")
        report = build_channels(settings, [spec], read_posts(folder / "train.csv", images=images))
        channel = report.manifest.channels[0]
        if channel.vectors:
            out = folder / f"{channel.channel}.jsonl"
            queries = read_posts(folder / "test.csv", images=images, for_queries=True)
            suggest_batch(open_recommender(settings.home), queries, out, k)
            answers[channel.channel] = suggested(out)
    return answers


def popular(folder: Path, n: int, k: int) -> list[list[str]]:
    """The most used hashtags of the training part, for everyone."""
    with (folder / "train.csv").open(encoding="utf-8", newline="") as file:
        uses = Counter(
            tag for row in csv.DictReader(file) for tag in set(map(normalise_hashtag, row["hashtags"].split()))
        )
    return [[tag for tag, _ in uses.most_common(k)]] * n


def row(name: str, measure: Measure) -> str:
    """One line of the table."""
    return f"  {name:<12} {measure.precision:9.4f} {measure.recall:9.4f} {measure.f1:9.4f}"


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(K))
    arguments = parser.parse_args()
    for name in arguments.sets:
        k, images = K.get(name, 10), arguments.data / name
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            truth = split(images / "posts.csv", folder)
            print(
                f"{name}, k = {k}, {len(truth)} test posts\n  {'':<12} {'precision':>9} {'recall':>9} {'micro F1':>9}"
            )
            answers = {"popularity": popular(folder, len(truth), k), "fused": fused(folder, images, k)}
            answers |= alone(folder, images, k)
            for system in sorted(answers, key=lambda system: micro(answers[system], truth, k).f1):
                print(row(system, micro(answers[system], truth, k)), flush=True)


if __name__ == "__main__":
    main()
