"""What a person has ruled on hashtags, kept beside the posts: added, blocked, allowed, of one meaning."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from ..core.advice import LIST_RULES
from ..core.errors import NotFoundError, SettingsError
from ..core.post import normalise_hashtag
from ..core.rules import HashtagRule, RuleKind
from .engine import reading
from .revision import revising
from .tables import HashtagRuleRow


class RuleStore:
    """One rule for each hashtag; the last one given stands.

    Hashtags may come in any spelling. All methods raise DatabaseError where the database fails, and those that change
    something SettingsError on what is no hashtag.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, raw: str) -> HashtagRule:
        """Suggest this hashtag where its name fits, even if no post carries it."""
        return self._rule(_normalised(raw), "add")

    def block(self, raw: str) -> HashtagRule:
        """Never suggest this hashtag."""
        return self._rule(_normalised(raw), "block")

    def allow(self, raw: str) -> HashtagRule:
        """Suggest this hashtag even if a list that ships has it. One that was added is allowed, and stays added."""
        hashtag = _normalised(raw)
        added = [rule for rule in self.rules() if (rule.hashtag, rule.kind) == (hashtag, "add")]
        return added[0] if added else self._rule(hashtag, "allow")

    def apart(self, raw: str) -> HashtagRule:
        """Never merge this hashtag with another; an alias of it stays one."""
        return self._rule(_normalised(raw), "apart")

    def alias(self, raw: str, target: str) -> HashtagRule:
        """The first hashtag means the same as the second: at most one of them goes into an answer.

        Where the second is an alias itself, the first becomes one of what that stands for; and so do the aliases of
        the first. So no stored target is ever an alias. Raises SettingsError where both are one already.
        """
        return self.alias_many([(raw, target)])[0]

    def alias_many(self, pairs: Iterable[tuple[str, str]]) -> tuple[HashtagRule, ...]:
        """As `alias` for each pair, all of them or none; returns a rule for each hashtag that became an alias.

        What several pairs say together holds: a hashtag that is the first of two pairs means the same as both others.
        """
        named = [(_normalised(raw), _normalised(target)) for raw, target in pairs]
        given: dict[str, HashtagRule] = {}
        with revising(self._engine) as connection:
            for hashtag, meant in named:
                end = _target_of(connection, meant) or meant
                if hashtag in given:
                    hashtag = _target_of(connection, hashtag) or hashtag
                    if hashtag == end:
                        continue
                if end == hashtag:
                    already = f"#{meant} is an alias of it already" if meant != hashtag else "they are the same hashtag"
                    raise SettingsError(f"#{hashtag} cannot be an alias of #{meant}: {already}")
                connection.execute(update(HashtagRuleRow).where(HashtagRuleRow.target == hashtag).values(target=end))
                given[hashtag] = _write(connection, hashtag, "alias", end)
            ends = {hashtag: _target_of(connection, hashtag) for hashtag in given}
        return tuple(replace(rule, target=ends[hashtag]) for hashtag, rule in given.items())

    def remove(self, raw: str) -> None:
        """Take back the rule on this hashtag. Raises NotFoundError if there is none."""
        hashtag = _normalised(raw)
        with revising(self._engine) as connection:
            if not connection.execute(delete(HashtagRuleRow).where(HashtagRuleRow.hashtag == hashtag)).rowcount:
                raise NotFoundError(f"there is no rule on #{hashtag}", LIST_RULES)

    def rules(self) -> tuple[HashtagRule, ...]:
        """All rules, by kind and hashtag."""
        columns = (HashtagRuleRow.hashtag, HashtagRuleRow.kind, HashtagRuleRow.target, HashtagRuleRow.added_at)
        with reading(self._engine) as connection:
            rules = [HashtagRule(*row) for row in connection.execute(select(*columns))]
        # Databases sort text by rules of their own.
        return tuple(sorted(rules, key=lambda rule: (rule.kind, rule.hashtag)))

    def _rule(self, hashtag: str, kind: RuleKind) -> HashtagRule:
        with revising(self._engine) as connection:
            return _write(connection, hashtag, kind, None)


def _write(connection: Connection, hashtag: str, kind: RuleKind, target: str | None) -> HashtagRule:
    rule = HashtagRule(hashtag, kind, target, datetime.now(UTC).replace(microsecond=0))
    connection.execute(delete(HashtagRuleRow).where(HashtagRuleRow.hashtag == hashtag))
    connection.execute(insert(HashtagRuleRow).values(hashtag=hashtag, kind=kind, target=target, added_at=rule.added_at))
    return rule


def _target_of(connection: Connection, hashtag: str) -> str | None:
    return connection.scalar(select(HashtagRuleRow.target).where(HashtagRuleRow.hashtag == hashtag))


def _normalised(raw: str) -> str:
    hashtag = normalise_hashtag(raw)
    if not hashtag:
        raise SettingsError(f"{raw!r} is no hashtag: it has neither letter nor number")
    return hashtag
