"""What the functions behind the paths are given, and how posts and answers look over HTTP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request

from ... import assembly
from ...core.advice import LIST_SOURCES
from ...core.errors import NotFoundError
from ...core.post import ADDED, Post
from ...core.query import Query
from ...core.results import Answer, Neighbour
from ..bodies import read_body
from ..problems import Problem
from ..schemas import NewPost, Options
from ..service import Service

D = TypeVar("D", bound=BaseModel)


async def _service(request: Request) -> Service:  # not in a thread, which may have to be waited for
    service: Service = request.app.state.service
    return service


TheService = Annotated[Service, Depends(_service)]


async def read_request(request: Request, document: type[D], service: Service) -> tuple[D, list[bytes | Path]]:
    """The document of a request, and its photos: those that it holds, then those that it names by their ids."""
    fields, sent = await read_body(request, document, service.limits.photos)
    photos: list[bytes | Path] = [*sent]
    named: Sequence[str] = getattr(fields, "photo_ids", ())
    if len(sent) + len(named) > service.limits.photos:
        raise too_many("photos", service.limits.photos)
    for name in named:
        photos.append(await service.photo(name))
    return fields, photos


def too_many(of: str, most: int) -> Problem:
    """A request asks for more than the server takes at once."""
    return Problem(413, "too_many", f"more than {most} {of} in one request", "send several requests")


async def check_source(service: Service, source: str | None) -> None:
    """Raises NotFoundError on what is no name of a source: it would be taken for a path, and looked for on the disk."""
    if source in (None, ADDED):
        return
    if source not in {known.name for known in await service.read(assembly.list_sources)}:
        raise NotFoundError(f"no source is called {source!r}", LIST_SOURCES)


def query_of(post: NewPost, photos: Sequence[bytes | Path]) -> Query:
    """The query that a post is."""
    return Query(post.text, tuple(photos), tuple(post.given), post.author)


def answer_json(answer: Answer, options: Options) -> dict[str, Any]:
    """An answer as `hashtag suggest --json` prints it, with the addresses of thumbnails in place of paths."""
    return answer.to_json(options.explain, thumbnail_of)


def thumbnail_of(neighbour: Neighbour) -> str | None:
    """The address of a thumbnail of a neighbour's photo; None if it has no photo."""
    return thumbnail(neighbour.photo_key)


def thumbnail(photo_key: str | None) -> str | None:
    """The address of a thumbnail. photo_key: see `Neighbour`."""
    return None if photo_key is None else f"/v1/photos/{photo_key}"


def post_json(key: int, post: Post) -> dict[str, Any]:
    """A post as `hashtag posts show --json` prints it, with the addresses of thumbnails in place of paths."""
    return post.to_json() | {"photos": [f"/v1/photos/{key}-{number}" for number in range(len(post.photos))]}
