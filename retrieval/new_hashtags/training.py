"""Trains the scorer of new hashtags on the posts of an archive, a tenth of which is left out of it each time."""

from functools import partial
from itertools import chain

import numpy as np

from ...core.parallel import side_by_side
from ..reranking.scorer import FOLDS, learn_scorer
from ..reranking.training import TrainingArchive
from ..search.sampling import draw_posts
from ..voting.fusion import Fusion, fuse
from .extractor import NewHashtagExtractor, candidates_of
from .word_counts import count_words, find_suffixes, words_of
from .words import Split, split_words

MOST_COUNTED = 20_000  # posts whose words are counted

_MOST_POSTS = 2000  # that examples are made of
_BLOCKS = 10  # of which one at a time is left out of the counts
_FEWEST = 5  # right examples in each two of three folds; with fewer, nothing is learned
_AT_ONCE = 500  # captions that one core splits


def learn_new_hashtags(archive: TrainingArchive, fusion: Fusion) -> NewHashtagExtractor | None:
    """Train on captions whose posts carry a phrase of theirs; None if there are too few. Deterministic."""
    captions, hashtags, labels = archive.contents.captions, archive.hashtags, archive.labels
    rows = draw_posts(len(captions), MOST_COUNTED)
    splits = dict(zip(rows.tolist(), _split([captions[row] for row in rows.tolist()]), strict=True))
    words = [words_of(split) for split in splits.values()]
    by_post = count_words(rows, words, labels[rows], hashtags)
    suffixes = find_suffixes(words, labels[rows], hashtags)
    examples = rows[(np.diff(labels.indptr)[rows] > 0) & np.asarray([len(some) > 0 for some in words], dtype=bool)]
    examples = examples[draw_posts(len(examples), _MOST_POSTS)]
    rng = np.random.default_rng(9)
    n_clusters = int(archive.clusters.max(initial=-1)) + 1
    blocks, folds = (rng.integers(some, size=n_clusters)[archive.clusters] for some in (_BLOCKS, FOLDS))
    features, right, fold_of = [], [], []
    for block in range(_BLOCKS):
        chosen, left_out = examples[blocks[examples] == block], np.flatnonzero(blocks == block)
        counts = by_post.total(left_out)
        in_block = np.bincount(labels[left_out].indices, minlength=len(hashtags))
        unseen = np.bincount(labels.indices, minlength=len(hashtags)) == in_block
        hits = {each.channel: archive.search(each, chosen, np.zeros(len(captions), bool)) for each in archive.channels}
        votes = fuse(fusion, hits, labels, len(chosen)).scores
        for i, row in enumerate(chosen.tolist()):
            _, candidates = candidates_of(splits[row], hashtags, votes[i], counts, suffixes)
            columns = hashtags.find(candidates.texts)
            new = (columns < 0) | unseen[columns]
            features.append(candidates.features[new])
            right.append(np.isin(columns[new], labels.indices[labels.indptr[row] : labels.indptr[row + 1]]))
            fold_of.append(np.full(int(new.sum()), folds[row]))
    labelled, fold = np.concatenate(right), np.concatenate(fold_of)
    if min(np.count_nonzero(labelled & (fold != each)) for each in range(FOLDS)) < _FEWEST:
        return None
    learned = learn_scorer(np.concatenate(features), labelled, fold, [])
    return NewHashtagExtractor(learned.scorer, by_post.total(np.zeros(0, dtype=np.int64)), suffixes)


def _split(captions: list[str]) -> list[Split]:
    """Split captions on all cores: the analyser of Korean computes outside Python."""
    parts = [captions[start : start + _AT_ONCE] for start in range(0, len(captions), _AT_ONCE)]
    return list(chain(*side_by_side([partial(_split_all, part) for part in parts])))


def _split_all(captions: list[str]) -> list[Split]:
    return [split_words(caption) for caption in captions]
