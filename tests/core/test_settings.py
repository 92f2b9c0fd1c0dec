import pytest

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.core.settings import Thresholds, resolve_settings


def test_thresholds_stand_in_the_file_and_the_environment_wins(tmp_path):
    assert resolve_settings(tmp_path, {}, {}).thresholds == Thresholds(0.05, 1 / 3, 0.02)
    (tmp_path / "hashtag.toml").write_text("relearn_after = 0.2\nmax_shrink = 1\n")
    environment = {"HASHTAG_MAX_SHRINK": "0.5", "HASHTAG_RECALL": "0.9", "HASHTAG_MEMORY": "4G"}
    resolved = resolve_settings(tmp_path, {}, environment)
    assert resolved.thresholds == Thresholds(0.2, 0.5, 0.02)
    assert (resolved.recall, resolved.memory_bytes) == (0.9, 4 * 10**9)
    assert resolve_settings(tmp_path, {"recall": "0.99", "memory": "1GiB"}, environment).recall == 0.99


@pytest.mark.parametrize("value", ["1.5", "-0.1", "much", "nan"])
def test_a_threshold_is_a_part(tmp_path, value):
    with pytest.raises(SettingsError, match=f"max_shrink is '{value}'; it must be a number from 0 to 1"):
        resolve_settings(tmp_path, {}, {"HASHTAG_MAX_SHRINK": value})


@pytest.mark.parametrize("line", ['max_shrink = "0.5"', "max_shrink = true", "max_shrink = 2", "max_shrunk = 0.5"])
def test_what_is_no_threshold_is_named(tmp_path, line):
    (tmp_path / "hashtag.toml").write_text(line)
    with pytest.raises(SettingsError, match="max_shr"):
        resolve_settings(tmp_path, {}, {})
