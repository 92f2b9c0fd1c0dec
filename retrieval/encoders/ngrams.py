"""Captions to character n-grams: no weights, every language."""

import unicodedata
from collections.abc import Sequence

from scipy.sparse import csr_matrix

from ...core.post import Modality
from ...core.protocols import Fingerprint
from .hashing import hashed_counts, ngrams_within_words

# Hashing instead of a vocabulary: nothing to fit or to store, and a language met for the first time needs no rebuild.
BUCKETS = 2**20
NGRAMS = (1, 4)


class NgramEncoder:
    """Captions to counts of their character n-grams within words, hashed into buckets."""

    channel = "lexical"
    modality: Modality = "text"
    languages = None
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

    def encode(self, prepared: Sequence[str]) -> csr_matrix:
        """n captions to a sparse float32 (n, BUCKETS) of counts."""
        return hashed_counts((ngrams_within_words(caption, *NGRAMS) for caption in prepared), BUCKETS)

    def release(self) -> None:
        """There are no weights to let go of."""
