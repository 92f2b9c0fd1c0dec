"""Puts systems to the test: each learns from the same posts and answers the same queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from ..core.post import Post, Query
from ..core.wishes import MOST
from .splits import Split
from .systems import Kind, Scored, System
from .vocabulary import own_hashtags

DEPTH = MOST  # suggestions asked of every system for each post: more than any measure at k, for MAP and MRR


@dataclass(frozen=True, slots=True)
class Trial:
    """What systems learn from and are judged on. test: n posts, each with hashtags of its own."""

    train: Sequence[Post]
    validation: Sequence[Post]
    test: Sequence[Post]

    @classmethod
    def of(cls, posts: Sequence[Post], split: Split) -> "Trial":
        """Posts without hashtags have no truth to judge by, and are left out of the test."""
        train, validation, test = ([posts[row] for row in rows] for rows in (split.train, split.validation, split.test))
        return cls(train, validation, [post for post in test if own_hashtags(post)])

    @property
    def truth(self) -> list[list[str]]:
        """By test post its own hashtags, normalised."""
        return [own_hashtags(post) for post in self.test]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system suggested for n test posts.

    ranked: by post at most DEPTH hashtags, best first. free: as many as it thought right; None where it has no opinion.
    fit_seconds: to learn. suggest_ms: to answer, for each post, all asked about at once.
    """

    name: str
    kind: Kind
    ranked: Sequence[Sequence[str]]
    free: Sequence[Sequence[str]] | None
    fit_seconds: float
    suggest_ms: float


def run(system: System, trial: Trial) -> Outcome:
    """Let a system learn, then answer. Raises ValueError where it does not answer every query."""
    queries = [query_of(post) for post in trial.test]
    started = perf_counter()
    system.fit(trial.train, trial.validation)
    fitted = perf_counter()
    ranked = _hashtags(system, queries, DEPTH)
    answered = perf_counter()
    return Outcome(
        system.name,
        system.kind,
        ranked,
        _hashtags(system, queries, None) if system.auto else None,
        fitted - started,
        1000 * (answered - fitted) / max(1, len(queries)),
    )


def query_of(post: Post) -> Query:
    """A post as it is asked about: its caption and photo. Whose it is stays unsaid, as long as nobody says so."""
    return Query(post.caption, post.photo.path if post.photo else None)


def _hashtags(system: System, queries: Sequence[Query], count: int | None) -> list[list[str]]:
    answers: list[list[Scored]] = system.suggest(queries, count)
    if len(answers) != len(queries):
        raise ValueError(f"{system.name} gave {len(answers)} answers to {len(queries)} queries")
    return [[scored.hashtag for scored in answer[:count]] for answer in answers]
