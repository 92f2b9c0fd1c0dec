"""Posts of a refresh that cannot be taken."""

import json

import numpy as np
from PIL import Image

from hashtag_recommender.assembly import refresh_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders import profiles
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.photos import read_photo
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec

from .conftest import make_rows, write_rows


class ColourEncoder:
    """Photos to their mean colour."""

    channel, modality, languages, batch_size = "image", "image", None, 8
    sparse, stored = False, True
    fingerprint = Fingerprint("colours", "none", "1", 3, "")

    def prepare(self, content):
        return np.asarray(read_photo(content, 8), dtype=np.float32).mean(axis=(0, 1))

    def encode(self, prepared):
        return unit_rows(np.stack(prepared))

    def release(self):
        pass


def test_a_photo_that_turns_out_to_be_damaged_is_told(hashtag, monkeypatch, tmp_path):
    monkeypatch.setattr(profiles, "_COMPACT", [EncoderSpec("image"), EncoderSpec("ngrams")])
    made = {"image": ColourEncoder, "ngrams": NgramEncoder}
    monkeypatch.setattr(profiles, "make_encoder", lambda spec, *_: made[spec.kind]())
    for name, colour in (("red", "#d00"), ("blue", "#00d")):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{name}.jpg")
    (tmp_path / "torn.jpg").write_bytes((tmp_path / "red.jpg").read_bytes()[:300])
    lines = ["id,image,text,hashtags", "1,red.jpg,a nap,cat", "2,blue.jpg,a lake,boat"]
    source, home = tmp_path / "posts.csv", tmp_path / "home"
    source.write_text("\n".join(lines), encoding="utf-8")
    assert hashtag("index", "build", source, "--home", home, "--encoders", "compact").code == 0
    source.write_text("\n".join([*lines, "3,torn.jpg,a pier,boat"]), encoding="utf-8")
    report = json.loads(hashtag("index", "refresh", "--home", home, "--json").out)
    told = report["sources"][0]
    assert (told["rejected"], told["incomplete"]) == (0, 1) and told["first_incomplete"].startswith("3: the photo is")
    assert "posts.csv,3," in (home / "rejects.csv").read_text(encoding="utf-8")
    assert refresh_index(Home(Settings(home))).sources[0].rejects.incomplete == 1, "nor is it forgotten the night after"
    other = write_rows(tmp_path / "other.csv", make_rows(3))
    assert hashtag("sources", "add", other, "--home", home).code == 0
    other.unlink()
    assert hashtag("index", "refresh", "--home", home).code == 3
    assert "posts.csv,3," in (home / "rejects.csv").read_text(encoding="utf-8"), "nor where another source fails"


def test_a_last_row_with_too_many_fields_is_whole_and_left_out(home, source, refresh):
    with source.open("a", encoding="utf-8") as file:
        file.write("61,one,comma,too many\n")
    code, report, _ = refresh()
    assert (code, report["sources"][0]["rejected"]) == (0, 1)


def test_rejects_go_when_their_rows_are_mended_or_their_source_leaves(hashtag, home, source, refresh, tmp_path):
    rejects = home / "rejects.csv"
    source.write_text(source.read_text(encoding="utf-8").rstrip().rpartition(",")[0], encoding="utf-8")
    assert refresh()[0] == 3 and rejects.exists()
    write_rows(source, make_rows(60))
    assert refresh()[0] == 0 and not rejects.exists()
    other = write_rows(tmp_path / "other.csv", [*make_rows(4, seed=4), ["5", "", ""]])
    assert hashtag("sources", "add", other, "--home", home).code == 0
    assert refresh()[0] == 0 and rejects.exists()
    assert hashtag("sources", "remove", other, "--home", home).code == 0
    assert refresh()[0] == 0 and not rejects.exists()
