"""Line charts: from figures to places on paper; `chart.svg.jinja` draws them and `style.css` colours them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

WIDTH = 600
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 180, 14, 44  # margins; names of lines stand in the right one
_LINE_HEIGHT = 14
_LONGEST_NAME = 22  # characters

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """Points to be joined. look: a class of style. name: shown beside the line; may be empty.

    dots: the places of those points that are marked. The name belongs to the first of them, else to the last point.
    """

    name: str
    look: str
    points: Sequence[Point]
    dots: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured along it, from where to where; whole: only whole numbers are marked."""

    label: str
    low: float
    high: float
    whole: bool = False

    def ticks(self) -> list[tuple[float, str]]:
        """About five round values, and how they are written."""
        wide = (self.high - self.low) / 5
        power = 10 ** floor(log10(wide))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wide * 0.999)
        step = max(1, round(step)) if self.whole else step
        digits = max(0, -floor(log10(step) + 1e-9))
        first, last = ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9)
        return [(i * step, f"{i * step:.{digits}f}") for i in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Line:
    """A series on paper. path: for SVG. named: the point that the name belongs to. label_y: where the name stands."""

    name: str
    short: str
    look: str
    path: str
    dots: Sequence[Point]
    named: Point
    label_y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn, in units of a paper of width x height."""

    title: str
    x_label: str
    y_label: str
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    height: int
    bottom: int
    width: int = WIDTH
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    top: int = _TOP


@dataclass(frozen=True, slots=True)
class Paper:
    """Where values come to lie between two axes, on paper of some height."""

    x: Axis
    y: Axis
    height: int = 350

    def place(self, x: float, y: float) -> Point:
        """From the upper left corner."""
        across, up = (x - self.x.low) / (self.x.high - self.x.low), (y - self.y.low) / (self.y.high - self.y.low)
        wide, high = WIDTH - _LEFT - _RIGHT, self.height - _TOP - _BOTTOM
        return round(_LEFT + across * wide, 1), round(_TOP + (1 - up) * high, 1)

    def draw(self, title: str, series: Sequence[Series]) -> Chart:
        """Series that come first lie above the others; those without points are left out."""
        drawn = [one for one in series if one.points]
        points = [[self.place(*point) for point in one.points] for one in drawn]
        ends = [some[one.dots[0] if one.dots else -1] for one, some in zip(drawn, points, strict=True)]
        named = [place for place, one in enumerate(drawn) if one.name]
        heights = dict(zip(named, _apart([ends[place][1] for place in named], self.height), strict=True))
        lines = [
            Line(one.name, _short(one.name), one.look, _path(some), [some[i] for i in one.dots], end, heights.get(i, 0))
            for i, (one, some, end) in enumerate(zip(drawn, points, ends, strict=True))
        ]
        return Chart(
            title,
            self.x.label,
            self.y.label,
            [(self.place(value, self.y.low)[0], text) for value, text in self.x.ticks()],
            [(self.place(self.x.low, value)[1], text) for value, text in self.y.ticks()],
            lines[::-1],
            self.height,
            self.height - _BOTTOM,
        )


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(points))


def _apart(heights: Sequence[float], height: int) -> list[float]:
    """The heights of names that belong to points at these: in the same order, none upon another, all on the paper."""
    gap = min(_LINE_HEIGHT, (height - 2 * _TOP) / max(1, len(heights)))
    order = sorted(range(len(heights)), key=heights.__getitem__)
    at: list[float] = []
    for place in order:
        at.append(max(heights[place], at[-1] + gap if at else _TOP))
    lowest: float = height - _TOP
    for i in reversed(range(len(at))):
        at[i] = min(at[i], lowest)
        lowest = at[i] - gap
    spread = dict(zip(order, at, strict=True))
    return [round(spread[place], 1) for place in range(len(heights))]
