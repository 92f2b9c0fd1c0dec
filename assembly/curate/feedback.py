"""Feedback: what a person accepts and rejects of the hashtags suggested for a post."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from ...core.advice import NAME_HASHTAGS
from ...core.errors import NotFoundError, SettingsError
from ...core.feedback import Judgement, Verdict
from ...core.hashtags import take_out_hashtags
from ...core.post import Photo, normalise_hashtag
from ...core.suggest_options import SuggestOptions
from ...retrieval.recommender import ArchiveRecommender
from ..home import Home
from ..suggest.following import FollowingRecommender
from .posts import find_photos, make_post

_EVERYTHING = SuggestOptions(count=500, raw=True)  # to see with which probability any hashtag was suggested

_NO_FILE = Path("-")  # of a photo that came as bytes


def judge(
    home: Home,
    recommender: ArchiveRecommender | FollowingRecommender,
    verdict: Verdict,
    photos: Sequence[Path | bytes],
    text: str,
    hashtags: Sequence[str],
) -> list[Judgement]:
    """Keep what a person says of hashtags suggested for a post, with the probability they were suggested with.

    recommender: of the home; it tells the probability. photos: of bytes, their digest alone is kept.
    Raises NotFoundError on a hashtag that no post carries and that is not suggested as new, SettingsError if none is
    named.
    """
    wanted = list(dict.fromkeys(normalise_hashtag(tag) for tag in hashtags))
    if not wanted or "" in wanted:
        raise SettingsError("no hashtag is named", NAME_HASHTAGS)
    caption, now = take_out_hashtags(text)[0], datetime.now(UTC).replace(microsecond=0)
    make_post((), caption, wanted[0])  # whether the caption can be stored
    shown = tuple(_digested(photo) for photo in photos)
    # By the caption without its own hashtags, which would be left out as given.
    answer = recommender.suggest([*photos], caption, options=_EVERYTHING)
    scores = {normalise_hashtag(suggestion.hashtag): suggestion.score for suggestion in answer.suggestions}
    for tag in wanted:
        if tag not in scores and not recommender.knows(tag):
            raise NotFoundError(f"no post of the archive carries #{tag}, and the caption does not suggest it as new")
    judgements = [Judgement(tag, verdict, scores.get(tag, 0.0), answer.snapshot, caption, shown, now) for tag in wanted]
    with home.database_to_write() as database:
        database.feedback.record(judgements)
    return judgements


def _digested(photo: Path | bytes) -> Photo:
    if isinstance(photo, bytes):
        return Photo(_NO_FILE, sha256(photo).hexdigest())
    return find_photos([photo])[0]
