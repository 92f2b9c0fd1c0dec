"""What networks are fed with: features of photos, and captions as numbers."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from ....core.errors import PhotoError
from ....core.query import Query
from ....core.vectors import FloatMatrix, PhotoFeatures

PADDING = 0
UNKNOWN = 1
LENGTH = 64  # pieces of a caption that are read

_HELD = 2**30  # bytes

_MOST_WORDS = 12_000
_FEWEST = 2  # uses from which a word is known as a whole
_LONGEST_WORD = 20  # letters; a longer one is an address, or a line without spaces, and comes apart


# From a file, or the bytes of one; of the same shapes for all photos. Raises PhotoError on one that cannot be read,
# which counts as missing.
LookAt: TypeAlias = Callable[[Any], PhotoFeatures]


class Photos:
    """One kind of features, of one shape for all posts: pooled (d,) or grid (cells, d) of the first photo.

    Networks are published for one photo a post.
    """

    def __init__(self, look_at: LookAt, kind: Literal["pooled", "grid"]) -> None:
        self._look_at = look_at
        self._kind = kind
        self._dtype = np.dtype(np.float32 if kind == "pooled" else np.float16)
        self.shape: tuple[int, ...] = (1,) if kind == "pooled" else (1, 1)

    def settle(self, queries: Sequence[Query]) -> bool:
        """Take the shape from the first photo that can be read; where there is none, it stays and the answer is no."""
        found = next((features for query in queries if (features := self._of(query)) is not None), None)
        if found is not None:
            self.shape = found.shape
        return found is not None

    def __call__(self, queries: Sequence[Query]) -> "Tensor | FeaturesOnDemand":
        """(n, *shape), zeros where there is no photo that can be read: pooled float32, grid float16.

        Grids that would take more than a gigabyte are looked up whenever they are asked for.
        """
        size = self._dtype.itemsize * len(queries) * prod(self.shape)
        return self.look_up(queries) if size <= _HELD else FeaturesOnDemand(self, queries)

    def look_up(self, queries: Sequence[Query]) -> Tensor:
        """As a call, but always at once."""
        features = np.zeros((len(queries), *self.shape), dtype=self._dtype)
        for row, query in zip(features, queries, strict=True):
            found = self._of(query)
            if found is not None:
                row[...] = found
        return torch.from_numpy(features)

    def _of(self, query: Query) -> FloatMatrix | None:
        if not query.photos:
            return None
        try:
            features = self._look_at(query.photos[0])
        except PhotoError:
            return None
        return features.pooled if self._kind == "pooled" else features.grid


class FeaturesOnDemand:
    """Features of n posts that are looked up for some of them at a time."""

    def __init__(self, photos: Photos, queries: Sequence[Query]) -> None:
        self._photos = photos
        self._queries = queries

    @property
    def shape(self) -> tuple[int, ...]:
        """(n, *shape)."""
        return len(self._queries), *self._photos.shape

    def __len__(self) -> int:
        return len(self._queries)

    def __getitem__(self, rows: Tensor) -> Tensor:
        """rows: int64 (some,). Returns (some, *shape)."""
        return self._photos.look_up([self._queries[row] for row in rows.tolist()])


class Tokeniser:
    """Captions to numbers of known pieces: words used at least twice, else the longest known beginnings.

    WordPiece's greedy longest match (Wu et al., arXiv 1609.08144), but over words and single characters as they are
    counted, not merged by likelihood: a Korean noun with its particle comes apart into noun and particle.
    """

    def __init__(self, captions: Sequence[str]) -> None:
        """captions: of the training posts."""
        words = Counter(word for caption in captions for word in _words(caption))
        letters = {letter for word in words for letter in word}
        often = [word for word, uses in words.items() if uses >= _FEWEST and len(word) <= _LONGEST_WORD]
        often = sorted(often, key=lambda word: (-words[word], word))[:_MOST_WORDS]
        pieces = sorted(letters.union(often))  # a set's own order differs from run to run
        self._numbers = {piece: number for number, piece in enumerate(pieces, start=UNKNOWN + 1)}

    def __len__(self) -> int:
        """Numbers in use, padding and unknown included."""
        return len(self._numbers) + UNKNOWN + 1

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """int64 (n, LENGTH): longer captions are cut off, shorter ones padded at the end."""
        numbers = np.full((len(captions), LENGTH), PADDING, dtype=np.int64)
        for row, caption in zip(numbers, captions, strict=True):
            pieces = (number for word in _words(caption) for number in self._pieces(word))
            for place, number in enumerate(islice(pieces, LENGTH)):
                row[place] = number
        return torch.from_numpy(numbers)

    def _pieces(self, word: str) -> Iterator[int]:
        start = 0
        while start < len(word):
            ends = range(min(len(word), start + _LONGEST_WORD), start, -1)
            end = next((end for end in ends if word[start:end] in self._numbers), start + 1)
            yield self._numbers.get(word[start:end], UNKNOWN)
            start = end


def trimmed(pieces: Tensor) -> Tensor:
    """Without the padding that all captions of a batch share, but for one. pieces: int64 (n, LENGTH)."""
    longest = int((pieces != PADDING).sum(dim=1).max())
    return pieces[:, : max(1, longest)]


def _words(caption: str) -> list[str]:
    # Everything but space and punctuation: `\w` would drop the vowel signs of Thai and Hindi, and emoji.
    folded = unicodedata.normalize("NFKC", caption.casefold())
    return re.findall(r"[^\s!-/:-@\[-`{-~…·、。]+", folded)
