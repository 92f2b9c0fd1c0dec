"""The reranker: ranks the candidates of a query by probability; saves and loads what it has learned."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.odds import log_odds
from ...core.parallel import side_by_side
from ...core.results import Reason
from ...core.string_table import Table
from ...core.vectors import Floats, Matches, Numbers, Rows, Vectors, read_array
from ..search.sampling import draw_posts
from ..search.similarity import Scales, WeightedContents
from ..search.writing_style import MOST_POSTS, Styles
from ..voting.fusion import Fusion
from ..voting.ranking import QueryBatch, Ranked
from ..voting.votes import count_uses
from .counts import MOST_PAIRS, Counts, PairCounts, count
from .features import FeatureInputs, FeatureMaker
from .hashtag_names import NO_NAMES, HashtagNames, NameFits, NameVectors
from .mentions import WHOLE, find_mentions
from .reasons import origin, reasons
from .reports import RerankerReport
from .ridge import KernelRidge, RidgeQuery
from .scorer import Scorer

VERSION = 5  # of the files, and of the features that the scorer was learned on

_AT_ONCE = 32  # queries whose candidates are compared at once
_FILE = "reranker.json"
_SPARSE = ("words", "style")  # of landmarks
_MATRIX = ("data", "indices", "indptr")


@dataclass(frozen=True, slots=True)
class Learning:
    """All that the reranker has learned from an archive. features: (f,) the names of the scorer's features."""

    scales: Scales
    ridge: KernelRidge
    styles: Styles
    counts: Counts
    hashtag_names: HashtagNames
    scorer: Scorer
    features: tuple[str, ...]


