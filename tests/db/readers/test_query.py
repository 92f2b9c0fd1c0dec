import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import open_reader
from hashtag_recommender.db.readers.columns import Columns

SELECT = "SELECT image, text, hashtags, id, author, posted_at FROM posts ORDER BY id"


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "posts.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE posts (image, text, hashtags, id INTEGER, author, posted_at)")
        connection.executemany(
            "INSERT INTO posts VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("a.jpg", "오늘의 #카페 100%", "brunch, coffee", 1, "ann", "2024-01-05T18:30:00+09:00"),
                (None, ":smile", None, 2, None, 1_704_447_000),
                ("missing.jpg", "x", None, 3, None, None),
            ],
        )
    connection.close()
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    return path


def test_a_query_to_sqlite(sqlite_file: Path) -> None:
    before = sqlite_file.read_bytes()
    reader = open_reader(f"sqlite:///{sqlite_file}", query=SELECT)
    first, second, third = reader.read()
    assert isinstance(first, Post) and first.photos and isinstance(second, Post)
    assert (first.caption, first.hashtags) == ("오늘의 100%", ("brunch", "coffee", "카페"))
    assert (first.post_id, first.author) == ("1", "ann")
    assert first.photos[0].path == sqlite_file.parent / "a.jpg"
    assert first.posted_at == second.posted_at == datetime(2024, 1, 5, 9, 30, tzinfo=UTC)
    assert isinstance(third, Post) and not third.photos and "is missing" in third.flaws[0].reason
    assert reader.source == str(sqlite_file)
    assert list(reader.notes()) == []
    assert list(reader.read()) == [first, second, third]
    assert sqlite_file.read_bytes() == before
    assert sorted(path.name for path in sqlite_file.parent.iterdir()) == ["a.jpg", "posts.db"]


def test_columns_and_signs_are_taken_as_they_stand(sqlite_file: Path) -> None:
    query = (
        "SELECT text AS 글, 'a:b %s %% :c' AS hashtags FROM posts "
        "WHERE text LIKE '%100\\%%' ESCAPE '\\' OR text = ':smile'"
    )
    posts = list(open_reader(f"sqlite:///{sqlite_file}", query=query, columns=Columns(text="글")).read())
    assert [post.caption for post in posts if isinstance(post, Post)] == ["오늘의 100%", ":smile"]
    assert isinstance(posts[1], Post) and posts[1].hashtags == ("ab", "s", "c")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT text FROM missing", "no such table: missing; see that SOURCE and --query are right"),
        ("SELEC", 'near "SELEC": syntax error'),
        ("", "yields no columns|write SELECT"),
        ("SELECT 1 AS x", "no column is known for text or image; its columns are: x"),
        ("SELECT text, id, id FROM posts", "yields two columns 'id'; give one another name with AS"),
        ("SELECT text FROM posts; DROP TABLE posts", "one statement at a time"),
        ("DELETE FROM posts", "attempt to write a readonly database"),
        ("DELETE FROM posts RETURNING text", "attempt to write a readonly database"),
        ("CREATE TABLE other (text)", "attempt to write a readonly database"),
        ("ATTACH DATABASE '{folder}/new.db' AS other", "too many attached databases"),
        ("VACUUM INTO '{folder}/new.db'", "."),
    ],
)
def test_queries_that_read_no_posts(sqlite_file: Path, query: str, message: str) -> None:
    before = sqlite_file.read_bytes()
    with pytest.raises(SourceError, match=message):
        open_reader(f"sqlite:///{sqlite_file}", query=query.format(folder=sqlite_file.parent))
    assert sqlite_file.read_bytes() == before
    assert not (sqlite_file.parent / "new.db").exists()


def test_a_text_that_is_no_utf8(sqlite_file: Path) -> None:
    reader = open_reader(f"sqlite:///{sqlite_file}", query="SELECT CAST(x'FFFE' AS TEXT) AS text")
    with pytest.raises(SourceError, match="Could not decode to UTF-8"):
        list(reader.read())


