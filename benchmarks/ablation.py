"""What each part of the recommender is worth: each switched off in turn, everything else learned anew.

    .venv/bin/python benchmarks/ablation.py DATA [SET ...] [--part WORDS]

DATA is as for quality.py. Only the training part of each set is looked at: its own posts are asked about as the build
does it for its report, without themselves and their near-duplicates, by models that have not seen them. The
differences in micro F1 are those of "without it" less "as it is", with the 95% interval of a paired bootstrap over the
posts: where the interval lies below 0, the part is worth its place. WORDS: only parts whose name holds them.
"""

import argparse
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from quality import K, hashtag, split

from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh.build import plans_of
from hashtag_recommender.assembly.refresh.training import training_archive
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.vectors import Floats
from hashtag_recommender.eval.measures.bootstrap import Difference, micro_f1, paired_difference
from hashtag_recommender.index.snapshots.build import Indexed, channel_vectors
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.stacking import stacked
from hashtag_recommender.retrieval.learning import learn_vote_sources
from hashtag_recommender.retrieval.reranking.features import CANDIDATES
from hashtag_recommender.retrieval.reranking.hashtag_names import NO_NAMES
from hashtag_recommender.retrieval.reranking.reports import TrainingExamples, report_on
from hashtag_recommender.retrieval.reranking.training import TrainingArchive, learn_from, make_examples
from hashtag_recommender.retrieval.search.neighbours import Neighbourhood

# By regular expressions of how the names of features begin.
GROUPS = {
    "votes of all channels together": ("vote",),
    "neighbours, channel by channel": (r"(image|sentence|multilingual|lexical)_(?!name)",),
    "votes of posts written in a similar way": ("style_",),
    "regression over the archive": ("ridge",),
    "hashtags that the caption names": ("mention", "spelling"),
    "company of other candidates": ("company",),
    "letters and length": ("letters", "latin", "han", "digits", "caption_length"),
}


class EveryCopy(Neighbourhood):
    """Neighbours of which each copy has a vote of its own."""

    def _find_copies(self, near: NDArray[np.int64]) -> NDArray[np.bool_]:
        return np.zeros(near.shape, dtype=bool)


@dataclass(frozen=True)
class Outcome:
    """What was suggested for each post: (posts, 3) hits, suggestions and own hashtags, at k and with a free number."""

    at_k: NDArray[np.int64]
    auto: NDArray[np.int64]


def archive_of(posts: Path, folder: Path) -> TrainingArchive:
    """The training part of a set, ready to be learned from."""
    split(posts, folder)
    home = folder / "home"
    hashtag("index", "build", folder / "train.csv", "--images", posts.parent, "--home", home, "--encoders", "compact")
    snapshot = current_snapshot(home)
    with Home(Settings(home)).database(create=True) as database:
        channels = []
        records = snapshot.manifest.channels
        for record, plan in zip(records, plans_of(records, Settings(home)), strict=True):
            parts = list(channel_vectors(database.posts, plan, snapshot.archive.keys))
            rows = np.concatenate([np.zeros(0, dtype=np.int64), *(part for part, _ in parts)])
            channels.append(Indexed(record, plan.encoder, rows, stacked([vectors for _, vectors in parts])))
        return training_archive(snapshot.folder, channels, database)


def without_channel(archive: TrainingArchive, channel: str) -> TrainingArchive:
    """As if posts had never been compared in that way."""
    contents = archive.contents
    if channel == NgramEncoder.channel:
        contents = replace(contents, ngrams=0 * contents.ngrams)
        contents.ngrams.eliminate_zeros()
    else:
        kept = {name: vectors for name, vectors in contents.dense.items() if name != channel}
        contents = replace(contents, dense=kept)
    channels = [other for other in archive.channels if other.channel != channel]
    names = archive.names.take(archive.names.of.keys() - {channel})
    return replace(archive, contents=contents, channels=channels, names=names)


def without_source(examples: TrainingExamples, source: str) -> TrainingExamples:
    """As if candidates that only this source put forward had never come."""
    column = {name: examples.features[:, i] for i, name in enumerate(examples.names)}
    sources = {
        "the vote": (column["vote"] > 0) & (column["vote_place"] < CANDIDATES),
        "the regression": column["ridge_place"] < CANDIDATES,
        "the caption": column["mention"] > 0,
    }
    kept = np.logical_or.reduce([found for name, found in sources.items() if name != source])
    return examples.take(kept)


