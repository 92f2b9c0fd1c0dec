"""One contract for every backbone: EfficientNet for real, others through tiny checkpoints of random weights."""

import shutil

import numpy as np
import open_clip
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from hashtag_recommender.core.errors import PhotoError, SettingsError, WeightsError
from hashtag_recommender.core.pipeline import encode_stream
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.encoders.backbones import make_backbone
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder

SHAPES = {  # pooled, and grid
    "efficientnet-lite0": ((1280,), (49, 1280)),
    "timm of maps": ((512,), (36, 512)),
    "timm of maps, channels last": ((768,), (49, 768)),
    "timm of tokens": ((192,), (196, 192)),
    "open_clip folder": ((16,), (4, 32)),
    "open_clip checkpoint": ((16,), (4, 32)),
}
TIMM = {
    "timm of maps": "resnet10t",
    "timm of maps, channels last": "swin_tiny_patch4_window7_224",
    "timm of tokens": "vit_tiny_patch16_224",
}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    """By model a checkpoint file of random weights."""
    folder = tmp_path_factory.mktemp("timm")
    paths = {}
    for model in TIMM.values():
        torch.manual_seed(0)
        state = timm.create_model(model, pretrained=False).state_dict()
        paths[model] = folder / f"{model}.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, str(paths[model]))
    return paths


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    paths = []
    for i, size in enumerate([(64, 48), (300, 250), (33, 35)]):
        pixels = np.random.default_rng(i).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
        paths.append(folder / f"{i}.png")
        Image.fromarray(pixels).save(paths[-1])
    return paths


@pytest.fixture(params=SHAPES)
def backbone_and_shapes(request, checkpoints, clip_folder, tmp_path):
    if request.param in TIMM:
        model = TIMM[request.param]
        name = f"timm:{model}/{checkpoints[model]}"
    elif request.param == "open_clip folder":
        name = f"open_clip:{clip_folder}"
    elif request.param == "open_clip checkpoint":
        shutil.copy(clip_folder / "model_cfg.json", tmp_path / "tiny-test.json")
        open_clip.add_model_config(tmp_path)
        name = f"open_clip:tiny-test/{clip_folder / 'open_clip_model.safetensors'}"
    else:
        name = request.param
    return make_backbone(name), SHAPES[request.param]


def test_features_are_as_promised_alone_and_in_a_batch(backbone_and_shapes, photos):
    backbone, (pooled, grid) = backbone_and_shapes
    together = backbone.encode([backbone.prepare(photo) for photo in photos])
    assert (together.pooled.shape, together.grid.shape) == ((3, *pooled), (3, *grid))
    assert together.pooled.dtype == together.grid.dtype == np.float32
    assert all(np.isfinite(part).all() for part in together)
    [batch] = encode_stream(backbone, enumerate([photos[1], b"no photo"]))
    assert batch.keys == [0] and "not a photo" in batch.failures[0][1]
    scale = float(max(1, np.abs(together.grid).max()))
    assert batch.vectors.pooled[0] == pytest.approx(together.pooled[1], abs=1e-4 * scale)
    assert batch.vectors.grid[0] == pytest.approx(together.grid[1], abs=1e-4 * scale)


def test_photos_are_told_apart(backbone_and_shapes, photos):
    backbone, _ = backbone_and_shapes
    for features in backbone.encode([backbone.prepare(photo) for photo in photos]):
        assert not np.allclose(features[0], features[1], atol=1e-3 * np.abs(features).max())


def test_fingerprints_are_known_and_letting_go_changes_nothing(backbone_and_shapes, photos):
    backbone, (pooled, _) = backbone_and_shapes
    assert backbone.fingerprint == backbone.fingerprint
    assert backbone.fingerprint.dimension == pooled[0]
    prepared = [backbone.prepare(photos[0])]
    before = backbone.encode(prepared).pooled
    backbone.release()
    assert backbone.encode(prepared).pooled == pytest.approx(before, abs=1e-5)


