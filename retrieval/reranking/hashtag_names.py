"""How well the names of hashtags fit a query, whatever posts carry them."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from ...core.parallel import side_by_side
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

    def fit(self, contents: Contents) -> Iterator[dict[str, Vectors]]:
        """How well each name fits n queries, one after another, by the encoders that have a vector of the query.

        float32 (m,): the similarity, in standard deviations above the mean of all names; NaN if a name has no vector.
        """
        for start in range(0, len(contents), _AT_ONCE):
            some = {encoder: contents.dense[encoder][start : start + _AT_ONCE] for encoder in self.vectors}
            # Apart, since each reads all names from memory.
            alike = dict(zip(some, side_by_side([partial(self._alike, *pair) for pair in some.items()]), strict=True))
            for i in range(min(_AT_ONCE, len(contents) - start)):
                yield {
                    encoder: _standardised(alike[encoder][i], self._known[encoder])
                    for encoder, queries in some.items()
                    if queries[i].any()
                }

    def _alike(self, encoder: str, queries: Vectors) -> Vectors:
        return np.asarray(queries @ self.vectors[encoder].T)

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
