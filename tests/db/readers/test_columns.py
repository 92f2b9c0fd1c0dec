import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.db.readers.columns import Columns, find_columns


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        (["image", "text", "hashtags"], Columns("image", "text", "hashtags")),
        (["Name", "Contents", "tags"], Columns("Name", "Contents", "tags")),
        (["image_name", "tweets", "captions"], Columns("image_name", "tweets", "captions")),
        (["image_names", "tweets", "caption"], Columns("image_names", "tweets", "caption")),
        (["image_names", "tweets", "caption", "hashtags"], Columns("image_names", "tweets", "hashtags")),
        (["image", "text", "caption"], Columns("image", "text")),
        (["photo", "file", "caption", "text"], Columns("file", "text")),
        (["TEXT", "ID", "User", "Date"], Columns(None, "TEXT", None, "ID", "User", "Date")),
        (["text", "timestamp", "created_at", "post_id"], Columns(None, "text", None, "post_id", None, "created_at")),
    ],
)
def test_usual_names(found: list[str], columns: Columns) -> None:
    assert find_columns(found, Columns(), for_queries=False) == columns


def test_names_given_by_options_come_first_and_play_no_second_part() -> None:
    named = Columns(text="captions", post_id="text")
    assert find_columns(["captions", "text", "tags"], named, for_queries=False) == Columns(
        text="captions", hashtags="tags", post_id="text"
    )


def test_new_posts_have_image_and_text_alone() -> None:
    assert find_columns(["image", "hashtags", "id"], Columns(hashtags="missing"), for_queries=True) == Columns("image")


@pytest.mark.parametrize(
    ("found", "named", "for_queries", "message"),
    [
        (["a", "b"], Columns(), False, "columns are: a, b; name it with --text-column NAME or --image-column NAME"),
        (["hashtags"], Columns(), True, "no column is known for text or image"),
        (["image", "x"], Columns(), False, "--hashtags-column NAME or --text-column NAME"),
        (["text"], Columns(author="me"), False, "no column 'me' as --author-column says; its columns are: text"),
        (["text"], Columns(text=""), False, "no column '' as --text-column says"),
        ([], Columns(), False, "it has no columns"),
        (["a\nb"], Columns(), False, r"columns are: 'a\\nb'"),
        ([f"c{i}" for i in range(99)], Columns(), False, r"c29, \.\.\.; name it"),
    ],
)
def test_columns_that_make_no_posts(found: list[str], named: Columns, for_queries: bool, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        find_columns(found, named, for_queries)
