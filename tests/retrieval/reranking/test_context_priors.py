import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.retrieval.reranking.context_priors import (
    CANDIDATES,
    ContextPrior,
    ContextPriors,
    Contexts,
    Forecast,
    apply_prior,
    learn_context_priors,
    shift,
)
from hashtag_recommender.retrieval.reranking.reports import TrainingExamples
from hashtag_recommender.retrieval.voting.ranking import Ranked

# Five hashtags of ten posts: 0 and 1 go together, 2 and 3 hardly ever, 4 is by the second author alone.
POSTS = [[0, 1], [0, 1], [0, 1], [0], [2], [2], [2, 3], [3], [4], [4]]
AUTHOR_OF = np.array([0, 0, 0, 0, 0, -1, -1, 0, 1, 1])
ALL = np.arange(5)
LEANING = ContextPrior(own=1.0, lift=1.0, offset=0.0)


def matrix(posts, m):
    table = np.zeros((len(posts), m), dtype=np.float32)
    for row, columns in enumerate(posts):
        table[row, list(columns)] = 1
    return sparse.csr_matrix(table)


def contexts_of(labels, author_of):
    return Contexts(labels, sparse.csc_matrix(labels), author_of)


@pytest.fixture
def contexts():
    return contexts_of(matrix(POSTS, 5), AUTHOR_OF)


def ranked(**probabilities):
    columns = np.array([int(name[1:]) for name in probabilities])
    return Ranked(columns, np.array(list(probabilities.values())), np.zeros((0, 0), dtype=np.float32))


def by_column(some):
    return dict(zip(some.columns.tolist(), some.probabilities.tolist(), strict=True))


# --- what contexts forecast


def test_beside_a_hashtag_by_hand(contexts):
    """Four posts carry 0, three of them 1 as well; the prior counts as three posts more."""
    assert contexts.prior == pytest.approx([0.4, 0.3, 0.3, 0.2, 0.2])
    assert contexts.forecast_given([0]).of(np.arange(3)) == pytest.approx([(4 + 1.2) / 7, (3 + 0.9) / 7, 0.9 / 7])


def test_beside_several_is_the_mean(contexts):
    both = (contexts.forecast_given([0]).of(ALL) + contexts.forecast_given([3]).of(ALL)) / 2
    assert contexts.forecast_given([0, 3]).of(ALL) == pytest.approx(both)


def test_by_an_author_by_hand(contexts):
    assert contexts.forecast_author(1).of(ALL) == pytest.approx([1.2 / 5, 0.9 / 5, 0.9 / 5, 0.6 / 5, (2 + 0.6) / 5])
    assert [contexts.count_posts(author) for author in (0, 1, 2)] == [6, 2, 0]
    assert contexts.forecast_author(2).of(ALL) == pytest.approx(contexts.prior), "who never posted is like everybody"


def test_lift_is_nothing_where_a_context_says_what_the_prior_does(contexts):
    assert contexts.forecast_author(2).lift(ALL) == pytest.approx(np.zeros(5))
    forecast = Forecast(np.array([1]), np.array([0.4]), 0.5, np.array([0.2, 0.1]))
    assert forecast.lift(np.array([0, 1])) == pytest.approx([np.log(0.5), np.log(4)], abs=1e-4)


def test_those_that_a_forecast_makes_likelier_are_found_with_the_most_used_others():
    posts = [[column, column + 1] for column in range(0, 200, 2)] + [[199], [199], [0]]
    contexts = contexts_of(matrix(posts, 200), np.array([-1] * 60 + [7] + [-1] * 42))
    likely = contexts.find_likely(contexts.forecast_author(7)).tolist()
    assert likely == [*range(CANDIDATES + 1), 120, 121, 199], "the last one is the most used"


# --- candidates under them


