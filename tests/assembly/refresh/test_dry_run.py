"""What a refresh would do."""

from .conftest import counts, files, make_rows, write_rows


def test_a_dry_run_tells_and_changes_nothing(hashtag, refresh, home, source):
    write_rows(source, [*make_rows(60)[1:], ["new", "purring again", "kitten"], ["b", "", "cat"]])
    before = files(home)
    code, report, _ = refresh("--dry-run")
    assert (code, report["outcome"], counts(report)) == (0, "planned", [2, 0, 1, 59])
    assert report["embedded"] == {"sentence": 1}
    assert report["learned"].startswith("weights would be trained again: 2 posts added, 0 changed and 1 removed")
    assert [(gate["name"], gate["passed"]) for gate in report["gates"]] == [("shrink", True)]
    assert files(home) == before
    ran = hashtag("index", "refresh", "--home", home, "--dry-run")
    assert "weights would be trained again" in ran.out and "nothing was changed" in ran.out
    done = refresh()[1]
    assert (counts(done), done["embedded"]) == (counts(report), report["embedded"])
    assert done["learned"].startswith("weights trained again: 2 posts added, 0 changed and 1 removed")
    assert refresh("--dry-run")[1]["learned"] is None


def test_a_dry_run_says_what_would_be_refused(refresh, home, source):
    write_rows(source, make_rows(20))
    before = files(home)
    code, report, err = refresh("--dry-run")
    assert (code, report["gates"][0]["passed"]) == (3, False) and "--allow-shrink" in err
    assert refresh("--dry-run", "--allow-shrink")[0] == 0
    source.unlink()
    assert refresh("--dry-run")[0] == 3
    assert files(home) == before
