"""TagVote: neighbours vote, less what chance would give."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ....core.post import Post
from ....core.progress import Progress
from ....core.protocols import Encoder
from ....core.query import Query
from ...measures.bootstrap import users_of
from ...measures.vocabulary import Vocabulary
from ..channels import Channel
from ..system import SILENT, Fitted, Kind, Scored
from ..validation import with_hashtags
from .neighbours import NEIGHBOURS, answers, best_encoder


class TagVote:
    """score(t) = neighbours that carry t - k * posts that carry t / n, over the k = 50 nearest, one for each user.

    Li, Snoek and Worring, Learning Social Tag Relevance by Neighbor Voting (IEEE Transactions on Multimedia 2009). k is
    what there are of neighbours where they are fewer. It works in the channel whose plain vote does best on the
    validation posts, and then remembers these, too. Where nobody votes it suggests the most used hashtags.
    """

    name = "tagvote"
    kind: Kind = "reference"
    auto = False

    def __init__(self, encoders: Sequence[Encoder[Any]]) -> None:
        """encoders: of the channels to choose from, at least one."""
        self._encoders = encoders

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `System.fit`."""
        posts, validation = with_hashtags(self.name, posts, validation)
        encoder, note = best_encoder(self._encoders, posts, validation)
        known = [*posts, *validation]
        self._channel = Channel(encoder, known)
        self._vocabulary = Vocabulary.of(known)
        users = users_of([post.author for post in known])
        # Where each post is of another user the constraint says nothing, and costs time.
        self._users = users if len(np.unique(users)) < len(known) else None
        return Fitted([note])

    def suggest(self, queries: Sequence[Query], count: int | None) -> list[list[Scored]]:
        """See `System.suggest`. A score is in votes; below 0 where chance would give more."""
        matches = self._channel.nearest(self._channel.encode(queries), NEIGHBOURS, self._users)
        return answers(matches, np.ones(matches.rows.shape), self._vocabulary, count, self._vocabulary.shares)
