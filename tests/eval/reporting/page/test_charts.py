import pytest

from hashtag_recommender.eval.reporting.page.charts import Axis, Paper, Series

PAPER = Paper(Axis("x", 0, 1), Axis("y", 0, 1))


def test_corners_are_corners():
    chart = PAPER.draw("square", [Series("s", "network", [(0, 0), (1, 1)])])
    [line] = chart.lines
    assert line.path == f"M{chart.left} {chart.bottom} L{chart.right} {chart.top}"
    assert line.named == (chart.right, chart.top)


@pytest.mark.parametrize(
    ("axis", "written"),
    [
        (Axis("k", 1, 10, whole=True), ["2", "4", "6", "8", "10"]),
        (Axis("k", 1, 3, whole=True), ["1", "2", "3"]),
        (Axis("f1", 0, 0.147), ["0.00", "0.05", "0.10"]),
        (Axis("p", 0, 1), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (Axis("loss", -2, 30), ["0", "10", "20", "30"]),
    ],
)
def test_ticks_are_round(axis, written):
    assert [text for _, text in axis.ticks()] == written


@pytest.mark.parametrize("n", [1, 2, 15, 60])
def test_names_stand_apart_and_on_the_paper(n):
    """Lines that all end at one point, low on the paper."""
    chart = PAPER.draw("many", [Series(f"s{i}", "network", [(0, i / n), (1, 0)]) for i in range(n)])
    heights = sorted(line.label_y for line in chart.lines)
    assert 0 < heights[0] and heights[-1] < chart.height
    assert all(b - a > 5 for a, b in zip(heights, heights[1:], strict=False))


def test_names_are_in_the_order_of_their_lines():
    chart = PAPER.draw("two", [Series("low", "floor", [(1, 0.50)]), Series("high", "network", [(1, 0.51)])])
    heights = {line.name: line.label_y for line in chart.lines}
    assert heights["high"] < heights["low"]


def test_what_has_no_points_is_left_out_and_a_dot_takes_the_name():
    chart = PAPER.draw("dots", [Series("none", "floor", []), Series("dot", "floor", [(0, 0), (0.5, 0.5), (1, 0)], [1])])
    [line] = chart.lines
    assert (line.dots, line.named) == ([line.named], PAPER.place(0.5, 0.5))
