"""Suggests new hashtags: phrases of a caption that no post of the archive carries, each with a probability."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ...core.advice import REBUILD
from ...core.errors import SnapshotError
from ...core.post import clean_hashtag
from ...core.string_table import StringTable, Table
from ...core.vectors import Rows, highest, read_array
from ...core.writing_systems import scripts_of
from ..reranking.scorer import Scorer
from .features import NEAR, NearHashtags, NewCandidates, make_candidates
from .phrases import Phrases, find_phrases
from .word_counts import KINDS, WordCounts
from .words import Split, split_words

_FILE = "new_hashtags.json"
_VERSION = 1  # of the files, and of the features that the scorer was trained on
_WORDS = "words"
_READ = 1000  # hashtags by which the case is chosen
_USUAL = 0.01  # fraction of these hashtags
_MOST, _LEAST = 10, 0.01  # new hashtags of one query, and their least probability


class NewHashtag(NamedTuple):
    """A hashtag that no post carries.

    hashtag: as it is shown. words: of the caption, and perhaps a suffix, of which it is made.
    """

    hashtag: str
    words: tuple[str, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Writing:
    """How an archive writes its hashtags.

    lower_case: whether most of them. scripts: those of one hashtag in a hundred, or more; new ones are in these alone.
    """

    lower_case: bool
    scripts: frozenset[str]

    @classmethod
    def of(cls, shown: Sequence[str]) -> "Writing":
        """shown: (m,), of which the first 1,000 are read."""
        read = shown[:_READ]
        cased = [name for name in read if name.lower() != name.upper()]
        scripts = Counter(script for name in read for script in scripts_of(name))
        usual = frozenset(script for script, n in scripts.items() if n >= _USUAL * len(read))
        return cls(2 * sum(name == name.lower() for name in cased) >= len(cased), usual)


@dataclass(frozen=True, slots=True)
class NewHashtagExtractor:
    """Finds new hashtags in captions.

    suffixes: see `find_suffixes`.
    """

    scorer: Scorer
    counts: WordCounts
    suffixes: Mapping[str, int]

    def split(self, captions: Sequence[str]) -> list[Split]:
        """The words of n captions. Apart from `find`, because it can be done while the query is encoded."""
        return [split_words(caption) for caption in captions]

    def find(self, split: Split, hashtags: Table, votes: sparse.csr_matrix, writing: Writing) -> list[NewHashtag]:
        """The new hashtags of a query, likeliest first: at most 10, of a probability of .01 or more.

        Of two of which one contains the other, only the likelier one is returned.
        hashtags: (m,) of the archive; none of them is returned. votes: sparse (1, m), on the query. writing: of the
        archive.
        """
        phrases, candidates = candidates_of(split, hashtags, votes, self.counts, self.suffixes)
        probabilities = self.scorer.probability(candidates.features)
        probabilities[hashtags.find(candidates.texts) >= 0] = 0
        found: dict[str, NewHashtag] = {}
        for i in np.argsort(-probabilities, kind="stable").tolist():
            if probabilities[i] < _LEAST or len(found) == _MOST:
                break
            text = candidates.texts[i]
            apart = not any(text in other or other in text for other in found)
            if apart and scripts_of(text) <= writing.scripts:
                shown = _show(phrases, candidates, i, writing.lower_case)
                words = _words(phrases, candidates, i)
                found[text] = NewHashtag(shown, words, float(probabilities[i]))
        return list(found.values())

    def save(self, folder: Path) -> None:
        """Write into `folder`, which must exist: arrays as .npy, the rest as JSON."""
        for name, array in self.scorer.arrays().items():
            np.save(folder / f"{name}.npy", array)
        for kind in KINDS:
            np.save(folder / f"{kind}.npy", getattr(self.counts, kind))
        self.counts.words.write(folder, _WORDS)
        fields = {
            "version": _VERSION,
            "arrays": sorted(self.scorer.arrays()),
            "posts": self.counts.n_posts,
            "suffixes": dict(self.suffixes),
        }
        (folder / _FILE).write_text(json.dumps(fields, indent=1, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "NewHashtagExtractor":
        """Load what `save` wrote. Raises SnapshotError on damaged files, and on those of another version."""
        try:
            fields = json.loads((folder / _FILE).read_bytes())
            if fields["version"] != _VERSION:
                raise SnapshotError(f"{folder} is of version {fields['version']}, not {_VERSION}", REBUILD)
            scorer = Scorer.from_arrays({name: read_array(folder / f"{name}.npy") for name in fields["arrays"]})
            words = StringTable.read(folder, _WORDS)
            tables = [read_array(folder / f"{kind}.npy") for kind in KINDS]
            if any(table.shape != (len(words) + 1,) for table in tables):
                raise ValueError("the words and their counts do not fit together")
            counts = WordCounts(int(fields["posts"]), words, *tables)
            if len(scorer.line.means) != _count_features(counts):
                raise ValueError("it was trained on other features")
            suffixes = {str(suffix): int(words) for suffix, words in fields["suffixes"].items()}
            return cls(scorer, counts, suffixes)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise SnapshotError(f"what {folder} knows of new hashtags cannot be read: {error}", REBUILD) from error


def candidates_of(
    split: Split, hashtags: Table, votes: sparse.csr_matrix, counts: WordCounts, suffixes: Mapping[str, int]
) -> tuple[Phrases, NewCandidates]:
    """The phrases of a caption and the candidates for new hashtags. votes: sparse (1, m), on the query."""
    best: Rows = highest(votes.data, NEAR)
    near = NearHashtags.of(hashtags.take(votes.indices[best]), votes.data[best].tolist())
    phrases = find_phrases(split)
    return phrases, make_candidates(phrases, near, counts, suffixes)


def _count_features(counts: WordCounts) -> int:
    nothing = make_candidates(find_phrases(split_words("")), NearHashtags({}, {}), counts, {})
    return int(nothing.features.shape[1])


def _show(phrases: Phrases, candidates: NewCandidates, i: int, lower: bool) -> str:
    shown = clean_hashtag(phrases.shown(int(candidates.of[i])) + candidates.suffixes[i])
    return shown.lower() if lower else shown


def _words(phrases: Phrases, candidates: NewCandidates, i: int) -> tuple[str, ...]:
    suffix = candidates.suffixes[i]
    return (*phrases.words(int(candidates.of[i])), *([suffix] if suffix else []))
