import json

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.eval.reporting import writer as written
from hashtag_recommender.eval.reporting.writer import write_report
from hashtag_recommender.retrieval.encoders.photos import read_photo

FILES = ["per_hashtag.tsv", "per_post.parquet", "report.html", "report.json"]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_four_files(evaluated, tmp_path):
    trial, results, report = evaluated
    write_report(tmp_path / "new" / "report", report, trial, results, read_photo)
    assert names(tmp_path / "new" / "report") == FILES
    read = json.loads((tmp_path / "new" / "report" / "report.json").read_text(encoding="utf-8"))
    assert read == json.loads(json.dumps(report))


def test_what_fails_midway_leaves_the_earlier_report(evaluated, tmp_path, monkeypatch):
    trial, results, report = evaluated
    folder = tmp_path / "report"
    write_report(folder, report, trial, results, read_photo)
    before = {name: (folder / name).read_bytes() for name in FILES}

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(written, "write_per_post", fail)
    with pytest.raises(SettingsError, match=r"cannot be written to .*report \(No space left on device\)"):
        write_report(folder, report, trial, results, read_photo)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_file_in_the_way_is_said_so(evaluated, tmp_path):
    trial, results, report = evaluated
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError, match="name another folder"):
        write_report(tmp_path / "file", report, trial, results, read_photo)
