"""One contract for every encoder: the compact ones for real, those of `clip` through tiny checkpoints."""

import json
import shutil
from hashlib import sha256

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from scipy import sparse

from hashtag_recommender.core.errors import PhotoError, WeightsError
from hashtag_recommender.core.pipeline import encode_stream
from hashtag_recommender.core.settings import Profile
from hashtag_recommender.retrieval.encoders import weights
from hashtag_recommender.retrieval.encoders.caching import CachingEncoder
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.encoders.ngrams import NgramEncoder
from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder
from hashtag_recommender.retrieval.encoders.profiles import (
    ClipModels,
    EncoderSpec,
    choose_encoders,
    gains_of_rebuilding,
    make_encoder,
)
from hashtag_recommender.retrieval.encoders.sentence import SentenceEncoder
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.runtimes.pytorch import TORCH

CAPTIONS = ["라떼 한 잔", "espresso", "a much longer caption about cats " * 40, "☕"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for i, size in enumerate([(64, 48), (300, 500), (31, 33), (640, 480)]):
        pixels = np.random.default_rng(i).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        paths.append(folder / f"{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(
    params=[
        "efficientnet",
        "open_clip folder",
        "open_clip checkpoint",
        "minilm",
        "sentence folder",
        "universal sentence",
        "ngrams",
        "remembering photos",
        "remembering ngrams",
    ]
)
def encoder_and_contents(request, photos, clip_folder, sentence_folder, tmp_path):
    if request.param == "efficientnet":
        return EfficientNetEncoder(), photos
    if request.param == "open_clip folder":
        return OpenClipEncoder(str(clip_folder), ""), photos
    if request.param == "open_clip checkpoint":
        open_clip.add_model_config(_registered(clip_folder, tmp_path))
        return OpenClipEncoder("tiny-test", str(clip_folder / "open_clip_model.safetensors")), photos
    if request.param == "minilm":
        return SentenceEncoder(weights.MINILM_WHEEL), CAPTIONS
    if request.param == "sentence folder":
        return SentenceEncoder(str(sentence_folder)), CAPTIONS
    if request.param == "universal sentence":
        return UniversalSentenceEncoder(), CAPTIONS
    if request.param == "remembering photos":
        return CachingEncoder(OpenClipEncoder(str(clip_folder), "")), photos
    if request.param == "remembering ngrams":
        return CachingEncoder(NgramEncoder()), CAPTIONS
    return NgramEncoder(), CAPTIONS


def _registered(clip_folder, folder):
    shutil.copy(clip_folder / "model_cfg.json", folder / "tiny-test.json")
    return folder


def dense(vectors):
    return vectors if isinstance(vectors, np.ndarray) else vectors.toarray()


def test_vectors_are_as_promised(encoder_and_contents):
    encoder, contents = encoder_and_contents
    vectors = encoder.encode([encoder.prepare(content) for content in contents])
    assert vectors.shape == (len(contents), encoder.fingerprint.dimension)
    assert vectors.dtype == np.float32
    assert sparse.issparse(vectors) == encoder.sparse
    if not encoder.sparse:
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_one_alone_gets_the_vector_it_gets_in_a_batch(encoder_and_contents):
    encoder, contents = encoder_and_contents
    together = dense(encoder.encode([encoder.prepare(content) for content in contents]))
    for i, content in enumerate(contents):
        np.testing.assert_allclose(dense(encoder.encode([encoder.prepare(content)]))[0], together[i], atol=1e-4)


def test_the_pipeline_yields_the_same_in_order(encoder_and_contents):
    encoder, contents = encoder_and_contents
    together = dense(encoder.encode([encoder.prepare(content) for content in contents]))
    streamed = list(encode_stream(encoder, enumerate(contents)))
    assert [key for batch in streamed for key in batch.keys] == list(range(len(contents)))
    np.testing.assert_allclose(np.concatenate([dense(batch.vectors) for batch in streamed]), together, atol=1e-4)


def test_fingerprints_tell_encoders_apart_and_never_change(encoder_and_contents):
    encoder, _ = encoder_and_contents
    assert encoder.fingerprint == encoder.fingerprint
    assert encoder.fingerprint.digest != NgramEncoder().fingerprint.digest or encoder.channel == "lexical"
    assert all(str(part) for part in (encoder.fingerprint.revision, encoder.fingerprint.preprocessing))


def test_another_checkpoint_has_another_fingerprint(clip_folder, tmp_path):
    open_clip.add_model_config(_registered(clip_folder, tmp_path))
    whole = clip_folder / "open_clip_model.safetensors"
    state = {name: tensor + 1 for name, tensor in load_file(str(whole)).items()}
    save_file(state, str(tmp_path / "other.safetensors"))
    one, other = (OpenClipEncoder("tiny-test", str(path)) for path in (whole, tmp_path / "other.safetensors"))
    assert one.fingerprint.revision != other.fingerprint.revision


def test_letting_go_of_the_weights_changes_nothing(encoder_and_contents):
    encoder, contents = encoder_and_contents
    prepared = [encoder.prepare(content) for content in contents]
    before = dense(encoder.encode(prepared))
    encoder.release()
    np.testing.assert_allclose(dense(encoder.encode(prepared)), before, atol=1e-6)


def test_no_file_name_reaches_an_encoder(photos, tmp_path):
    encoder = EfficientNetEncoder()
    twin = tmp_path / "cat_cat_cat.png"
    twin.write_bytes(photos[0].read_bytes())
    assert (encoder.prepare(twin) == encoder.prepare(photos[0])).all()


def test_photos_that_are_none_are_refused_by_every_image_encoder(clip_folder):
    for encoder in (EfficientNetEncoder(), OpenClipEncoder(str(clip_folder), "")):
        with pytest.raises(PhotoError, match="not a photo"):
            encoder.prepare(b"no photo")
        [batch] = encode_stream(encoder, [("bad", b"no photo")])
        assert (batch.keys, batch.vectors, batch.failures[0][0]) == ([], None, "bad")


def test_ngrams_see_through_case_and_unicode_forms():
    encoder = NgramEncoder()
    one, other = (encoder.encode([encoder.prepare(text)]) for text in ("ＣＡＦÉ 카페", "café 카페"))
    assert (one != other).nnz == 0


def test_weights_that_are_not_here_are_asked_for_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    for find in (
        lambda: SentenceEncoder("paraphrase-multilingual-MiniLM-L12-v2"),
        lambda: OpenClipEncoder("ViT-B-16-SigLIP2", "webli"),
    ):
        with pytest.raises(WeightsError, match="hashtag models pull clip"):
            find()
    with pytest.raises(WeightsError, match="it has webli"):
        OpenClipEncoder("ViT-B-16-SigLIP2", "no-such-tag")
    with pytest.raises(WeightsError, match="knows no model"):
        OpenClipEncoder("no-such-model", "webli")
    with pytest.raises(WeightsError, match="no open_clip model folder"):
        OpenClipEncoder(str(tmp_path), "")
    with pytest.raises(WeightsError, match="no complete sentence-transformers model"):
        SentenceEncoder(str(tmp_path))


def test_damaged_weights_are_refused_not_replaced_by_random_ones(clip_folder, tmp_path, photos):
    for name in ("open_clip_config.json", "open_clip_model.safetensors"):
        (tmp_path / name).write_bytes((clip_folder / name).read_bytes())
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"damaged")
    encoder = OpenClipEncoder(str(tmp_path), "")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        encoder.encode([encoder.prepare(photos[0])])
    (tmp_path / "open_clip_model.safetensors").unlink()
    encoder = OpenClipEncoder(str(tmp_path), "")
    with pytest.raises(WeightsError, match="cannot be loaded"):
        encoder.encode([encoder.prepare(photos[0])])


