"""Outputs of clip-retrieval: vectors that nobody has to make again."""

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from hashtag_recommender.assembly import build_index, forget_author, plan_refresh, read_posts, refresh_index
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.refresh.precomputed import keep_precomputed
from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.post import caption_digest
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.db.database import open_database
from hashtag_recommender.index.snapshots.build import ChannelPlan
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.encoders.profiles import EncoderSpec

from ...crash.scenes import WordEncoder
from .conftest import answers, build, make_rows, serving, write_rows

POSTS = 300


@pytest.fixture
def made() -> np.ndarray:
    """What the encoder makes of the captions."""
    return WordEncoder().encode([text for _, text, _ in make_rows(POSTS)])


@pytest.fixture
def write_part(tmp_path):
    """Write one part of an output of `clip inference`; returns the folder of it all."""
    folder = tmp_path / "encoded"
    (folder / "metadata").mkdir(parents=True)
    (folder / "text_emb").mkdir()

    def write(number, rows, vectors):
        ids, texts, hashtags = zip(*rows, strict=True)
        table = pa.table({"id": ids, "caption": texts, "hashtags": hashtags})
        parquet.write_table(table, folder / f"metadata/metadata_{number}.parquet")
        np.save(folder / f"text_emb/text_emb_{number}.npy", vectors.astype(np.float16))
        return folder

    return write


def settings(home) -> Settings:
    return Home(Settings(home, encoders="compact"))


def build_counted(home, source):
    """The notes of a build, and how many captions were encoded for it, beside the names of the hashtags."""
    before = WordEncoder.encoded
    report = build_index(settings(home), read_posts(source))
    return " ".join(report.notes), WordEncoder.encoded - before - report.manifest.hashtags


def test_vectors_are_kept_and_answer_as_those_made_here(tmp_path, write_part, made):
    notes, encoded = build_counted(tmp_path / "home", write_part(0, make_rows(POSTS), made))
    assert "300 captions of" in notes and "of the index's own model" in notes
    assert encoded == 8
    build(tmp_path / "other", write_rows(tmp_path / "posts.csv", make_rows(POSTS)))
    near = [[tag for tag, _ in answer[:2]] for answer in answers(tmp_path / "home")]
    assert near == [[tag for tag, _ in answer[:2]] for answer in answers(tmp_path / "other")]


def test_vectors_of_another_model_are_not_kept(tmp_path, write_part, made):
    other = made[:, ::-1]
    notes, encoded = build_counted(tmp_path / "home", write_part(0, make_rows(POSTS), other))
    assert "300 captions of" in notes and "that are not those of words" in notes and "kept" not in notes
    assert encoded == 8 + POSTS


def test_vectors_of_another_width_are_not_looked_at(tmp_path, write_part, made):
    narrow = made[:, :8] / np.linalg.norm(made[:, :8], axis=1, keepdims=True)
    notes, encoded = build_counted(tmp_path / "home", write_part(0, make_rows(POSTS), narrow))
    assert "not those of words" in notes
    assert encoded == POSTS


def test_a_refresh_takes_the_vectors_of_a_new_part(tmp_path, write_part, made):
    rows = make_rows(POSTS)
    home = tmp_path / "home"
    build_counted(home, write_part(0, rows[:200], made[:200]))
    write_part(1, rows[200:], made[200:])
    before = WordEncoder.encoded
    assert "fewer photos and captions may be encoded" in plan_refresh(settings(home)).notes[0]
    report = refresh_index(settings(home))
    assert report.outcome == "published" and report.posts == POSTS
    assert WordEncoder.encoded - before == 8
    assert any("100 captions of" in note for note in report.notes)
    assert refresh_index(settings(home)).notes == []


def test_posts_of_forgotten_authors_leave_no_vector(tmp_path, write_part, made):
    home, (kept, forgotten) = tmp_path / "home", (make_rows(POSTS)[:250], make_rows(POSTS)[250:])
    folder = write_part(0, kept, made[:250])
    build_counted(home, folder)
    ids, texts, hashtags = zip(*forgotten, strict=True)
    table = pa.table({"id": ids, "caption": texts, "hashtags": hashtags, "author": ["mina"] * len(ids)})
    parquet.write_table(table, folder / "metadata/metadata_1.parquet")
    np.save(folder / "text_emb/text_emb_1.npy", made[250:].astype(np.float16))
    refresh_index(settings(home))
    forget_author(settings(home), "mina")
    write_part(2, [["new", "a zeppelin", "zeppelin"]], WordEncoder().encode(["a zeppelin"]))
    assert "1 caption of" in " ".join(refresh_index(settings(home)).notes)
    with settings(home).database(create=True) as database:
        digests = [str(caption_digest(text)) for text in texts]
        assert not database.posts.vectors_of(WordEncoder.fingerprint, digests)


