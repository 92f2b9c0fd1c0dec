"""An evaluation by hashtag and by post, for whoever wants to reckon for themselves."""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import SettingsError
from ...core.post import normalise_hashtag
from ..measures.bootstrap import users_of
from ..measures.metrics import Judged, Measure, judge
from ..measures.vocabulary import Vocabulary
from ..runs.run import RunResult, Trial
from ..systems.optional import needed
from ..systems.system import Scored

if TYPE_CHECKING:
    import pyarrow as pa

SHOWN = 5  # suggestions for a post that the table by hashtag counts
_DEEPEST = 10


def write_per_hashtag(path: Path, trial: Trial, results: Sequence[RunResult]) -> None:
    """By hashtag that training or test posts carry, most used first: how each system does with it, as TSV in UTF-8.

    Of the first five suggestions for each post, of several runs the sum, as is `due`. A quotient of nothing by nothing
    stays empty.
    """
    vocabulary = Vocabulary.of([*trial.train, *trial.validation])
    due = Counter(hashtag for own in trial.truth for hashtag in own)
    hashtags = [*vocabulary.hashtags, *sorted(due.keys() - vocabulary.columns.keys())]
    counted = [_by_hashtag(result, trial) for result in results]
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE, escapechar="\\")
        columns = (f"suggested@{SHOWN}", f"hits@{SHOWN}", "precision", "recall", "f1")
        named = [f"{result.name} {column}" for result in results for column in columns]
        rows.writerow(["hashtag", "training_uses", "tier", "due", *named])
        for place, hashtag in enumerate(hashtags):
            uses = int(vocabulary.uses[place]) if place < len(vocabulary.hashtags) else 0
            figures = [figure for one in counted for figure in _figures(hashtag, due[hashtag], *one)]
            rows.writerow([hashtag, uses, vocabulary.tiers.get(hashtag, "unseen"), due[hashtag], *figures])


def write_per_post(path: Path, trial: Trial, results: Sequence[RunResult]) -> None:
    """A row for each post, system and run, as Parquet; see `read_per_post`. Raises SettingsError without pyarrow."""
    with needed("per_post.parquet"):
        import pyarrow.parquet as pq
    users = users_of([post.author for post in trial.test]).tolist()
    posts = {
        "source": [post.source for post in trial.test],
        "post": [post.post_id for post in trial.test],
        "user": users,
        "truth": trial.truth,
    }
    with pq.ParquetWriter(path, _schema(), compression="zstd") as file:
        for result in results:
            file.write_table(_rows(result, posts))


def read_per_post(path: Path) -> "pa.Table":
    """All rows: systems in order, of each its runs, of each the posts in order.

    source, post: which post. user: the number of its author, or its own. system, run (from 0). due: own hashtags. hits,
    suggested: (10,) among the first 1, 2, ... suggestions, where one that occurs twice counts once. truth, hashtags
    with their scores: normalised, best first. Those starting with auto_: the same with a free number, null where the
    system has no opinion on it. Raises SettingsError on a file that is missing or is no such table, or without pyarrow.
    """
    with needed(path.name):
        import pyarrow as pa
        import pyarrow.parquet as pq
    try:
        table = pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as error:
        raise SettingsError(f"{path} cannot be read as a table of posts: {str(error).splitlines()[0]}") from error
    if table.schema != _schema():
        raise SettingsError(f"{path} is no table of posts that an evaluation of this version wrote; evaluate again")
    return table


def _schema() -> "pa.Schema":
    import pyarrow as pa

    tags, scores, at_k = pa.list_(pa.string()), pa.list_(pa.float64()), pa.list_(pa.int32(), _DEEPEST)
    return pa.schema(
        [
            ("source", pa.string()),
            ("post", pa.string()),
            ("user", pa.int64()),
            ("system", pa.string()),
            ("run", pa.int32()),
            ("due", pa.int32()),
            ("hits", at_k),
            ("suggested", at_k),
            ("auto_hits", pa.int32()),
            ("auto_suggested", pa.int32()),
            ("truth", tags),
            ("hashtags", tags),
            ("scores", scores),
            ("auto_hashtags", tags),
            ("auto_scores", scores),
        ]
    )


def _rows(result: RunResult, posts: Mapping[str, Sequence[Any]]) -> "pa.Table":
    import pyarrow as pa

    n = len(posts["post"])
    runs = len(result.ranked) // n
    repeated = {name: [*values] * runs for name, values in posts.items()}
    judged = _judged(result.ranked, repeated["truth"])
    columns: dict[str, Sequence[Any] | None] = {
        **repeated,
        "system": [result.name] * (n * runs),
        "run": [run for run in range(runs) for _ in range(n)],
        "due": judged.due.tolist(),
        "hits": _at_every_k(judged, hits=True),
        "suggested": _at_every_k(judged, hits=False),
        **_answered(result.ranked),
    }
    if result.free is not None:
        free = _judged(result.free, repeated["truth"]).counts_as_suggested()
        columns |= {"auto_hits": free[:, 0].tolist(), "auto_suggested": free[:, 1].tolist()}
        columns |= {f"auto_{name}": values for name, values in _answered(result.free).items()}
    schema = _schema()
    nothing = [None] * (n * runs)
    return pa.table({name: columns.get(name, nothing) for name in schema.names}, schema=schema)


def _judged(answers: Sequence[Sequence[Scored]], truth: Sequence[Sequence[str]]) -> Judged:
    return judge([[scored.hashtag for scored in answer] for answer in answers], truth)


def _at_every_k(judged: Judged, *, hits: bool) -> list[list[int]]:
    column = 0 if hits else 1
    at = [judged.counts_as_suggested(k)[:, column].tolist() for k in range(1, _DEEPEST + 1)]
    return list(map(list, zip(*at, strict=True)))


def _answered(answers: Sequence[Sequence[Scored]]) -> dict[str, list[Any]]:
    return {
        "hashtags": [[normalise_hashtag(scored.hashtag) for scored in answer] for answer in answers],
        "scores": [[scored.score for scored in answer] for answer in answers],
    }


def _by_hashtag(result: RunResult, trial: Trial) -> tuple[Counter[str], Counter[str], int]:
    """How often each hashtag was suggested, and rightly so, and in how many runs."""
    truth, suggested, hits = list(map(set, trial.truth)), Counter[str](), Counter[str]()
    for place, answer in enumerate(result.ranked):
        found = {normalise_hashtag(scored.hashtag) for scored in answer[:SHOWN]}
        suggested.update(found)
        hits.update(found & truth[place % len(truth)])
    return suggested, hits, len(result.ranked) // len(truth)


def _figures(hashtag: str, due: int, suggested: Counter[str], hits: Counter[str], runs: int) -> list[str]:
    times, right, labels = suggested[hashtag], hits[hashtag], due * runs
    measure = Measure(right / max(1, times), right / max(1, labels))
    quotients = ((measure.precision, times), (measure.recall, labels), (measure.f1, times + labels))
    return [str(times), str(right), *(f"{quotient:.4f}" if of else "" for quotient, of in quotients)]
