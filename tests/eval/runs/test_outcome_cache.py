import json

import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.eval.runs.captions import CaptionResult
from hashtag_recommender.eval.runs.outcome_cache import OutcomeCache
from hashtag_recommender.eval.runs.run import RunResult
from hashtag_recommender.eval.systems.system import Curve, Epoch, Fitted, Scored

IDENTITY = {"program": "hashtag 1", "posts": "abc", "encoders": ("one", "two")}
CURVE = Curve({"learning_rate": 0.001, "width": 8}, [Epoch(2.0, 2.5, 0.1), Epoch(1.0, 2.0, 0.2)], 1, True)
RESULT = RunResult(
    "show_attend_tell look_back",
    "network",
    [[Scored("카페", 0.75), Scored("latte", 0.5)], []],
    [[Scored("카페", 0.75)], []],
    12.5,
    0.25,
    800.0,
    Fitted(("captions alone",), [CURVE]),
)


def cache(folder, identity, kind=RunResult):
    return OutcomeCache(folder, identity, kind.from_json)


def test_an_outcome_comes_back_as_it_was(tmp_path):
    cache(tmp_path, IDENTITY).keep(RESULT, 3)
    kept = cache(tmp_path, IDENTITY)
    assert kept.find(RESULT.name, 3) == RunResult(**{**_fields(RESULT), "fitted": Fitted(["captions alone"], [CURVE])})
    assert kept.find(RESULT.name, 0) is None
    assert kept.find("amnn", 3) is None


def _fields(result):
    return {name: getattr(result, name) for name in result.__slots__}


def test_captions_come_back_as_they_were(tmp_path):
    result = CaptionResult("nearest photo", "reference", ["a cat", "", "카페"], 1.5, 0.25, ["first photos alone"])
    cache(tmp_path, IDENTITY, CaptionResult).keep(result, 0)
    assert cache(tmp_path, IDENTITY, CaptionResult).find("nearest photo", 0) == result


@pytest.mark.parametrize("text", ["", '{"name": "x"}', "[]", '{"name": "x", "ranked": [[["a"]]]}'])
def test_what_cannot_be_read_runs_again(tmp_path, text):
    kept = cache(tmp_path, IDENTITY)
    kept.keep(RESULT, 0)
    (file,) = (tmp_path / "systems").iterdir()
    file.write_text(text)
    assert kept.find(RESULT.name, 0) is None


def test_outcomes_of_other_posts_are_not_mixed(tmp_path):
    cache(tmp_path, IDENTITY)
    with pytest.raises(SettingsError, match="with posts other than now; name another folder"):
        cache(tmp_path, IDENTITY | {"posts": "def"})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(SettingsError, match=r"run\.json cannot be read"):
        cache(tmp_path, IDENTITY)


def test_nothing_half_written_stays(tmp_path, monkeypatch):
    kept = cache(tmp_path, IDENTITY)
    monkeypatch.setattr(json, "dumps", lambda *args, **kwargs: "\ud800")  # cannot be written in UTF-8
    with pytest.raises(UnicodeEncodeError):
        kept.keep(RESULT, 0)
    assert list((tmp_path / "systems").iterdir()) == []
