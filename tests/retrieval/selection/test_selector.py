import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from hashtag_recommender.core.rules import Rules
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.tiers import TIERS
from hashtag_recommender.core.writing_systems import written_in
from hashtag_recommender.retrieval.selection.selector import (
    CandidateTable,
    HashtagTable,
    Meanings,
    Removed,
    Selected,
    select,
)


def table_of(*posts: str) -> HashtagTable:
    """An archive of posts, each written as its hashtags; columns in order of appearance, shown in capitals."""
    labels = [post.split() for post in posts]
    hashtags = tuple(dict.fromkeys(hashtag for post in labels for hashtag in post))
    matrix = np.array([[hashtag in post for hashtag in hashtags] for post in labels], dtype=np.float32)
    shown = tuple(hashtag.upper() for hashtag in hashtags)
    return HashtagTable(StringTable.of(hashtags), shown, sparse.csc_matrix(matrix))


def chosen(table: HashtagTable, selected: Selected) -> list[str]:
    return [table.hashtags[column] for column in selected.columns]


THRESHOLD = 0.25


def select_by_name(
    table: HashtagTable, likely: dict[str, float], options: SuggestOptions, rules: Rules | None = None
) -> Selected:
    columns = np.array([table.hashtags.index(hashtag) for hashtag in likely])
    return select(columns, np.array(list(likely.values())), CandidateTable(table), options, rules or Rules(), THRESHOLD)


CATS = table_of(
    "cat cute", "cat 고양이", "cat cats", "cats 고양이", "f4f cat", "파리 paris", "photos 2024", "photo 2024"
)


def test_likeliest_first_and_no_more_than_asked_for() -> None:
    selected = select_by_name(CATS, {"cute": 0.2, "cat": 0.9, "paris": 0.5}, SuggestOptions(count=2))
    assert chosen(CATS, selected) == ["cat", "paris"]
    assert selected.scores.tolist() == [0.9, 0.5]
    assert selected.removed == ()


def test_equal_ones_keep_their_order() -> None:
    selected = select_by_name(CATS, {"cute": 0.5, "paris": 0.5, "cat": 0.5}, SuggestOptions(count=3))
    assert chosen(CATS, selected) == ["cute", "paris", "cat"]


def test_what_is_blocked_is_told() -> None:
    rules = Rules(blocked={"f4f": "asks for follows"}, fragments={"ca": "barred"}, allowed=frozenset(["cats"]))
    likely = {"f4f": 0.9, "cats": 0.8, "cat": 0.7, "cute": 0.6, "paris": 0.5}
    selected = select_by_name(CATS, likely, SuggestOptions(count=2), rules)
    assert chosen(CATS, selected) == ["cats", "cute"]
    assert selected.removed == (Removed("F4F", "blocked", "asks for follows"), Removed("CAT", "blocked", "barred"))


def test_only_what_would_have_stood_in_the_answer_is_told() -> None:
    rules = Rules(blocked={"f4f": "asks for follows"})
    assert select_by_name(CATS, {"cat": 0.9, "f4f": 0.4}, SuggestOptions(count=1), rules).removed == ()
    nothing_left = select_by_name(CATS, {"f4f": 0.4}, SuggestOptions(count=1), rules)
    assert len(nothing_left.columns) == 0
    assert [removed.hashtag for removed in nothing_left.removed] == ["F4F"]


def test_of_one_meaning_the_most_used_is_shown_with_the_highest_score() -> None:
    likely = {"cats": 0.9, "cute": 0.8, "cat": 0.7, "고양이": 0.1}
    selected = select_by_name(CATS, likely, SuggestOptions(count=2), Rules(aliases={"고양이": "cat"}))
    assert chosen(CATS, selected) == ["cat", "cute"]
    assert selected.scores.tolist() == [0.9, 0.8]
    assert selected.removed == (Removed("CATS", "merged", "means the same as #CAT"),)


def test_without_the_most_used_among_the_candidates_another_is_shown() -> None:
    selected = select_by_name(CATS, {"고양이": 0.9}, SuggestOptions(count=2), Rules(aliases={"고양이": "cat"}))
    assert chosen(CATS, selected) == ["고양이"]