def test_what_goes_with_the_given_rises_and_what_does_not_falls(contexts):
    forecast = contexts.forecast_given([0])
    moved = forecast.lift(ALL)
    before = {1: 0.2, 2: 0.2}
    after = by_column(apply_prior(ranked(c1=0.2, c2=0.2), forecast, ALL, LEANING))
    assert after[1] > before[1] and after[2] < before[2]
    odds = np.log(0.2 / 0.8) + moved[1]
    assert after[1] == pytest.approx(1 / (1 + np.exp(-odds)))


def test_a_context_brings_candidates_of_its_own(contexts):
    forecast = contexts.forecast_given([0])
    moved = forecast.lift(ALL)
    after = apply_prior(ranked(c2=0.5), forecast, ALL, LEANING)
    assert set(after.columns.tolist()) == {0, 1, 2}, "not those of which it speaks against"
    odds = np.log(0.3 / 0.7) + moved[1]
    assert by_column(after)[1] == pytest.approx(1 / (1 + np.exp(-odds))), "from its prior on"
    assert (np.diff(after.probabilities) <= 0).all()


def test_a_habit_counts_where_nothing_else_speaks_for_a_hashtag(contexts):
    """Author 1 has 4 on both posts; photo and caption speak for another one."""
    forecast = contexts.forecast_author(1)
    plain = by_column(apply_prior(ranked(c2=0.01), forecast, ALL, LEANING))
    assert plain[4] > 0.3
    prior = ContextPrior(own=1.0, lift=1.0, offset=0.0, habit=0.5)
    expected = np.log(0.2 / 0.8) + forecast.lift(ALL)[4] + 0.5 * np.log(2.6 / 2.4)
    assert by_column(apply_prior(ranked(c2=0.01), forecast, ALL, prior))[4] == pytest.approx(
        1 / (1 + np.exp(-expected))
    )


def test_newcomers_bring_no_features():
    told = np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)
    some = Ranked(np.array([0, 1]), np.array([0.6, 0.5]), told)
    forecast = Forecast(np.array([1, 2]), np.array([0.7, 0.3]), 1.0, np.array([0.1, 0.1, 0.1]))
    after = apply_prior(some, forecast, np.arange(3), LEANING)
    assert after.columns.tolist() == [1, 0, 2]
    assert after.features[:2].tolist() == [[3, 4], [1, 2]], "features go with their hashtags"
    assert np.isnan(after.features[2]).all()


def test_the_weights_of_a_leaning():
    some = ranked(c0=0.2, c1=0.8)
    prior = Forecast(np.zeros(0, dtype=np.int64), np.zeros(0), 1.0, np.array([0.5, 0.5]))
    after = by_column(apply_prior(some, prior, np.arange(2), ContextPrior(own=0.5, lift=1.0, offset=-1.0)))
    expected = [1 / (1 + np.exp(-(0.5 * np.log(p / (1 - p)) - 1))) for p in (0.2, 0.8)]
    assert [after[0], after[1]] == pytest.approx(expected)


def test_shift_adds_to_log_odds_and_puts_in_order():
    told = np.array([[1.0], [2.0], [3.0]], dtype=np.float32)
    after = shift(Ranked(np.array([4, 1, 0]), np.array([0.6, 0.5, 0.4]), told), np.array([-1.0, 0, 3.0]))
    assert after.columns.tolist() == [0, 1, 4]
    expected = [1 / (1 + np.exp(-(np.log(p / (1 - p)) + by))) for p, by in ((0.4, 3), (0.5, 0), (0.6, -1))]
    assert after.probabilities == pytest.approx(expected)
    assert after.features.ravel().tolist() == [3, 2, 1]


def test_of_equal_candidates_the_order_stays():
    after = shift(ranked(c3=0.5, c1=0.5, c2=0.5), np.zeros(3))
    assert after.columns.tolist() == [3, 1, 2]


def test_certain_candidates_stay_probabilities():
    after = shift(ranked(c0=1.0, c1=0.0), np.array([50.0, -50.0]))
    assert np.isfinite(after.probabilities).all() and (after.probabilities <= 1).all()


# --- what is learned


