"""A home whose database is on a PostgreSQL server: what it answers, who shares it, and what it says when it fails."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from hashtag_recommender import open_recommender

from .conftest import CAFE, CAT, make_rows, refused, write_rows

pytestmark = pytest.mark.usefixtures("captions_encoder")

# A server as others write it: a process that suggests for each line that it is sent.
SUGGEST = """
import json, sys
from hashtag_recommender import open_recommender
for line in sys.stdin:
    with open_recommender(sys.argv[1], db=sys.argv[2]) as recommender:
        answer = recommender.suggest(None, line.strip())
    print(json.dumps([suggestion.hashtag for suggestion in answer.suggestions]), flush=True)
"""


def answers(home, db):
    with open_recommender(home, **({"db": db} if db else {})) as recommender:
        return [[(s.hashtag, s.score) for s in recommender.suggest(None, text).suggestions] for text in (CAT, CAFE)]


def test_it_answers_as_with_sqlite(hashtag, source, empty_postgres, tmp_path):
    """After a build, a refresh and a rollback."""
    homes = {None: tmp_path / "sqlite", empty_postgres: tmp_path / "server"}

    def both(*words):
        for db, home in homes.items():
            # A rollback reads no database.
            options = [] if db is None or "rollback" in words else ["--db", db]
            ran = hashtag(*words, "--home", home, *options)
            assert ran.code == 0, ran.err
        one, other = (answers(home, db) for db, home in homes.items())
        assert one == other and all(one)
        return one

    first = both("index", "build", source, "--source", "posts")
    write_rows(source, [*make_rows(60, 2)[6:], ["new", CAT, "zeppelin", "", ""]])
    second = both("index", "refresh")
    assert both("index", "rollback") == first != second
    both("index", "verify")
    both("posts", "add", "--text", "a balloon over the sofa", "--hashtags", "balloon")
    assert not list((tmp_path / "server").glob("*.sqlite*"))


def test_several_servers_and_a_refresh_share_it(hashtag, source, empty_postgres, tmp_path):
    home = tmp_path / "home"
    assert hashtag("index", "build", source, "--source", "posts", "--home", home, "--db", empty_postgres).code == 0
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", SUGGEST, str(home), empty_postgres],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]

    def ask():
        for server in servers:
            server.stdin.write(CAT + "\n")
            server.stdin.flush()
        return [json.loads(server.stdout.readline()) for server in servers]

    try:
        before = ask()
        assert before[0] == before[1] and before[0]
        write_rows(source, [[*row[:2], "zeppelin", *row[3:]] for row in make_rows(60, 2)])
        for server in servers:  # which answer while it runs
            server.stdin.write(CAT + "\n")
            server.stdin.flush()
        assert hashtag("index", "refresh", "--home", home, "--db", empty_postgres, "--allow-shrink").code == 0
        assert all(json.loads(server.stdout.readline()) for server in servers)
        assert ask() == [["zeppelin"]] * 2
    finally:
        for server in servers:
            server.communicate()


def test_a_server_that_cannot_be_reached(hashtag, source, tmp_path):
    db = "postgresql+psycopg://me:geheim@127.0.0.1:9/posts"
    ran = hashtag("index", "build", source, "--home", tmp_path / "home", "--db", db)
    assert refused(ran, "see that its server runs and that --db names the right host, user and password")
    assert "geheim" not in ran.err and not (tmp_path / "home").exists()


def test_a_wrong_password(hashtag, source, empty_postgres, tmp_path):
    """The server of these tests lets everybody in, so it is told to ask one user."""
    url = make_url(empty_postgres)
    engine = create_engine(url)
    with engine.begin() as connection:
        access = Path(connection.execute(text("SHOW hba_file")).scalar())
        connection.execute(text("DROP ROLE IF EXISTS guarded"))
        connection.execute(text("CREATE ROLE guarded LOGIN PASSWORD 'right'"))
    rules = access.read_text()
    access.write_text("local all guarded scram-sha-256\nhost all guarded all scram-sha-256\n" + rules)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_reload_conf()"))
        db = url.set(username="guarded", password="geheim").render_as_string(hide_password=False)
        ran = hashtag("index", "build", source, "--home", tmp_path / "home", "--db", db)
        assert refused(ran, 'password authentication failed for user "guarded"; see that its server runs')
        assert "geheim" not in ran.err
    finally:
        access.write_text(rules)
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text("DROP ROLE guarded"))
        engine.dispose()


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("CREATE TABLE post (something TEXT)", "its tables are not this program's; name another with --db"),
        ("CREATE TABLE alembic_version (version_num VARCHAR(32))", "9999_needs_9.0"),
    ],
)
def test_a_database_of_others(hashtag, source, empty_postgres, tmp_path, statement, told):
    engine = create_engine(empty_postgres)
    with engine.begin() as connection:
        connection.execute(text(statement))
        if "alembic" in statement:
            connection.execute(text("INSERT INTO alembic_version VALUES ('9999_needs_9.0')"))
    ran = hashtag("index", "build", source, "--home", tmp_path / "home", "--db", empty_postgres)
    assert refused(ran, told)
    with engine.begin() as connection:
        tables = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
    engine.dispose()
    assert len(tables) == 1, "nothing was made beside theirs"