def test_exclusion_covers_the_meaning() -> None:
    likely = {"고양이": 0.9, "cats": 0.8, "cute": 0.7}
    selected = select_by_name(
        CATS,
        likely,
        SuggestOptions(count=3, exclude=frozenset(["cat", "unheard_of"])),
        Rules(aliases={"고양이": "cat"}),
    )
    assert chosen(CATS, selected) == ["cute"]
    assert selected.removed[0] == Removed("고양이", "excluded", "excluded by you")


def test_what_the_post_has_already_is_told_as_given() -> None:
    likely = {"고양이": 0.9, "cute": 0.8, "paris": 0.7, "photo": 0.6}
    columns = np.array([CATS.hashtags.index(hashtag) for hashtag in likely])
    options = SuggestOptions(count=1, exclude=["cute", "paris"])
    rules = Rules(aliases={"고양이": "cat"})
    selected = select(
        columns, np.array(list(likely.values())), CandidateTable(CATS), options, rules, THRESHOLD, ["cat", "cute"]
    )
    assert chosen(CATS, selected) == ["photo"]
    assert [(gone.hashtag, gone.step, gone.reason) for gone in selected.removed] == [
        ("고양이", "excluded", "given already"),
        ("CUTE", "excluded", "given already"),
        ("PARIS", "excluded", "excluded by you"),
    ]


def test_languages_choose_the_form_that_is_shown() -> None:
    likely = {"cat": 0.9, "cute": 0.8, "2024": 0.7, "고양이": 0.1}
    rules = Rules(aliases={"고양이": "cat"})
    selected = select_by_name(CATS, likely, SuggestOptions(count=3, languages=frozenset(["ko"])), rules)
    assert chosen(CATS, selected) == ["고양이", "2024"]
    assert selected.scores.tolist() == [0.9, 0.7]
    assert selected.removed == (
        Removed("CAT", "merged", "means the same as #고양이"),
        Removed("CUTE", "language", "not in ko"),
    )


def test_raw_blocks_and_merges_nothing_and_has_no_cap() -> None:
    likely = {"f4f": 0.9, "cats": 0.8, "cat": 0.7, "고양이": 0.6}
    rules = Rules(blocked={"f4f": "asks for follows"}, aliases={"고양이": "cat"})
    options = SuggestOptions(count=4, most=2, raw=True, exclude=frozenset(["cat"]))
    selected = select_by_name(CATS, likely, options, rules)
    assert chosen(CATS, selected) == ["f4f", "cats", "고양이"]
    assert selected.removed == (Removed("CAT", "excluded", "excluded by you"),)


def test_the_least_score_cuts() -> None:
    likely = {"cat": 0.9, "cute": 0.5, "paris": 0.49}
    assert chosen(CATS, select_by_name(CATS, likely, SuggestOptions(count=3, min_score=0.5))) == ["cat", "cute"]


def test_as_many_as_deserve_it() -> None:
    likely = {"cat": 0.9, "cute": 0.8, "paris": 0.1, "photo": 0.1}
    assert chosen(CATS, select_by_name(CATS, likely, SuggestOptions(count="auto"))) == ["cat", "cute"]
    assert chosen(CATS, select_by_name(CATS, likely, SuggestOptions(count="auto", most=1))) == ["cat"]
    assert chosen(CATS, select_by_name(CATS, {"cat": THRESHOLD / 2}, SuggestOptions(count="auto"))) == []


def test_no_candidates_no_hashtags() -> None:
    nothing = np.array([], dtype=np.int32), np.array([], dtype=np.float32)
    selected = select(*nothing, CandidateTable(CATS), SuggestOptions(count="auto", diverse=True), Rules(), THRESHOLD)
    assert (len(selected.columns), len(selected.scores), selected.removed) == (0, 0, ())


# Used by 4, 3, 1, 1, 1, 1 and 1 of the posts, 12 uses in all: `a` holds the first third, `b` most of the second.
TIERED = table_of("a b c", "a b d", "a b e", "a", "f", "g")


def test_tiers_hold_a_third_of_all_uses_each() -> None:
    assert [TIERS[tier] for tier in TIERED.tiers] == ["head", "middle", "tail", "tail", "tail", "tail", "tail"]
    assert {TIERS[tier] for tier in table_of("a", "b", "c").tiers} == {"middle"}, "what is used alike is of one tier"


def test_mixes_reorder_and_leave_scores_alone() -> None:
    likely = {"a": 0.8, "b": 0.6, "c": 0.5, "d": 0.4}
    niche, broad = (select_by_name(TIERED, likely, SuggestOptions(count=4, mix=mix)) for mix in ("niche", "broad"))
    assert chosen(TIERED, niche) == ["c", "d", "b", "a"]
    assert niche.scores.tolist() == [0.5, 0.4, 0.6, 0.8]
    assert chosen(TIERED, broad) == ["a", "b", "c", "d"]