def test_a_pickle_that_would_run_code_is_refused(clip_folder, tmp_path, photos):
    class Evil:
        def __reduce__(self):
            return (print, ("code from a checkpoint ran",))

    open_clip.add_model_config(_registered(clip_folder, tmp_path))
    torch.save({"state_dict": {"visual.proj": Evil()}}, tmp_path / "evil.pt")
    encoder = OpenClipEncoder("tiny-test", str(tmp_path / "evil.pt"))
    with pytest.raises(WeightsError, match="cannot be loaded"):
        encoder.encode([encoder.prepare(photos[0])])


def test_auto_is_clip_where_its_weights_are_and_says_so_where_not(clip_folder, sentence_folder):
    specs, notes = choose_encoders(Profile.auto, ClipModels())
    assert [spec.kind for spec in specs] == ["efficientnet-lite0", "sentence", "universal-sentence-encoder", "ngrams"]
    assert len(notes) == 1 and "hashtag models pull clip" in notes[0]
    here = ClipModels(str(clip_folder), "", str(sentence_folder))
    specs, notes = choose_encoders(Profile.auto, here)
    assert ([spec.kind for spec in specs], notes) == (["open_clip", "open_clip_text", "sentence", "ngrams"], [])
    with pytest.raises(WeightsError):
        choose_encoders(Profile.clip, ClipModels())
    with pytest.raises(WeightsError):  # named models that are missing are never swapped for others
        choose_encoders(Profile.auto, ClipModels(sentence_model="no-such-model"))


