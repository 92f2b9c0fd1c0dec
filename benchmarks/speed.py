"""How long a suggestion takes: cold, as a whole process, and warm; and what encoders take on ONNX Runtime and PyTorch.

    .venv/bin/python benchmarks/speed.py [--before FOLDER/.venv/bin/hashtag] [--rounds 9] [--photos FOLDER]

--before: the command of an earlier release in an environment of its own, to be compared with. --photos: JPEGs for a
build of 2,000 photos (all of them, over and over). Everything that is compared runs in turn, in one run; all but the
build on the sample archive.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from build_cost import HASHTAG, run

from hashtag_recommender import open_recommender
from hashtag_recommender.assembly import Home
from hashtag_recommender.core.pipeline import encode_stream
from hashtag_recommender.core.protocols import Encoder
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.snapshots.snapshot import current_snapshot
from hashtag_recommender.retrieval.encoders.efficientnet import EfficientNetEncoder
from hashtag_recommender.retrieval.encoders.profiles import query_runtime
from hashtag_recommender.retrieval.encoders.sentence import SentenceEncoder
from hashtag_recommender.retrieval.encoders.universal_sentence import UniversalSentenceEncoder
from hashtag_recommender.retrieval.encoders.weights import MINILM_WHEEL
from hashtag_recommender.retrieval.runtimes.pytorch import TORCH
from hashtag_recommender.retrieval.runtimes.tokenization import read_tokenizer

ARCHIVE = Path(__file__).parents[1] / "demo" / "archive.py"
TEXT = "오랜만에 단골 카페, espresso 한 잔의 여유"

# What nobody can do without: decode the photo, run the same three models, search the same three FAISS files.
BARE = """
import sys
from pathlib import Path
import faiss, numpy as np, onnxruntime
from PIL import Image
from tokenizers import Tokenizer

photo, text, ids, *folders = sys.argv[1:]  # ids: of the caption's pieces, for whose vocabulary there is no library
image_model, sentence_model, multilingual_model, image_index, sentence_index, multilingual_index = folders

def session(folder):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])

def search(folder, vector):
    vector = vector / np.linalg.norm(vector)
    return faiss.read_index(f"{folder}/vectors.faiss").search(vector.astype(np.float32), 100)

image = Image.open(photo)
image.draft("RGB", (448, 448))
pixels = np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BICUBIC)).transpose(2, 0, 1)[None]
print(search(image_index, session(image_model).run(None, {"pixels": pixels})[0])[1][0][:5])
if text:
    tokens = Tokenizer.from_file(f"{sentence_model}/tokenizer.json").encode(text)
    inputs = {"input_ids": tokens.ids, "attention_mask": tokens.attention_mask, "token_type_ids": tokens.type_ids}
    inputs = {name: np.asarray([values], dtype=np.int64) for name, values in inputs.items()}
    print(search(sentence_index, session(sentence_model).run(None, inputs)[0])[1][0][:5])
    pieces = np.asarray([ids.split()], dtype=np.int64)
    inputs = {"input_ids": pieces, "attention_mask": np.ones_like(pieces)}
    print(search(multilingual_index, session(multilingual_model).run(None, inputs)[0])[1][0][:5])
