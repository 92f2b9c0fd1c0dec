"""Feedback: what a person accepts and rejects of the hashtags suggested for a post."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ...core.advice import NAME_HASHTAGS
from ...core.errors import NotFoundError, SettingsError
from ...core.feedback import Judgement, Verdict
from ...core.hashtags import take_out_hashtags
from ...core.post import normalise_hashtag
from ...core.suggest_options import SuggestOptions
from ...retrieval.recommender import ArchiveRecommender
from ..home import Home
from ..suggest.following import FollowingRecommender
from .posts import make_post

_EVERYTHING = SuggestOptions(count=500, raw=True)  # to see with which probability any hashtag was suggested


def judge(
    home: Home,
    recommender: ArchiveRecommender | FollowingRecommender,
    verdict: Verdict,
    photos: Sequence[Path],
    text: str,
    hashtags: Sequence[str],
) -> list[Judgement]:
    """Keep what a person says of hashtags suggested for a post, with the probability they were suggested with.

    recommender: of the home; it tells the probability.
    Raises NotFoundError on a hashtag that no post carries, SettingsError if none is named.
    """
    wanted = list(dict.fromkeys(normalise_hashtag(tag) for tag in hashtags))
    if not wanted or "" in wanted:
        raise SettingsError("no hashtag is named", NAME_HASHTAGS)
    caption, now = take_out_hashtags(text)[0], datetime.now(UTC).replace(microsecond=0)
    for tag in wanted:
        if not recommender.knows(tag):
            raise NotFoundError(f"no post of the archive carries #{tag}, so it was never suggested")
    shown = make_post(photos, caption, wanted[0]).photos
    # By the caption without its own hashtags, which would be left out as given.
    answer = recommender.suggest(photos, caption, options=_EVERYTHING)
    scores = {normalise_hashtag(suggestion.hashtag): suggestion.score for suggestion in answer.suggestions}
    judgements = [Judgement(tag, verdict, scores.get(tag, 0.0), answer.snapshot, caption, shown, now) for tag in wanted]
    with home.database_to_write() as database:
        database.feedback.record(judgements)
    return judgements
