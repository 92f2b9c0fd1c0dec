"""`/static`: the styles, scripts and pictures of the pages."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter
from starlette.responses import Response

from ...core.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@router.get("/static/{version}/{name}")
async def show(version: str, name: str) -> Response:
    """A file that ships. Under the version of what is here it may be kept for good; under another it is asked again."""
    content = _files().get(name)
    if content is None:
        raise NotFoundError(f"there is no file {name!r} for pages")
    kept = "public, max-age=31536000, immutable" if version == _version() else "no-cache"
    kind = f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8"
    return Response(content, headers={"Content-Type": kind, "Cache-Control": kept})


def static_url(name: str) -> str:
    """The address of a file. What it imports by a relative address is then of the same version."""
    if name not in _files():
        raise KeyError(name)
    return f"/static/{_version()}/{name}"


@cache
def _files() -> MappingProxyType[str, bytes]:
    """All files by name, read once: no path from outside is ever looked for on disk."""
    found = files(f"{__package__}.static").iterdir()
    return MappingProxyType({file.name: file.read_bytes() for file in found if file.name.rpartition(".")[2] in _TYPES})


@cache
def _version() -> str:
    held = sha256()
    for name, content in sorted(_files().items()):
        held.update(f"{name} {len(content)}\n".encode() + content)
    return held.hexdigest()[:16]
