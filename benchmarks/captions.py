"""Captions from photos: retrieval against trained decoders and floors, on the same posts.

    .venv/bin/python benchmarks/captions.py DATA OUT [SET ...]

DATA, the split and what is done with OUT are as for evaluation.py; only posts with a photo and a caption take part.
What is printed are the tables of benchmarks/README.md.
"""

import argparse
import time
from pathlib import Path
from typing import Any

from evaluation import evaluate

SETS = ("recipes_en", "tweets_en")


def show(name: str, report: dict[str, Any], minutes: float) -> None:
    """The tables of one set, in Markdown."""
    dataset = report["dataset"]
    print(
        f"\n{name}: {dataset['train']:,} posts to learn from, {dataset['validation']:,} to validate, "
        f"{dataset['test_posts']:,} to be judged on, {report['split']['leaks']} test posts with a near-duplicate "
        f"elsewhere; {minutes:.0f} min in all\n"
    )
    print("| system | ROUGE-L (95%) | METEOR (95%) | BLEU-1 to 4 | CIDEr | words | different | learning |")
    print("|---|---|---|---|---|---|---|---|")
    for system in sorted(report["systems"], key=lambda one: -one["metrics"]["words"]["rouge_l"]):
        metrics, intervals = system["metrics"]["words"], system["intervals"]["words"]
        figures = [
            *("{:.3f} ({:.3f}-{:.3f})".format(metrics[one], *intervals[one]) for one in ("rouge_l", "meteor")),
            " / ".join(f"{metrics[f'bleu_{order}']:.3f}" for order in range(1, 5)),
            f"{metrics['cider']:.3f}",
            f"{system['words_per_caption']:.1f}",
            f"{system['different_captions']:,}",
            f"{system['fit_seconds']:,.0f} s",
        ]
        print(f"| {' | '.join((system['name'], *figures))} |")
    print("\n| retrieval less | measure | by (95%) | better in |")
    print("|---|---|---|---|")
    for one in report["differences"]:
        by = f"{one['by']:+.3f} ({one['low']:+.3f} to {one['high']:+.3f})"
        print(f"| {one['other']} | {one['measure']} | {by} | {one['probability']:.1%} of resamples |")


def main() -> None:
    """Print the tables of each set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", nargs="*", metavar="SET", default=list(SETS))
    arguments = parser.parse_args()
    for name in arguments.sets:
        started = time.perf_counter()
        report = evaluate(arguments.data / name, arguments.out / name, "captions")
        show(name, report, (time.perf_counter() - started) / 60)


if __name__ == "__main__":
    main()
