"""The last good snapshot answers where the newest is damaged; going back, and not forth by accident."""

import pytest

from hashtag_recommender.core.errors import NoIndexError, SettingsError, SnapshotError
from hashtag_recommender.index.collecting import snapshot_folders
from hashtag_recommender.index.serving import roll_back, rolled_back, serve
from hashtag_recommender.index.snapshot import CURRENT, serving_name, writing


def harm(home, name):
    (home / "snapshots" / name / "posts.txt").write_bytes(b"some pests")


def back(home, name=None):
    with writing(home):
        return roll_back(home, name)


def test_what_is_whole_serves_without_a_word(tmp_path, publish_one):
    publish_one()
    name = publish_one()
    served = serve(tmp_path)
    assert (served.snapshot.name, served.note) == (name, None)


def test_the_newest_whole_one_before_a_damaged_one_answers_and_says_so(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    for name, answers in ((third, second), (second, first)):
        harm(tmp_path, name)
        served = serve(tmp_path)
        assert served.snapshot.name == answers
        assert f"{third}/posts.txt is damaged" in served.note and "run `hashtag index build`" in served.note
        assert f"{answers} answers" in served.note
    harm(tmp_path, first)
    with pytest.raises(SnapshotError, match=f"{third}/posts.txt is damaged"):
        serve(tmp_path)


def test_without_current_there_is_no_index_but_a_damaged_one_names_none(tmp_path, publish_one):
    publish_one()
    last = publish_one()
    (tmp_path / CURRENT).write_bytes(b"snap")
    served = serve(tmp_path)
    assert served.snapshot.name == last and "CURRENT" in served.note
    (tmp_path / CURRENT).unlink()
    with pytest.raises(NoIndexError):
        serve(tmp_path)


def test_what_was_rolled_back_never_answers_for_a_damaged_one(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    assert back(tmp_path).after == first
    third = publish_one()
    harm(tmp_path, third)
    assert serve(tmp_path).snapshot.name == first, "and not the newer second one"
    assert [manifest.snapshot for manifest in rolled_back(tmp_path)] == [second]
    (tmp_path / CURRENT).write_bytes(b"")
    assert serve(tmp_path).snapshot.name == first


def test_one_that_was_written_but_never_served_does_not_answer(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    current = (tmp_path / CURRENT).read_bytes()
    publish_one()
    (tmp_path / CURRENT).write_bytes(current)
    harm(tmp_path, second)
    assert serve(tmp_path).snapshot.name == first


def test_a_harmed_manifest_is_noticed_though_current_does_not_name_it(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    path = tmp_path / "snapshots" / first / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"posts": 1', b'"posts": 7'))
    harm(tmp_path, second)
    with pytest.raises(SnapshotError, match=second):
        serve(tmp_path)


def test_going_back_and_forth(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    assert (back(tmp_path).after, back(tmp_path).after) == (second, first)
    with pytest.raises(SettingsError, match="no whole snapshot .* to go back to"):
        back(tmp_path)
    assert (back(tmp_path, third).before, serving_name(tmp_path)) == (first, third)
    assert serve(tmp_path).note is None
    assert [manifest.snapshot for manifest in rolled_back(tmp_path)] == [second], (
        "by its name alone the third came back"
    )


def test_only_a_whole_one_is_gone_back_to(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    harm(tmp_path, second)
    with pytest.raises(SnapshotError, match=f"{second}/posts.txt"):
        back(tmp_path, second)
    assert serving_name(tmp_path) == third
    report = back(tmp_path)
    assert (report.before, report.after) == (third, first) and second in report.skipped[0]
    for name, complaint in ((first, "in service already"), ("snap-gone", "there is no snapshot snap-gone")):
        with pytest.raises(SettingsError, match=complaint):
            back(tmp_path, name)


def test_one_can_go_back_from_a_damaged_current(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    (tmp_path / CURRENT).write_bytes(b"nonsense")
    assert back(tmp_path, first).before is None
    assert serving_name(tmp_path) == first
    assert [folder.name for folder in snapshot_folders(tmp_path)] == [first, second]
