"""The learned reranker: hashtags for a post in order of probability, from its neighbours and from the whole archive."""

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
from ...core.odds import log_odds
from ...core.results import Reason
from ...core.vectors import Floats, Matches, Rows, Vectors
from ..search.similarity import Scales, WeightedContents
from ..search.writing_style import Styles
from ..voting.fusion import Fusion
from ..voting.ranking import QueryBatch, Ranked
from .counts import Counts, count, recount
from .features import Candidates, FeatureInputs, FeatureMaker
from .reasons import reasons
from .reports import RerankerReport
from .ridge import KernelRidge, RidgeQuery
from .scorer import Scorer

VERSION = 5  # of the files, and of the features that the scorer was learned on

_FILE = "reranker.json"
_SPARSE = ("words", "style")  # of landmarks
_MATRIX = ("data", "indices", "indptr")


@dataclass(frozen=True, slots=True)
class Learning:
    """What was learned from an archive, and all that is kept of it. names: (f,) of the scorer's features."""

    scales: Scales
    ridge: KernelRidge
    styles: Styles
    counts: Counts
    scorer: Scorer
    names: tuple[str, ...]


class Reranker:
    """Made by `training.learn_reranker`, or loaded from a snapshot."""

    def __init__(self, learning: Learning, maker: FeatureMaker, fusion: Fusion, report: RerankerReport) -> None:
        self._learning = learning
        self._maker = maker
        self._fusion = fusion
        self.report = report

    def rank(self, queries: QueryBatch) -> list[Ranked]:
        """The candidates of each post; for one that resembles nothing, those that the archive uses most."""
        comparable = self._learning.scales.weigh(queries.contents)
        asked = self._learning.ridge.ask(comparable)
        in_style = self._learning.styles.nearest(comparable.style)
        found = [
            self._maker.candidates(inputs)
            for inputs in gather(queries, comparable.words, asked, in_style, self._learning.counts)
        ]
        if not found:
            return []
        features = [some.matrix() for some in found]
        probabilities = self._learning.scorer.probability(np.concatenate(features))
        parts = np.split(probabilities, np.cumsum([len(some.columns) for some in found])[:-1])
        return [_rank(*some) for some in zip(found, parts, features, strict=True)]

    def reasons(self, ranked: Ranked, ranks: Rows) -> list[tuple[Reason, ...]]:
        """What moved the probability of some of a post's candidates most. ranks: (s,) of these."""

        def odds(features: Vectors) -> Floats:
            return log_odds(self._learning.scorer.probability(features))

        return reasons(self._learning.names, ranked.features, ranks, odds)

    @property
    def threshold(self) -> float:
        """See `Ranker.threshold`."""
        return self.report.threshold

    def save(self, folder: Path) -> None:
        """Write into `folder`, which exists: numbers as .npy, the rest as JSON."""
        scales, ridge, counts = self._learning.scales, self._learning.ridge, self._learning.counts
        arrays: dict[str, NDArray[Any]] = {"idf": scales.idf, "style_idf": scales.style_idf}
        arrays["ridge"] = ridge.weights.astype(np.float16)
        arrays |= {f"mean_{channel}": mean for channel, mean in scales.means.items()}
        arrays |= {f"landmarks_{channel}": vectors for channel, vectors in ridge.landmarks.dense.items()}
        for kind in _SPARSE:
            arrays |= _split_matrix(f"landmarks_{kind}", getattr(ridge.landmarks, kind))
        arrays |= _split_matrix("style", self._learning.styles.style)
        arrays |= {"mentions": counts.mentions, "kept": counts.kept}
        arrays |= self._learning.scorer.arrays()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        fields = {
            "version": VERSION,
            "arrays": sorted(arrays),
            "channels": sorted(scales.means),
            "fewest": ridge.fewest,
            "served": list(ridge.served),
            "posts": counts.n_posts,
            "features": list(self._learning.names),
            "fusion": self._fusion.to_json(),
            "report": self.report.to_json(),
        }
        (folder / _FILE).write_text(json.dumps(fields, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, hashtags: Sequence[str], labels: sparse.csr_matrix, fusion: Fusion) -> "Reranker":
        """hashtags: (m,) normalised, labels: (posts, m), fusion: those it was saved with.

        Posts and hashtags that have come since stand after the others; of them only neighbours and counts tell.
        Raises SnapshotError on files of another version, of another archive or fusion, and on damaged ones. Executes
        nothing from them.
        """
        kept = _Kept.read(folder, fusion)
        try:
            styles = Styles(_read_matrix(kept.arrays, "style", len(kept.scales.style_idf)))
            mentions, posted = kept.arrays["mentions"], kept.arrays["kept"]
        except (ValueError, KeyError) as error:
            raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error
        newcomers = len(hashtags) - len(mentions)
        if mentions.shape != posted.shape or newcomers < 0 or not len(styles) == kept.n_posts <= labels.shape[0]:
            raise SnapshotError(f"the reranker in {folder} is not of this archive", REBUILD)
        counts = recount(labels, np.pad(mentions, (0, newcomers)), np.pad(posted, (0, newcomers)))
        ridge = kept.ridge(hashtags)
        learning = Learning(kept.scales, ridge, styles, counts, kept.scorer, kept.names)
        return cls(learning, FeatureMaker(hashtags, labels, kept.scales, fusion, ridge), fusion, kept.report)

    @classmethod
    def carry_over(
        cls,
        folder: Path,
        captions: Sequence[str],
        hashtags: Sequence[str],
        labels: sparse.csr_matrix,
        fusion: Fusion,
    ) -> "Reranker":
        """What was learned and saved in `folder`, for posts other than those it was learned from.

        Scales, regression, scorer and report stay as they were learned, and so do the names of hashtags in them; all
        that is counted of posts is counted anew. So it does not matter by which way the archive came to be as it is.
        captions: (posts,). hashtags: (m,) normalised. labels: (posts, m). Raises SnapshotError as `load` does.
        """
        kept = _Kept.read(folder, fusion)
        ridge = kept.ridge(hashtags)
        maker = FeatureMaker(hashtags, labels, kept.scales, fusion, ridge)
        counts = count(labels, maker.finder.find_all(captions))
        styles = Styles(kept.scales.weigh_style(captions))
        return cls(Learning(kept.scales, ridge, styles, counts, kept.scorer, kept.names), maker, fusion, kept.report)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the files of a reranker hold that does not depend on the posts of today.

    landmarks, weights, served, fewest: see `KernelRidge`. n_posts: of the archive it was saved with. arrays: all files.
    """

    scales: Scales
    landmarks: WeightedContents
    weights: Vectors
    served: tuple[str, ...]
    fewest: int
    n_posts: int
    scorer: Scorer
    names: tuple[str, ...]
    report: RerankerReport
    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def read(cls, folder: Path, fusion: Fusion) -> "_Kept":
        """Raises SnapshotError."""
        fields, report = _read_fields(folder)
        if fields.get("fusion") != json.loads(json.dumps(fusion.to_json())):
            raise SnapshotError(f"the reranker in {folder} was learned with another fusion", REBUILD)
        try:
            arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in fields["arrays"]}
            means = {channel: arrays[f"mean_{channel}"] for channel in fields["channels"]}
            scales = Scales(arrays["idf"], arrays["style_idf"], means)
            words = _read_matrix(arrays, "landmarks_words", len(scales.idf))
            style = _read_matrix(arrays, "landmarks_style", len(scales.style_idf))
            dense = {channel: arrays[f"landmarks_{channel}"] for channel in fields["channels"]}
            return cls(
                scales,
                WeightedContents(words, style, dense),
                arrays["ridge"].astype(np.float32),
                tuple(map(str, fields["served"])),
                int(fields["fewest"]),
                int(fields["posts"]),
                Scorer.from_arrays(arrays),
                tuple(map(str, fields["features"])),
                report,
                arrays,
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error

    def ridge(self, hashtags: Sequence[str]) -> KernelRidge:
        """The regression for the hashtags of an archive, (m,) normalised."""
        return KernelRidge(self.landmarks, self.weights, self.served, hashtags, self.fewest)


def read_report(folder: Path) -> RerankerReport:
    """What `index info` shows, without loading the reranker. Raises SnapshotError as `Reranker.load` does."""
    return _read_fields(folder)[1]


def gather(
    queries: QueryBatch,
    words: sparse.csr_matrix,
    asked: Sequence[RidgeQuery],
    in_style: Sequence[Matches],
    counts: Counts,
) -> list[FeatureInputs]:
    """What is known of each post of a batch.

    words: sparse (n, b), the captions made comparable. asked, in_style: (n,).
    """
    votes, words = queries.votes.sorted_indices(), words.sorted_indices()
    gathered = []
    for i, caption in enumerate(queries.contents.captions):
        voted = slice(votes.indptr[i], votes.indptr[i + 1])
        said = slice(words.indptr[i], words.indptr[i + 1])
        hits = {
            channel: Matches(matches.rows[i : i + 1], matches.similarities[i : i + 1])
            for channel, matches in queries.hits.items()
        }
        gathered.append(
            FeatureInputs(
                caption,
                hits,
                votes.indices[voted],
                votes.data[voted],
                words.indices[said],
                words.data[said],
                asked[i],
                in_style[i],
                counts,
            )
        )
    return gathered


def _rank(candidates: Candidates, probabilities: Floats, features: Vectors) -> Ranked:
    order = np.argsort(-probabilities, kind="stable")
    return Ranked(candidates.columns[order].astype(np.int64), probabilities[order], features[order])


def _split_matrix(name: str, matrix: sparse.csr_matrix) -> dict[str, NDArray[Any]]:
    return {f"{name}_{part}": getattr(matrix, part) for part in _MATRIX}


def _read_matrix(arrays: Mapping[str, NDArray[Any]], name: str, columns: int) -> sparse.csr_matrix:
    parts = tuple(arrays[f"{name}_{part}"] for part in _MATRIX)
    return sparse.csr_matrix(parts, shape=(len(parts[-1]) - 1, columns))


def _read_fields(folder: Path) -> tuple[dict[str, Any], RerankerReport]:
    try:
        fields: dict[str, Any] = json.loads((folder / _FILE).read_bytes())
        version = fields["version"]
        if version != VERSION:
            raise SnapshotError(f"the reranker in {folder} is of version {version}, not {VERSION}", REBUILD)
        return fields, RerankerReport.from_json(fields["report"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error
