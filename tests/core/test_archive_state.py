import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.archive_state import ArchiveState, Changes

posts = st.dictionaries(st.integers(1, 12), st.integers(0, 2), max_size=8)


def versions(contents):
    keys = sorted(contents)
    return ArchiveState(np.asarray(keys, dtype=np.int64), np.asarray([contents[key] for key in keys], dtype=np.uint64))


def test_by_hand():
    before, later = versions({1: 5, 2: 5, 3: 5}), versions({2: 5, 3: 6, 4: 5, 9: 5})
    assert before.changes_to(later) == Changes(added=2, changed=1, removed=1)
    assert before.changes_to(later).total == 4
    assert versions({}).changes_to(versions({})) == Changes(0, 0, 0)


@given(posts, st.dictionaries(st.integers(1, 12), st.none() | st.integers(0, 2), max_size=8))
def test_as_if_some_had_changed_come_back_or_gone(before, known):
    after = {key: content for key, content in {**before, **known}.items() if content is not None}
    told = versions(before).changed({key: None if n is None else f"{n:016x}" + "f" * 48 for key, n in known.items()})
    assert told.keys.tolist() == sorted(after) and told.contents.tolist() == [after[key] for key in sorted(after)]
    assert (told.keys.dtype, told.contents.dtype) == (np.int64, np.uint64)


@given(posts, posts)
def test_as_sets_tell_it(before, later):
    changes = versions(before).changes_to(versions(later))
    both = before.keys() & later.keys()
    changed = sum(before[key] != later[key] for key in both)
    assert changes == Changes(len(later.keys() - before.keys()), changed, len(before.keys() - later.keys()))
    back = versions(later).changes_to(versions(before))
    assert (back.added, back.removed, back.total) == (changes.removed, changes.added, changes.total)
