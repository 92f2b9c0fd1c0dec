"""Measures of captions against those that posts carry, each by the library that is usual for it.

All captions come cut into tokens by `tokens.tokens_of`, and no library cuts them again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...core.vectors import Floats, Rows
from .bootstrap import Summed, resampled, resampled_mean
from .tokens import Unit, tokens_of

CaptionMeasure = Literal["bleu_1", "bleu_2", "bleu_3", "bleu_4", "rouge_l", "meteor", "cider"]

MEASURES: Sequence[CaptionMeasure] = get_args(CaptionMeasure)
LIBRARIES = ("sacrebleu", "rouge_score", "nltk", "pycocoevalcap")

_ORDERS = 4  # of BLEU's n-grams
_SMOOTHING = "exp"


@dataclass(frozen=True, slots=True)
class CaptionScores:
    """Captions of n posts, held against their own.

    ngrams: int (n, 10), of which BLEU is made: tokens written, tokens of the truth, then for n-grams of 1 to 4 tokens
    how many are right, and how many were written. rouge_l, meteor: (n,) in [0, 1]. cider: (n,) in [0, 10].
    """

    ngrams: NDArray[np.int64]
    rouge_l: Floats
    meteor: Floats
    cider: Floats

    def figure(self, measure: CaptionMeasure) -> float:
        """Of all posts: BLEU of the corpus, of the others the mean."""
        if order := _order(measure):
            return float(_bleu(self.ngrams.sum(axis=0, keepdims=True), order)[0])
        return float(self._by_post(measure).mean())

    def resampled(self, measure: CaptionMeasure, users: Rows | None = None) -> Floats:
        """(2000,): the figure of posts drawn with replacement; see `bootstrap.resampled`."""
        if order := _order(measure):
            return resampled(self.ngrams, lambda sums: _bleu(sums, order), users)
        return resampled_mean(self._by_post(measure), users)

    def _by_post(self, measure: CaptionMeasure) -> Floats:
        values: Floats = getattr(self, measure)
        return values


def score_captions(written: Sequence[str], truth: Sequence[str], unit: Unit) -> CaptionScores:
    """Hold captions against those of the same posts, in the same order.

    An empty caption scores 0. Raises ValueError where the two differ in length, there is no post, or the truth of one
    has no token.
    """
    if len(written) != len(truth) or not truth:
        raise ValueError(f"{len(written)} captions for {len(truth)} posts; there must be one for each, and some")
    pairs = [(tokens_of(one, unit), tokens_of(own, unit)) for one, own in zip(written, truth, strict=True)]
    if not all(own for _, own in pairs):
        raise ValueError("the caption of a post has no token to hold others against")
    return CaptionScores(_ngrams(pairs), rouge_l(pairs), meteor(pairs), cider(pairs))


Pairs = Sequence[tuple[list[str], list[str]]]  # of each post the tokens written, and its own


def rouge_l(pairs: Pairs) -> Floats:
    """(n,): F1 of the longest common subsequence (Lin, ROUGE, 2004), by rouge-score, without stemming."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], tokenizer=_Spaces())
    return np.asarray([scorer.score(" ".join(own), " ".join(one))["rougeL"].fmeasure for one, own in pairs])


def meteor(pairs: Pairs) -> Floats:
    """(n,): METEOR (Lavie and Agarwal, 2007) by NLTK: words match if they, or their Porter stems, are equal.

    Of equal words NLTK takes the last, which can part a match that is in one piece. Without synonyms: WordNet's data is
    not part of NLTK, and not everybody can download it.
    """
    from nltk.translate.meteor_score import single_meteor_score

    scores = [single_meteor_score(own, one, preprocess=str, wordnet=_NoSynonyms()) for one, own in pairs]
    return np.asarray(scores, dtype=np.float64)


def cider(pairs: Pairs) -> Floats:
    """(n,): CIDEr-D (Vedantam, Zitnick and Parikh, CVPR 2015) by pycocoevalcap; n-grams are weighed by these posts."""
    from pycocoevalcap.cider.cider import Cider

    truth = {place: [" ".join(own)] for place, (_, own) in enumerate(pairs)}
    written = {place: [" ".join(one)] for place, (one, _) in enumerate(pairs)}
    _, scores = Cider().compute_score(truth, written)
    return np.asarray(scores, dtype=np.float64)


def _ngrams(pairs: Pairs) -> NDArray[np.int64]:
    from sacrebleu.metrics.bleu import BLEU

    counting = BLEU(tokenize="none", force=True, max_ngram_order=_ORDERS)
    counted = (counting.corpus_score([" ".join(one)], [[" ".join(own)]]) for one, own in pairs)
    return np.asarray([[one.sys_len, one.ref_len, *one.counts, *one.totals] for one in counted], dtype=np.int64)


def _bleu(sums: Summed, order: int) -> Floats:
    """(r,): BLEU (Papineni et al., 2002) of n-grams up to an order, by sacrebleu. sums: (r, 10), see `CaptionScores`.

    Where no n-gram of an order is right, half of one counts, a quarter of the next (Chen and Cherry, 2014, method 3).
    """
    from sacrebleu.metrics.bleu import BLEU

    def of(written: int, own: int, *counts: int) -> float:
        right, all_ = list(counts[:order]), list(counts[_ORDERS : _ORDERS + order])
        score = BLEU.compute_bleu(right, all_, written, own, smooth_method=_SMOOTHING, max_ngram_order=order).score
        return score / 100

    return np.asarray([of(*row) for row in sums.tolist()], dtype=np.float64)


def _order(measure: CaptionMeasure) -> int | None:
    """Of a BLEU; None of any other measure."""
    name, _, order = measure.rpartition("_")
    return int(order) if name == "bleu" else None


class _Spaces:
    """What rouge-score asks of a tokeniser, for tokens that are apart by spaces already."""

    def tokenize(self, text: str) -> list[str]:
        return text.split()


class _NoSynonyms:
    """Stands for NLTK's WordNet, with no entry."""

    def synsets(self, word: str) -> Iterable[Any]:
        return ()