class Reranker:
    """Ranks candidates by learned probabilities. Made by `training.learn_reranker`, or loaded from a snapshot."""

    def __init__(self, learning: Learning, maker: FeatureMaker, fusion: Fusion, report: RerankerReport) -> None:
        self._learning = learning
        self._maker = maker
        self._fusion = fusion
        self.report = report

    def compare(self, encoder: str, vectors: Vectors) -> NameFits | None:
        """See `Ranker.compare`: how well the names of hashtags fit."""
        names = self._learning.hashtag_names.of
        return names[encoder].fit(vectors) if encoder in names else None

    def rank(self, queries: QueryBatch) -> list[Ranked]:
        """See `Ranker.rank`."""
        comparable = self._learning.scales.weigh(queries.contents)
        asking: list[Callable[[], Any]] = [
            partial(self._learning.ridge.ask, comparable),
            partial(self._learning.styles.nearest, comparable.style),
        ]
        ridge_queries, in_style = side_by_side(asking)
        names = self._learning.hashtag_names.of
        fits = {
            encoder: queries.compared.get(encoder) or names[encoder].fit(queries.contents.dense[encoder])
            for encoder in names
        }
        steps = gather(queries, comparable.words, ridge_queries, in_style, fits, self._learning.counts)
        ranked = side_by_side([partial(self._rank, inputs) for inputs in steps])
        return [one for some in ranked for one in some]

    def _rank(self, inputs: FeatureInputs) -> list[Ranked]:
        found = self._maker.candidates(inputs)
        features = found.matrix()
        probabilities = self._learning.scorer.probability(features)
        order = np.lexsort((-probabilities, found.query))
        columns, probabilities, features = found.columns[order].astype(np.int64), probabilities[order], features[order]
        ends = np.searchsorted(found.query, np.arange(len(inputs.captions) + 1))
        return [Ranked(columns[a:b], probabilities[a:b], features[a:b]) for a, b in pairwise(ends.tolist())]

    def reasons(self, ranked: Ranked, ranks: Rows) -> list[tuple[Reason, ...]]:
        """What moved the probability of some of a post's candidates most. ranks: (s,) of these."""

        def odds(features: Vectors) -> Floats:
            return log_odds(self._learning.scorer.probability(features))

        return reasons(self._learning.features, ranked.features, ranks, odds)

    def origin(self, ranked: Ranked, rank: int) -> str:
        """Where a candidate comes from that no post shown carries, in words."""
        return origin(self._learning.features, ranked.features[rank])

    def named(self, ranked: Ranked) -> NDArray[np.bool_]:
        """Whether the caption names each of a post's candidates, as a whole word: (c,)."""
        return np.asarray(ranked.features[:, self._learning.features.index("mention")] >= WHOLE)

    @property
    def threshold(self) -> float:
        """See `Ranker.threshold`."""
        return self.report.threshold

    def save(self, folder: Path) -> None:
        """Write into `folder`, which must exist: arrays as .npy, the rest as JSON."""
        scales, ridge, counts = self._learning.scales, self._learning.ridge, self._learning.counts
        arrays: dict[str, NDArray[Any]] = {"idf": scales.idf, "style_idf": scales.style_idf}
        arrays["ridge"] = ridge.weights.astype(np.float16)
        arrays |= {f"mean_{channel}": mean for channel, mean in scales.means.items()}
        arrays |= {f"landmarks_{channel}": vectors for channel, vectors in ridge.landmarks.dense.items()}
        for kind in _SPARSE:
            arrays |= _split_matrix(f"landmarks_{kind}", getattr(ridge.landmarks, kind))
        arrays |= _split_matrix("style", self._learning.styles.style)
        arrays["style_rows"] = self._learning.styles.rows
        [pairs] = counts.pairs
        arrays |= {"pairs_keys": pairs.keys, "pairs_counts": pairs.counts}
        names = self._learning.hashtag_names.of
        for encoder, vectors in names.items():
            vectors.save(folder, f"names_{encoder}")
        arrays |= _split_matrix("spelling", self._maker.spelling)
        arrays |= {"mentions": counts.mentions, "kept": counts.kept}
        arrays |= self._learning.scorer.arrays()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        fields = {
            "version": VERSION,
            "arrays": sorted(arrays),
            "channels": sorted(scales.means),
            "names": sorted(names),
            "fewest": ridge.fewest,
            "fewest_together": pairs.fewest,
            "served": list(ridge.served),
            "posts": counts.n_posts,
            "features": list(self._learning.features),
            "fusion": self._fusion.to_json(),
            "report": self.report.to_json(),
        }
        (folder / _FILE).write_text(json.dumps(fields, indent=1), encoding="utf-8")

    @classmethod
    def load(
        cls,
        folder: Path,
        hashtags: Table,
        labels: sparse.csr_matrix,
        uses: Numbers,
        fusion: Fusion,
        newcomers: HashtagNames = NO_NAMES,
    ) -> "Reranker":
        """Load what `save` wrote. hashtags: (m,) normalised. labels: (posts, m). uses: (m,) posts that carry each.

        fusion: the one at saving.
        newcomers: the names of the hashtags that are newer than the files, as far as they are known.
        Posts and hashtags that are newer than the files must come after the others; only neighbours and counts use
        them. Raises SnapshotError on files of another version, archive or fusion, and on damaged files. No code in the
        files is executed.
        """
        kept = _Kept.read(folder, fusion)
        try:
            mentions, posted = kept.arrays["mentions"], kept.arrays["kept"]
            # Snapshots of release 0.1 lack some of these; then they are made as they were there.
            style = _read_matrix(kept.arrays, "style", len(kept.scales.style_idf))
            styles = Styles(
                style, kept.arrays["style_rows"] if "style_rows" in kept.arrays else np.arange(kept.n_posts)
            )
            has_spelling = "spelling_data" in kept.arrays
            spelling = _read_matrix(kept.arrays, "spelling", len(kept.scales.idf)) if has_spelling else None
            names = HashtagNames({encoder: NameVectors.load(folder, f"names_{encoder}") for encoder in kept.named_by})
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error
        newer = len(hashtags) - len(mentions)
        if spelling is not None and spelling.shape[0] != len(mentions):
            raise SnapshotError(f"the reranker in {folder} is not of this archive", REBUILD)
        fits = len(styles.rows) == style.shape[0] and styles.rows.max(initial=-1) < kept.n_posts <= labels.shape[0]
        if mentions.shape != posted.shape or newer < 0 or not fits:
            raise SnapshotError(f"the reranker in {folder} is not of this archive", REBUILD)
        pairs = kept.pairs(labels)
        mentions, posted = (np.pad(table, (0, newer)) for table in (mentions, posted))
        counts = Counts(labels.shape[0], uses.astype(np.float32), mentions, posted, pairs)
        ridge = kept.ridge(hashtags)
        named = names.extend(newer, newcomers)
        learning = Learning(kept.scales, ridge, styles, counts, named, kept.scorer, kept.features)
        maker = FeatureMaker(hashtags, labels, uses, kept.scales, fusion, ridge, kept.named_by, spelling)
        return cls(learning, maker, fusion, kept.report)

    @classmethod
    def carry_over(
        cls,
        folder: Path,
        captions: Sequence[str],
        hashtags: Table,
        labels: sparse.csr_matrix,
        names: HashtagNames,
        fusion: Fusion,
    ) -> "Reranker":
        """Use what is saved in `folder` for an archive of other posts.

        Scales, regression, scorer and report are kept. Everything that is counted over posts is counted again, so the
        result does not depend on earlier states of the archive. captions: (posts,). hashtags: (m,) normalised. labels:
        (posts, m). names: of the hashtags; used as far as the scorer knows them. Raises SnapshotError as `load` does.
        """
        kept = _Kept.read(folder, fusion)
        ridge = kept.ridge(hashtags)
        maker = FeatureMaker(hashtags, labels, count_uses(labels), kept.scales, fusion, ridge, kept.named_by)
        counts = count(labels, find_mentions(maker.finder, captions))
        learned_from = draw_posts(len(captions))
        rows = learned_from[draw_posts(len(learned_from), MOST_POSTS)]
        styles = Styles(kept.scales.weigh_style([captions[row] for row in rows.tolist()]), rows)
        named = names.take(kept.named_by)
        learning = Learning(kept.scales, ridge, styles, counts, named, kept.scorer, kept.features)
        return cls(learning, maker, fusion, kept.report)


