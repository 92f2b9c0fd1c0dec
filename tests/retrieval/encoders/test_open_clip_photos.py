"""Photos are prepared exactly as open_clip prepares them."""

from dataclasses import asdict

import numpy as np
import pytest
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image

from hashtag_recommender.retrieval.encoders.open_clip_photos import prepare_photo, size_of


@pytest.mark.parametrize("resize_mode", ["shortest", "longest", "squash"])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear", "random"])
@pytest.mark.parametrize("size", [32, (24, 40), (40, 24)])
def test_arrays_are_those_of_open_clip(resize_mode, interpolation, size):
    config = PreprocessCfg(
        size=size, resize_mode=resize_mode, interpolation=interpolation, fill_color=7, std=(0.2, 0.3, 0.4)
    )
    theirs = image_transform_v2(config, is_train=False)
    for seed, (width, height) in enumerate([(64, 48), (31, 77), (33, 33), (32, 32), (200, 20), (9, 11)]):
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        photo = Image.fromarray(pixels)
        ours = prepare_photo(photo, asdict(config))
        assert ours.dtype == np.float32 and ours.shape == (3, *size_of(asdict(config)))
        np.testing.assert_allclose(ours, theirs(photo).numpy(), atol=1e-6)


def test_one_number_stands_for_three_channels():
    config = asdict(PreprocessCfg(size=8)) | {"mean": 0.5, "std": 0.5}
    assert prepare_photo(Image.new("RGB", (8, 8), "white"), config) == pytest.approx(np.ones((3, 8, 8)))
