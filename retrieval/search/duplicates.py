"""Finds near-duplicates: reposts, copied advertisements, the same photo with several captions."""

import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.vectors import Rows, Vectors
from .similarity import Contents, centre, idf_of, mean_of, weigh_ngrams

START = 30  # letters and digits; captions that share their first ones are compared first
LIKE_CAPTIONS = 0.8  # least cosine of n-grams of near-duplicates
LIKE_VECTORS = 0.97  # least cosine of vectors of near-duplicates, in dense channels

_ROUNDS = 10  # texts of one start that copies are taken out of, before all the others are compared
_AT_ONCE = 1024  # posts compared with all others in one step
_MANY = 30_000  # posts; with more, not all pairs are compared
_TABLES, _BITS, _NEXT = 60, 24, 8
_MOST_APART = 163  # of the 1,440 hyperplanes that separate two near-duplicates: 112 and five standard deviations more
_CAPTION_TABLES, _NEXT_CAPTIONS = 16, 8
_TELLS_LITTLE = 0.05  # fraction of the captions; an n-gram of more is not hashed
_NO_HASH = 2**32 - 1

Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]


def find_duplicates(contents: Contents) -> Rows:
    """Group near-duplicates: two posts are in one cluster if a chain of similar posts connects them.

    Returns int64 (n,): the cluster of each of n posts, numbered from 0 by first post. A caption that is like the first
    one with the same start is compared with no other. With more than 30,000 posts, some copies may be missed: one in a
    thousand in the dense channels, and of the captions that begin otherwise two in a hundred. Memory: 8 bytes for
    each n-gram of a caption, and 240 for each vector.
    """
    n, captions = len(contents), contents.captions
    words = weigh_ngrams(contents.ngrams, idf_of(contents.ngrams))
    found, firsts = _find_alike_starts(captions, words)
    found.extend((firsts[ones], firsts[others]) for ones, others in _find_alike_captions(words[firsts]))
    for vectors in contents.dense.values():
        found.extend(_find_alike_vectors(vectors))
    ones, others = (np.concatenate([pairs[side] for pairs in found]) for side in (0, 1))
    links = sparse.csr_matrix((np.ones(len(ones), dtype=bool), (ones, others)), shape=(n, n))
    from scipy.sparse.csgraph import connected_components  # a suggestion needs none of it

    clusters = connected_components(links, directed=False)[1]
    _, first, cluster_of = np.unique(clusters, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[cluster_of], dtype=np.int64)


def members_of(clusters: Rows) -> list[Rows]:
    """The posts of each cluster, ascending. clusters: (n,) numbers from 0, as `find_duplicates` gives them."""
    order = np.argsort(clusters, kind="stable").astype(np.int64)
    return np.split(order, np.cumsum(np.bincount(clusters))[:-1])


def voting_posts(clusters: Rows, labels: sparse.csr_matrix) -> NDArray[np.bool_]:
    """Which posts may be neighbours: (n,). A post without hashtags may not if a near-duplicate has some.

    clusters: (n,). labels: sparse (n, m).
    """
    carries = np.diff(labels.indptr) > 0
    has_labels = np.zeros(clusters.max(initial=-1) + 1, dtype=bool)
    has_labels[clusters[carries]] = True
    return np.asarray(carries | ~has_labels[clusters])


def _find_alike_starts(captions: Sequence[str], words: sparse.csr_matrix) -> tuple[list[Pairs], Rows]:
    """Pairs of a caption and the first like it with the same start; and the rows of all captions that are no second.

    So an advertisement of ten thousand copies costs ten thousand comparisons. The start alone makes no copy, because a
    shop may begin every caption with the same greeting. Therefore the captions that are unlike the first one are
    compared with the first of them, and so on.
    """
    rest = np.asarray([row for row, caption in enumerate(captions) if caption], dtype=np.int64)
    texts, starts = _number(captions), _number([_start(caption) for caption in captions])
    found: list[Pairs] = []
    firsts: list[Rows] = []
    for _ in range(_ROUNDS):
        _, first, start_of = np.unique(starts[rest], return_index=True, return_inverse=True)
        leaders = rest[first][start_of]
        alike = texts[rest] == texts[leaders]
        alike[~alike] = _are_alike(words, rest[~alike], leaders[~alike])
        found.append((rest[alike], leaders[alike]))
        firsts.append(rest[first])
        rest = rest[~alike]
    return found, np.sort(np.concatenate([*firsts, rest]))


