"""A database tells whether its rules or added posts have changed."""

from datetime import UTC, datetime
from threading import Thread

from hashtag_recommender.core.feedback import Judgement
from hashtag_recommender.core.post import ADDED, Post
from hashtag_recommender.db.database import Database, open_database
from hashtag_recommender.db.revision import revising, revision_of


def test_each_change_of_rules_and_added_posts_gives_another_revision(database: Database) -> None:
    seen = [database.revision()]
    post = Post(ADDED, "1", "a cat", ("cat",), author="lee")
    taken = database.posts.add(post)
    seen.append(database.revision())
    database.posts.remove_added(taken.stored.key)
    seen.append(database.revision())
    database.posts.add(post)
    database.posts.forget_author("lee")
    seen.append(database.revision())
    database.rules.block("cat")
    seen.append(database.revision())
    database.rules.remove("cat")
    seen.append(database.revision())
    database.rules.alias("cats", "cat")
    seen.append(database.revision())
    assert len(set(seen)) == 7


def test_nothing_else_gives_another_revision(database: Database) -> None:
    before = database.revision()
    database.posts.ingest("src", [Post("src", "1", "a cat", ("cat",))])
    now = datetime.now(UTC)
    database.feedback.record([Judgement("cat", "accept", 0.5, "snap", "a cat", (), now)])
    assert database.revision() == before


def test_of_two_changes_at_once_both_count(url: str) -> None:
    with open_database(url) as one, open_database(url) as other:
        seen = [one.revision()]
        with revising(one._engine):
            thread = Thread(target=other.rules.block, args=["cat"])
            thread.start()
            thread.join(0.2)
        seen.append(revision_of(one._engine))
        thread.join()
        seen.append(other.revision())
        assert [rule.hashtag for rule in one.rules.rules()] == ["cat"]
        assert one.revision() == seen[2] != seen[0]