@dataclass(frozen=True, slots=True)
class _Kept:
    """The part of a reranker's files that does not depend on the current posts.

    landmarks, weights, served, fewest: see `KernelRidge`. fewest_together: see `PairCounts`. n_posts: of the archive at
    saving. named_by: the encoders of `HashtagNames`; none in what was learned before there were any. arrays: by name.
    """

    scales: Scales
    landmarks: WeightedContents
    weights: Vectors
    served: tuple[str, ...]
    fewest: int
    fewest_together: int
    n_posts: int
    scorer: Scorer
    features: tuple[str, ...]
    named_by: tuple[str, ...]
    report: RerankerReport
    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def read(cls, folder: Path, fusion: Fusion) -> "_Kept":
        """Raises SnapshotError."""
        fields, report = _read(folder)
        if fields.get("fusion") != json.loads(json.dumps(fusion.to_json())):
            raise SnapshotError(f"the reranker in {folder} was learned with another fusion", REBUILD)
        try:
            arrays = {name: read_array(folder / f"{name}.npy") for name in fields["arrays"]}
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
                int(fields.get("fewest_together", 1)),
                int(fields["posts"]),
                Scorer.from_arrays(arrays),
                tuple(map(str, fields["features"])),
                tuple(map(str, fields.get("names", ()))),
                report,
                arrays,
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
            raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error

    def pairs(self, labels: sparse.csr_matrix) -> tuple[PairCounts, ...]:
        """The pairs of hashtags on the posts of an archive, those that came after the saved ones apart."""
        if "pairs_keys" not in self.arrays:
            return (PairCounts.count(labels, MOST_PAIRS),)
        saved = PairCounts(self.arrays["pairs_keys"], self.arrays["pairs_counts"], self.fewest_together)
        return saved, PairCounts.count(labels[self.n_posts :])

    def ridge(self, hashtags: Table) -> KernelRidge:
        """The regression for the hashtags of an archive, (m,) normalised."""
        return KernelRidge(self.landmarks, self.weights, self.served, hashtags, self.fewest)


def read_report(folder: Path) -> RerankerReport:
    """The report without loading the reranker. Raises SnapshotError as `Reranker.load` does."""
    return _read(folder)[1]


def read_names(folder: Path) -> tuple[str, ...]:
    """The encoders by which names of hashtags are compared, without loading the reranker. Raises SnapshotError."""
    return tuple(_read(folder)[0].get("names", ()))


def gather(
    queries: QueryBatch,
    words: sparse.csr_matrix,
    ridge_queries: Sequence[RidgeQuery],
    in_style: Sequence[Matches],
    name_fits: Mapping[str, NameFits],
    counts: Counts,
) -> Iterator[FeatureInputs]:
    """The inputs of n queries, some at a time, as their candidates take memory.

    words: sparse (n, b), weighted n-grams of the captions. ridge_queries: (n,), for the regression. in_style: (n,).
    name_fits: by encoder, see `HashtagNames.fit`.
    """
    votes, words = queries.votes.sorted_indices(), words.sorted_indices()
    for start in range(0, len(queries.contents), _AT_ONCE):
        here = slice(start, start + _AT_ONCE)
        yield FeatureInputs(
            queries.contents.captions[here],
            {
                channel: Matches(matches.rows[here], matches.similarities[here])
                for channel, matches in queries.hits.items()
            },
            votes[here],
            words[here],
            ridge_queries[here],
            in_style[here],
            {encoder: fits.take(here) for encoder, fits in name_fits.items()},
            counts,
        )


def _split_matrix(name: str, matrix: sparse.csr_matrix) -> dict[str, NDArray[Any]]:
    return {f"{name}_{part}": getattr(matrix, part) for part in _MATRIX}


def _read_matrix(arrays: Mapping[str, NDArray[Any]], name: str, columns: int) -> sparse.csr_matrix:
    parts = tuple(arrays[f"{name}_{part}"] for part in _MATRIX)
    return sparse.csr_matrix(parts, shape=(len(parts[-1]) - 1, columns))


def _read(folder: Path) -> tuple[dict[str, Any], RerankerReport]:
    try:
        fields: dict[str, Any] = json.loads((folder / _FILE).read_bytes())
        version = fields["version"]
        if version != VERSION:
            raise SnapshotError(f"the reranker in {folder} is of version {version}, not {VERSION}", REBUILD)
        return fields, RerankerReport.from_json(fields["report"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"the reranker in {folder} cannot be read: {error}", REBUILD) from error