def test_rows_without_a_vector_are_encoded(tmp_path, write_part, made):
    """So one that holds NaN spoils no other."""
    made = made.copy()
    made[[3, 7]] = np.nan
    notes, encoded = build_counted(tmp_path / "home", write_part(0, make_rows(POSTS), made))
    assert "298 captions of" in notes and "2 captions of" in notes
    assert encoded == 8 + 2


def test_a_refresh_is_refused_where_vectors_are_damaged(tmp_path, write_part, made):
    rows = make_rows(POSTS)
    home = tmp_path / "home"
    folder = write_part(0, rows[:200], made[:200])
    build_counted(home, folder)
    before = serving(home)
    write_part(1, rows[200:], made[201:])
    report = refresh_index(settings(home))
    assert report.outcome == "refused" and "99 vectors, its posts are 100" in str(report.reason)
    assert serving(home) == before and report.sources[0].ingested is None
    with pytest.raises(SourceError, match="run clip inference again"):
        build_index(settings(home), read_posts(folder))


@pytest.mark.parametrize("alike", [True, False])
def test_photos(tmp_path, demo, alike):
    """With the real encoder: vectors of photos, in half precision."""
    photos = sorted((demo / "photos").glob("*.jpg"))[:12]
    encoder = EfficientNetEncoder()
    vectors = encoder.encode([encoder.prepare(path) for path in photos])
    folder = tmp_path / "encoded"
    for name in ("metadata", "img_emb"):
        (folder / name).mkdir(parents=True)
    columns = {"image_path": [path.name for path in photos], "hashtags": ["cat"] * len(photos)}
    parquet.write_table(pa.table(columns), folder / "metadata/metadata_0.parquet")
    np.save(folder / "img_emb/img_emb_0.npy", (vectors if alike else vectors[::-1]).astype(np.float16))
    reader = read_posts(folder, images=photos[0].parent)
    with open_database(f"sqlite:///{tmp_path / 'archive.sqlite'}") as database:
        database.posts.ingest(reader.source, [entry for entry in reader.read()])
        plan = ChannelPlan(encoder, EncoderSpec("efficientnet-lite0").to_json())
        [note] = keep_precomputed(database.posts, reader, [plan])
        kept = list(database.posts.vectors(encoder.fingerprint, "image"))
    assert ("kept" in note) == alike
    if alike:
        found = np.concatenate([batch for _, batch in kept])
        assert len(found) == len(photos)
        assert (found * vectors).sum(axis=1).min() > 0.999
    else:
        assert not kept


def test_damaged_photos_are_told_by_the_encoder(tmp_path, demo):
    photos = sorted((demo / "photos").glob("*.jpg"))[:4]
    encoder = EfficientNetEncoder()
    vectors = encoder.encode([encoder.prepare(path) for path in photos])
    folder = tmp_path / "encoded"
    for name in ("metadata", "img_emb", "images"):
        (folder / name).mkdir(parents=True)
    for path in photos:
        (folder / "images" / path.name).write_bytes(path.read_bytes()[: 900 if path == photos[1] else None])
    columns = {"image_path": [path.name for path in photos], "hashtags": ["cat"] * len(photos)}
    parquet.write_table(pa.table(columns), folder / "metadata/metadata_0.parquet")
    np.save(folder / "img_emb/img_emb_0.npy", vectors.astype(np.float16))
    reader = read_posts(folder, images=folder / "images")
    with open_database(f"sqlite:///{tmp_path / 'archive.sqlite'}") as database:
        database.posts.ingest(reader.source, [entry for entry in reader.read()])
        plan = ChannelPlan(encoder, EncoderSpec("efficientnet-lite0").to_json())
        [note] = keep_precomputed(database.posts, reader, [plan])
        assert note.startswith("3 photos of")
        assert database.posts.count_without(encoder.fingerprint, "image") == 1
        assert keep_precomputed(database.posts, reader, [plan]) == [], "nothing is told of it every night"
