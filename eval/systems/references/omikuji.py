"""Omikuji: partitioned label trees over the n-grams of captions, the strongest trained opponent on text."""

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from ....core.post import Post
from ....core.progress import Progress
from ....core.protocols import Encoder
from ....core.query import Query
from ....core.suggest_options import MOST
from ...measures.vocabulary import Vocabulary, own_hashtags
from ..channels import Tfidf, counts
from ..optional import needed
from ..system import SILENT, Fitted, Kind, Scored, query_of
from ..validation import best_threshold, n_due, with_hashtags


@dataclass(frozen=True, slots=True)
class Trees:
    """A kind of label trees: its name, and how it differs from Omikuji's own settings, which are those of Parabel."""

    name: str
    settings: Mapping[str, Any]


PARABEL = Trees("parabel", {})
BONSAI = Trees("bonsai", {"cluster_balanced": False, "cluster_k": 100, "max_depth": 3})


class Omikuji:
    """Three trees that part the hashtags ever finer, with a linear classifier at every branch.

    Parabel halves them (Prabhu et al., WWW 2018), Bonsai makes a hundred clusters of whatever size (Khandagale, Xiao
    and Babbar, Machine Learning 2020). It learns from the training posts alone; where the number of hashtags is free,
    one threshold decides, the best on the validation posts. A query without caption gets what it makes of none.
    """

    kind: Kind = "reference"
    auto = True

    def __init__(self, trees: Trees, encoder: Encoder[sparse.csr_matrix]) -> None:
        """encoder: of the lexical channel."""
        self.name = f"omikuji {trees.name}"
        self._trees = trees
        self._encoder = encoder

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`. Raises SettingsError where Omikuji is not installed."""
        omikuji = _omikuji()
        posts, validation = with_hashtags(self.name, posts, validation)
        self._vocabulary = Vocabulary.of(posts)
        counted = counts(self._encoder, [query_of(post) for post in posts])
        self._weigh = Tfidf(counted)
        self._buckets = np.unique(counted.indices)
        settings = omikuji.Model.default_hyper_param()
        for name, value in self._trees.settings.items():
            setattr(settings, name, value)
        with tempfile.TemporaryDirectory() as folder, progress.stage(self.name, None):
            path = Path(folder) / "posts.txt"
            _write(path, self._weigh(counted)[:, self._buckets], self._vocabulary.labels)
            with _silenced():
                self._model = omikuji.Model.train_on_data(str(path), settings)
        self._threshold = self._learn_threshold(validation)
        return Fitted(["Omikuji takes no seed: where there are many hashtags, another run parts them differently"])

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. Scores are from 0 to 1, but no probabilities."""
        ranked = self._ranked(queries, count or MOST)
        if count is None:
            return [[scored for scored in answer if scored.score >= self._threshold] for answer in ranked]
        return ranked

    def _ranked(self, queries: Sequence[Query], count: int) -> list[list[Scored]]:
        rows = self._weigh(counts(self._encoder, queries))[:, self._buckets]
        names = self._vocabulary.hashtags
        ranked = []
        for start, end in zip(rows.indptr[:-1], rows.indptr[1:], strict=True):
            grams = zip(rows.indices[start:end].tolist(), rows.data[start:end].tolist(), strict=True)
            found = self._model.predict(grams, top_k=count)
            best = sorted(found, key=lambda pair: (-pair[1], pair[0]))
            ranked.append([Scored(names[column], score) for column, score in best])
        return ranked

    def _learn_threshold(self, validation: Sequence[Post]) -> float:
        ranked = self._ranked([query_of(post) for post in validation], MOST)
        truth = [own_hashtags(post) for post in validation]
        scores = [scored.score for answer in ranked for scored in answer]
        right = [scored.hashtag in own for answer, own in zip(ranked, truth, strict=True) for scored in answer]
        return best_threshold(np.asarray(scores), np.asarray(right), n_due(validation))


def _omikuji() -> Any:
    """Omikuji's module. Raises SettingsError where it is not installed."""
    with needed("Omikuji"):
        import omikuji
    return omikuji


def _write(path: Path, grams: sparse.csr_matrix, labels: sparse.csr_matrix) -> None:
    """In the form of the Extreme Classification Repository: sizes, then by post a line of its hashtags and n-grams."""
    n, d = grams.shape
    with path.open("w", encoding="ascii") as file:
        file.write(f"{n} {d} {labels.shape[1]}\n")
        for row in range(n):
            own = labels.indices[labels.indptr[row] : labels.indptr[row + 1]].tolist()
            here = slice(grams.indptr[row], grams.indptr[row + 1])
            pairs = zip(grams.indices[here].tolist(), grams.data[here].tolist(), strict=True)
            file.write(" ".join([",".join(map(str, own)), *(f"{gram}:{weight:.6g}" for gram, weight in pairs)]) + "\n")


@contextmanager
def _silenced() -> Iterator[None]:
    """Nothing is written to the terminal: Omikuji's progress does not go through Python's streams."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(stream) for stream in (1, 2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        yield
    finally:
        for stream, own in zip((1, 2), kept, strict=True):
            os.dup2(own, stream)
            os.close(own)
        os.close(nowhere)
