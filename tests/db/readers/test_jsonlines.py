import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.hashtags import NO_VALUE
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import open_reader

Read = Callable[..., list[Post | Reject]]


@pytest.mark.parametrize(
    "hashtags",
    ['["카페", "브런치"]', '"카페 브런치"', '"#카페, #브런치"', "\"['카페', '브런치']\"", '["#카페","브런치","카페"]'],
)
def test_hashtags_in_any_form(read: Read, hashtags: str) -> None:
    (post,) = read("a.jsonl", f'{{"text": "x", "hashtags": {hashtags}}}')
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("x", ("카페", "브런치"))


def test_objects_may_leave_names_out_and_hold_others(read: Read) -> None:
    rows = read(
        "a.ndjson",
        '{"text": "a", "other": {"deep": [1, {}]}}\n\n'
        '{"hashtags": null, "text": "b", "author": "me", "id": 7}\n'
        '{"id": 1.5, "text": "c"}\n',
    )
    assert [(row.caption, row.author, row.post_id[:4]) for row in rows if isinstance(row, Post)] == [
        ("a", None, "text"),
        ("b", "me", "7"),
        ("c", None, "1.5"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "no JSON"),
        ('{"text": "a"} {"text": "b"}', "no JSON: Extra data"),
        ("[1]", "no JSON object"),
        ('"a"', "no JSON object"),
        ('{"text": NaN}', "empty row"),
        ('{"text": Infinity}', "too large"),
        ('{"text": "a", "id": ' + "9" * 5000 + "}", "no JSON"),
        ('{"text": ' + "[" * 100_000 + "]" * 100_000 + "}", "no JSON"),
        ('{"text": ["a"]}', "'text' holds no text but a list"),
        ('{"text": {"a": 1}}', "'text' holds no text but an object"),
        ('{"text": true}', "'text' holds no text but true or false"),
        ('{"text": "a\\u0000"}', "'text' holds a NUL byte"),
        ('{"text": "a\\ud800b"}', "'text' holds half a character"),
        ('{"image": "\\u0000.jpg"}', "'image' holds a NUL byte"),
        ('{"text": "' + "a" * 10_000_000 + '"}', "longer than 1,000,000 characters"),
        ("{}", "empty row"),
    ],
)
def test_bad_lines_are_rejected_and_the_rest_goes_on(read: Read, line: str, reason: str) -> None:
    good = '{"text": "good", "hashtags": ["x"], "id": null, "author": "me", "image": ""}'
    first, bad, last = read("a.jsonl", f"{good}\n{line}\n{good}")
    assert isinstance(first, Post) and isinstance(last, Post)
    assert isinstance(bad, Reject)
    assert bad.row == 2
    assert reason in bad.reason
    assert len(bad.reason) < 200


@pytest.mark.parametrize(
    ("field", "part", "reason"),
    [
        ('"id": -Infinity', "id", "too large"),
        ('"id": 1e999', "id", "too large"),
        ('"id": "\\udfff"', "id", "'id' holds half a character"),
        ('"author": "\\udfff"', "author", "'author' holds half a character"),
        ('"hashtags": [true]', "hashtags", "'hashtags' holds what is no text but bool"),
        ('"hashtags": ["b\\u0000"]', "hashtags", "'hashtags' holds a NUL byte"),
    ],
)
def test_a_bad_field_costs_no_more_than_itself(read: Read, field: str, part: str, reason: str) -> None:
    (post,) = read("a.jsonl", '{"text": "a", ' + field + "}")
    assert isinstance(post, Post) and post.caption == "a"
    (flaw,) = post.flaws
    assert flaw.part == part and reason in flaw.reason


def test_nan_is_absent(read: Read) -> None:
    (post,) = read("a.jsonl", '{"text": "a", "hashtags": [NaN, "b", ["c"]], "id": NaN, "author": NaN, "date": NaN}')
    assert isinstance(post, Post)
    assert (post.hashtags, post.author, post.posted_at, post.flaws) == (("b", "c"), None, None, ())


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_empty_files(read: Read, content: str) -> None:
    with pytest.raises(SourceError, match="is empty"):
        read("a.jsonl", content)


def test_a_file_without_any_object(read: Read) -> None:
    with pytest.raises(SourceError, match="it has no columns"):
        read("a.jsonl", "no json\n")


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_characters="\0#＃﹟"), min_size=1)
            .map(str.strip)
            .filter(lambda text: text and text not in NO_VALUE),
            st.lists(st.sampled_from(["카페", "Brunch", "ทำอาหาร"]), unique=True),
        ),
        min_size=1,
    ),
    st.booleans(),
)
def test_any_posts_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]], escaped: bool
) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.jsonl"
    lines = [json.dumps({"text": text, "hashtags": tags}, ensure_ascii=escaped) for text, tags in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [(post.caption, list(post.hashtags)) for post in open_reader(path).read() if isinstance(post, Post)] == rows
