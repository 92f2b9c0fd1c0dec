"""The steps of an answer are timed."""

from hashtag_recommender import Query, open_recommender
from hashtag_recommender.retrieval.timing import measure_steps

TEXT = "sofa purring nap today"
STEPS = ["encode", "search", "vote", "rank", "adjust", "select", "explain"]


def test_every_step_is_timed(small_home):
    with open_recommender(small_home) as recommender:
        with measure_steps() as of_one:
            recommender.suggest(text=TEXT)
        with measure_steps() as of_batch:
            answers = recommender.suggest_batch([Query(TEXT), Query("crust oven flour")])
    assert list(of_one) == list(of_batch) == STEPS
    assert all(seconds > 0 for seconds in (*of_one.values(), *of_batch.values()))
    assert all(answer.suggestions for answer in answers)
