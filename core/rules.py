"""Which hashtags are never to be suggested, and which mean the same: lists that ship, and what a person has ruled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

RuleKind = Literal["add", "block", "allow", "alias", "apart"]

OWN = "blocked by you"


@dataclass(frozen=True, slots=True)
class HashtagRule:
    """What a person has ruled on one hashtag.

    hashtag: normalised. kind: `add`: it may be suggested although no post carries it; `apart`: it is never
    merged with another, except as an alias. target: for an alias, the hashtag (normalised, itself no alias) that means
    the same.
    """

    hashtag: str
    kind: RuleKind
    target: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules at once; hashtags are normalised.

    blocked: why each of these is not suggested. fragments: why no hashtag that holds one of these is.
    allowed: suggested all the same. aliases: pairs that mean the same, in whatever order and however chained. apart:
    these are merged with others only as aliases. merged: what the archive itself shows to mean the same, see
    `same_meaning.group_links`.
    """

    blocked: Mapping[str, str] = field(default_factory=dict)
    fragments: Mapping[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    merged: Mapping[str, str] = field(default_factory=dict)

    def why_blocked(self, hashtag: str) -> str | None:
        """The reason not to suggest a hashtag (normalised); None where it may be."""
        if hashtag in self.allowed:
            return None
        if hashtag in self.blocked:
            return self.blocked[hashtag]
        for fragment, reason in self.fragments.items():
            if fragment in hashtag:
                return reason
        return None

    def same_as(self, hashtag: str) -> tuple[str, ...]:
        """The other hashtags that mean the same as one (normalised), by any chain of aliases or as merged, sorted."""
        pairs = [*self.aliases.items(), *self.merged.items()]
        found, before = {hashtag}, 0
        while len(found) > before:
            before = len(found)
            found |= {tag for pair in pairs if found & {*pair} for tag in pair}
        return tuple(sorted(found - {hashtag}))


def added_hashtags(own: Iterable[HashtagRule]) -> list[str]:
    """The hashtags (normalised) that may be suggested although no post carries them."""
    return [rule.hashtag for rule in own if rule.kind == "add"]


def combine_rules(shipped: Rules, own: Iterable[HashtagRule]) -> Rules:
    """The lists that ship, as a person's own rules amend them: these win."""
    ruled = list(own)
    return Rules(
        blocked={**shipped.blocked, **{rule.hashtag: OWN for rule in ruled if rule.kind == "block"}},
        fragments=shipped.fragments,
        allowed=(shipped.allowed | {rule.hashtag for rule in ruled if rule.kind in ("add", "allow")})
        - {rule.hashtag for rule in ruled if rule.kind == "block"},
        apart=frozenset(rule.hashtag for rule in ruled if rule.kind == "apart"),
        aliases={**shipped.aliases, **{rule.hashtag: rule.target for rule in ruled if rule.target is not None}},
    )