def lessons_of(posts, m):
    """Every post asked about all hashtags."""
    labels = matrix(posts, m)
    n = len(posts)
    return labels, TrainingExamples(
        rows=np.arange(n),
        unseen=np.ones(n, dtype=bool),
        due=np.diff(labels.indptr),
        names=("vote",),
        features=np.zeros((n * m, 1), dtype=np.float32),
        post=np.repeat(np.arange(n), m),
        columns=np.tile(np.arange(m), n),
        carried=np.ones(n * m, dtype=bool),
        labels=labels.toarray().ravel() > 0,
        post_folds=np.arange(n) % 3,
        post_blocks=np.arange(n) % 10,
    )


def learned_from(posts, author_of, m=6):
    labels, examples = lessons_of(posts, m)
    return learn_context_priors(examples, np.full(len(examples.columns), 1 / 3), labels, author_of)


def test_where_company_tells_it_counts():
    """Pairs that always go together, of authors who post nothing else."""
    kinds = np.random.default_rng(0).integers(3, size=120)
    learned = learned_from([(2 * kind, 2 * kind + 1) for kind in kinds], kinds)
    assert learned.given.lift > 0.5 and learned.author.lift > 0.5
    contexts = contexts_of(matrix([(0, 1), (2, 3), (4, 5)] * 40, 6), np.full(120, -1))
    forecast = contexts.forecast_given([2])
    after = by_column(apply_prior(ranked(c1=0.33, c3=0.33, c5=0.33), forecast, np.arange(6), learned.given))
    assert after[3] > 0.8 > 0.2 > max(after[1], after[5])


def test_where_company_tells_nothing_it_counts_for_little():
    rng = np.random.default_rng(1)
    posts = [rng.choice(6, 2, replace=False) for _ in range(300)]
    learned = learned_from(posts, rng.integers(3, size=300))
    kinds = rng.integers(3, size=300)
    telling = learned_from([(2 * kind, 2 * kind + 1) for kind in kinds], kinds)
    for little, much in ((learned.given, telling.given), (learned.author, telling.author)):
        assert min(little.lift, little.habit) >= 0
        assert little.lift + little.habit < (much.lift + much.habit) / 2


def test_a_post_does_not_testify_for_itself():
    """Pairs that no other post repeats tell nothing of a post that is not in sight."""
    assert learned_from([(2 * i, 2 * i + 1) for i in range(60)], np.full(60, -1), m=120).given.lift < 0.05


def test_too_few_posts_teach_nothing():
    assert learned_from([(0, 1), (2, 3)] * 20, np.full(40, -1)) == ContextPriors()


def test_without_authors_only_company_is_learned():
    learned = learned_from([(0, 1), (2, 3), (4, 5)] * 40, np.full(120, -1))
    assert learned.given != ContextPrior() and learned.author == ContextPrior()


def test_an_author_of_few_posts_has_no_history():
    authors = np.arange(120) // 4  # four posts each, of which some are out of sight
    assert learned_from([(0, 1), (2, 3), (4, 5)] * 40, authors).author == ContextPrior()


def test_posts_of_one_hashtag_say_nothing_of_company():
    assert learned_from([(0,), (2,), (4,)] * 40, np.full(120, -1)).given == ContextPrior()


def test_learning_the_same_twice_gives_the_same():
    posts = [(0, 1), (2, 3), (4, 5), (0, 3)] * 40
    authors = np.arange(160) % 4
    assert learned_from(posts, authors) == learned_from(posts, authors)


def test_weights_survive_json():
    context_priors = ContextPriors(ContextPrior(0.5, 0.25, -1.0), ContextPrior(1.5, 0.0, 2.0))
    assert ContextPriors.from_json(context_priors.to_json()) == context_priors
    with pytest.raises(KeyError):
        ContextPriors.from_json({"given": {"own": 1.0}})
    with pytest.raises(TypeError):
        ContextPriors.from_json({"given": {"loud": 1.0}, "author": {}})
