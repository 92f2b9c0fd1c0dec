from pathlib import PurePosixPath

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.schedule import Nightly
from hashtag_recommender.schedule.nightly import sqlite_folder

HOME = PurePosixPath("/srv/archive")
WITH_PASSWORD = [
    "postgresql+psycopg://user:s3cret@host/name",
    "postgresql://user:s3/cr@et@host/name",
    "postgresql://:s3cret@host/name",
    "postgresql://user@host/name?password=s3cret",
    "postgresql://host/name?sslmode=require&sslPassword=s3cret",
]
WITHOUT = [
    "postgresql+psycopg://user@host:5432/name",
    "postgresql://host/name?passfile=/etc/hashtag/pgpass",
    "sqlite:////srv/a:b/posts@home.sqlite",
]


def test_the_command_is_the_refresh_with_its_options():
    nightly = Nightly("/opt/hashtag", HOME, db="postgresql://user@host/name")
    assert nightly.words == (
        *("/opt/hashtag", "index", "refresh", "--home", "/srv/archive"),
        *("--db", "postgresql://user@host/name", "--log", "json"),
    )


@pytest.mark.parametrize(("at", "clock"), [("03:30", (3, 30)), ("0:00", (0, 0)), ("23:59", (23, 59))])
def test_times_of_day(at, clock):
    assert Nightly("/opt/hashtag", HOME, at=at).clock == clock


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("at", at) for at in ("25:00", "24:00", "3:60", "3", "", "03:30\n", "３:30", "noon", "*:*")),
        *(("name", name) for name in ("", "a b", "A", "-a", "a-", "a" * 43, "a/b", "a.b", "카페")),
        *(
            ("mail", mail)
            for mail in ("ops", "ops@", "@x.org", "a b@x.org", "-f@x.org", "a@x.org\nBcc: b@y.org", "a@x..y")
        ),
        *(
            ("webhook", url)
            for url in ("x.org", "ftp://x.org", "https://", "https://x.org/a b", "https://x.org:99999/")
        ),
        *(
            ("webhook", url)
            for url in ("https://x.org/'$(id)'", 'https://x.org/"', "https://x.org/`id`", "file:///etc")
        ),
        *(
            ("db", url)
            for url in ("posts.sqlite", "sqlite:///posts.sqlite", "sqlite://", "sqlite:///:memory:", "a://\n")
        ),
        *(("home", PurePosixPath(home)) for home in ("archive", "/srv/a\nb", "/srv/\udcff", "/srv/\u2028")),
    ],
)
def test_what_cannot_be_scheduled_is_refused(option, value):
    with pytest.raises(SettingsError):
        Nightly(**{"program": "/opt/hashtag", "home": HOME} | {option: value})


@pytest.mark.parametrize("db", WITH_PASSWORD)
def test_a_password_is_refused_with_what_to_do_and_not_repeated(db):
    with pytest.raises(SettingsError, match="write HASHTAG_DB") as refused:
        Nightly("/opt/hashtag", HOME, db=db).check_shareable("write HASHTAG_DB=... elsewhere")
    assert "s3" not in str(refused.value)


@pytest.mark.parametrize("db", WITHOUT)
def test_an_address_without_password_is_not(db):
    Nightly("/opt/hashtag", HOME, db=db).check_shareable("write HASHTAG_DB=... elsewhere")


def test_the_folder_of_an_sqlite_file():
    assert sqlite_folder("sqlite:////srv/a b/posts.sqlite?timeout=3") == PurePosixPath("/srv/a b")
    assert sqlite_folder("sqlite+pysqlite:////posts.sqlite") == PurePosixPath("/")
    assert sqlite_folder("postgresql://host/name") is None
    assert sqlite_folder(None) is None