def test_balanced_lets_every_tier_have_its_turn() -> None:
    likely = {"c": 0.9, "d": 0.8, "e": 0.7, "a": 0.35, "b": 0.28, "f": 0.1}
    selected = select_by_name(TIERED, likely, SuggestOptions(count=5, mix="balanced"))
    assert chosen(TIERED, selected) == ["c", "d", "a", "b", "e"], "by 0.9, 0.8 / 2, 0.35, 0.28, 0.7 / 3"


def test_diversity_puts_off_what_the_same_posts_carry() -> None:
    table = table_of("cat kitten", "cat kitten", "cat kitten", "window", "window")
    likely = {"cat": 0.9, "kitten": 0.8, "window": 0.6}
    assert chosen(table, select_by_name(table, likely, SuggestOptions(count=2))) == ["cat", "kitten"]
    assert chosen(table, select_by_name(table, likely, SuggestOptions(count=3, diverse=True))) == [
        "cat",
        "window",
        "kitten",
    ]


def test_what_falls_below_the_least_score_pushes_nothing_away() -> None:
    table = table_of("low cat", "low cat", "cute")
    likely = {"cute": 0.9, "cat": 0.7, "low": 0.69}
    assert chosen(table, select_by_name(table, likely, SuggestOptions(count=3, min_score=0.7, diverse=True))) == [
        "cute",
        "cat",
    ]


def test_likeness_is_the_cosine_of_posts() -> None:
    table = table_of("a b", "a", "a", "a", "c")
    assert CandidateTable(table).likeness(np.array([1, 0, 2])) == pytest.approx(
        np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]])
    )


# --- one meaning


def test_meanings_join_through_plurals_and_aliases() -> None:
    meanings = Meanings(CATS, Rules(aliases={"고양이": "cats", "냥이": "고양이", "cat": "kitty", "kitty": "냥이"}))
    assert len(set(meanings.of(["cat", "cats", "고양이", "냥이", "kitty"]))) == 1
    assert meanings.of(["paris"]) == ["paris"]


# --- what holds for every answer

ARCHIVE = table_of(
    "cat cats 고양이 cute",
    "cat 고양이 pet",
    "cats pet 강아지 dog",
    "dog dogs 강아지",
    "dogs cute ねこ",
    "f4f 맞팔 cat",
    "cafe cafes 카페 coffee",
    "카페 커피 coffee",
    "cafe 2024 ねこ",
    "맞팔 먹스타맞팔 카페",
    "paris 파리",
)
RULES = Rules(
    blocked={"f4f": "asks for follows"},
    fragments={"맞팔": "asks for follows"},
    aliases={"고양이": "cat", "ねこ": "고양이", "강아지": "dogs", "카페": "cafe", "커피": "coffee"},
)
MEANINGS = Meanings(ARCHIVE, RULES)
CANDIDATES = st.dictionaries(st.integers(0, len(ARCHIVE.hashtags) - 1), st.sampled_from(np.linspace(0, 1, 21).tolist()))
HASHTAGS = st.sampled_from(list(ARCHIVE.hashtags))
SHAPED = st.builds(
    SuggestOptions,
    count=st.none() | st.integers(1, 5),
    most=st.integers(5, 8),
    min_score=st.sampled_from([0.0, 0.3, 0.9]),
    exclude=st.frozensets(HASHTAGS, max_size=2),
    languages=st.sampled_from([frozenset[str](), frozenset(["ko"]), frozenset(["en", "ja"])]),
    mix=st.sampled_from([None, "niche", "balanced", "broad"]),
    diverse=st.booleans(),
)


def chosen_from(candidates: dict[int, float], options: SuggestOptions) -> Selected:
    columns = np.array(list(candidates), dtype=np.int64)
    return select(
        columns,
        np.array(list(candidates.values()), dtype=np.float64),
        CandidateTable(ARCHIVE),
        options,
        RULES,
        THRESHOLD,
    )