def test_specs_make_the_same_encoder_again(clip_folder):
    spec = EncoderSpec("open_clip", str(clip_folder))
    again = make_encoder(EncoderSpec.from_json(json.loads(json.dumps(spec.to_json()))), TORCH)
    assert again.fingerprint == make_encoder(spec, TORCH).fingerprint


@pytest.mark.parametrize("profile", ["compact", "clip"])
def test_an_index_built_now_has_nothing_to_gain(profile, clip_folder, sentence_folder):
    specs, _ = choose_encoders(profile, ClipModels(str(clip_folder), "", str(sentence_folder)))
    kinds = {spec.kind for spec in specs}
    assert gains_of_rebuilding(kinds) == []
    [gain] = gains_of_rebuilding(kinds - {"universal-sentence-encoder", "open_clip_text"})
    assert "captions" in gain


def test_weights_in_the_hub_cache_are_found_with_their_revision(clip_folder, sentence_folder, tmp_path, monkeypatch):
    """A cache laid out as the hub's own client does it."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    with_tokenizer = shutil.copytree(clip_folder, tmp_path / "clip")
    for repository, files in [
        ("timm--ViT-B-16-SigLIP2", with_tokenizer),
        ("sentence-transformers--paraphrase-multilingual-MiniLM-L12-v2", sentence_folder),
    ]:
        folder = tmp_path / f"models--{repository}"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text(commit)
        (folder / "snapshots").mkdir()
        (folder / "snapshots" / commit).symlink_to(files)
    assert weights.find_open_clip_weights("ViT-B-16-SigLIP2", "webli").revision == commit
    found = SentenceEncoder("paraphrase-multilingual-MiniLM-L12-v2")
    assert found.fingerprint.revision == commit
    [note] = choose_encoders(Profile.auto, ClipModels())[1]
    assert "holds no tokenizer, which its model takes from timm/ViT-B-16-SigLIP2; `hf download" in note
    (with_tokenizer / "tokenizer.json").write_text("{}")
    specs, notes = choose_encoders(Profile.auto, ClipModels())
    assert "open_clip_text" in {spec.kind for spec in specs} and not notes


def test_what_is_remembered_is_not_encoded_again(photos):
    class Counting(NgramEncoder):
        encoded = 0

        def encode(self, prepared):
            self.encoded += len(prepared)
            return super().encode(prepared)

    counting = Counting()
    first = CachingEncoder(counting)
    vectors = first.encode([first.prepare(caption) for caption in [*CAPTIONS, CAPTIONS[0]]])
    assert counting.encoded == len(CAPTIONS)
    digest = first.prepare(CAPTIONS[0])[0]
    second = CachingEncoder(counting, {digest: vectors[:1]})
    again = second.encode([second.prepare(CAPTIONS[0])])
    assert counting.encoded == len(CAPTIONS) and (again != vectors[:1]).nnz == 0


def test_a_photo_is_known_by_what_it_holds(photos, tmp_path):
    copy = tmp_path / "copy.png"
    shutil.copy(photos[0], copy)
    encoder = CachingEncoder(EfficientNetEncoder())
    digests = {encoder.prepare(content)[0] for content in (photos[0], copy, copy.read_bytes())}
    assert digests == {sha256(copy.read_bytes()).hexdigest()}
    with pytest.raises(PhotoError, match="cannot be read"):
        encoder.prepare(tmp_path / "none.png")
