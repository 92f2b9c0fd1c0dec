"""`/archive`: posts, hashtags, and a person's rules on these."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ... import assembly
from ...core.errors import HashtagError
from ...core.post import ADDED
from ..api.dependencies import TheService, check_source, read_request
from ..api.hashtags import apply_rule
from ..bodies import read_body
from ..problems import Problem
from ..schemas import Document, PostRequest, RuleRequest
from ..service import Service
from .errors import told
from .rendering import render

router = APIRouter(include_in_schema=False)

_POSTS, _HASHTAGS = 24, 12  # that are shown at first, and that each `more` adds
_MOST = 960
_NAME = 1000  # characters


class Look(BaseModel):
    """What of the archive is shown. posts, hashtags: how many. prefix: of hashtags. done: what has just been done."""

    text: str = Field(default="", max_length=_NAME)
    author: str = Field(default="", max_length=_NAME)
    source: str = Field(default="", max_length=_NAME)
    posts: int = Field(default=_POSTS, ge=1, le=_MOST)
    prefix: str = Field(default="", max_length=100)
    hashtags: int = Field(default=_HASHTAGS, ge=1, le=_MOST)
    done: str = Field(default="", max_length=100)


class Removal(Document):
    """Which added post is to be removed."""

    id: str = Field(max_length=_NAME)  # noqa: A003 - the word of the API


@router.get("/archive")
async def show(request: Request, service: TheService, look: Annotated[Look, Query()]) -> Response:
    """Posts that were searched for, hashtags that begin so, and rules."""
    return await _page(request, service, look)


@router.post("/archive/posts")
async def add(request: Request, service: TheService) -> Response:
    """Add a post."""
    try:
        asked, photos = await read_request(request, PostRequest, service)
        change = await service.write(
            assembly.add_post,
            await service.contents(photos),
            asked.text,
            " ".join(asked.hashtags),
            author=asked.author,
            posted_at=asked.posted_at,
        )
    except (Problem, HashtagError) as error:
        return await _failed(request, service, error)
    return _done(change.outcome)


@router.post("/archive/posts/remove")
async def remove(request: Request, service: TheService) -> Response:
    """Remove a post that was added."""
    try:
        asked, _ = await read_body(request, Removal, 0)
        await service.write(assembly.remove_post, asked.id, source=ADDED)
    except (Problem, HashtagError) as error:
        return await _failed(request, service, error)
    return _done("removed")


@router.post("/archive/rules")
async def rule(request: Request, service: TheService) -> Response:
    """Block or allow a hashtag, or remove the rule on it."""
    prefix = request.query_params.get("prefix", "")
    try:
        asked, _ = await read_body(request, RuleRequest, 0)
        await service.write(apply_rule, asked)
    except (Problem, HashtagError) as error:
        return await _failed(request, service, error)
    return _done("ruled", prefix=prefix)


def _done(what: str, **look: str) -> Response:
    """The archive again, with a word on what was done: loading it anew does not do it again."""
    return RedirectResponse(f"/archive?{urlencode({'done': what, **look})}", 303)


async def _failed(request: Request, service: Service, error: Problem | HashtagError) -> Response:
    return await _page(request, service, Look(), told(error, service))


async def _page(request: Request, service: Service, look: Look, problem: Problem | None = None) -> Response:
    await check_source(service, look.source or None)
    posts = await service.read(
        assembly.list_posts, look.posts + 1, text=look.text, author=look.author or None, source=look.source or None
    )
    hashtags = await run_in_threadpool(service.recommender.hashtags, look.prefix, look.hashtags + 1)
    rules, shipped = await service.read(assembly.hashtag_rules)
    fields: dict[str, Any] = {
        "look": look,
        "posts": posts[: look.posts],
        "more_posts": _more(look, len(posts), "posts", _POSTS),
        "sources": await service.read(_sources),
        "hashtags": hashtags[: look.hashtags],
        "more_hashtags": _more(look, len(hashtags), "hashtags", _HASHTAGS),
        "rules": rules,
        "shipped": shipped,
        "added": ADDED,
        "today": f"{datetime.now(UTC):%Y-%m-%d}",  # else a new post would stand behind all that have a date
        "problem": problem,
    }
    return render(request, "archive.html.jinja", problem.status if problem else 200, here="/archive", **fields)


def _more(look: Look, found: int, what: str, step: int) -> str | None:
    """The address that shows more; None if all are shown."""
    shown = getattr(look, what)
    if found <= shown or shown >= _MOST:
        return None
    asked = look.model_dump(exclude_defaults=True, exclude={"done"})
    return f"/archive?{urlencode(asked | {what: min(shown + step, _MOST)})}"


def _sources(home: "assembly.Home") -> list[str]:
    """The names of the sources of the archive."""
    named = [source.name for source in assembly.list_sources(home)]
    return [*named, *([] if ADDED in named else [ADDED])]
