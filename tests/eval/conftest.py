import pytest

from hashtag_recommender.core.post import Post


@pytest.fixture
def make_posts():
    """Posts from their hashtags, apart by spaces; captions and all else by keyword, one for each post."""

    def make(*hashtags, **others):
        rows = [dict(zip(others, values, strict=True)) for values in zip(*others.values(), strict=True)]
        return [
            Post("test", str(place), row.pop("caption", ""), tuple(tags.split()), **row)
            for place, (tags, row) in enumerate(zip(hashtags, rows or [{} for _ in hashtags], strict=True))
        ]

    return make
