"""The last good snapshot answers where the newest is damaged; going back, and not forth by accident."""

import pytest

from hashtag_recommender.core.errors import NoIndexError, NotFoundError, SettingsError, SnapshotError
from hashtag_recommender.index.snapshots import snapshot as snapshot_module
from hashtag_recommender.index.snapshots.retention import is_rolled_back, snapshot_folders
from hashtag_recommender.index.snapshots.serving import roll_back, rollback_target, serve
from hashtag_recommender.index.snapshots.snapshot import CURRENT, serving_name, withdraw, writing


def harm(home, name):
    (home / "snapshots" / name / "posts.txt").write_bytes(b"some pests")


def rolled_back(home):
    return [folder.name for folder in snapshot_folders(home) if is_rolled_back(folder)]


def back(home, name=None):
    with writing(home):
        return roll_back(home, rollback_target(home, name))


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


@pytest.mark.parametrize("content", [b"snap", b"", None])
def test_where_current_is_damaged_or_missing_the_newest_answers_and_no_writer_deletes_anything(
    tmp_path, publish_one, content
):
    first, last = publish_one(), publish_one()
    (tmp_path / CURRENT).unlink() if content is None else (tmp_path / CURRENT).write_bytes(content)
    served = serve(tmp_path)
    assert served.snapshot.name == last and str(tmp_path / CURRENT) in served.note
    assert back(tmp_path).after == last
    assert serve(tmp_path).note is None and {path.name for path in snapshot_folders(tmp_path)} == {first, last}


def test_a_first_snapshot_that_never_served_does_not_answer_and_nor_do_those_withdrawn(
    tmp_path, publish_one, monkeypatch
):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(snapshot_module, "put_in_service", stop)  # as if killed just before
        publish_one()
    assert len(snapshot_folders(tmp_path)) == 1
    with pytest.raises(NoIndexError):
        serve(tmp_path)
    publish_one()
    assert len(snapshot_folders(tmp_path)) == 1
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt), writing(tmp_path):
        patch.setattr(snapshot_module, "drop_others", stop)
        withdraw(tmp_path)
    with pytest.raises(NoIndexError):
        serve(tmp_path)
    with writing(tmp_path):
        assert snapshot_folders(tmp_path) == []


def test_a_damaged_checksum_of_a_manifest_takes_a_snapshot_out_of_service(tmp_path, publish_one):
    first, last = publish_one(), publish_one()
    witness = tmp_path / "snapshots" / last / "manifest.sha256"
    witness.write_text("0" * 64)
    served = serve(tmp_path)
    assert served.snapshot.name == first and str(witness) in served.note


def test_what_was_rolled_back_never_answers_for_a_damaged_one(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    assert back(tmp_path).after == first
    third = publish_one()
    harm(tmp_path, third)
    assert serve(tmp_path).snapshot.name == first, "and not the newer second one"
    assert rolled_back(tmp_path) == [second]
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
    with pytest.raises(NotFoundError, match="no undamaged snapshot .* to go back to"):
        back(tmp_path)
    assert (back(tmp_path, third).before, serving_name(tmp_path)) == (first, third)
    assert serve(tmp_path).note is None
    assert rolled_back(tmp_path) == [second], "by its name alone the third came back"


def test_only_a_whole_one_is_gone_back_to(tmp_path, publish_one):
    first, second, third = (publish_one() for _ in range(3))
    harm(tmp_path, second)
    with pytest.raises(SnapshotError, match=f"{second}/posts.txt"):
        back(tmp_path, second)
    assert serving_name(tmp_path) == third
    report = back(tmp_path)
    assert (report.before, report.after) == (third, first) and second in report.skipped[0]
    for name, complaint in ((first, "in service already"), ("snap-gone", "there is no snapshot snap-gone")):
        with pytest.raises((NotFoundError, SettingsError), match=complaint):
            back(tmp_path, name)


def test_one_can_go_back_from_a_damaged_current(tmp_path, publish_one):
    first, second = publish_one(), publish_one()
    (tmp_path / CURRENT).write_bytes(b"nonsense")
    assert back(tmp_path, first).before is None
    assert serving_name(tmp_path) == first
    assert [folder.name for folder in snapshot_folders(tmp_path)] == [first, second]
