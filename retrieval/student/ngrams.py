"""Captions to bags of hashed character n-grams, by a hash that any language has in a few lines."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...core.vectors import Vectors
from ..encoders.hashing import ngrams

_BASIS, _PRIME = 0x811C9DC5, 0x01000193  # of FNV-1a, 32 bits (Fowler, Noll and Vo, 1991)
_SPACES = re.compile("[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")  # \\s of JavaScript


@dataclass(frozen=True, slots=True)
class HashedNgrams:
    """How a caption becomes a bag: NFKC, lower case, n-grams of each word with a space before and behind it.

    buckets: into which they are hashed, by FNV-1a (32 bits) of their UTF-8, modulo `buckets`. shortest, longest: in
    code points.
    """

    buckets: int = 2048
    shortest: int = 2
    longest: int = 4

    def bags(self, captions: Sequence[str]) -> Vectors:
        """n captions to float32 (n, buckets): 1 / sqrt(number of buckets met) for each bucket met, else 0."""
        bags = np.zeros((len(captions), self.buckets), dtype=np.float32)
        for bag, caption in zip(bags, captions, strict=True):
            met = sorted({fnv1a(ngram) % self.buckets for ngram in self._ngrams(caption)})
            bag[met] = len(met) ** -0.5 if met else 0.0
        return bags

    def to_json(self) -> dict[str, Any]:
        """For the file's metadata: all that a program needs to make the same bags."""
        return asdict(self) | {
            "hash": "FNV-1a, 32 bits, of the UTF-8 of the n-gram; modulo buckets",
            "text": "NFKC, lower case, split at white space; n-grams of code points of each word with a space before "
            "and behind it",
            "value": "1 / sqrt(number of different buckets) for each bucket met, else 0",
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "HashedNgrams":
        """Raises KeyError on other fields."""
        return cls(**{name: int(fields[name]) for name in cls.__slots__})

    def _ngrams(self, caption: str) -> Iterable[str]:
        words = _SPACES.split(unicodedata.normalize("NFKC", caption).lower())
        return (ngram for word in words if word for ngram in ngrams(f" {word} ", self.shortest, self.longest))


def fnv1a(text: str) -> int:
    """The FNV-1a hash of a text's UTF-8, in [0, 2**32)."""
    value = _BASIS
    for byte in text.encode():
        value = (value ^ byte) * _PRIME & 0xFFFFFFFF
    return value