@given(CANDIDATES, SHAPED)
def test_no_answer_breaks_a_wish_or_a_rule(candidates: dict[int, float], options: SuggestOptions) -> None:
    selected = chosen_from(candidates, options)
    hashtags = chosen(ARCHIVE, selected)
    meant = MEANINGS.of(hashtags)
    assert len(hashtags) <= min(options.count or options.most, options.most)
    assert not any(RULES.why_blocked(hashtag) for hashtag in hashtags)
    assert len(set(meant)) == len(meant)
    assert not set(meant) & set(MEANINGS.of(list(options.exclude)))
    assert all(written_in(hashtag, options.languages or {"ko", "en", "ja"}) for hashtag in hashtags)
    assert (selected.scores >= options.min_score).all()
    assert set(selected.columns.tolist()) <= set(candidates)
    assert not {removed.hashtag for removed in selected.removed} & {hashtag.upper() for hashtag in hashtags}


@given(CANDIDATES, SHAPED)
def test_scores_are_the_highest_of_a_meaning(candidates: dict[int, float], options: SuggestOptions) -> None:
    selected = chosen_from(candidates, options)
    for hashtag, score in zip(chosen(ARCHIVE, selected), selected.scores, strict=True):
        alike = [
            p
            for column, p in candidates.items()
            if MEANINGS.of([ARCHIVE.hashtags[column]]) == MEANINGS.of([hashtag])
            and not RULES.why_blocked(ARCHIVE.hashtags[column])
        ]
        assert score == max(alike)


@given(CANDIDATES, st.integers(1, 8), st.booleans())
def test_plain_answers_are_in_order_of_probability_and_come_to_rest(
    candidates: dict[int, float], count: int, raw: bool
) -> None:
    options = SuggestOptions(count=count, raw=raw)
    once = chosen_from(candidates, options)
    assert once.scores.tolist() == sorted(once.scores, reverse=True)
    again = chosen_from(dict(zip(once.columns.tolist(), once.scores.tolist(), strict=True)), options)
    assert again.columns.tolist() == once.columns.tolist()
    assert again.scores.tolist() == once.scores.tolist()


@given(CANDIDATES, SHAPED)
def test_the_same_again_gives_the_same(candidates: dict[int, float], options: SuggestOptions) -> None:
    one, other = chosen_from(candidates, options), chosen_from(candidates, options)
    assert one.columns.tolist() == other.columns.tolist()
    assert one.removed == other.removed


@given(CANDIDATES, st.integers(1, 8))
def test_raw_is_the_plain_ranking(candidates: dict[int, float], count: int) -> None:
    selected = chosen_from(candidates, SuggestOptions(count=count, raw=True))
    assert selected.columns.tolist() == sorted(candidates, key=lambda column: -candidates[column])[:count]
    assert selected.removed == ()


def test_new_hashtags_stand_behind_those_of_the_archive() -> None:
    with_new = CandidateTable(CATS, ["tabby"], ["Tabby"])
    new = len(CATS.hashtags)
    columns = np.array([0, new])
    assert with_new.uses(columns).tolist() == [CATS.uses[0], 0]
    assert TIERS[with_new.tiers(columns)[1]] == "tail"
    assert with_new.likeness(columns).tolist() == [[1, 0], [0, 0]]
    selected = select(columns, np.array([0.2, 0.9]), with_new, SuggestOptions(diverse=True), Rules(), THRESHOLD)
    assert [with_new.shown[column] for column in selected.columns] == ["Tabby", CATS.shown[0]]


# --- weak hashtags


def with_weak(options, weak=0.1):
    likely = {"cat": 0.6, "cute": 0.2, "kitten": 0.05}
    hashtags = [hashtag for hashtag in likely if hashtag in list(CATS.hashtags)]
    columns = CATS.hashtags.find(hashtags)
    scores = np.array([likely[hashtag] for hashtag in hashtags])
    return select(columns, scores, CandidateTable(CATS), options, Rules(), THRESHOLD, weak=weak), hashtags


def test_the_default_form_leaves_weak_hashtags_out_and_a_count_marks_them():
    free, hashtags = with_weak(SuggestOptions(), weak=0.3)
    assert free.scores.tolist() == [0.6] and not free.weak.any()
    asked, _ = with_weak(SuggestOptions(count=5), weak=0.3)
    assert len(asked.scores) == len(hashtags) and asked.weak.tolist() == [score < 0.3 for score in asked.scores]
    raw, _ = with_weak(SuggestOptions(raw=True), weak=0.3)
    assert len(raw.scores) == len(hashtags)
    assert len(with_weak(SuggestOptions(), weak=0.9)[0].scores) == 0
