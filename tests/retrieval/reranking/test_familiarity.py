import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.reading import can_read
from hashtag_recommender.retrieval.reranking.familiarity import BEST, Asked, Familiarity, calibrate, temper
from hashtag_recommender.retrieval.reranking.familiarity_learning import learn_familiarity
from hashtag_recommender.retrieval.reranking.reports import TrainingExamples
from hashtag_recommender.retrieval.search.similarity import Contents, idf_of
from hashtag_recommender.retrieval.voting.ranking import Ranked

WORDS = "morning quiet golden again today friends little walk window rain latte cafe brunch oat milk".split()
N = 400


def counts_of(captions):
    encoder = NgramEncoder()
    return encoder.encode([encoder.prepare(caption) for caption in captions])


def make_posts(n, seed, words=WORDS, centre=3.0):
    """Captions of some words, and vectors around a centre in a few of 24 dimensions."""
    rng = np.random.default_rng(seed)
    captions = [" ".join(rng.choice(words, rng.integers(4, 9))) for _ in range(n)]
    vectors = np.zeros((n, 24))
    vectors[:, :4] = rng.normal(size=(n, 4))
    vectors[:, 4] = centre
    vectors += 0.05 * rng.normal(size=vectors.shape)
    return Contents(captions, counts_of(captions), {"sentence": unit_rows(vectors.astype(np.float32))})


def probabilities_of(n, seed):
    best = np.sort(np.random.default_rng(seed).beta(0.6, 3.0, size=(n, BEST)), axis=1)[:, ::-1]
    return np.ascontiguousarray(best)


def near(n, seed):
    return np.random.default_rng(seed).normal(0.5, 0.1, n).astype(np.float32)


@pytest.fixture(scope="module")
def own():
    return make_posts(N, 0)


@pytest.fixture(scope="module")
def familiarity(own):
    best = probabilities_of(N, 1)
    post = np.repeat(np.arange(N), BEST)
    examples = TrainingExamples(
        rows=np.arange(N),
        unseen=np.ones(N, dtype=bool),
        due=np.ones(N, dtype=np.int64),
        names=("lexical_similarity",),
        features=near(N, 2)[post][:, None],
        post=post,
        columns=np.tile(np.arange(BEST), N),
        carried=np.ones(N * BEST, dtype=bool),
        labels=np.random.default_rng(3).random(N * BEST) < best.ravel(),
        post_folds=np.arange(N) % 3,
        post_blocks=np.arange(N) % 10,
    )
    return learn_familiarity(own, np.arange(N), examples, best.ravel(), idf_of(own.ngrams))


def asked_of(contents, best, nearest):
    return Asked(contents.captions, contents.ngrams, contents.dense, nearest, best)


def known(familiarity, asked, copies=False):
    return familiarity.of(asked, np.full(len(asked.captions), copies))


def test_it_is_calibrated_on_posts_of_the_same_kind(familiarity):
    n = 3000
    best = probabilities_of(n, 11)
    right = (np.random.default_rng(12).random(best.shape) < best).any(axis=1)
    found = np.asarray(known(familiarity, asked_of(make_posts(n, 10), best, near(n, 13))))
    assert found.min() >= 0 and found.max() <= 1
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        here = (found >= low) & (found < low + 0.2)
        assert here.sum() < 100 or abs(found[here].mean() - right[here].mean()) < 0.12
    assert abs(found.mean() - right.mean()) < 0.05


def test_it_is_low_for_posts_of_another_kind_whatever_the_ranker_says(familiarity):
    strange = make_posts(100, 20, "turkey smoker brine hickory rub probe".split(), centre=-3.0)
    sure = np.full((100, BEST), 0.6)
    assert max(known(familiarity, asked_of(strange, sure, np.full(100, 0.1, dtype=np.float32)))) < 0.1
    assert min(known(familiarity, asked_of(strange, sure, np.ones(100, dtype=np.float32)), copies=True)) > 0.5
    alike = make_posts(100, 21)
    assert min(known(familiarity, asked_of(alike, sure, near(100, 22)))) > 0.1


def test_nothing_is_known_of_a_query_with_nothing_to_compare(familiarity):
    nothing = Contents([""], sparse.csr_matrix((1, counts_of(["a"]).shape[1])), {"sentence": np.zeros((1, 24))})
    assert known(familiarity, asked_of(nothing, np.full((1, BEST), 0.5), np.zeros(1, dtype=np.float32))) == [None]


def test_one_query_or_many_have_the_same(familiarity):
    contents, best, nearest = make_posts(5, 30), probabilities_of(5, 31), near(5, 32)
    together = known(familiarity, asked_of(contents, best, nearest))
    alone = [known(familiarity, asked_of(contents.take(np.array([i])), best[[i]], nearest[[i]]))[0] for i in range(5)]
    assert together == pytest.approx(alone)


def test_it_survives_its_folder(familiarity, tmp_path):
    assert Familiarity.load(tmp_path, tmp_path) is None  # of a snapshot of before
    familiarity.save(tmp_path)
    np.save(tmp_path / "idf.npy", familiarity.idf)
    again = Familiarity.load(tmp_path, tmp_path)
    queries = asked_of(make_posts(20, 40), probabilities_of(20, 41), near(20, 42))
    assert known(again, queries) == pytest.approx(known(familiarity, queries), abs=1e-3)
    (tmp_path / "familiarity.npz").write_bytes(b"damaged")
    with pytest.raises(SnapshotError, match="familiarity"):
        Familiarity.load(tmp_path, tmp_path)


def test_the_calibration_never_falls_and_goes_on_below_all_own_posts():
    odds = np.linspace(-20, 5, 200)
    lines = calibrate(np.asarray([0.0, -2.0, 0.5, 0.8, 0.1]), odds)
    assert (np.diff(lines) > 0).all()
    assert lines[0] == pytest.approx(0.5 - 0.2 - 18)


@pytest.mark.parametrize(
    ("caption", "reads"),
    [("a smoked turkey", True), ("오늘 점심은 김치찌개", False), ("오늘 brunch with friends", True), ("☕️ 3.5", True)],
)
def test_what_an_english_encoder_reads(caption, reads):
    assert can_read(caption, ["en"]) is reads
    assert can_read(caption, None)


def test_probabilities_agree_with_a_low_familiarity():
    ranked = Ranked(np.arange(6), np.array([0.8, 0.5, 0.3, 0.2, 0.1, 0.05]), np.zeros((0, 0), dtype=np.float32))
    nothing = np.zeros(6, dtype=bool)
    tempered = temper(ranked, 0.1, nothing)
    assert 1 - np.prod(1 - tempered.probabilities[:5]) == pytest.approx(0.1, abs=1e-4)
    assert (np.diff(tempered.probabilities) < 0).all() and tempered.columns.tolist() == ranked.columns.tolist()
    for known in (None, 0.3, 1.0):
        assert temper(ranked, known, nothing) is ranked
    faint = Ranked(np.arange(2), np.array([0.01, 0.01]), np.zeros((0, 0), dtype=np.float32))
    assert temper(faint, 0.2, nothing[:2]).probabilities == pytest.approx(faint.probabilities), "nothing is raised"
    named = np.arange(6) == 2
    kept = temper(ranked, 0.1, named)
    assert kept.columns[0] == 2 and kept.probabilities[0] == 0.3, "what the caption names stays, and comes first"
    assert kept.probabilities[1] < 0.1
    assert temper(ranked, 0.1, ~nothing) is ranked
