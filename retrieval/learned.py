"""What was learned from an archive, as a snapshot keeps it: written, and read to rank candidates."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from ..core.advice import REBUILD
from ..core.errors import SnapshotError
from ..core.string_table import Table
from ..core.vectors import Floats, Numbers, Rows, read_array
from .new_hashtags.extractor import NewHashtagExtractor
from .reranking.context_priors import ContextPriors
from .reranking.familiarity import Familiarity
from .reranking.hashtag_names import NO_NAMES, HashtagNames
from .reranking.reports import RerankerReport
from .reranking.reranker import Reranker, read_names, read_report
from .selection.same_meaning import LINKS, Link, read_links, write_links
from .selection.signatures import SIGNATURES, read_signatures, write_signatures
from .voting.fusion import Fusion
from .voting.ranking import UNLEARNED, Ranker, Vote

RERANKER, NEW_HASHTAGS = "reranker", "new_hashtags"  # folders

_LEARNED = "learned.json"
_CLUSTERS = "clusters.npy"

# What an index gains that was built before.
_TOLD = "answers would say how well the archive knows such posts, and have new hashtags out of captions"
_MERGED = "hashtags of the same meaning would be merged"
_SIGNED = "hashtags of one or two authors alone would be known as such also where no author is known"


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned from an archive, by which candidates are ranked.

    clusters: (posts,) the cluster of each post. judged: by hashtag (normalised), what a person's judgements add to its
    log odds. reranker: None if there are too few posts to learn from, or if it cannot be used. report: on the held-out
    posts; None without a reranker. new_hashtags: None if too few hashtags stand in captions to learn from. links: of
    hashtags that mean the same. signatures: those that were guessed, if no author is known. familiarity: None if there
    are too few posts to learn from, or if it is not known for the ranker that is used. notes: for a person, on what
    could not be loaded.
    """

    fusion: Fusion
    clusters: Rows
    context_priors: ContextPriors
    judged: Mapping[str, float]
    reranker: Reranker | None
    report: RerankerReport | None
    new_hashtags: NewHashtagExtractor | None = None
    links: tuple[Link, ...] = ()
    signatures: tuple[str, ...] = ()
    familiarity: Familiarity | None = None
    notes: tuple[str, ...] = ()

    def ranker(self, prior: Floats) -> Ranker:
        """The reranker if it is better than the vote, else the vote. prior: (m,), of posts that carry each hashtag."""
        if self.reranker is not None and self.reranker.report.ships:
            return self.reranker
        if self.report is None:
            return Vote(prior, None, UNLEARNED)
        return Vote(prior, self.report.calibration, self.report.threshold)

    def save(self, folder: Path) -> None:
        """Write into the folder of a snapshot. `leanings` is the stored name of the context priors."""
        fields = {
            "fusion": self.fusion.to_json(),
            "leanings": self.context_priors.to_json(),
            "judged": dict(self.judged),
        }
        (folder / _LEARNED).write_text(json.dumps(fields, indent=1, ensure_ascii=False), encoding="utf-8")
        np.save(folder / _CLUSTERS, self.clusters)
        write_links(self.links, folder)
        write_signatures(self.signatures, folder)
        if self.reranker is not None:
            (folder / RERANKER).mkdir()
            self.reranker.save(folder / RERANKER)
        if self.new_hashtags is not None:
            (folder / NEW_HASHTAGS).mkdir()
            self.new_hashtags.save(folder / NEW_HASHTAGS)
        if self.familiarity is not None:
            self.familiarity.save(folder)


def load(
    folder: Path, hashtags: Table, labels: sparse.csr_matrix, uses: Numbers, newcomers: HashtagNames = NO_NAMES
) -> Learned:
    """Read what `Learned.save` wrote. hashtags: (m,) normalised. labels: (posts, m). uses: (m,) posts that carry each.
    newcomers: see `Reranker.load`.

    The reranker is read only if it is better than the vote. If it cannot be read, a note says so and the vote is used.
    Raises SnapshotError if anything else cannot be read.
    """
    fusion, context_priors, judged_by = read_learned(folder)
    links, signatures = read_links(folder), read_signatures(folder)
    try:
        clusters: Rows = read_array(folder / _CLUSTERS)
    except (OSError, EOFError, ValueError) as error:
        raise SnapshotError(f"what {folder} has learned cannot be read: {error}", REBUILD) from error
    reranker, report, familiarity = None, None, None
    notes: tuple[str, ...] = ()
    if (folder / RERANKER).is_dir():
        try:
            report = read_report(folder / RERANKER)
            known = folder / RERANKER, hashtags, labels, uses
            reranker = Reranker.load(*known, fusion, newcomers) if report.ships else None
        except SnapshotError as error:
            notes = (f"{error}; until then the plain vote ranks hashtags",)
        else:
            try:
                familiarity = Familiarity.load(folder, folder / RERANKER)
            except SnapshotError as error:
                notes = (f"{error}; until then it is not told how well the archive knows a post",)
    new_hashtags = None
    try:
        new_hashtags = read_new_hashtags(folder)
    except SnapshotError as error:
        notes = (*notes, f"{error}; until then no new hashtags are suggested")
    return Learned(
        fusion,
        clusters,
        context_priors,
        judged_by,
        reranker,
        report,
        new_hashtags=new_hashtags,
        links=links,
        signatures=signatures,
        familiarity=familiarity,
        notes=notes,
    )


def read_new_hashtags(folder: Path) -> NewHashtagExtractor | None:
    """What finds new hashtags; None if there was too little to learn from. Raises SnapshotError."""
    return NewHashtagExtractor.load(folder / NEW_HASHTAGS) if (folder / NEW_HASHTAGS).is_dir() else None


def learned_report(folder: Path) -> RerankerReport | None:
    """The report on reranker and vote; None if there was too little to learn from. Raises SnapshotError."""
    return read_report(folder / RERANKER) if (folder / RERANKER).is_dir() else None


def gains_of_learning_anew(folder: Path) -> list[str]:
    """What a snapshot would gain that was built before some of what is learned now, a sentence each."""
    since = {LINKS: _MERGED, SIGNATURES: _SIGNED}
    gains = [gain for file, gain in since.items() if not (folder / file).exists()]
    return [_TOLD, *gains] if (folder / RERANKER).is_dir() and _lacks_familiarity(folder) else gains


def _lacks_familiarity(folder: Path) -> bool:
    try:
        return Familiarity.load(folder, folder / RERANKER) is None
    except SnapshotError:
        return False  # it is damaged, so it was there


def why_not_by_name(folder: Path) -> str | None:
    """Why the names of hashtags do not count in what a snapshot has learned; None if they do. Raises SnapshotError."""
    report = learned_report(folder)
    if report is None:
        return "the archive is too small to train on, and the vote knows only hashtags that posts carry"
    if not report.ships:
        return "the vote is better here than the reranker, and it knows only hashtags that posts carry"
    if not read_names(folder / RERANKER):
        return f"the index was built before the names of hashtags were compared; {REBUILD}"
    return None


def read_learned(folder: Path) -> tuple[Fusion, ContextPriors, dict[str, float]]:
    """Fusion, context priors, and what judgements add by hashtag. Raises SnapshotError."""
    try:
        fields = json.loads((folder / _LEARNED).read_bytes())
        context_priors = ContextPriors.from_json(fields["leanings"])
        judged_by = {str(hashtag): float(shift) for hashtag, shift in fields["judged"].items()}
        return Fusion.from_json(fields["fusion"]), context_priors, judged_by
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"what {folder} has learned cannot be read: {error}", REBUILD) from error
