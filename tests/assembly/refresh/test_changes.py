"""What a refresh does with posts that came, changed or left."""

from hashtag_recommender.index.snapshots.snapshot import current_snapshot

from ...crash.scenes import WordEncoder
from .conftest import counts, make_rows, serving, write_rows


def test_nothing_changed_publishes_nothing(refresh, home):
    before, WordEncoder.encoded = serving(home), 0
    code, report, _ = refresh()
    assert (code, report["outcome"], counts(report)) == (0, "unchanged", [0, 0, 0, 60])
    assert serving(home) == report["snapshot"] == before
    assert (WordEncoder.encoded, report["learned"], report["gates"]) == (0, None, [])


def test_only_what_is_new_is_encoded_and_what_is_gone_leaves(refresh, home, source):
    rows = make_rows(60)
    rows[3][1] = "a zeppelin over the ridge"
    write_rows(source, [*rows[2:], ["new", "purring again", "kitten"]])
    WordEncoder.encoded = 0
    code, report, _ = refresh()
    assert (code, report["outcome"], counts(report)) == (0, "published", [1, 1, 2, 57])
    assert report["embedded"] == {"sentence": 2}
    assert WordEncoder.encoded == 2 + 1, "and the name of #kitten"
    assert report["posts"] == current_snapshot(home).manifest.posts == 59
    assert [gate["name"] for gate in report["gates"] if gate["passed"]][:4] == [
        "checksums",
        "recall",
        "database",
        "shrink",
    ]
    assert refresh()[1]["outcome"] == "unchanged"


def test_feedback_counts_without_learning_anew(hashtag, refresh, home):
    assert hashtag("feedback", "reject", "--text", "sofa nap", "--hashtags", "cat", "--home", home).code == 0
    code, report, _ = refresh()
    assert (code, report["outcome"]) == (0, "published")
    assert report["learned"].startswith("weights kept: 0 posts added")
    assert any("feedback since" in note for note in report["notes"])
    assert "feedback since" in hashtag("index", "history", "--home", home).out
