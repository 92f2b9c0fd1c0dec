from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.eval.runs.splits import draw_split, read_split


def posts_of(n, authors=None, moments=None):
    return [
        Post("test", f"p{i}", "", ("tag",), author=authors and authors[i], posted_at=moments and moments[i])
        for i in range(n)
    ]


def apart(n):
    return np.arange(n)


def parts(split):
    return [set(rows.tolist()) for rows in (split.train, split.validation, split.test)]


@given(st.lists(st.integers(0, 60), min_size=60, max_size=120), st.sampled_from(["group", "random", "author"]))
def test_every_post_is_in_one_part_and_what_stays_together_too(numbers, by):
    clusters = np.concatenate([numbers, np.arange(61, 91)]).astype(np.int64)  # some are always apart
    posts = posts_of(len(clusters), authors=[f"author{number}" for number in clusters])
    split = draw_split(posts, by, clusters, allow_leaks=True)
    train, validation, test = parts(split)
    assert train | validation | test == set(range(len(posts)))
    assert len(train) + len(validation) + len(test) == len(posts)
    assert len(test) <= 0.2 * len(posts) and len(validation) <= 0.1 * (len(posts) - len(test))
    if by != "random":
        owners = [set(clusters[list(rows)].tolist()) for rows in (train, validation, test)]
        assert not (owners[0] & owners[1] or owners[0] & owners[2] or owners[1] & owners[2])
        assert split.leaks == 0


def test_the_parts_are_as_large_as_they_should_be():
    for by in ("group", "random"):
        assert [*map(len, parts(draw_split(posts_of(100), by, apart(100))))] == [72, 8, 20]


def test_the_same_seed_draws_the_same_and_another_does_not():
    one, again, other = (draw_split(posts_of(100), "group", apart(100), seed=seed) for seed in (1, 1, 2))
    assert parts(one) == parts(again) != parts(other)


def test_a_group_too_large_for_the_test_part_stays_in_training():
    clusters = np.asarray([0] * 60 + [*range(1, 41)])
    for seed in range(5):
        train, _, test = parts(draw_split(posts_of(100), "group", clusters, seed=seed))
        assert set(range(60)) <= train and len(test) == 20


def test_by_time_the_latest_are_test_posts_and_those_before_validation():
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(50)]
    assert parts(draw_split(posts_of(50, moments=moments[::-1]), "time", apart(50))) == [
        set(range(14, 50)),
        set(range(10, 14)),
        set(range(10)),
    ]


def test_posts_of_one_moment_stay_together_and_none_is_taken_from_before_them():
    """Ten posts on days of their own, then three a day: the test part has room for two more, but not for a day."""
    days = [datetime(2024, 1, 1 + i, tzinfo=UTC) for i in range(10)]
    days += [datetime(2024, 2, 1 + i // 3, tzinfo=UTC) for i in range(30)]
    assert parts(draw_split(posts_of(40, moments=days), "time", apart(40))) == [
        set(range(31)),
        set(range(31, 34)),
        set(range(34, 40)),
    ]


def test_times_of_several_zones_are_compared():
    seoul = timezone(timedelta(hours=9))
    moments = [datetime(2024, 1, 1, 12, tzinfo=seoul) + timedelta(hours=i) for i in range(19)]
    moments.append(datetime(2024, 1, 1, 2))  # without a zone: an hour before the first
    assert 19 in parts(draw_split(posts_of(20, moments=moments), "time", apart(20)))[0]


@pytest.mark.parametrize(
    ("by", "reason"), [("author", "2 of 4 posts have no author"), ("time", "2 of 4 posts carry no date")]
)
def test_what_is_needed_must_be_there(by, reason):
    now = datetime(2024, 1, 1, tzinfo=UTC)
    posts = posts_of(4, authors=["a", None, "b", None], moments=[now, None, now, None])
    with pytest.raises(SettingsError, match=f"{reason}; split them by group"):
        draw_split(posts, by, apart(4))


@pytest.mark.parametrize("clusters", [np.zeros(100, dtype=np.int64), np.arange(4)])
def test_no_part_may_be_empty(clusters):
    with pytest.raises(SettingsError, match="leaves no .* posts"):
        draw_split(posts_of(len(clusters)), "group", clusters)


@pytest.mark.parametrize("by", ["random", "author", "time"])
def test_a_test_post_with_a_near_duplicate_in_training_is_dropped_unless_leaks_are_allowed(by):
    """Every second post has a near-duplicate 50 posts away, by another author, at another time."""
    twins = np.where(np.arange(100) % 2, np.arange(100), np.arange(100) % 50)
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=i * 51 % 100) for i in range(100)]
    posts = posts_of(100, authors=[f"author{i}" for i in range(100)], moments=moments)
    leaky = draw_split(posts, by, twins, allow_leaks=True)
    split = draw_split(posts, by, twins)
    assert parts(leaky)[:2] == parts(split)[:2]
    test, kept = parts(leaky)[2], parts(split)[2]
    assert kept == {row for row in test if row % 2 or (row + 50) % 100 in test}
    assert (leaky.leaks, leaky.dropped, split.leaks) == (split.dropped, 0, 0)
    assert 0 < split.dropped == len(test) - len(kept)
    assert leaky.notes() == [] and split.to_json(posts)["dropped"] == split.dropped
    [note] = split.notes()
    assert note.startswith(f"{split.dropped} of {len(test)} test posts are left out: each has a near-duplicate")
    assert f"the {len(kept)} that remain are few" in note


