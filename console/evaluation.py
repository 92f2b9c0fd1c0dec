"""Evaluations: who was best, and by how much."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from .terminal import counted, err, lasting, out, printable, say, show_table, tell

if TYPE_CHECKING:
    from ..assembly import Beginning
    from ..eval.registry import Entry
    from ..eval.reporting.compare import Comparison
    from ..eval.runs.captions import CaptionResult
    from ..eval.runs.estimate import Ahead
    from ..eval.runs.run import RunResult


def tell_beginning(beginning: "Beginning") -> None:
    """What a person should know before the first system runs, and about how long it will take."""
    tell(beginning.notes)
    tell(f"{name} is left out: {reason}" for name, reason in beginning.left_out.items())
    ahead = beginning.ahead
    if ahead.systems:
        guess = f"{counted(ahead.systems, 'system')} to run, estimated time: {lasting(ahead.seconds)}"
        err.print(escape(guess))


def tell_outcome(result: "RunResult", ahead: "Ahead") -> None:
    """That a system has learned and answered, and what is ahead."""
    times = _times(result.fit_seconds, result.suggest_ms)
    left = f"; {ahead.systems} left, {lasting(ahead.seconds)}" if ahead.systems else ""
    err.print(escape(printable(f"{result.name}: {times}{left}")))


def show_evaluation(report: Mapping[str, Any], folder: Path) -> None:
    """The systems, best first, and where the report lies; notes are told before the first system runs."""
    split, dataset = report["split"], report["dataset"]
    learned = counted(split["train"] + split["validation"], "post")
    say(f"{learned} for training, {dataset['test_posts']:,} for the test")
    if split["leaks"]:
        tell([f"{split['leaks']:,} of the test posts have a near-duplicate in training"])
    if report["protocol"] == "harrison":
        _show(report, ("P@1", "R@5", "A@5"), _harrison)
    else:
        _show(report, ("F1@5", "95%", "F1@10", "auto"), _usual)
    _show_unseen(report)
    say(f"the report: {folder / 'report.html'}")


def _show(report: Mapping[str, Any], columns: Sequence[str], figures: Any) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("system", overflow="fold")
    table.add_column("kind")
    for column in (*columns, "fit"):
        table.add_column(column, justify="right", no_wrap=True)
    for system in sorted(report["systems"], key=_best_first):
        style = "bold cyan" if system["kind"] == "retrieval" else None
        name = escape(printable(system["name"]))
        table.add_row(name, system["kind"], *figures(system), f"{system['fit_seconds']:,.0f} s", style=style)
    show_table(table)


def _show_unseen(report: Mapping[str, Any]) -> None:
    """How the systems do with hashtags that no training post carries, which only few can suggest at all."""
    share = report["dataset"]["unseen"]
    if not share:
        return
    at_5 = {
        system["name"]: system["strata"]["frequency"]["unseen"]["micro"]["5"]
        for system in report["systems"]
        if system["kind"] != "ceiling"
    }
    say("")
    say(f"unseen hashtags: {share:.1%} of those of the test posts are on no training post")
    table = _table("system", ("precision@5", "recall@5", "F1@5"))
    for name, figures in sorted(at_5.items(), key=lambda one: -one[1]["f1"]):
        if figures["recall"]:
            table.add_row(escape(printable(name)), *(f"{figures[one]:.3f}" for one in ("precision", "recall", "f1")))
    if table.row_count:
        show_table(table)
    none = sum(not figures["recall"] for figures in at_5.values())
    if none:
        say(f"{counted(none, 'system')} with none right")


def _best_first(system: Mapping[str, Any]) -> tuple[bool, float]:
    """The ceiling, which is told the truth, comes last."""
    return system["kind"] == "ceiling", -system["metrics"]["micro"]["5"]["f1"]


def _usual(system: Mapping[str, Any]) -> list[str]:
    metrics = system["metrics"]
    low, high = system["interval"]["micro_f1_5"]
    auto = f"{metrics['auto']['micro']['f1']:.3f}" if metrics["auto"] else "-"
    micro = metrics["micro"]
    return [f"{micro['5']['f1']:.3f}", f"{low:.3f}-{high:.3f}", f"{micro['10']['f1']:.3f}", auto]


def _harrison(system: Mapping[str, Any]) -> list[str]:
    """Means per post, as HARRISON's authors report them."""
    means = system["metrics"]["mean_per_post"]
    return [f"{100 * figure:.2f}" for figure in (means["1"]["precision"], means["5"]["recall"], means["5"]["hit"])]


