"""Write the sample archive of posts: ``python demo/archive.py FOLDER``.

The posts are listed in ``posts.csv`` beside this file. Their photos are the ones that the wheels of
scikit-image and scikit-learn carry, whole or cropped, so nothing is downloaded. The folder gets

* ``photos/001.jpg`` ... and ``posts.csv``: the archive (id, image, text, hashtags, posted_at);
* ``new/coffee.jpg`` ... and ``new/posts.csv``: new posts, held out of it (id, image, text, hashtags).

An ``image`` is a path relative to the folder of its ``posts.csv``. The archive appears whole or not at all,
and every run writes the same bytes.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

POSTS = Path(__file__).with_name("posts.csv")
PHOTOS = {"skimage": "data", "sklearn": "datasets/images"}  # package -> where its wheel keeps photos

Post = dict[str, str]


class DemoError(Exception):
    """A problem to show as one line."""


def read_posts(part: str) -> list[Post]:
    """Return the posts of one part of ``posts.csv``: ``archive`` or ``new``."""
    with POSTS.open(encoding="utf-8", newline="") as file:
        return [post for post in csv.DictReader(file) if post["part"] == part]


def find_photo(photo: str) -> Path:
    """Locate a photo such as ``skimage/coffee.png`` inside its wheel, without importing the package."""
    package, name = photo.split("/")
    spec = find_spec(package)
    for location in (spec and spec.submodule_search_locations) or ():
        path = Path(location, PHOTOS[package], name)
        if path.is_file():
            return path
    raise DemoError(f"photo {photo} not found; run: pip install scikit-image scikit-learn")


def cut(path: Path, crop: str) -> Image.Image:
    """Open a photo as RGB and cut out ``left,top,right,bottom`` (fractions of its size; empty: all of it)."""
    with Image.open(path) as file:
        image = file.convert("RGB")
    image.info.clear()  # no comment or profile of the original goes along
    if not crop:
        return image
    left, top, right, bottom = (float(edge) for edge in crop.split(","))
    width, height = image.size
    return image.crop((round(left * width), round(top * height), round(right * width), round(bottom * height)))


def write_posts(folder: Path, photos: str, posts: Iterable[Post], columns: list[str]) -> None:
    """Write ``folder/posts.csv`` with these columns, and each post's photo into ``folder/photos``."""
    (folder / photos).mkdir(parents=True, exist_ok=True)
    with (folder / "posts.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        table.writeheader()
        for post in posts:
            image = Path(photos, f"{post['id']}.jpg")
            cut(find_photo(post["photo"]), post["crop"]).save(folder / image, quality=90)
            table.writerow(post | {"image": image.as_posix()})


def holds(folder: Path, archive: Path) -> bool:
    """Tell whether ``folder`` already holds every file of ``archive``, byte for byte."""
    for path in archive.rglob("*"):
        twin = folder / path.relative_to(archive)
        if path.is_file() and not (twin.is_file() and twin.read_bytes() == path.read_bytes()):
            return False
    return True


def write_archive(folder: Path) -> None:
    """Write the archive and the new posts into ``folder``: new, empty, or written by an earlier run."""
    folder = folder.absolute()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as temporary:
        archive = Path(temporary, "archive")
        write_posts(archive, "photos", read_posts("archive"), ["id", "image", "text", "hashtags", "posted_at"])
        write_posts(archive / "new", "", read_posts("new"), ["id", "image", "text", "hashtags"])
        if holds(folder, archive):
            return
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        if folder.exists():
            raise DemoError(f"{folder} already holds something else; remove it or name another folder")
        archive.rename(folder)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the sample archive of posts.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder to write, new or empty")
    folder: Path = parser.parse_args().folder
    try:
        write_archive(folder)
    except (DemoError, OSError) as error:
        sys.exit(f"error: {error}")
    print(f"{folder}: {len(read_posts('archive'))} posts, and {len(read_posts('new'))} new ones in {folder / 'new'}")


if __name__ == "__main__":
    main()
