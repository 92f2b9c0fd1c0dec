import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from hashtag_recommender.eval.measures.metrics import (
    MeanMeasure,
    Measure,
    average_precision,
    f1_of_means,
    hit_rate,
    judge,
    macro_average,
    mean_per_post,
    micro,
    micro_average,
    ndcg,
    reciprocal_rank,
)

# Post 1: 1 of 2 right, 1 of 3 found; post 2: suggested one only, right, 1 of 1 found; post 3: nothing.
SUGGESTED = [["cat", "dog"], ["Cafe"], []]
TRUTH = [{"cat", "pet", "kitten"}, {"#cafe"}, {"sea"}]

TAGS = [f"tag{i}" for i in range(12)]
lists = st.lists(st.sampled_from(TAGS), max_size=8, unique=True)
answered = st.lists(st.tuples(lists, lists.filter(bool)), min_size=1, max_size=6)


def test_micro_by_hand():
    measure = micro(SUGGESTED, TRUTH, k=2)
    assert measure == Measure(precision=2 / 6, recall=2 / 5)
    assert measure.f1 == pytest.approx(2 * (1 / 3) * (2 / 5) / (1 / 3 + 2 / 5))


def test_the_means_by_hand():
    counts = judge(SUGGESTED, TRUTH).counts(2)
    precision, recall = (1 / 2 + 1 / 2 + 0) / 3, (1 / 3 + 1 + 0) / 3
    own_f1s = (2 * (1 / 2) * (1 / 3) / (1 / 2 + 1 / 3), 2 * (1 / 2) * 1 / (1 / 2 + 1), 0)
    assert mean_per_post(counts) == MeanMeasure(
        pytest.approx(precision), pytest.approx(recall), pytest.approx(sum(own_f1s) / 3)
    )
    assert f1_of_means(counts).f1 == pytest.approx(2 * precision * recall / (precision + recall))
    assert hit_rate(counts) == pytest.approx(2 / 3)


def test_the_definitions_of_f1_differ():
    counts = judge(SUGGESTED, TRUTH).counts(2)
    f1s = [micro_average(counts).f1, mean_per_post(counts).f1, f1_of_means(counts).f1]
    assert f1s == pytest.approx([4 / 11, 16 / 45, 8 / 21])


def test_macro_by_hand():
    """cat: right both times, of 3 posts that carry it; dog: for the wrong post; sea: never; fog: nobody's."""
    suggested = [["cat", "dog"], ["cat", "fog", "dog"], ["fog"]]
    truth = [["cat"], ["cat", "dog"], ["Cat", "sea"]]
    measure = macro_average(suggested, truth, 2)
    assert measure == MeanMeasure(pytest.approx(1 / 3), pytest.approx(2 / 9), pytest.approx(0.8 / 3))


def test_ranks_by_hand():
    """Hits in places 1 and 3 of a post with 3 hashtags, in place 2 of a post with 1, nowhere."""
    judged = judge([["a", "x", "b"], ["x", "a"], ["x"]], [["a", "b", "c"], ["a"], ["a"]])
    assert average_precision(judged).tolist() == pytest.approx([(1 + 2 / 3) / 3, 1 / 2, 0])
    assert reciprocal_rank(judged).tolist() == pytest.approx([1, 1 / 2, 0])
    best_of_3 = 1 + 1 / np.log2(3) + 1 / 2
    assert ndcg(judged, 5).tolist() == pytest.approx([(1 + 1 / 2) / best_of_3, 1 / np.log2(3), 0])
    assert ndcg(judged, 1).tolist() == [1, 0, 0]


def test_only_the_first_k_count_and_twice_counts_once():
    assert micro([["a", "b", "c"]], [["c"]], k=2).f1 == 0
    assert micro([["a", "A", "b"]], [["a", "#a"]], k=3) == Measure(1 / 3, 1)
    assert average_precision(judge([["a", "#A"]], [["a", "b"]])).tolist() == [1 / 2]


def test_where_the_number_is_free_precision_is_over_what_was_suggested():
    measure = micro([["a"], ["b", "x", "y"], []], [["a", "z"], ["b"], ["c"]], None)
    assert measure.precision == pytest.approx(2 / 4)
    assert measure.recall == pytest.approx(2 / 4)
    assert micro([[]], [["a"]], None).f1 == 0
    assert judge([["a", "A", "b"]], [["a"]]).counts_as_suggested().tolist() == [[1, 2, 1]]
    assert judge([["a", "b", "c"]], [["a"]]).counts_as_suggested(2).tolist() == [[1, 2, 1]]


def test_what_is_not_concerned_keeps_its_place_but_does_not_count():
    judged = judge([["x", "A", "b"]], [["a", "b", "x"]], lambda hashtag: hashtag in {"a", "c"})
    assert judged.counts_as_suggested().tolist() == [[1, 1, 1]]
    assert judged.counts_as_suggested(1).tolist() == [[0, 0, 1]]
    assert reciprocal_rank(judged).tolist() == [1 / 2]


def test_nothing_at_all():
    assert micro([], [], k=5).f1 == 0
    assert micro([["a"]], [[]], k=1) == Measure(0, 0)
    judged = judge([[], []], [[], ["a"]])
    for ranks in (average_precision(judged), reciprocal_rank(judged), ndcg(judged, 5)):
        assert ranks.tolist() == [0, 0]
    assert macro_average([["a"]], [[]], 1) == MeanMeasure(0, 0, 0)


@pytest.mark.parametrize(("suggested", "truth", "k"), [([["a"]], [], 1), ([], [], 0)])
def test_nonsense_is_refused(suggested, truth, k):
    with pytest.raises(ValueError, match="suggestions for|at least 1"):
        micro(suggested, truth, k)