def test_a_copy_without_hashtags_takes_no_test_post_away():
    posts = posts_of(100, moments=[datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(100)])
    clusters = np.asarray([*range(99), 0])
    assert draw_split(posts, "time", clusters).dropped == 1
    posts[0] = replace(posts[0], hashtags=())
    split = draw_split(posts, "time", clusters)
    assert (split.dropped, len(split.test)) == (0, 20)
    assert (
        draw_split(posts, "time", clusters, is_usable=lambda post: True).dropped == 1
    )  # but it may teach something else


def test_enough_that_remain_are_not_called_few():
    clusters = np.arange(400)
    clusters[399] = 0
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=i) for i in range(400)]
    split = draw_split(posts_of(400, moments=moments), "time", clusters)
    assert (split.dropped, len(split.test)) == (1, 79) and "few" not in split.notes()[0]


def test_a_near_duplicate_among_validation_posts_is_a_leak_as_well(tmp_path):
    path = write(tmp_path, ["p0,train", "p1,validation", "p2,test", "p3,test"])
    split = read_split(path, posts_of(4), np.asarray([0, 1, 1, 3]))
    assert (parts(split), split.dropped) == ([{0}, {1}, {3}], 1)


def test_a_test_of_nothing_but_near_duplicates_is_refused(tmp_path):
    path = write(tmp_path, ["p0,train", "p1,validation", "p2,test"])
    with pytest.raises(SettingsError, match="each of the 1 test posts has a near-duplicate .* none is left"):
        read_split(path, posts_of(3), np.asarray([0, 1, 1]))


def write(folder, lines, header="post,part"):
    path = folder / "split.csv"
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
    return path


def test_a_file_says_it(tmp_path):
    path = write(tmp_path, ["p2,test", "p0,train", "p1,validation"])
    split = read_split(path, posts_of(3), apart(3))
    assert parts(split) == [{0}, {1}, {2}]
    assert (split.origin, split.leaks) == ("file", 0)


def test_without_validation_posts_they_are_carved_from_training(tmp_path):
    path = write(tmp_path, [f"p{i},{'test' if i < 50 else 'train'}" for i in range(150)])
    train, validation, test = parts(read_split(path, posts_of(150), np.arange(150) // 2))
    assert test == set(range(50))
    assert len(validation) == 10 and all(row ^ 1 in validation for row in validation)
    assert train | validation == set(range(50, 150))


@pytest.mark.parametrize(
    ("lines", "header", "reason"),
    [
        (["p0,train", "p1,test"], "post,part", "post 'p2' has no part in"),
        (["p0,train", "p1,test", "p2,train", "p3,test"], "post,part", "post 'p3' is not among the posts, one of 1"),
        (["p0,train", "p0,test"], "post,part", "names post 'p0' twice"),
        (["p0,dev"], "post,part", "columns post and part: train, validation or test"),
        (["p0,test"], "id,part", "columns post and part"),
        (["p0"], "post,part", "columns post and part"),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path, lines, header, reason):
    with pytest.raises(SettingsError, match=reason):
        read_split(write(tmp_path, lines, header), posts_of(3), apart(3))


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot read the split"):
        read_split(tmp_path / "none.csv", posts_of(3), apart(3))
    (tmp_path / "latin.csv").write_bytes("post,part\ncafé,test\n".encode("latin-1"))
    with pytest.raises(SettingsError, match="cannot read the split"):
        read_split(tmp_path / "latin.csv", posts_of(3), apart(3))


def test_a_file_cannot_tell_posts_of_one_id_apart(tmp_path):
    posts = [Post("one", "p0", "", ()), Post("other", "p0", "", ())]
    with pytest.raises(SettingsError, match="several sources share one"):
        read_split(write(tmp_path, ["p0,test"]), posts, apart(2))


def test_a_report_tells_the_split():
    posts = posts_of(100)
    one, other = (draw_split(posts, "group", apart(100), seed=seed).to_json(posts) for seed in (1, 2))
    digest, posts_digest = one.pop("test_digest"), one.pop("test_posts_digest")
    assert one == {"origin": "group", "train": 72, "validation": 8, "test": 20, "leaks": 0, "dropped": 0}
    assert len(digest) == 64 and digest != other["test_digest"]
    assert len(posts_digest) == 64 and posts_digest != other["test_posts_digest"]


def test_the_digest_of_test_posts_is_of_the_posts_and_not_of_where_they_lie():
    posts = posts_of(100)
    split = draw_split(posts, "group", apart(100))
    of = {
        name: split.to_json(changed)["test_posts_digest"]
        for name, changed in {
            "here": posts,
            "moved": [replace(post, source="elsewhere") for post in posts],
            "rewritten": [replace(post, caption="else") for post in posts],
            "with photos": [replace(post, photos=(Photo(Path("a.jpg"), "0" * 64),)) for post in posts],
        }.items()
    }
    assert of["here"] == of["moved"] and len(set(of.values())) == 3