@pytest.mark.parametrize("field", ["x'00FF'", "'a' || char(0)"])
def test_fields_that_are_no_text(sqlite_file: Path, field: str) -> None:
    (bad,) = open_reader(f"sqlite:///{sqlite_file}", query=f"SELECT {field} AS text").read()
    assert isinstance(bad, Reject) and "column 'text' holds" in bad.reason


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("sqlite:////missing/posts.db", "there is no database /missing/posts.db; name an SQLite file like sqlite:"),
        ("sqlite://", "there is no database in memory"),
        ("posts.csv", "the source is no database URL, but a query needs one; write it like sqlite:"),
        ("oracle2://u:secret@h/d", "the driver of the source, 'oracle2', is not installed; install it"),
        ("postgresql+pg8000://u:secret@h/d", "'postgresql[+]pg8000', is not installed"),
        ("postgresql://u:secret@h:port/d?password=secret", "the source is no database URL"),
        ("postgresql://u:secret@127.0.0.1:1/d?password=secret", r"postgresql://u:\*\*\*@127\.0\.0\.1:1/d: "),
        ("postgresql://u:secret@127.0.0.1:1/d?nonsense=secret", r"postgresql://u:\*\*\*@127\.0\.0\.1:1/d"),
    ],
)
def test_databases_that_cannot_be_read(address: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as raised:
        open_reader(address, query="SELECT 1 AS text")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_no_half_told_source(sqlite_file: Path) -> None:
    with pytest.raises(SourceError, match="is a database URL, .*; tell what to read of it with --query") as raised:
        open_reader("postgresql://u:secret@h/d")
    assert "secret" not in str(raised.value)
    with pytest.raises(SourceError, match="leave --encoding out"):
        open_reader(f"sqlite:///{sqlite_file}", query=SELECT, encoding="utf-8")


@pytest.fixture
def server(postgres_url: str) -> Iterator[Callable[..., Any]]:
    """Run a statement on a PostgreSQL server that has some posts."""
    engine = create_engine(postgres_url)

    def run(statement: str) -> Any:
        with engine.begin() as connection:
            answer = connection.execute(text(statement))
            return answer.fetchall() if answer.returns_rows else None

    run("DROP SCHEMA public CASCADE")
    run("CREATE SCHEMA public")
    run("CREATE TABLE posts (id int, text text, hashtags text[], day date, price numeric, key uuid)")
    run(
        "INSERT INTO posts SELECT i, 'post ' || i, ARRAY['tag', '카페'], '2024-01-05', 1.50, gen_random_uuid() "
        "FROM generate_series(1, 2345) i"
    )
    yield run
    engine.dispose()


@pytest.mark.usefixtures("server")
def test_a_query_to_a_server(postgres_url: str) -> None:
    query = (
        "SELECT key, text, hashtags, price AS author, day AS date, id::text FROM posts "
        "WHERE text LIKE 'post%' ORDER BY posts.id DESC"
    )
    reader = open_reader(postgres_url, query=query)
    posts = [post for post in reader.read() if isinstance(post, Post)]
    assert [post.post_id for post in posts] == [str(i) for i in range(2345, 0, -1)]
    assert (posts[0].hashtags, posts[0].author, posts[0].posted_at) == (
        ("tag", "카페"),
        "1.50",
        datetime(2024, 1, 5, tzinfo=UTC),
    )
    password = make_url(postgres_url).password
    assert reader.source.startswith("postgresql+psycopg://") and (not password or password not in reader.source)
    (first,) = (post for post, _ in zip(reader.read(), range(1), strict=False))  # and leave
    assert first == posts[0]


def test_nothing_is_written_to_a_server(server: Callable[..., Any], postgres_url: str) -> None:
    for query in (
        "DELETE FROM posts RETURNING text",
        "WITH gone AS (DELETE FROM posts RETURNING text) SELECT text FROM gone",
        "SELECT setval('s', 2)::text AS text FROM (SELECT 1) x; COMMIT; DELETE FROM posts",
    ):
        with pytest.raises(SourceError):
            list(open_reader(postgres_url, query=query).read())
    assert server("SELECT count(*) FROM posts") == [(2345,)]


def test_how_it_is_read_again_holds_no_password(postgres_url: str) -> None:
    url = make_url(postgres_url)
    told = url.set(password="hidden").update_query_dict({"application_name": "hashtag", "passfile": "/hidden"})
    reader = open_reader(told.render_as_string(hide_password=False), query="SELECT 1 AS id, 'a cat' AS text")
    assert reader.origin is not None and "hidden" not in repr(reader.origin) and "***" not in reader.origin.location
    again = make_url(reader.origin.location)
    assert (again.host, again.database, again.password) == (url.host, url.database, None)
    assert again.query["application_name"] == "hashtag"
    assert reader.origin.query == "SELECT 1 AS id, 'a cat' AS text"
