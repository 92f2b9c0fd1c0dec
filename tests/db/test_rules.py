from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import CheckConstraint, inspect

from hashtag_recommender.core.errors import DatabaseError, NotFoundError, SettingsError
from hashtag_recommender.core.rules import OWN, HashtagRule, Rules, combine_rules
from hashtag_recommender.db.database import Database, open_database
from hashtag_recommender.db.engine import writing
from hashtag_recommender.db.rules import RuleStore
from hashtag_recommender.db.tables import HashtagRuleRow

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def book(database: Database) -> RuleStore:
    return database.rules


def rules(book: RuleStore) -> list[tuple[str, str, str | None]]:
    return [(rule.hashtag, rule.kind, rule.target) for rule in book.rules()]


def test_rules_are_kept_in_normalised_form(url: str) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    with open_database(url) as database:
        book = database.rules
        assert book.rules() == ()
        given_back = [book.block("#F4F"), book.allow("소통"), book.alias("고양이", "#Cat")]
    with open_database(url) as database:
        book = database.rules
        assert rules(book) == [("고양이", "alias", "cat"), ("소통", "allow", None), ("f4f", "block", None)]
        assert set(book.rules()) == set(given_back)
        assert all(before <= rule.added_at <= datetime.now(UTC) for rule in book.rules())


def test_the_last_rule_on_a_hashtag_stands(book: RuleStore) -> None:
    book.block("cat")
    book.alias("CAT", "고양이")
    book.allow("cat")
    assert rules(book) == [("cat", "allow", None)]


def test_rules_are_taken_back(book: RuleStore) -> None:
    book.block("cat")
    book.remove("#Cat")
    assert rules(book) == []
    with pytest.raises(NotFoundError, match="there is no rule on #cat; `hashtag tags list`"):
        book.remove("cat")


@pytest.mark.parametrize("raw", ["", "#", "❤", "___"])
def test_what_is_no_hashtag_is_refused(book: RuleStore, raw: str) -> None:
    for rule in (
        book.block,
        book.allow,
        book.remove,
        lambda raw: book.alias(raw, "cat"),
        lambda raw: book.alias("cat", raw),
    ):
        with pytest.raises(SettingsError, match="is no hashtag"):
            rule(raw)
    assert rules(book) == []


def test_an_alias_of_an_alias_leads_to_the_end(book: RuleStore) -> None:
    book.alias("냥이", "고양이")
    book.alias("고양이", "cat")
    book.alias("kitty", "냥이")
    assert rules(book) == [("kitty", "alias", "cat"), ("고양이", "alias", "cat"), ("냥이", "alias", "cat")]


def test_circles_are_refused(book: RuleStore) -> None:
    with pytest.raises(SettingsError, match="#cat cannot be an alias of #cat: they are the same hashtag"):
        book.alias("cat", "#CAT")
    book.alias("냥이", "고양이")
    book.alias("고양이", "cat")
    with pytest.raises(SettingsError, match="#cat cannot be an alias of #냥이: #냥이 is an alias of it already"):
        book.alias("cat", "냥이")
    assert rules(book) == [("고양이", "alias", "cat"), ("냥이", "alias", "cat")]


def test_many_aliases_at_once(book: RuleStore) -> None:
    given = book.alias_many([("고양이", "#Cat"), ("카페", "cafe"), ("coffeeshop", "카페")])
    assert [(rule.hashtag, rule.target) for rule in given] == [
        ("고양이", "cat"),
        ("카페", "cafe"),
        ("coffeeshop", "cafe"),
    ]
    assert set(book.rules()) == set(given)
    assert book.alias_many([]) == ()


@pytest.mark.parametrize("wrong", [("dog", "#"), ("dog", "Dog"), ("cat", "고양이")])
def test_of_many_aliases_all_are_stored_or_none(book: RuleStore, wrong: tuple[str, str]) -> None:
    with pytest.raises(SettingsError):
        book.alias_many([("고양이", "cat"), wrong, ("카페", "cafe")])
    assert rules(book) == []


def test_what_many_aliases_say_together_holds(book: RuleStore) -> None:
    """One by one the second would undo the first, since a hashtag has one rule."""
    given = book.alias_many(
        [("italia", "이탈리아"), ("italia", "イタリア"), ("이탈리아", "イタリア"), ("italia", "italy")]
    )
    assert {rule.hashtag: rule.target for rule in given} == dict.fromkeys(["italia", "이탈리아", "イタリア"], "italy")
    assert set(book.rules()) == set(given)


def test_the_database_itself_refuses_an_alias_of_nothing(book: RuleStore) -> None:
    for kind, target in [("alias", None), ("block", "cat")]:
        with pytest.raises(DatabaseError), writing(book._engine) as connection:
            connection.execute(
                HashtagRuleRow.__table__.insert().values(hashtag="a", kind=kind, target=target, added_at=NOW)
            )
    constraints = inspect(book._engine).get_check_constraints("hashtag_rule")
    declared = [c.name for c in HashtagRuleRow.__table__.constraints if isinstance(c, CheckConstraint)]
    assert [constraint["name"] for constraint in constraints] == declared


LETTERS = st.sampled_from("abcde")


@given(
    st.lists(st.tuples(st.sampled_from(["alias", "alias", "alias", "block", "remove"]), LETTERS, LETTERS), max_size=12)
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_target_is_ever_an_alias(steps: list[tuple[str, str, str]]) -> None:
    with open_database("sqlite://") as database:
        book = database.rules
        for kind, hashtag, target in steps:
            try:
                book.alias(hashtag, target) if kind == "alias" else getattr(book, kind)(hashtag)
            except (NotFoundError, SettingsError):
                continue
        kept = book.rules()
    aliases = {rule.hashtag for rule in kept if rule.kind == "alias"}
    assert not aliases & {rule.target for rule in kept}


def test_own_rules_amend_the_lists_that_ship() -> None:
    shipped = Rules(
        blocked={"소통": "asks for company", "f4f": "asks for follows"}, fragments={"맞팔": "asks for follows"}
    )
    own = [
        HashtagRule("소통", "allow", None, NOW),
        HashtagRule("먹스타맞팔", "allow", None, NOW),
        HashtagRule("brand", "block", None, NOW),
        HashtagRule("f4f", "block", None, NOW),
        HashtagRule("고양이", "alias", "cat", NOW),
    ]
    rules = combine_rules(shipped, own)
    assert rules.why_blocked("소통") is None
    assert rules.why_blocked("먹스타맞팔") is None
    assert rules.why_blocked("칼맞팔") == "asks for follows"
    assert rules.why_blocked("brand") == rules.why_blocked("f4f") == OWN
    assert rules.why_blocked("cat") is None
    assert rules.aliases == {"고양이": "cat"}


def test_own_blocks_win_over_what_a_list_allows() -> None:
    rules = combine_rules(Rules(allowed=frozenset(["cat"])), [HashtagRule("cat", "block", None, NOW)])
    assert rules.why_blocked("cat") == OWN