def _number(keys: Sequence[str]) -> Rows:
    """A number for each of n keys, the same for equal ones: int64 (n,)."""
    number: dict[str, int] = {}
    return np.asarray([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)


def _are_alike(words: sparse.csr_matrix, ones: Rows, others: Rows) -> NDArray[np.bool_]:
    """Whether the cosine of each pair of rows is at least LIKE_CAPTIONS: (p,) for rows (p,) and (p,)."""
    alike = np.zeros(len(ones), dtype=bool)
    for start in range(0, len(ones), 64 * _AT_ONCE):
        here = slice(start, start + 64 * _AT_ONCE)
        cosines = words[ones[here]].multiply(words[others[here]]).sum(axis=1)
        alike[here] = np.asarray(cosines).ravel() >= LIKE_CAPTIONS
    return alike


def _start(caption: str) -> str:
    """The first START letters and digits of a caption, or the whole caption if it has fewer."""
    folded = unicodedata.normalize("NFKC", caption[: 20 * START]).casefold()
    letters = "".join(character for character in folded if character.isalnum())
    return letters[:START] if len(letters) >= START else caption


def _find_alike_captions(words: sparse.csr_matrix) -> Iterator[Pairs]:
    """Yield pairs of rows with a cosine of at least LIKE_CAPTIONS; all of them if there are at most _MANY rows.

    Prefix filtering (Bayardo, Ma and Srikant, Scaling Up All Pairs Similarity Search, WWW 2007): such a pair shares
    one of the rarest n-grams of each row. Few posts have these, so few pairs need to be compared.
    """
    if words.shape[0] > _MANY:
        for ones, others in _find_hashed_captions(words):
            alike = _are_alike(words, ones, others)
            yield ones[alike], others[alike]
        return
    rare = _take_rarest(words)
    by_ngram = sparse.csr_matrix(rare.T)
    for start in range(0, words.shape[0], _AT_ONCE):
        shared = (rare[start : start + _AT_ONCE] @ by_ngram).tocoo()
        later = shared.row + start < shared.col
        ones, others = shared.row[later].astype(np.int64) + start, shared.col[later].astype(np.int64)
        alike = _are_alike(words, ones, others)
        yield ones[alike], others[alike]


def _find_hashed_captions(words: sparse.csr_matrix) -> Iterator[Pairs]:
    """Yield pairs of rows that share the least hashes of their n-grams in at least one table.

    Broder, On the Resemblance and Containment of Documents (1997), with one permutation for all hashes (Li, Owen and
    Zhang, One Permutation Hashing, NIPS 2012): captions that share two thirds of their n-grams have the same two least
    hashes of a table with probability .4, so in one of _CAPTION_TABLES almost surely. Rows that do are sorted by a
    third hash, and each is compared with the next _NEXT_CAPTIONS only; a chain of pairs is enough.
    """
    n, buckets = words.shape
    bins = 3 * _CAPTION_TABLES
    hashes = np.random.default_rng(8).permutation(buckets)
    tells_little = np.bincount(words.indices, minlength=buckets) > _TELLS_LITTLE * n
    least = np.full((n, bins), _NO_HASH, dtype=np.uint32)
    for start in range(0, n, _AT_ONCE):
        pointers = words.indptr[start : start + _AT_ONCE + 1]
        ngrams = words.indices[pointers[0] : pointers[-1]]
        row_of = np.repeat(np.arange(len(pointers) - 1, dtype=np.int64), np.diff(pointers))
        kept = ~tells_little[ngrams]
        hashed = hashes[ngrams[kept]]
        keyed = np.sort((row_of[kept] * bins + hashed % bins) << 32 | hashed // bins)
        places = keyed >> 32
        first = np.flatnonzero(np.concatenate([[True], places[1:] != places[:-1]])[: len(places)])
        least[start : start + _AT_ONCE].ravel()[places[first]] = keyed[first] & 0xFFFFFFFF
    for table in range(_CAPTION_TABLES):
        one, two, three = least[:, 3 * table : 3 * table + 3].T
        order = np.lexsort((three, two, one))
        for step in range(1, _NEXT_CAPTIONS + 1):
            ones, others = order[:-step], order[step:]
            same = (one[ones] == one[others]) & (two[ones] == two[others]) & (one[ones] != _NO_HASH)
            yield np.minimum(ones[same], others[same]), np.maximum(ones[same], others[same])


def _take_rarest(words: sparse.csr_matrix) -> sparse.csr_matrix:
    """The rarest n-grams of each row, as ones: so many that the rest is shorter than LIKE_CAPTIONS."""
    df = np.bincount(words.indices, minlength=words.shape[1])
    row_of = np.repeat(np.arange(words.shape[0]), np.diff(words.indptr))
    order = np.lexsort((-words.indices, -df[words.indices], row_of))  # commonest first, rows together
    squares = np.concatenate([[0.0], np.cumsum(words.data[order].astype(np.float64) ** 2)])
    rest = squares[1:] - squares[words.indptr[row_of]]  # of an n-gram and all commoner ones of its row
    kept = order[(rest >= LIKE_CAPTIONS**2 - 1e-6) & (words.data[order] > 0)]
    ones = np.ones(len(kept), dtype=np.float32)
    return sparse.csr_matrix((ones, (row_of[kept], words.indices[kept])), shape=words.shape)


def _find_alike_vectors(vectors: Vectors) -> Iterator[Pairs]:
    """Yield pairs of rows with a cosine of at least LIKE_VECTORS, about the mean; all pairs of at most _MANY rows."""
    mean = mean_of(vectors)
    if len(vectors) > _MANY:
        for ones, others in _find_hashed_alike(vectors, mean):
            for some in range(0, len(ones), 16 * _AT_ONCE):
                one, other = ones[some : some + 16 * _AT_ONCE], others[some : some + 16 * _AT_ONCE]
                cosines = np.einsum("ij,ij->i", centre(vectors[one], mean), centre(vectors[other], mean))
                alike = cosines >= LIKE_VECTORS
                yield one[alike], other[alike]
        return
    vectors = centre(vectors, mean)
    for start in range(0, len(vectors), _AT_ONCE):
        ones, others = np.nonzero(vectors[start : start + _AT_ONCE] @ vectors[start:].T >= LIKE_VECTORS)
        later = ones < others
        yield ones[later] + start, others[later] + start


def _find_hashed_alike(vectors: Vectors, mean: Vectors) -> Iterator[Pairs]:
    """Yield pairs of rows that lie on the same sides of the random hyperplanes of at least one table.

    Charikar, Similarity Estimation Techniques from Rounding Algorithms (STOC 2002): a hyperplane separates two vectors
    of cosine .97 with probability .078. So all _BITS hyperplanes of at least one of _TABLES tables agree in 99.9% of
    the cases; for orthogonal vectors in one of 280,000. Within a bucket each row is compared with the next _NEXT rows
    only, because a post copied a thousand times would else cost a million comparisons; a chain of pairs is enough. Most
    pairs that meet in a bucket are far less alike: all their planes say so, without a look at the vectors.
    """
    planes = np.random.default_rng(5).standard_normal((vectors.shape[1], _TABLES * _BITS)).astype(np.float32)
    present: list[Rows] = []
    parts: list[NDArray[np.uint32]] = []
    for start in range(0, len(vectors), _AT_ONCE):
        some = centre(vectors[start : start + _AT_ONCE], mean)
        there = np.flatnonzero(some.any(axis=1))
        present.append(there + start)
        parts.append(_hash_sides(some[there] @ planes))
    rows, hashed = np.concatenate(present), np.concatenate(parts)
    for buckets in hashed.T:
        order = np.argsort(buckets, kind="stable")
        for step in range(1, _NEXT + 1):
            same = np.flatnonzero(buckets[order[step:]] == buckets[order[:-step]])
            for start in range(0, len(same), 64 * _AT_ONCE):
                here = same[start : start + 64 * _AT_ONCE]
                ones, others = order[here], order[here + step]
                apart = np.bitwise_count(hashed[ones] ^ hashed[others]).sum(axis=1, dtype=np.int64)
                alike = apart <= _MOST_APART
                yield rows[ones[alike]], rows[others[alike]]


def _hash_sides(sides: Vectors) -> NDArray[np.uint32]:
    """Hash the sides of the hyperplanes, one number for each table: (n, tables * bits) to uint32 (n, tables)."""
    packed = np.packbits(sides.reshape(len(sides), _TABLES, _BITS) > 0, axis=2).astype(np.uint32)
    return np.asarray(packed @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32))