def without_features(examples: TrainingExamples, beginnings: tuple[str, ...]) -> TrainingExamples:
    """As if these features told nothing; the vote itself and the prior stay known to the report."""
    gone = [i for i, name in enumerate(examples.names) if any(re.match(beginning, name) for beginning in beginnings)]
    features = examples.features.copy()
    features[:, gone] = 0
    return replace(examples, features=features)


def outcome(examples: TrainingExamples, scores: Floats, threshold: float, k: int) -> Outcome:
    """What scores suggest for the posts of which no copy was in sight."""
    order = np.lexsort((-scores, examples.post))
    post = examples.post[order]
    rank = np.arange(len(post)) - np.searchsorted(post, post)
    n = len(examples.rows)

    def counted(chosen: NDArray[np.bool_], suggested: NDArray[np.int64]) -> NDArray[np.int64]:
        hits = np.bincount(post[chosen], examples.labels[order][chosen], n).astype(np.int64)
        return np.stack([hits, suggested, examples.due], axis=1)[examples.unseen]

    likely = scores[order] >= threshold
    return Outcome(
        counted(rank < k, np.full(n, k)), counted(likely, np.bincount(post[likely], minlength=n).astype(np.int64))
    )


def learned(examples: TrainingExamples, archive: TrainingArchive, k: int) -> Outcome:
    """What a reranker suggests that learned from these lessons."""
    held_out = learn_from(examples).held_out[examples.carried]
    judged = examples.take(examples.carried)
    return outcome(judged, held_out, report_on(judged, held_out, archive.clusters)[0].threshold, k)


def voted(examples: TrainingExamples, k: int) -> Outcome:
    """What the plain vote suggests; a free number at the best threshold there is for it, which flatters it."""
    votes = examples.features[:, examples.names.index("vote")].astype(np.float64)
    best = max(
        (outcome(examples, votes, threshold, k) for threshold in np.quantile(votes[votes > 0], np.linspace(0, 1, 50))),
        key=lambda some: micro_f1(some.auto),
    )
    return best


def variants(archive: TrainingArchive, k: int) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """Everything as it is, and then without one part after another; each is learned when it is called."""

    def trained(some: TrainingArchive) -> TrainingExamples:
        return make_examples(some, learn_vote_sources(some))

    whole = trained(archive)

    def anew(some: TrainingArchive) -> Outcome:
        return learned(trained(some), some, k)

    yield "as it is", lambda: learned(whole, archive, k)
    yield "the reranker (plain vote)", lambda: voted(whole, k)
    for channel in archive.channels:
        if len(archive.channels) > 1:
            yield f"channel: {channel.channel}", partial(anew, without_channel(archive, channel.channel))
    for source in ("the vote", "the regression", "the caption"):
        yield f"candidates of {source}", partial(learned, without_source(whole, source), archive, k)
    for group, beginnings in GROUPS.items():
        yield f"features: {group}", partial(learned, without_features(whole, beginnings), archive, k)
    yield "names of hashtags", partial(anew, replace(archive, names=NO_NAMES))
    copies = [EveryCopy(*(getattr(c, name) for name in Neighbourhood.__slots__)) for c in archive.channels]
    yield "one vote for near-duplicates", partial(anew, replace(archive, channels=copies))


def shown(difference: Difference) -> str:
    """A difference with its interval."""
    return f"{difference.f1:+.4f} ({difference.low:+.4f}, {difference.high:+.4f})"


def main() -> None:
    """Print a table for every set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*", default=list(K))
    parser.add_argument("--part", default="")
    arguments = parser.parse_args()
    for name in arguments.sets:
        k = K.get(name, 10)
        with tempfile.TemporaryDirectory() as temporary:
            archive = archive_of(arguments.data / name / "posts.csv", Path(temporary))
            print(f"\n{name}\n\n| without | F1 at {k} | F1 at auto |\n|---|---|---|", flush=True)
            whole: Outcome | None = None
            for part, learn in variants(archive, k):
                if whole is not None and arguments.part not in part:
                    continue
                result = learn()
                if whole is None:
                    whole = result
                    print(f"| ({part}) | {micro_f1(whole.at_k):.4f} | {micro_f1(whole.auto):.4f} |", flush=True)
                    continue
                at_k = paired_difference(result.at_k, whole.at_k)
                auto = paired_difference(result.auto, whole.auto)
                print(f"| {part} | {shown(at_k)} | {shown(auto)} |", flush=True)


if __name__ == "__main__":
    main()
