"""Captions to numbers of tokens, as text models take them, without the libraries that such models come with."""

import json
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats

if TYPE_CHECKING:
    import tokenizers

Tokens = NDArray[np.int64]
Pieces = NDArray[np.str_]

TOKENIZER = "tokenizer.json"
UNIGRAM = "unigram.json"
INPUTS = ("input_ids", "attention_mask", "token_type_ids")

_ARRAYS = ("pieces.npy", "ids.npy", "scores.npy")
_SPACE = "▁"  # how SentencePiece writes the space before a word
_UNKNOWN, _BEGIN, _END = 0, 1, 2
_UNKNOWN_PENALTY = 10.0  # as in SentencePiece: an unknown character costs that much more than the rarest piece
_REMEMBERED, _LONGEST_WORD = 1 << 16, 32  # words, characters


class Tokenizer(Protocol):
    """Cuts captions into the tokens of one model."""

    def tokenize(self, captions: Sequence[str]) -> dict[str, Tokens]:
        """n captions to (n, length) arrays by INPUTS: the tokens, where they are (1) or padding (0), and their type."""
        ...

    def save(self, folder: Path) -> None:
        """Write what `read_tokenizer` reads."""
        ...


def read_tokenizer(folder: Path) -> Tokenizer:
    """What `save` wrote. Raises OSError or ValueError if it is damaged, and what the package tokenizers raises."""
    if (folder / UNIGRAM).exists():
        return UnigramTokenizer.read(folder)
    import tokenizers

    return PackagedTokenizer(tokenizers.Tokenizer.from_file(str(folder / TOKENIZER)))


class PackagedTokenizer:
    """A tokenizer of the package tokenizers, which pads and truncates."""

    def __init__(self, tokenizer: "tokenizers.Tokenizer", inputs: Sequence[str] = INPUTS) -> None:
        """inputs: those of INPUTS that the model takes, if it is known."""
        self._tokenizer = tokenizer
        self._inputs = inputs

    def tokenize(self, captions: Sequence[str]) -> dict[str, Tokens]:
        """See `Tokenizer.tokenize`."""
        texts = self._tokenizer.encode_batch(captions)
        given = {
            "input_ids": [text.ids for text in texts],
            "attention_mask": [text.attention_mask for text in texts],
            "token_type_ids": [text.type_ids for text in texts],
        }
        return {name: np.asarray(given[name], dtype=np.int64) for name in self._inputs}

    def save(self, folder: Path) -> None:
        """See `Tokenizer.save`."""
        self._tokenizer.save(str(folder / TOKENIZER))


class UnigramTokenizer:
    """SentencePiece's unigram model (Kudo, arXiv 1804.10959): of all ways to cut a word into pieces, the likeliest.

    The packages that have it take .2 s and more to load a large vocabulary; here it is memory-mapped and sorted, and
    whatever could be a piece of a word is searched in it.
    """

    def __init__(self, pieces: Pieces, ids: Tokens, scores: Floats, longest: int) -> None:
        """pieces: (p,) sorted, none with a space but at its beginning. ids, scores: (p,) numbers, log probabilities.

        The numbers 0, 1 and 2 stand for what is unknown, the begin and the end of a caption. longest: captions are cut
        to that many tokens. Raises ValueError if the arrays differ in length.
        """
        if not len(pieces) == len(ids) == len(scores):
            raise ValueError(f"{len(pieces)} pieces have {len(ids)} numbers and {len(scores)} scores")
        self._pieces, self._ids, self._scores, self._longest = pieces, ids, scores, longest
        self._characters = pieces.dtype.itemsize // np.dtype("U1").itemsize
        self._unknown = float(scores.min()) - _UNKNOWN_PENALTY
        self._cut_once = lru_cache(_REMEMBERED)(self._cut)

    @classmethod
    def of(cls, pieces: Sequence[str], scores: Sequence[float], longest: int) -> "UnigramTokenizer":
        """pieces: in the order of their numbers."""
        names = np.asarray(pieces)
        order = np.argsort(names)
        return cls(names[order], order, np.asarray(scores)[order], longest)

    @classmethod
    def read(cls, folder: Path) -> "UnigramTokenizer":
        """See `read_tokenizer`."""
        pieces, ids, scores = (np.load(folder / name, mmap_mode="r", allow_pickle=False) for name in _ARRAYS)
        return cls(pieces, ids, scores, json.loads((folder / UNIGRAM).read_text(encoding="utf-8"))["longest"])

    def save(self, folder: Path) -> None:
        """See `Tokenizer.save`."""
        for name, array in zip(_ARRAYS, (self._pieces, self._ids, self._scores), strict=True):
            np.save(folder / name, array)
        (folder / UNIGRAM).write_text(json.dumps({"longest": self._longest}), encoding="utf-8")

    def tokenize(self, captions: Sequence[str]) -> dict[str, Tokens]:
        """See `Tokenizer.tokenize`."""
        rows = [self._ids_of(caption) for caption in captions]
        lengths = np.asarray([len(row) for row in rows])
        mask = np.arange(lengths.max()) < lengths[:, None]
        ids = np.zeros(mask.shape, dtype=np.int64)
        ids[mask] = np.concatenate(rows)
        return {"input_ids": ids, "attention_mask": mask.astype(np.int64)}

    def _ids_of(self, caption: str) -> list[int]:
        words = unicodedata.normalize("NFKC", caption).split()
        ids = [piece for word in words for piece in self._pieces_of(_SPACE + word)] or [_UNKNOWN]
        return [_BEGIN, *ids[: self._longest - 2], _END]

    def _pieces_of(self, word: str) -> list[int]:
        # What is longer is no word, but a sentence of a language without spaces, which does not come again.
        return self._cut_once(word) if len(word) <= _LONGEST_WORD else self._cut(word)

    def _cut(self, word: str) -> list[int]:
        """The likeliest pieces, by Viterbi's algorithm over the places where one may end."""
        n = len(word)
        spans = [(start, end) for start in range(n) for end in range(start + 1, min(start + self._characters, n) + 1)]
        found = self._find([word[start:end] for start, end in spans])
        best = [0.0] + [-np.inf] * n
        last = [(0, _UNKNOWN)] * (n + 1)  # where the piece that ends here begins, and its number
        for (start, end), piece in zip(spans, found, strict=True):
            if piece is not None:
                score, number = best[start] + piece[0], piece[1]
            elif end == start + 1:
                score, number = best[start] + self._unknown, _UNKNOWN
            else:
                continue
            if score > best[end]:
                best[end], last[end] = score, (start, number)
        numbers = []
        while n:
            n, number = last[n]
            numbers.append(number)
        return numbers[::-1]

    def _find(self, texts: Sequence[str]) -> list[tuple[float, int] | None]:
        """The score and number of each text that is a piece."""
        wanted = np.asarray(texts)
        at = np.minimum(np.searchsorted(self._pieces, wanted), len(self._pieces) - 1)
        known = (self._pieces[at] == wanted).tolist()
        found = zip(known, self._scores[at].tolist(), self._ids[at].tolist(), strict=True)
        return [(score, number) if is_piece else None for is_piece, score, number in found]
