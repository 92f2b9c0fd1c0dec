"""A hashtag over time, and the response to its posts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.post import Measure
from ..core.reach import NoReach, Reach
from .terminal import counted, one_line, paragraph, say, tell

if TYPE_CHECKING:
    from ..assembly import HashtagStats

_BARS = "▁▂▃▄▅▆▇█"
_NONE = "·"  # in a period without posts
_MOST_PERIODS = 50  # side by side on 80 columns
_LABEL, _RANGE = 8, 15  # cells


def compared(reach: Reach) -> str:
    """`likes ×1.31 (1.08 to 1.58)`."""
    return f"{reach.measure} ×{_ratio(reach.ratio)} ({_ratio(reach.low)} to {_ratio(reach.high)})"


def show_stats(stats: "HashtagStats") -> None:
    """How often it was used, its course over time, and its posts against like posts."""
    tell(stats.notes)
    same = "".join(f" or #{hashtag}" for hashtag in stats.same)
    say(
        f"{stats.uses:,} of {counted(stats.posts, 'post')} {'have' if stats.uses > 1 else 'has'} #{stats.hashtag}{same}"
    )
    if stats.periods:
        _show_course(stats)
    if not stats.reach:
        return
    say("")
    say("posts with it, against like posts without it:")
    for measure, reach in stats.reach.items():
        _show_reach(measure, stats.medians[measure], reach)
    if any(isinstance(reach, Reach) for reach in stats.reach.values()):
        known = "by the same author, of about the same time"
        of = known if stats.knows_authors else "of about the same time; their authors are not known"
        reason = "A difference does not say that the hashtag is its reason."
        paragraph(f"Like posts: {of}. In brackets: the 95% interval. {reason}", "dim")


def _show_course(stats: "HashtagStats") -> None:
    shown = stats.periods[-_MOST_PERIODS:]
    earlier = len(stats.periods) - len(shown)
    left_out = f"; {counted(earlier, 'earlier ' + str(stats.unit))} not shown" if earlier else ""
    say("")
    say(f"by {stats.unit}, from {shown[0].start} to {shown[-1].start}{left_out}")
    _line("uses", [period.uses or None for period in shown])
    for measure in stats.medians:
        _line(measure, [period.medians[measure] for period in shown])


def _line(label: str, values: Sequence[float | None]) -> None:
    """Bars from 0 up to the highest value, behind the lowest and the highest."""
    known = [value for value in values if value is not None]
    highest = max(known, default=0)
    scale = len(_BARS) / highest if highest else 0.0
    bars = [_NONE if value is None else _BARS[max(0, -int(-value * scale // 1) - 1)] for value in values]
    span = " to ".join(dict.fromkeys([_count(min(known)), _count(highest)])) if known else "-"
    one_line([(label, "bold", _LABEL), (span, "", _RANGE), ("".join(bars), "cyan", None)])


def _show_reach(measure: Measure, median: float | None, reach: Reach | NoReach) -> None:
    typical = "median -" if median is None else f"median {_count(median)}"
    line = [(measure, "bold", _LABEL), (typical, "", _RANGE)]
    if isinstance(reach, NoReach):
        one_line([*line, (reach.reason, "", None)])
        return
    ratio = f"{_ratio(reach.ratio)} times ({_ratio(reach.low)} to {_ratio(reach.high)})"
    one_line([*line, (f"{ratio}   {reach.posts:,} against {counted(reach.like_posts, 'post')}", "", None)])


def _ratio(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 100 else f"{value:,.1f}"
