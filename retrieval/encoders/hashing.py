"""Counts of n-grams, hashed into buckets: nothing to fit and nothing to store."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

import mmh3
import numpy as np
from scipy import sparse


def ngrams(text: str, shortest: int, longest: int) -> Iterator[str]:
    """All runs of `shortest` to `longest` characters of a text; a shorter text is one itself."""
    if len(text) < shortest:
        yield text
    for n in range(shortest, min(longest, len(text)) + 1):
        for start in range(len(text) - n + 1):
            yield text[start : start + n]


def ngrams_within_words(text: str, shortest: int, longest: int) -> Iterator[str]:
    """The n-grams of each word with a space before and behind it, as scikit-learn's analyzer `char_wb` makes them."""
    return chain.from_iterable(ngrams(f" {word} ", shortest, longest) for word in text.split())


def hashed_counts(documents: Iterable[Iterable[str]], buckets: int) -> sparse.csr_matrix:
    """Counts of the n-grams of n documents: sparse float32 (n, buckets), columns ascending.

    The counts of scikit-learn's HashingVectorizer: bucket |MurmurHash3_x86_32| mod `buckets`, a power of two.
    """
    bucket_of: dict[str, int] = {}
    pointers: list[int] = [0]
    columns: list[int] = []
    counts: list[int] = []
    for document in documents:
        row: Counter[int] = Counter()
        for ngram, count in Counter(document).items():
            bucket = bucket_of.get(ngram)
            if bucket is None:
                bucket = bucket_of[ngram] = abs(mmh3.hash(ngram)) % buckets
            row[bucket] += count
        columns.extend(row)
        counts.extend(row.values())
        pointers.append(len(columns))
    arrays = np.asarray(counts, dtype=np.float32), np.asarray(columns, dtype=np.int32), np.asarray(pointers)
    hashed = sparse.csr_matrix(arrays, shape=(len(pointers) - 1, buckets))
    hashed.sort_indices()
    return hashed
