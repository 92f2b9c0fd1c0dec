"""A small archive whose subjects show in photos, captions and hashtags, made once for all tests."""

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.index.vectors.bm25 import Bm25
from hashtag_recommender.index.vectors.exact import ExactIndex
from hashtag_recommender.index.vectors.lexical import LexicalIndex
from hashtag_recommender.retrieval.encoders.ngrams import BUCKETS, NgramEncoder
from hashtag_recommender.retrieval.reranking.hashtag_names import HashtagNames
from hashtag_recommender.retrieval.reranking.training import PostVectors, TrainingArchive
from hashtag_recommender.retrieval.search.duplicates import find_duplicates, voting_posts
from hashtag_recommender.retrieval.search.neighbours import Neighbourhood
from hashtag_recommender.retrieval.search.similarity import Contents
from hashtag_recommender.retrieval.voting.fusion import NEIGHBOURHOODS, fuse, learn_fusion
from hashtag_recommender.retrieval.voting.ranking import QueryBatch

SUBJECTS = ("latte", "mountain", "puppy", "sourdough", "surfing", "tulips")
WORDS = "morning quiet golden again today friends little old walk window rain bright slow warm".split()
N_POSTS = 260


def ngrams(captions):
    encoder = NgramEncoder()
    if not captions:
        return sparse.csr_matrix((0, BUCKETS), dtype=np.float32)
    counts = encoder.encode([encoder.prepare(caption) for caption in captions])
    counts.sort_indices()
    return counts


def make_contents(n, seed):
    """n posts and their subjects: every ninth without a photo, every eleventh without a caption."""
    rng = np.random.default_rng(seed)
    of = rng.integers(len(SUBJECTS), size=n)
    captions = [
        "" if i % 11 == 0 else f"{' '.join(rng.choice(WORDS, 6))} {SUBJECTS[s] if i % 2 else ''} {i}".strip()
        for i, s in enumerate(of)
    ]
    centres = np.random.default_rng(7).normal(size=(len(SUBJECTS), 16))
    photos = unit_rows(centres[of] + 1.2 * rng.normal(size=(n, 16)))
    photos[::9] = 0
    return Contents(captions, ngrams(captions), {"image": photos}), of


def name_vectors():
    """The names of the subjects lie where their photos do, those of their days near; the other names anywhere."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(len(SUBJECTS), 16))
    days = centres + 0.3 * rng.normal(size=centres.shape)
    return unit_rows(np.concatenate([centres, days, rng.normal(size=(3, 16))]).astype(np.float32))


def carried_by(of, seed):
    """Each post carries its subject and, most of them, its subject's day; some carry what anybody does."""
    rng = np.random.default_rng(seed)
    table = np.zeros((len(of), 2 * len(SUBJECTS) + 3), dtype=np.float32)
    table[np.arange(len(of)), of] = 1
    table[np.arange(len(of)), len(SUBJECTS) + of] = rng.random(len(of)) < 0.7
    table[:, -3:] = rng.random((len(of), 3)) < (0.5, 0.2, 0.05)
    return sparse.csr_matrix(table)


def search(channels, contents):
    hits = {}
    for channel in channels:
        vectors = contents.dense.get(channel.channel, contents.ngrams)
        hits[channel.channel] = channel.nearest(vectors, max(NEIGHBOURHOODS))
    return hits


@pytest.fixture(scope="session")
def archive():
    contents, of = make_contents(N_POSTS, 0)
    hashtags = [*SUBJECTS, *(f"{subject}day" for subject in SUBJECTS), "daily", "photo", "weekend"]
    with_photo = np.flatnonzero(contents.dense["image"].any(axis=1))
    with_caption = np.flatnonzero(np.diff(contents.ngrams.indptr))
    spoken = contents.ngrams[with_caption]
    clusters, labels = find_duplicates(contents), carried_by(of, 1)
    can_vote = voting_posts(clusters, labels)
    photos = ExactIndex(contents.dense["image"][with_photo])
    channels = [
        Neighbourhood("image", "image", photos, with_photo, clusters, can_vote),
        Neighbourhood("lexical", "text", LexicalIndex.of(spoken, Bm25.of(spoken)), with_caption, clusters, can_vote),
    ]
    authors = np.random.default_rng(9).integers(-1, 4, size=N_POSTS)
    queries = {
        "image": PostVectors(with_photo, contents.dense["image"][with_photo]),
        "lexical": PostVectors(with_caption, contents.ngrams[with_caption]),
    }
    names = HashtagNames.from_vectors({"image": name_vectors()})
    return TrainingArchive(contents, labels, StringTable.of(hashtags), clusters, authors, channels, queries, names)


@pytest.fixture(scope="session")
def fusion(archive):
    return learn_fusion([archive.sampled_posts(nearby, nearby.rows) for nearby in archive.channels], archive.labels)


@pytest.fixture(scope="session")
def ask(archive, fusion):
    """Make a batch of queries of n new posts; returns it, and what they carry."""

    def make(n, seed=5):
        contents, of = make_contents(n, seed)
        hits = search(archive.channels, contents)
        votes = fuse(fusion, hits, archive.labels, n).scores
        return QueryBatch(contents, hits, votes), carried_by(of, seed)

    return make
