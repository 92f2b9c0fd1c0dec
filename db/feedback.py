"""What people say of suggested hashtags, kept beside the posts."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select

from ..core.feedback import Judgement
from ..core.post import Photo, caption_digest
from .engine import reading, writing
from .tables import FeedbackRow


class FeedbackStore:
    """One judgement for each hashtag of a post, which is known by caption and first photo; the last one stands.

    All methods raise DatabaseError where the database fails.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, judgements: Sequence[Judgement]) -> None:
        """Keep judgements, in one transaction."""
        with writing(self._engine) as connection:
            for judgement in judgements:
                _write(connection, judgement)

    def judgements(self) -> tuple[Judgement, ...]:
        """All judgements, by time and hashtag."""
        columns = (
            FeedbackRow.hashtag,
            FeedbackRow.verdict,
            FeedbackRow.score,
            FeedbackRow.snapshot,
            FeedbackRow.caption,
            FeedbackRow.photo_path,
            FeedbackRow.photo_digest,
            FeedbackRow.judged_at,
        )
        with reading(self._engine) as connection:
            judgements = [
                Judgement(
                    hashtag, verdict, score, snapshot, caption, (Photo(Path(path), digest),) if path else (), judged_at
                )
                for hashtag, verdict, score, snapshot, caption, path, digest, judged_at in connection.execute(
                    select(*columns)
                )
            ]
        # Databases sort text by rules of their own.
        return tuple(sorted(judgements, key=lambda judgement: (judgement.judged_at, judgement.hashtag)))


def _write(connection: Connection, judgement: Judgement) -> None:
    first = judgement.photos[0] if judgement.photos else None
    key = {
        "caption_digest": caption_digest(judgement.caption) or "",
        "photo_digest": first.digest if first else "",
        "hashtag": judgement.hashtag,
    }
    connection.execute(delete(FeedbackRow).filter_by(**key))
    connection.execute(
        insert(FeedbackRow).values(
            **key,
            verdict=judgement.verdict,
            score=judgement.score,
            snapshot=judgement.snapshot,
            caption=judgement.caption,
            photo_path=str(first.path) if first else None,
            judged_at=judgement.judged_at,
        )
    )
