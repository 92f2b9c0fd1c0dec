"""What a refresh costs: with nothing changed, and with one post in a hundred changed, against the first build.

    .venv/bin/python benchmarks/refresh_cost.py DATA [--posts 10000] [--pairs 1]

DATA holds cafe_ko, whose captions and hashtags are taken, and tweets_en, of whose photos each post gets a cut of its
own, so that every photo has to be encoded. Of the posts that change, a third each is new, has another caption and
another photo, and is gone. Every figure is of whole processes, imports included; ratios are of one run.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from build_cost import HASHTAG, run
from learning_cost import write_posts, write_table


def main() -> None:
    """Print the seconds, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=1)
    arguments = parser.parse_args()
    n, third = arguments.posts, max(1, arguments.posts // 300)
    still, changed = [], []
    for _ in range(arguments.pairs):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            rows = write_posts(arguments.data, folder, n + 2 * third)
            archive, home = folder / "archive.csv", folder / "home"
            write_table(archive, rows[:n])
            first, _ = run(HASHTAG, "index", "build", archive, "--home", home, "--encoders", "compact")
            unchanged, _ = run(HASHTAG, "index", "refresh", "--home", home)
            edited = [
                row | {"text": f"{row['text']} edited", "image": new["image"]}
                for row, new in zip(rows[:third], rows[n + third :], strict=True)
            ]
            write_table(archive, [*edited, *rows[2 * third : n + third]])
            one_percent, _ = run(HASHTAG, "index", "refresh", "--home", home)
            still.append(unchanged / first)
            changed.append(one_percent / first)
            print(
                f"{n} posts: first build {first:.1f} s, refresh with nothing changed {unchanged:.1f} s, "
                f"with {3 * third} posts changed {one_percent:.1f} s",
                flush=True,
            )
    print(f"nothing changed / first build: median {statistics.median(still):.4f}")
    print(f"one in a hundred changed / first build: median {statistics.median(changed):.4f}")


if __name__ == "__main__":
    main()