def test_pooled_is_what_the_product_looks_at(clip_folder, photos):
    for name, encoder in (
        ("efficientnet-lite0", EfficientNetEncoder()),
        (f"open_clip:{clip_folder}", OpenClipEncoder(str(clip_folder), "")),
    ):
        backbone = make_backbone(name)
        prepared = [encoder.prepare(photo) for photo in photos]
        assert unit_rows(backbone.encode(prepared).pooled) == pytest.approx(encoder.encode(prepared), abs=1e-5)
        assert backbone.fingerprint.digest != encoder.fingerprint.digest


def test_the_mean_of_the_cells_is_what_a_convolutional_network_pools(checkpoints, photos):
    for name in ("efficientnet-lite0", f"timm:resnet10t/{checkpoints['resnet10t']}"):
        backbone = make_backbone(name)
        features = backbone.encode([backbone.prepare(photo) for photo in photos])
        assert features.grid.mean(axis=1) == pytest.approx(features.pooled, abs=1e-3 * float(features.pooled.max()))


def test_another_checkpoint_has_another_fingerprint(checkpoints, tmp_path):
    state = timm.create_model("resnet10t", pretrained=False).state_dict()
    torch.save({name: tensor + 1 for name, tensor in state.items()}, tmp_path / "resnet10t.pt")
    one, other = (
        make_backbone(f"timm:resnet10t/{path}") for path in (checkpoints["resnet10t"], tmp_path / "resnet10t.pt")
    )
    assert one.fingerprint.revision != other.fingerprint.revision


@pytest.mark.parametrize("name", ["", "vgg16", "timm:", "open_clip:", "other:model"])
def test_other_names_are_refused(name):
    with pytest.raises(SettingsError, match="known are efficientnet-lite0, timm:MODEL"):
        make_backbone(name)


@pytest.mark.parametrize(
    ("name", "what_to_do"),
    [
        ("timm:resnext101_32x8d.fb_wsl_ig1b_ft_in1k", "hf download timm/resnext101_32x8d.fb_wsl_ig1b_ft_in1k"),
        ("open_clip:ViT-B-16-SigLIP2/webli", "hf download timm/ViT-B-16-SigLIP2"),
        ("timm:no_such_model", "timm knows no model 'no_such_model'"),
        ("timm:resnet10t.no_such_tag", "no_such_tag"),
        ("timm:resnet10t/no/such/file", "there is no checkpoint file no/such/file"),
        ("open_clip:no-such-model/webli", "open_clip knows no model"),
    ],
)
def test_weights_that_are_not_here_are_asked_for_not_fetched(name, what_to_do, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=what_to_do):
        make_backbone(name)


def test_weights_in_the_hub_cache_are_found_with_their_revision(checkpoints, tmp_path, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    commit = "0123456789abcdef0123456789abcdef01234567"
    folder = tmp_path / "models--timm--resnet10t.c3_in1k"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit)
    (folder / "snapshots" / commit).mkdir(parents=True)
    shutil.copy(checkpoints["resnet10t"], folder / "snapshots" / commit / "model.safetensors")
    assert make_backbone("timm:resnet10t.c3_in1k").fingerprint.revision == commit


def test_damaged_and_foreign_weights_are_refused(checkpoints, tmp_path, photos):
    class Evil:
        def __reduce__(self):
            return (print, ("code from a checkpoint ran",))

    torch.save({"state_dict": {"fc.bias": Evil()}}, tmp_path / "evil.pt")
    (tmp_path / "damaged.safetensors").write_bytes(b"damaged")
    for path in (tmp_path / "evil.pt", tmp_path / "damaged.safetensors", checkpoints["vit_tiny_patch16_224"]):
        backbone = make_backbone(f"timm:resnet10t/{path}")
        with pytest.raises(WeightsError, match="cannot be loaded as resnet10t"):
            backbone.encode([backbone.prepare(photos[0])])
    with pytest.raises(PhotoError, match="not a photo"):
        backbone.prepare(b"no photo")