def some_answers():
    """50 posts: suggestions for each, 3 to 10 of them, and its own hashtags."""
    rng = np.random.default_rng(0)
    tags = np.array([f"tag{i}" for i in range(30)])
    suggested = [rng.choice(tags, rng.integers(3, 11), replace=False).tolist() for _ in range(50)]
    truth = [rng.choice(tags, rng.integers(1, 9), replace=False).tolist() for _ in range(50)]
    return suggested, truth, tags


def table(posts, tags, k=None):
    return np.array([[tag in own[:k] for tag in tags] for own in posts])


def test_agrees_with_scikit_learn():
    suggested, truth, tags = some_answers()
    true, found = table(truth, tags), table(suggested, tags)
    expected = precision_recall_fscore_support(true, found, average="micro")
    measure = micro(suggested, truth, k=None)
    assert (measure.precision, measure.recall, measure.f1) == pytest.approx(expected[:3])
    expected = precision_recall_fscore_support(true, found, average="samples")
    mean = mean_per_post(judge(suggested, truth).counts_as_suggested())
    assert (mean.precision, mean.recall, mean.f1) == pytest.approx(expected[:3])


@pytest.mark.parametrize("k", [1, 3, 5])
def test_macro_agrees_with_scikit_learn(k):
    suggested, truth, tags = some_answers()
    expected = precision_recall_fscore_support(
        table(truth, tags), table(suggested, tags, k), average="macro", zero_division=0
    )
    measure = macro_average(suggested, truth, k)
    assert (measure.precision, measure.recall, measure.f1) == pytest.approx(expected[:3])


@pytest.fixture
def ranx(monkeypatch):
    """In plain Python: to compile takes a minute and warns."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    import ranx

    return ranx


def test_agrees_with_ranx(ranx):
    suggested, truth, _ = some_answers()
    qrels = ranx.Qrels({f"post{i}": dict.fromkeys(own, 1) for i, own in enumerate(truth)})
    run = ranx.Run({f"post{i}": {tag: -float(rank) for rank, tag in enumerate(a)} for i, a in enumerate(suggested)})
    judged = judge(suggested, truth)
    ours = {"map": average_precision(judged).mean(), "mrr": reciprocal_rank(judged).mean()}
    for k in range(1, 11):
        counts = judged.counts(k)
        mean = mean_per_post(counts)
        ours |= {f"precision@{k}": mean.precision, f"recall@{k}": mean.recall, f"f1@{k}": mean.f1}
        ours |= {f"hit_rate@{k}": hit_rate(counts), f"ndcg@{k}": ndcg(judged, k).mean()}
    assert ranx.evaluate(qrels, run, list(ours)) == pytest.approx(ours)


@given(answered)
def test_every_measure_is_between_0_and_1_and_f1_between_precision_and_recall(posts):
    judged = judge(*zip(*posts, strict=True))
    for k in (1, 3, 10):
        for average in (micro_average, f1_of_means):
            measure = average(judged.counts(k))
            low, high = sorted([measure.precision, measure.recall])
            assert 0 <= low <= measure.f1 + 1e-12 <= high + 2e-12 <= 1 + 3e-12
        assert 0 <= mean_per_post(judged.counts(k)).f1 <= hit_rate(judged.counts(k)) <= 1
        assert ((ndcg(judged, k) >= 0) & (ndcg(judged, k) <= 1 + 1e-12)).all()
    assert (average_precision(judged) <= 1 + 1e-12).all()


@given(answered)
def test_more_suggestions_find_no_less(posts):
    judged = judge(*zip(*posts, strict=True))
    recalls = [micro_average(judged.counts(k)).recall for k in range(1, 11)]
    assert recalls == sorted(recalls)
    assert recalls[-1] == micro_average(judged.counts_as_suggested()).recall


@given(answered, st.randoms())
def test_neither_the_order_of_posts_nor_spelling_matters(posts, random):
    shuffled = [([f"#{tag.upper()}" for tag in answer], own) for answer, own in random.sample(posts, len(posts))]
    one, other = judge(*zip(*posts, strict=True)), judge(*zip(*shuffled, strict=True))
    assert micro_average(one.counts(5)) == micro_average(other.counts(5))
    assert mean_per_post(one.counts(5)).f1 == pytest.approx(mean_per_post(other.counts(5)).f1)
    assert sorted(average_precision(one)) == pytest.approx(sorted(average_precision(other)))


@given(lists, lists.filter(bool), st.integers(1, 10))
def test_for_a_single_post_all_definitions_are_one(answer, own, k):
    counts = judge([answer], [own]).counts(k)
    f1s = [average(counts).f1 for average in (micro_average, mean_per_post, f1_of_means)]
    assert f1s == pytest.approx([f1s[0]] * 3)


@given(lists.filter(bool))
def test_the_truth_in_any_order_is_perfect(own):
    judged = judge([own[::-1]], [own])
    assert average_precision(judged)[0] == reciprocal_rank(judged)[0] == 1
    assert ndcg(judged, 5)[0] == pytest.approx(1)
    assert micro_average(judged.counts_as_suggested()) == Measure(1, 1)


@given(answered)
def test_parts_of_the_hashtags_add_up_to_the_whole(posts):
    suggested, truth = zip(*posts, strict=True)
    even = {tag for tag in TAGS if int(tag[3:]) % 2 == 0}
    parts = [judge(suggested, truth, lambda tag, side=side: (tag in even) == side) for side in (True, False)]
    whole = judge(suggested, truth).counts_as_suggested(3)
    assert (sum(part.counts_as_suggested(3) for part in parts) == whole).all()
