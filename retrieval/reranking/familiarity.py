"""How well an archive knows posts like a query: the probability that at least one of five hashtags is right.

The probabilities of the hashtags tell much of it, but only for posts of the archive's own kind: a ranker that was
trained on café posts is sure of its café hashtags whatever it is asked. So traits of the query are compared with those
of the archive's own posts, each as if it were not in the archive:

- how typical its vector is, by encoder: the Mahalanobis distance in the principal subspace of the archive, and the
  distance from that subspace (Lee et al., arXiv 1807.03888; Wang et al., arXiv 2203.10807)
- how similar the nearest caption is, in letters
- how unusual its n-grams are, by their mean idf
- how many of the archive's captions are written in its script
- how likely one of the five best hashtags is right, if their probabilities were independent

Each trait becomes a z-score among own posts of that caption length; their mean is the likeness. The log odds of the
probability fall with a likeness below that of the median post. Calibrated by own posts; below all of them it goes on
to fall. A near-duplicate of an own post is known, however unusual both are: its likeness does not count.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.odds import log_odds, logistic
from ...core.vectors import Floats, Vectors, read_array
from ...core.writing_systems import main_script
from ..voting.ranking import Ranked

BEST = 5  # hashtags, of which at least one is to be right
LITTLE_KNOWN = 0.3  # below it, an answer says that the archive knows little of such posts
PULL = 2.0  # log odds for each standard deviation of likeness below the median post's

_FILE = "familiarity.json"
_ARRAYS = "familiarity.npz"
_LEAST, _MOST = -8.0, 2.0  # z-scores beyond count as these
_LOWEST, _HALVINGS = 20.0, 30  # log odds
_UNSEEN = 1e-4  # fraction of posts in a script that none is written in


@dataclass(frozen=True, slots=True)
class Subspace:
    """The vectors of an archive by one encoder, as a normal distribution.

    mean: (d,). axes: (k, d), the principal ones. variances: (k,), along them. rest: (1,), along any other axis.
    """

    mean: Floats
    axes: Floats
    variances: Floats
    rest: Floats

    def typicality(self, vectors: Vectors) -> Floats:
        """Minus the squared distance of n vectors (n, d) from the mean, in variances: (n,)."""
        centred = vectors - self.mean
        along = centred @ self.axes.T
        beside = np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0)
        return np.asarray(-(along**2 / self.variances).sum(axis=1) - beside / self.rest[0], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Asked:
    """n queries as the familiarity takes them.

    captions: (n,). ngrams: sparse (n, b) counts. dense: by encoder (n, d), a row of zeros if there is nothing to
    encode. nearest: (n,) the similarity of the nearest caption in letters, 0 if there is none. probabilities: (n, BEST)
    of the best hashtags, likeliest first; 0 if there are fewer.
    """

    captions: Sequence[str]
    ngrams: sparse.csr_matrix
    dense: Mapping[str, Vectors]
    nearest: Vectors
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """What the t traits of own posts are by the length of the caption: mean and ln(variance), each a polynomial.

    lengths: (4,) of ln(1 + length): least and greatest that count, mean, standard deviation. means: (t, 3). variances:
    (t, 2).
    """

    lengths: Floats
    means: Floats
    variances: Floats

    def basis(self, captions: Sequence[str]) -> Floats:
        """The powers of the standardised lengths of n captions: (n, 3)."""
        least, greatest, mean, deviation = self.lengths
        logs = np.clip(log_lengths(captions), least, greatest)
        return np.vander((logs - mean) / deviation, 3, increasing=True)

    def likeness(self, traits: Floats, captions: Sequence[str]) -> Floats:
        """The mean z-score of the traits (n, t) of n queries: (n,); NaN if a query has none."""
        basis = self.basis(captions)
        z = (traits - basis @ self.means.T) / np.exp(0.5 * (basis[:, :2] @ self.variances.T))
        known = ~np.isnan(z)
        total = np.where(known, np.clip(z, _LEAST, _MOST), 0).sum(axis=1)
        return np.asarray(np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan))


@dataclass(frozen=True, slots=True)
class Familiarity:
    """What an archive has learned of its own posts, to tell how well it knows others.

    posts: how many were learned from. subspaces: by encoder. scripts: the fraction of captions by `main_script`.
    expected: of the traits. right: (3,) of the log odds of being right: by log odds of one of the best being right, by
    those of the very best, offset. likeness: (2,) median and standard deviation. calibration: (5,) see `calibrate`.
    idf: (b,), that of the reranker.
    """

    posts: int
    subspaces: Mapping[str, Subspace]
    scripts: Mapping[str, float]
    expected: Expected
    right: Floats
    likeness: Floats
    calibration: Floats
    idf: Vectors

    def of(self, asked: Asked, copies: NDArray[np.bool_]) -> list[float | None]:
        """The familiarity of n queries, in [0, 1]; None if nothing of a query could be compared.

        copies: (n,) whether a query is a near-duplicate of an own post.
        """
        found = self.traits(asked)
        likeness = np.where(copies, np.nan, self.expected.likeness(found, asked.captions))
        compared = np.asarray(~np.isnan(found[:, 1:]).all(axis=1))
        odds = pulled(self.right, self.likeness, asked.probabilities, likeness)
        calibrated = logistic(calibrate(self.calibration, odds))
        return [float(value) if there else None for value, there in zip(calibrated, compared.tolist(), strict=True)]

    def traits(self, asked: Asked) -> Floats:
        """The traits of n queries: (n, t), NaN if a query has nothing to tell it by."""
        typical = {
            encoder: typicality_of(subspace, asked.dense[encoder]) for encoder, subspace in self.subspaces.items()
        }
        return stack_traits(asked, typical, surprise(asked.ngrams, self.idf, self.posts), self.scripts)

    def save(self, folder: Path) -> None:
        """Write into the folder of a snapshot: arrays, the rest as JSON. The reranker keeps `idf`."""
        fields = {"posts": self.posts, "encoders": list(self.subspaces), "scripts": dict(self.scripts)}
        (folder / _FILE).write_text(json.dumps(fields, indent=1), encoding="utf-8")
        arrays: dict[str, NDArray[Any]] = {"right": self.right, "likeness": self.likeness}
        arrays |= {"calibration": self.calibration}
        arrays |= {f"expected_{name}": getattr(self.expected, name) for name in Expected.__slots__}
        for encoder, subspace in self.subspaces.items():
            arrays |= {f"{encoder}_{name}": getattr(subspace, name) for name in Subspace.__slots__}
        np.savez(folder / _ARRAYS, **{name: array.astype(np.float32) for name, array in arrays.items()})  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path, reranker: Path) -> "Familiarity | None":
        """Read what `save` wrote; None if a snapshot has none. Raises SnapshotError if it cannot be read.

        reranker: the folder of the reranker that was learned with it.
        """
        if not (folder / _FILE).exists():
            return None
        try:
            fields = json.loads((folder / _FILE).read_bytes())
            with np.load(folder / _ARRAYS, allow_pickle=False) as file:
                arrays = {name: file[name].astype(np.float64) for name in file.files}
            subspaces = {
                str(encoder): Subspace(*(arrays[f"{encoder}_{name}"] for name in Subspace.__slots__))
                for encoder in fields["encoders"]
            }
            return cls(
                int(fields["posts"]),
                subspaces,
                {str(script): float(part) for script, part in fields["scripts"].items()},
                Expected(*(arrays[f"expected_{name}"] for name in Expected.__slots__)),
                arrays["right"],
                arrays["likeness"],
                arrays["calibration"],
                read_array(reranker / "idf.npy"),
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(f"the familiarity in {folder} cannot be read: {error}", REBUILD) from error


def log_lengths(captions: Sequence[str]) -> Floats:
    """ln(1 + characters) of n captions: (n,)."""
    return np.log1p(np.asarray([len(caption) for caption in captions], dtype=np.float64))


def typicality_of(subspace: Subspace, vectors: Vectors) -> Floats:
    """The typicality of n vectors; NaN for rows of zeros."""
    return np.where(vectors.any(axis=1), subspace.typicality(vectors), np.nan)


def surprise(ngrams: sparse.csr_matrix, idf: Vectors, posts: int) -> Floats:
    """The mean idf of the n-grams of n captions, by their sublinear counts: (n,); NaN for empty ones.

    idf: (b,), of so many posts; 0 for n-grams that are in none.
    """
    known = idf[ngrams.indices].astype(np.float64)
    weights = 1 + np.log(np.maximum(ngrams.data, 1))
    of = np.repeat(np.arange(ngrams.shape[0]), np.diff(ngrams.indptr))
    total = np.bincount(of, weights * np.where(known > 0, known, 1 + np.log1p(posts)), ngrams.shape[0])
    count = np.bincount(of, weights, ngrams.shape[0])
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def one_right(probabilities: Floats) -> Floats:
    """Log odds that one of the hashtags is right, if they were independent: (n,). probabilities: (n, BEST)."""
    return log_odds(np.clip(1 - np.prod(1 - probabilities, axis=1), 1e-4, 1 - 1e-4))


def stack_traits(
    asked: Asked, typical: Mapping[str, Floats], surprises: Floats, scripts: Mapping[str, float]
) -> Floats:
    """All traits of n queries: (n, t); the first of the probabilities. typical: by encoder (n,). surprises: (n,)."""
    written = [main_script(caption) for caption in asked.captions]
    common = [np.log(scripts.get(script, 0.0) + _UNSEEN) if script else np.nan for script in written]
    near = np.where(np.diff(asked.ngrams.indptr) > 0, asked.nearest, np.nan)
    columns = [one_right(asked.probabilities), near, -surprises, np.asarray(common, dtype=np.float64)]
    return np.stack([*columns, *typical.values()], axis=1)


def pulled(right: Floats, likeness_of_own: Floats, probabilities: Floats, likeness: Floats) -> Floats:
    """Log odds that one hashtag is right, pulled down if the likeness is below the median's: (n,)."""
    by_one, by_best, offset = right
    median, deviation = likeness_of_own
    odds = by_one * one_right(probabilities) + by_best * log_odds(np.clip(probabilities[:, 0], 1e-4, 1 - 1e-4)) + offset
    return np.asarray(odds + PULL * np.minimum(np.nan_to_num(likeness - median) / deviation, 0))


