"""The file of metrics, read back by a strict reader of the format (version 0.0.4)."""

import math
import os
import re
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hashtag_recommender.assembly.maintain.metrics import RefreshRun, check_metrics, write_metrics
from hashtag_recommender.core.errors import SettingsError

SUCCESS = "hashtag_refresh_last_success_timestamp_seconds"
EMBEDDED = "hashtag_index_embedded_total"
WELL = RefreshRun(
    finished_at=1_800_000_000.25,
    exit_code=0,
    seconds=12.5,
    posts=80,
    hashtags=61,
    size_bytes=1_234_567,
    embedded={"image": 70, "text": 80},
    gates={"posts left": 0.98},
)
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"\})? (\S+)')
PLAIN = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def read_exposition(text):
    """{(name, label or None): value}; every family once, its HELP and TYPE before its samples, no sample twice."""
    assert text.endswith("\n")
    samples, families, family = {}, set(), None
    lines = iter(text.removesuffix("\n").split("\n"))
    for line in lines:
        if helped := re.fullmatch(r"# HELP ([a-z_]+) [^\\]+", line):
            family = helped[1]
            assert family not in families
            families.add(family)
            kind = re.fullmatch(rf"# TYPE {family} (gauge|counter)", next(lines))
            assert kind and (kind[1] == "counter") == family.endswith("_total")
            continue
        name, label, escaped, value = SAMPLE.fullmatch(line).groups()
        assert name == family
        plain = None if escaped is None else re.sub(r"\\.", lambda found: PLAIN[found[0]], escaped)
        assert (label is None) == (plain is None)
        assert (name, plain) not in samples
        samples[name, plain] = float(value)
    return samples


@pytest.fixture
def written(tmp_path):
    def write(*runs):
        for run in runs:
            write_metrics(tmp_path / "hashtag.prom", run)
        return read_exposition((tmp_path / "hashtag.prom").read_text(encoding="utf-8"))

    return write


def test_a_run_that_ended_well(written):
    assert written(WELL) == {
        (SUCCESS, None): 1_800_000_000.25,
        ("hashtag_refresh_last_run_timestamp_seconds", None): 1_800_000_000.25,
        ("hashtag_refresh_exit_code", None): 0,
        ("hashtag_refresh_duration_seconds", None): 12.5,
        ("hashtag_index_posts", None): 80,
        ("hashtag_index_hashtags", None): 61,
        ("hashtag_index_size_bytes", None): 1_234_567,
        (EMBEDDED, "image"): 70,
        (EMBEDDED, "text"): 80,
        ("hashtag_refresh_gate", "posts left"): 0.98,
    }


@pytest.mark.parametrize("code", [2, 3, 4])
def test_the_last_success_outlives_failures(written, code):
    failed = RefreshRun(1_800_086_400.0, code, 3.0)
    samples = written(WELL, failed, failed)
    assert samples[SUCCESS, None] == WELL.finished_at
    assert samples["hashtag_refresh_last_run_timestamp_seconds", None] == 1_800_086_400
    assert samples["hashtag_refresh_exit_code", None] == code
    assert ("hashtag_index_posts", None) not in samples


def test_no_success_yet_is_0(written):
    assert written(RefreshRun(1_800_000_000.0, 3, 1.0))[SUCCESS, None] == 0


def test_what_was_embedded_is_counted_on(written):
    samples = written(WELL, RefreshRun(1_800_000_001.0, 0, 1.0, embedded={"text": 5, "words": 2}))
    assert {label: value for (name, label), value in samples.items() if name == EMBEDDED} == {
        "image": 70,
        "text": 85,
        "words": 2,
    }


@settings(max_examples=30, deadline=None)  # each writes two files through to the disk
@given(st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), st.integers(0, 2**40), max_size=4))
def test_any_label_is_read_back(tmp_path_factory, counts):
    path = tmp_path_factory.mktemp("metrics") / "hashtag.prom"
    for _ in range(2):
        write_metrics(path, RefreshRun(0.0, 0, 0.0, embedded=counts))
    samples = read_exposition(path.read_bytes().decode())
    assert {label: n for (name, label), n in samples.items() if name == EMBEDDED} == {
        k: 2 * n for k, n in counts.items()
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e-9, 1e300, -0.5])
def test_any_figure_is_read_back(written, value):
    read = written(RefreshRun(0.0, 0, 0.0, gates={"share": value}))["hashtag_refresh_gate", "share"]
    assert read == value or (math.isnan(read) and math.isnan(value))


def test_a_file_of_something_else_is_replaced(tmp_path, written):
    (tmp_path / "hashtag.prom").write_bytes(
        f"\xff\x00{SUCCESS} soon\n{SUCCESS} 1.2.3\n{EMBEDDED}{{a 5\n".encode("latin-1")
    )
    assert written(RefreshRun(7.0, 3, 1.0))[SUCCESS, None] == 0


def test_the_node_exporter_may_read_it_and_finds_it_whole(tmp_path, written):
    before = os.umask(0o077)
    try:
        written(WELL, WELL)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "hashtag.prom").stat().st_mode) == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["hashtag.prom"]


def test_a_file_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "folder.prom").mkdir()
    for name in ("hashtag.txt", "gone/hashtag.prom", "folder.prom"):
        with pytest.raises(SettingsError, match=rf"{name} .*; name another with --metrics"):
            check_metrics(tmp_path / name)
        with pytest.raises(SettingsError, match=name):
            write_metrics(tmp_path / name, WELL)
    (tmp_path / "hashtag.prom.tmp").mkdir()
    with pytest.raises(SettingsError, match="cannot be written"):
        write_metrics(tmp_path / "hashtag.prom", WELL)
