"""Models exported to ONNX, kept in a folder that all homes of a user share.

A model has a folder named by the digest of its encoder's fingerprint. `export.json` is written last; it names the files
and their sizes, or says why the model cannot be exported.
"""

import json
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ...core import durable
from ...core.errors import describe
from ...core.protocols import Fingerprint
from ...core.vectors import Vectors, unit_rows

_log = logging.getLogger(__name__)

FORMAT = 1  # of the exported files; those of another format are exported again
RECORD = "export.json"
MODEL = "model.onnx"
SAMPLE = "sample.npy"  # what a photo model was given
VECTORS = "vectors.npy"  # what PyTorch computed of that, or of SAMPLE_CAPTION
SAMPLE_CAPTION = "오랜만에 단골 카페, 한 잔의 여유 and the smell of coffee ☕"
LEAST_COSINE = 0.999

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_RETRIED_AFTER = 86_400.0  # seconds: that an export failed may have had a passing reason
_UNFINISHED = ".new-"  # how the names of folders begin that are being written
_GIVEN_UP_AFTER = 86_400.0  # seconds
_EXPORTERS = ("torch", "onnxruntime")


class ExportError(Exception):
    """A model cannot be exported, or the exported one computes something else; the message is the reason."""


class DamagedExportError(Exception):
    """An exported model that cannot be read; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is known of an exported model.

    files: the size of each, bytes. cosine: the least between a vector of PyTorch and one of ONNX Runtime on the samples
    that were compared. failed: why it could not be exported, with which versions, and when (Unix time); "" if it could.
    """

    files: dict[str, int]
    cosine: float | None
    failed: str
    versions: dict[str, str]
    tried: float

    @property
    def is_final(self) -> bool:
        """Whether nothing would change by exporting again now."""
        recent = 0 <= time.time() - self.tried < _RETRIED_AFTER
        return not self.failed or (recent and self.versions == _versions())


class ExportedModels:
    """The folder of exported models. folder: is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def holds(self, fingerprint: Fingerprint) -> bool:
        """Whether a model is exported, and its files are as they were written."""
        known = self._known(fingerprint, self._folder / fingerprint.digest)
        return known is not None and not known.failed

    def find(self, fingerprint: Fingerprint, export: Callable[[Path], float]) -> Path | None:
        """The folder of a model's files, exported now if they are not there.

        export: writes the files into a folder and returns the least cosine with PyTorch's vectors; raises ExportError
        if it cannot, and what loading the weights raises. Returns None, after a warning, if the model has to run on
        PyTorch: it cannot be exported, or the folder cannot be written.
        """
        folder = self._folder / fingerprint.digest
        known = self._known(fingerprint, folder)
        if known is None:
            return self._export(fingerprint, folder, export)
        if known.failed:
            _log.warning(
                "%s runs on PyTorch, which takes longer: %s; to try again, delete %s", fingerprint, known.failed, folder
            )
            return None
        return folder

    def discard(self, fingerprint: Fingerprint, reason: str) -> None:
        """Delete a model's files, which cannot be read, so that they are exported again."""
        _log.warning("the exported model of %s is damaged (%s); it is exported again", fingerprint, reason)
        shutil.rmtree(self._folder / fingerprint.digest, ignore_errors=True)

    def _known(self, fingerprint: Fingerprint, folder: Path) -> Export | None:
        """What was exported, or failed with the versions that are installed; None if it is to be exported."""
        try:
            written = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            if written.pop("format", None) != FORMAT:
                return None
            known = Export(**written)
            final = known.is_final
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError, TypeError, AttributeError):
            self.discard(fingerprint, f"{RECORD} cannot be read")
            return None
        try:
            sizes = {name: (folder / name).stat().st_size for name in known.files}
        except (OSError, AttributeError):
            sizes = {}
        if sizes != known.files or not (known.failed or MODEL in sizes):
            self.discard(fingerprint, "a file is missing or has another size")
            return None
        return known if final else None

    def _export(self, fingerprint: Fingerprint, folder: Path, export: Callable[[Path], float]) -> Path | None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._remove_unfinished()
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=_UNFINISHED, ignore_cleanup_errors=True) as new:
                return self._write(fingerprint, folder, Path(new) / "export", export)
        except OSError as error:
            _log.warning(
                "exported models cannot be kept in %s (%s), so %s runs on PyTorch, which takes longer; "
                "name another folder by HASHTAG_CACHE",
                self._folder,
                describe(error),
                fingerprint,
            )
            return None

    def _remove_unfinished(self) -> None:
        """Delete what processes that were killed have left; what is younger may be in use."""
        for left in self._folder.glob(f"{_UNFINISHED}*"):
            with suppress(FileNotFoundError):  # it was finished just now
                if time.time() - left.stat().st_mtime > _GIVEN_UP_AFTER:
                    shutil.rmtree(left, ignore_errors=True)

    def _write(self, fingerprint: Fingerprint, folder: Path, new: Path, export: Callable[[Path], float]) -> Path | None:
        new.mkdir()
        cosine, failed = None, ""
        try:
            cosine = export(new)
        except ExportError as error:
            shutil.rmtree(new)
            new.mkdir()
            failed = str(error)
            _log.warning("%s runs on PyTorch, which takes longer: %s", fingerprint, failed)
        files = {path.name: path.stat().st_size for path in sorted(new.iterdir())}
        record: dict[str, Any] = {"format": FORMAT, **asdict(Export(files, cosine, failed, _versions(), time.time()))}
        durable.write(new / RECORD, json.dumps(record, indent=1).encode())
        durable.sync_tree(new)
        if self.holds(fingerprint):  # exported by another process in the meantime
            return folder
        shutil.rmtree(folder, ignore_errors=True)  # of another format, or it failed with other versions
        try:
            os.rename(new, folder)  # noqa: PTH104 - a folder of another process is not replaced
        except OSError:
            if not (folder / RECORD).exists():
                raise
        durable.sync_folder(folder.parent)
        return None if failed else folder


def _versions() -> dict[str, str]:
    return {package: version(package) for package in _EXPORTERS}


def least_cosine(expected: Vectors, found: Vectors) -> float:
    """The least cosine between the rows of both, (n, ...); -1 if they have other shapes or `found` is not finite."""
    if expected.shape != found.shape or not np.isfinite(found).all():
        return -1.0
    one, other = (unit_rows(np.reshape(part, (len(part), -1)).astype(np.float32)) for part in (expected, found))
    return float(np.min(np.sum(one * other, axis=1)))


def first_line(error: BaseException) -> str:
    """What an error says, on one line and without colours."""
    lines = _COLOURS.sub("", str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