def calibrate(calibration: Floats, odds: Floats) -> Floats:
    """Log odds by two lines that meet: (n,).

    calibration: (middle, least, offset, slope above the middle, slope below it). Below `least`, of which hardly any own
    post was, there is nothing to calibrate by, and the log odds fall at least as fast as those given.
    """
    middle, least, offset, above, below = calibration
    inside = np.maximum(odds, least)
    lines = offset + above * np.maximum(inside - middle, 0) + below * np.minimum(inside - middle, 0)
    return np.asarray(lines + max(below, 1.0) * np.minimum(odds - least, 0))


def temper(ranked: Ranked, familiarity: float | None, named: NDArray[np.bool_]) -> Ranked:
    """Lower the probabilities of a query of which the archive knows little, until they agree with its familiarity.

    The log odds of candidates are lowered by one number, so that one of the five likeliest is right with that
    probability, if these are independent. What the caption names needs no similar post, and stays as it is. Nothing
    changes from LITTLE_KNOWN on, and nothing is raised. named: (c,) whether the caption names each.
    """
    guessed = ~named
    if familiarity is None or familiarity >= LITTLE_KNOWN or not guessed.any():
        return ranked
    odds = log_odds(ranked.probabilities[guessed])
    low, high = -_LOWEST, 0.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        one_is_right = 1 - np.prod(1 - logistic(odds[:BEST] + middle))
        low, high = (low, middle) if one_is_right > familiarity else (middle, high)
    probabilities = ranked.probabilities.copy()
    probabilities[guessed] = logistic(odds + high)
    order = np.argsort(-probabilities, kind="stable")
    features = ranked.features[order] if len(ranked.features) else ranked.features
    return Ranked(ranked.columns[order], probabilities[order], features)
