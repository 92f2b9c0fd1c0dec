"""How well the names of hashtags fit a query, whatever posts carry them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Vectors
from ...core.writing_systems import scripts_of
from ..encoders.open_clip_text import CHANNEL as TEXT_TOWER
from ..search.similarity import Contents

_AT_ONCE = 32  # queries, whose similarities with all names are in memory
_WORDS_MEET = re.compile(r"_+|(?<=[a-z])(?=[A-Z])")

# What the text tower was trained on are captions of photos, so a name stands in one, by its script.
_PROMPTS = {"HANGUL": "{} 사진", "HIRAGANA": "{}の写真", "KATAKANA": "{}の写真", "CJK": "{}的照片"}
_PROMPT = "a photo of {}"


@dataclass(frozen=True)
class HashtagNames:
    """The names of m hashtags as vectors.

    vectors: by the encoder of the query float32 (m, d) of length 1, or a row of zeros if there is none of a name.
    """

    vectors: Mapping[str, Vectors]

    def compare(self, encoder: str, queries: Vectors) -> Vectors:
        """The similarity of n queries with each name: float32 (n, m). queries: (n, d), of the encoder."""
        names = self.vectors[encoder]
        if not queries.any():  # as of all photos without a caption
            return np.zeros((len(queries), len(names)), dtype=np.float32)
        return np.asarray(queries @ names.T)

    def standardise(self, compared: Mapping[str, Vectors]) -> Iterator[dict[str, Vectors]]:
        """How well each name fits n queries, one after another, by the encoders that have a vector of the query and of
        a name.

        compared: by encoder, see `compare`. float32 (m,): the similarity, in standard deviations above the mean of all
        names; NaN if a name has no vector.
        """
        for similarities in zip(*compared.values(), strict=True):
            yield {
                encoder: _standardised(similarity, self._known[encoder])
                for encoder, similarity in zip(compared, similarities, strict=True)
                if similarity.any()
            }

    def fit(self, contents: Contents) -> Iterator[dict[str, Vectors]]:
        """As `standardise`, for any number of queries: memory holds the similarities of some of them."""
        for start in range(0, len(contents), _AT_ONCE):
            here = slice(start, start + _AT_ONCE)
            yield from self.standardise(
                {encoder: self.compare(encoder, contents.dense[encoder][here]) for encoder in self.vectors}
            )

    @cached_property
    def _known(self) -> dict[str, NDArray[np.bool_]]:
        return {encoder: np.asarray(names.any(axis=1)) for encoder, names in self.vectors.items()}

    def take(self, encoders: Collection[str]) -> "HashtagNames":
        """Those of some encoders alone."""
        return HashtagNames({encoder: self.vectors[encoder] for encoder in encoders})

    def extend(self, n: int, others: "HashtagNames") -> "HashtagNames":
        """With n more hashtags behind them; those have no vectors by an encoder that `others` lacks."""
        if not n:
            return self
        none = {encoder: np.zeros((n, names.shape[1]), dtype=np.float32) for encoder, names in self.vectors.items()}
        return HashtagNames(
            {
                encoder: np.concatenate([names, others.vectors.get(encoder, none[encoder])])
                for encoder, names in self.vectors.items()
            }
        )


NO_NAMES = HashtagNames({})


def naming_encoders(encoders: Collection[str]) -> dict[str, str]:
    """The encoder that makes vectors of names, by the encoder of the query; both by `Encoder.channel`."""
    alike = {name: name for name in encoders if name in ("sentence", "multilingual")}
    return alike | ({"image": TEXT_TOWER} if {"image", TEXT_TOWER} <= set(encoders) else {})


def name_captions(encoder: str, hashtags: Sequence[str]) -> list[str]:
    """What an encoder is given for the names of hashtags. hashtags: as they are shown; `CoffeeTime` is two words."""
    names = [_WORDS_MEET.sub(" ", hashtag).strip() or hashtag for hashtag in hashtags]
    return [_prompt(name).format(name) for name in names] if encoder == TEXT_TOWER else names


def _prompt(name: str) -> str:
    scripts = scripts_of(name)
    return next((prompt for script, prompt in _PROMPTS.items() if script in scripts), _PROMPT)


def _standardised(similarities: Vectors, known: NDArray[np.bool_]) -> Vectors:
    standardised = np.full(len(similarities), np.nan, dtype=np.float32)
    if known.any():
        those = similarities[known]
        standardised[known] = (those - those.mean()) / max(float(those.std()), 1e-6)
    return standardised