"""
DENSE = ("image", "sentence", "multilingual")


def build(command: Path, posts: Path, home: Path) -> Path:
    """A home that a release has built."""
    run(command, "index", "build", posts, "--home", home, "--encoders", "compact")
    return home


def compare_cold(archive: Path, folder: Path, before: Path | None, rounds: int) -> Path:
    """Print what a suggestion takes as a whole process; returns the home."""
    posts, photo = archive / "posts.csv", archive / "new" / "coffee.jpg"
    home = build(HASHTAG, posts, folder / "home")
    records = {record.channel: record for record in current_snapshot(home).manifest.channels}
    exported = Settings(home).cache_folder / "exported-models"
    models = [exported / records[channel].fingerprint.digest for channel in DENSE]
    indexes = [current_snapshot(home).folder / channel for channel in DENSE]
    ids = " ".join(map(str, read_tokenizer(models[-1]).tokenize([TEXT])["input_ids"][0]))
    commands: dict[str, list[object]] = {
        "photo and caption": [HASHTAG, "suggest", photo, "--text", TEXT, "--home", home],
        "caption alone": [HASHTAG, "suggest", "--text", TEXT, "--home", home],
        "a bare script, both": [sys.executable, "-c", BARE, photo, TEXT, ids, *models, *indexes],
    }
    if before:
        earlier = build(before, posts, folder / "before")
        commands["the release before, both"] = [before, "suggest", photo, "--text", TEXT, "--home", earlier]
    took: dict[str, list[float]] = {name: [] for name in commands}
    peak = dict.fromkeys(commands, 0.0)
    for number in range(rounds + 1):
        for name, command in commands.items():
            seconds, memory = run(*command)
            if number:  # the first reads files into the system's cache
                took[name].append(seconds)
                peak[name] = max(peak[name], memory)
    print(f"cold, whole processes, median of {rounds}")
    for name, seconds_of in took.items():
        ratio = statistics.median(a / b for a, b in zip(took["photo and caption"], seconds_of, strict=True))
        print(f"  {name:26} {statistics.median(seconds_of):6.2f} s {peak[name]:6.0f} MB   ours / this: {ratio:.3f}")
    return home


def p50(function: Callable[[], object], n: int = 60) -> float:
    """Milliseconds."""
    took = []
    for _ in range(n + 5):
        started = time.perf_counter()
        function()
        took.append(time.perf_counter() - started)
    return statistics.median(took[5:]) * 1000


def spin() -> None:
    """Keep a core busy."""
    while True:
        pass


def compare_warm(home: Path, photo: Path) -> None:
    """Print what a suggestion takes in one process, idle and beside a process that keeps all cores busy."""
    with Home(Settings(home)) as opened, open_recommender(home) as recommender:
        encoders = [opened.encoder(record) for record in current_snapshot(home).manifest.channels]

        def encode() -> None:
            for encoder in encoders:
                encoder.encode([encoder.prepare(photo if encoder.modality == "image" else TEXT)])

        def suggest() -> object:
            return recommender.suggest(photo, TEXT)

        alone, idle = p50(encode), p50(suggest)
        others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(os.cpu_count() or 1)]
        for other in others:
            other.start()
        busy = p50(suggest)
        for other in others:
            other.kill()
    print("warm, one process, photo and caption, p50")
    print(f"  encoders alone {alone:.1f} ms, suggestion {idle:.1f} ms, on a busy machine {busy:.1f} ms")
    print(f"  beside the encoders {idle - alone:.1f} ms, busy / idle {busy / idle:.2f}")


def compare_encoders(photos: Sequence[Path], captions: Sequence[str], cache: Path, rounds: int) -> None:
    """Print what ONNX Runtime and PyTorch take for the same contents, in turn."""
    onnx = query_runtime(cache)
    pairs: list[tuple[str, Encoder[Any], Encoder[Any], Sequence[Any]]] = [
        ("EfficientNet-Lite0", EfficientNetEncoder(onnx), EfficientNetEncoder(TORCH), photos),
        ("MiniLM", SentenceEncoder(MINILM_WHEEL, onnx), SentenceEncoder(MINILM_WHEEL, TORCH), captions),
        ("USE", UniversalSentenceEncoder(onnx), UniversalSentenceEncoder(TORCH), captions),
    ]
    print("encoders, PyTorch / ONNX Runtime, median of rounds in turn")
    for name, ours, theirs, contents in pairs:
        prepared = [ours.prepare(content) for content in contents]
        for n in (1, len(prepared)):
            ratios = []
            for number in range(rounds + 1):
                took = []
                for encoder in (theirs, ours):
                    repeated = max(1, 16 // n)
                    started = time.perf_counter()
                    for _ in range(repeated):
                        encoder.encode(prepared[:n])
                    took.append(time.perf_counter() - started)
                if number:
                    ratios.append(took[0] / took[1])
            print(f"  {name:20} {n:3} at once: {statistics.median(ratios):.2f}")
        cosines = np.sum(ours.encode(prepared) * theirs.encode(prepared), axis=1)
        print(f"  {name:20} least cosine between both: {cosines.min():.6f}")


def compare_build(photos: Sequence[Path], folder: Path, cache: Path, before: Path | None) -> None:
    """Print what decoding alone, encoding alone and both together take, and whole builds of both releases."""
    encoder = EfficientNetEncoder(query_runtime(cache))
    encoder.encode([encoder.prepare(photos[0])])
    print(f"{len(photos)} photos, all cores")
    for _ in range(2):
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            started = time.perf_counter()
            prepared = list(pool.map(encoder.prepare, photos))
            decoding = time.perf_counter() - started
        started = time.perf_counter()
        for start in range(0, len(prepared), encoder.batch_size):
            encoder.encode(prepared[start : start + encoder.batch_size])
        encoding = time.perf_counter() - started
        started = time.perf_counter()
        for _ in encode_stream(encoder, enumerate(photos)):
            pass
        both = time.perf_counter() - started
        ratio = both / max(decoding, encoding)
        print(f"  decoding {decoding:.1f} s, encoding {encoding:.1f} s, both {both:.1f} s, {ratio:.2f} of the slower")
    rows = [f"{i},{photo},a photo of day {i},day{i % 50}" for i, photo in enumerate(write_photos(photos, folder))]
    (folder / "photos.csv").write_text("\n".join(["id,image,text,hashtags", *rows]), encoding="utf-8")
    took = {}
    for name, command in (("now", HASHTAG), ("before", before)):
        if command:
            home = folder / f"photos-{name}"
            options = "--images", folder, "--home", home, "--encoders", "compact"
            took[name], memory = run(command, "index", "build", folder / "photos.csv", *options)
            print(f"  whole build, {name}: {took[name]:.1f} s, {memory:.0f} MB")
    if before:
        print(f"  before / now: {took['before'] / took['now']:.2f}")


def write_photos(photos: Sequence[Path], folder: Path) -> list[str]:
    """Copies that differ in a comment, since equal photos are encoded once."""
    names = []
    for i, photo in enumerate(photos):
        content = photo.read_bytes()
        comment = str(i).encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment
        names.append(f"{i}.jpg")
        (folder / names[-1]).write_bytes(content[:2] + segment + content[2:])
    return names


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--before", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--photos", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        archive = folder / "archive"
        run(sys.executable, ARCHIVE, archive)
        home = compare_cold(archive, folder, arguments.before, arguments.rounds)
        compare_warm(home, archive / "new" / "coffee.jpg")
        photos = sorted((archive / "photos").glob("*.jpg"))[:64]
        captions = [post.caption for post in _captions(archive)]
        cache = Settings(home).cache_folder
        compare_encoders(photos, captions[:64], cache, arguments.rounds)
        if arguments.photos:
            found = sorted(arguments.photos.glob("*.jpg"))
            compare_build([*islice(cycle(found), 2000)], folder, cache, arguments.before)


def _captions(archive: Path) -> list[Any]:
    from hashtag_recommender.assembly import read_posts
    from hashtag_recommender.core.post import Post

    return [entry for entry in read_posts(archive / "posts.csv").read() if isinstance(entry, Post)]


if __name__ == "__main__":
    main()
