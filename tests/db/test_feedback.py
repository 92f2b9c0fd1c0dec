from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hashtag_recommender.core.errors import DatabaseError
from hashtag_recommender.core.feedback import Judgement
from hashtag_recommender.core.post import Photo
from hashtag_recommender.db.database import Database, open_database

NOW = datetime(2026, 11, 21, 12, 0, 0, 7, tzinfo=UTC)
PHOTO = Photo(Path("/사진/a.jpg"), "a" * 64)
JUDGEMENT = Judgement("카페", "accept", 0.1 + 0.2, "snap-1", "오늘도 ☕\n두 줄", (PHOTO,), NOW)


def test_judgements_come_back_by_time(url: str) -> None:
    judgements = [
        JUDGEMENT,
        replace(JUDGEMENT, hashtag="커피", verdict="reject", score=0.0),
        replace(JUDGEMENT, caption="", judged_at=NOW + timedelta(days=1)),
        replace(JUDGEMENT, photos=(), score=1.0, judged_at=NOW + timedelta(days=2)),
    ]
    with open_database(url) as database:
        assert database.feedback.judgements() == ()
        database.feedback.record(judgements[::-1])
    with open_database(url) as database:
        assert database.feedback.judgements() == tuple(judgements)


def test_the_last_judgement_on_a_hashtag_of_a_post_stands(database: Database) -> None:
    book = database.feedback
    others = [
        replace(JUDGEMENT, hashtag="other", judged_at=NOW + timedelta(days=1)),
        replace(JUDGEMENT, caption="other", judged_at=NOW + timedelta(days=2)),
        replace(JUDGEMENT, photos=(Photo(PHOTO.path, "b" * 64),), judged_at=NOW + timedelta(days=3)),
        replace(JUDGEMENT, photos=(), judged_at=NOW + timedelta(days=4)),
    ]
    book.record([JUDGEMENT, *others])
    elsewhere = replace(JUDGEMENT, photos=(Photo(Path("/elsewhere/a.jpg"), "a" * 64),), snapshot="snap-2", score=0.5)
    book.record([replace(JUDGEMENT, verdict="reject"), elsewhere])
    assert book.judgements() == (elsewhere, *others)


def test_an_error_midway_keeps_none(database: Database) -> None:
    with pytest.raises(DatabaseError):
        database.feedback.record([JUDGEMENT, replace(JUDGEMENT, hashtag="other", score=None)])
    assert database.feedback.judgements() == ()
    database.feedback.record([])
