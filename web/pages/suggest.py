"""`/`: hashtags for a new post."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ...core.errors import HashtagError, PhotoError
from ...core.hashtags import parse_hashtags
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


@router.get("/")
async def show(request: Request, service: TheService) -> Response:
    """The empty form."""
    return await _page(request, service, _FIRST, [])


@router.get("/suggestions")
async def start_over() -> Response:
    """An answer cannot be asked for again without what it answered."""
    return RedirectResponse("/", 303)


@router.post("/suggestions")
async def suggest(request: Request, service: TheService) -> Response:
    """The form as it was sent, with an answer; photos that came with it are held for the next time."""
    asked, held = _FIRST, list[str]()
    try:
        asked, photos = await read_request(request, SuggestRequest, service)
        held = [*asked.photo_ids]
        held += await _hold(request, service, photos[: len(photos) - len(held)])
        answer = None
        if photos or asked.text.strip():
            given = parse_hashtags(" ".join(asked.given))
            query = query_of(asked.model_copy(update={"given": given}), photos)
            answer = await service.suggest(query, asked.to_options(), explain=True)
        return await _page(request, service, asked, held, answer)
    except (Problem, HashtagError) as error:
        problem = told(error, service)
        page = await _page(request, service, asked, held, problem=problem)
        page.headers.update(problem.headers or {})
        return page


async def _page(
    request: Request,
    service: Service,
    asked: SuggestRequest,
    photos: Sequence[str],
    answer: Answer | None = None,
    problem: Problem | None = None,
) -> Response:
    """photos: ids of those that the server holds."""
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
        "answer": answer,
        "problem": problem,
        "probable": service.recommender.has_probabilities,
    }
    return render(request, "suggest.html.jinja", problem.status if problem else 200, here="/", **fields)


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
