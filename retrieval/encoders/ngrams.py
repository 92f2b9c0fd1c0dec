"""Captions to character n-grams: no weights, every language."""

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...core.post import Modality
from ...core.protocols import Fingerprint

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from sklearn.feature_extraction.text import HashingVectorizer

# Hashing instead of a vocabulary: nothing to fit or to store, and a language met for the first time needs no rebuild.
BUCKETS = 2**20
NGRAMS = (1, 4)


class NgramEncoder:
    """Captions to counts of their character n-grams within words, hashed into buckets."""

    channel = "lexical"
    modality: Modality = "text"
    sparse = True
    stored = False
    batch_size = 1024

    @property
    def fingerprint(self) -> Fingerprint:
        """The same on every machine: the hash is MurmurHash3."""
        return Fingerprint(
            model="character n-grams",
            weights="none",
            revision="1",
            dimension=BUCKETS,
            preprocessing=f"NFKC, case folded, n-grams {NGRAMS[0]}-{NGRAMS[1]} within words",
        )

    def prepare(self, content: str) -> str:
        """Folds forms and case that a reader would call equal."""
        return unicodedata.normalize("NFKC", content.casefold())

    def encode(self, prepared: Sequence[str]) -> "csr_matrix":
        """n captions to a sparse float32 (n, BUCKETS) of counts."""
        counts: csr_matrix = self._vectorizer.transform(prepared)
        return counts

    def release(self) -> None:
        """There are no weights to let go of."""

    @cached_property
    def _vectorizer(self) -> "HashingVectorizer":
        from sklearn.feature_extraction.text import HashingVectorizer

        return HashingVectorizer(
            analyzer="char_wb",
            ngram_range=NGRAMS,
            lowercase=False,
            n_features=BUCKETS,
            alternate_sign=False,
            norm=None,
            dtype=np.float32,
        )