def tell_captions(result: "CaptionResult") -> None:
    """That a system has learned, and written captions."""
    err.print(escape(printable(f"{result.name}: {_times(result.fit_seconds, result.write_ms)}")))


def show_captions_evaluation(report: Mapping[str, Any], folder: Path) -> None:
    """The systems, best ROUGE-L first, how far retrieval is ahead, and where the report lies."""
    dataset = report["dataset"]
    learned = counted(dataset["train"] + dataset["validation"], "post")
    say(f"{learned} for training, {dataset['test_posts']:,} for the test")
    if report["split"]["leaks"]:
        tell([f"{report['split']['leaks']:,} of the test posts have a near-duplicate in training"])
    for unit in report["systems"][0]["metrics"]:
        say("")
        _show_captions(report["systems"], unit)
        _show_differences([one for one in report["differences"] if one["tokens"] == unit])
    say("")
    say(f"the report: {folder / 'report.html'}")


def _show_captions(systems: Sequence[Mapping[str, Any]], unit: str) -> None:
    table = _table(f"by {unit}", ("ROUGE-L", "95%", "METEOR", "95%", "BLEU-1", "CIDEr"))
    for system in sorted(systems, key=lambda system: -system["metrics"]["words"]["rouge_l"]):
        metrics, intervals = system["metrics"][unit], system["intervals"][unit]
        sure = [f"{low:.3f}-{high:.3f}" for low, high in (intervals["rouge_l"], intervals["meteor"])]
        rouge_l, meteor, bleu, cider = (f"{metrics[one]:.3f}" for one in ("rouge_l", "meteor", "bleu_1", "cider"))
        style = "bold cyan" if system["kind"] == "retrieval" else None
        table.add_row(escape(printable(system["name"])), rouge_l, sure[0], meteor, sure[1], bleu, cider, style=style)
    show_table(table)


def _show_differences(differences: Sequence[Mapping[str, Any]]) -> None:
    """Of ROUGE-L and METEOR, one behind the other."""
    if not differences:
        return
    say("")
    table = _table("retrieval less", ("ROUGE-L", "95%", "METEOR", "95%"))
    by_measure = [[one for one in differences if one["measure"] == measure] for measure in ("rouge_l", "meteor")]
    for rouge_l, meteor in zip(*by_measure, strict=True):
        figures = (
            figure
            for one in (rouge_l, meteor)
            for figure in (f"{one['by']:+.3f}", f"{one['low']:+.3f} {one['high']:+.3f}")
        )
        table.add_row(escape(printable(rouge_l["other"])), *figures)
    show_table(table)


def _table(first: str, figures: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, overflow="fold")
    for column in figures:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _times(fit_seconds: float, ms_a_post: float) -> str:
    return f"trained in {fit_seconds:,.1f} s, {ms_a_post:.1f} ms a post"


def show_comparison(comparison: "Comparison") -> None:
    """What changed, and how sure that is; of other test posts the figures alone."""
    if not comparison.comparable:
        tell([f"not comparable: {comparison.figures_only}; the figures are of different posts, so no change is shown"])
    elif comparison.figures_only:
        tell([comparison.figures_only])
    columns = ("before", "after", "change", "95%", "better") if comparison.comparable else ("first", "second")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("system", overflow="fold")
    for column in ("at", *columns):
        table.add_column(column, justify="right", no_wrap=True)
    for change in comparison.changes:
        row = [change.at, f"{change.before:.3f}", f"{change.after:.3f}"]
        if comparison.comparable:
            row.append(f"{change.after - change.before:+.3f}")
        if change.difference:
            sure = change.difference
            same = sure.low == sure.high == 0
            row += [f"{sure.low:+.3f} {sure.high:+.3f}", "same" if same else f"{100 * sure.probability:.0f}%"]
        table.add_row(escape(printable(change.system)), *row)
    show_table(table)
    for name in comparison.gone:
        say(f"{name}: only in the first")
    for name in comparison.new:
        say(f"{name}: only in the second")


def show_systems(entries: "Sequence[Entry]") -> None:
    """What can be compared, and where it comes from."""
    for entry in entries:
        out.print(f"[bold]{escape(entry.name)}[/]  {entry.kind}")
        say(f"  {entry.about}")
    say(counted(len(entries), "system"))
