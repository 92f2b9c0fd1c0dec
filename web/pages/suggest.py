"""`/`: hashtags and captions for a new post."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...core.captions import CaptionAnswer, CaptionOptions
from ...core.errors import HashtagError, PhotoError
from ...core.hashtags import parse_hashtags
from ...core.query import Query
from ...core.results import Answer
from ...core.suggest_options import MOST
from ...core.writing_systems import SCRIPTS
from ...retrieval.selection.lists import PLATFORMS, platforms
from ..api.dependencies import TheService, query_of, read_request
from ..bodies import PHOTO
from ..problems import Problem
from ..schemas import SuggestRequest
from ..service import Service
from .errors import told
from .rendering import render

router = APIRouter(include_in_schema=False)

_FIRST = SuggestRequest(count="auto")
_USUAL = ("ko", "en", "ja", "zh", "es")  # languages that are offered first

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class _Section(Generic[A]):
    """What a part of the page shows: an answer, or the problem in its place; of an empty form neither."""

    answer: A | None = None
    problem: Problem | None = None


_NOTHING: _Section[Any] = _Section()


@router.get("/")
async def show(request: Request, service: TheService) -> Response:
    """The empty form."""
    return await _page(request, service, _FIRST, [])


@router.get("/suggestions")
@router.get("/captions")
async def start_over() -> Response:
    """An answer cannot be asked for again without what it answered."""
    return RedirectResponse("/", 303)


@router.post("/suggestions")
async def suggest(request: Request, service: TheService) -> Response:
    """The form as it was sent, with hashtags; photos that came with it are held for the next time."""
    return await _answer(request, service)


@router.post("/captions")
async def caption(request: Request, service: TheService, alone: bool = False) -> Response:
    """As `suggest`, with captions below. alone: without the hashtags, as a script asks that has them already."""
    return await _answer(request, service, hashtags=not alone, captions=True)


async def _answer(request: Request, service: Service, *, hashtags: bool = True, captions: bool = False) -> Response:
    asked, held = _FIRST, list[str]()
    try:
        asked, photos = await read_request(request, SuggestRequest, service)
        held = [*asked.photo_ids]
        held += await _hold(request, service, photos[: len(photos) - len(held)])
    except (Problem, HashtagError) as error:
        unread: _Section[Any] = _Section(problem=told(error, service))
        if hashtags:
            return await _page(request, service, asked, held, unread)
        return await _page(request, service, asked, held, captions=unread)
    query = query_of(asked.model_copy(update={"given": parse_hashtags(" ".join(asked.given))}), photos)
    return await _page(
        request,
        service,
        asked,
        held,
        await _section(_hashtags(service, query, asked), service) if hashtags else _NOTHING,
        await _section(_captions(service, query, asked), service) if captions else None,
    )


async def _section(asking: Awaitable[A | None], service: Service) -> _Section[A]:
    try:
        return _Section(await asking)
    except (Problem, HashtagError) as error:
        return _Section(problem=told(error, service))


async def _hashtags(service: Service, query: Query, asked: SuggestRequest) -> Answer | None:
    if not query.photos and not query.caption.strip():
        return None
    return await service.suggest(query, asked.to_options(), explain=True)


async def _captions(service: Service, query: Query, asked: SuggestRequest) -> CaptionAnswer | None:
    if not query.photos and not query.caption.strip() and not query.given:
        return None
    return await service.caption(query, CaptionOptions(languages=asked.languages))


async def _page(
    request: Request,
    service: Service,
    asked: SuggestRequest,
    photos: Sequence[str],
    hashtags: _Section[Answer] = _NOTHING,
    captions: _Section[CaptionAnswer] | None = None,
) -> Response:
    """photos: ids of those that the server holds. captions: None if nobody asked for them."""
    problem = hashtags.problem or (captions and captions.problem)
    known = await service.read(lambda home: platforms(home.folder / PLATFORMS))
    fields: dict[str, Any] = {
        "asked": asked,
        "photos": list(dict.fromkeys(photos)),
        "most_photos": service.limits.photos,
        "most_text": service.limits.text,
        "platforms": sorted(known),
        "usual": _USUAL,
        "languages": [code for code in SCRIPTS if code not in _USUAL],
        "most": MOST,
        "answer": hashtags.answer,
        "problem": hashtags.problem,
        "captions": captions,
        "probable": service.recommender.has_probabilities,
    }
    page = render(request, "suggest.html.jinja", problem.status if problem else 200, here="/", **fields)
    page.headers.update((problem and problem.headers) or {})
    return page


async def _hold(request: Request, service: Service, sent: Sequence[bytes | Path]) -> list[str]:
    """Hold photos that were sent. Returns their ids. Raises Problem that names the file that is none."""
    parts = (await request.form()).getlist(PHOTO) if sent else []
    names = [part.filename or "" for part in parts if isinstance(part, UploadFile) and (part.size or part.filename)]
    ids = []
    for name, content in zip(names, sent, strict=True):
        assert isinstance(content, bytes)
        try:
            ids.append(await run_in_threadpool(service.uploads.put, content))
        except PhotoError as error:
            problem = told(error, service)
            raise Problem(problem.status, problem.code, f"{name}: {problem.detail}", problem.fix) from None
    return ids
