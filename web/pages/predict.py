"""`/predict`, as servers of trained networks offer it: a page for people, JSON for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...core.query import Query as Post
from ...core.suggest_options import SuggestOptions
from ..api.dependencies import TheService, answer_json
from ..bodies import read_body
from ..openapi import problems, takes
from ..schemas import AnswerDocument, Options, PredictRequest
from .errors import prefers_json
from .rendering import render

router = APIRouter(tags=["predict"], responses=problems(404, 408, 415))

_HTML: dict[int | str, dict[str, Any]] = {
    200: {"model": AnswerDocument, "content": {"text/html": {"schema": {"type": "string"}}}}
}


@router.get("/predict", responses=_HTML)
async def predict_by_query(
    request: Request, service: TheService, asked: Annotated[PredictRequest, Query()]
) -> Response:
    """Suggest hashtags for a post; a page, or JSON if `Accept` asks for it."""
    return await _predict(request, service, asked)


@router.post("/predict", responses=_HTML, openapi_extra=takes(PredictRequest, photos=False))
async def predict_by_body(request: Request, service: TheService) -> Response:
    """As GET; the fields are in the body."""
    asked, _ = await read_body(request, PredictRequest, 0)
    return await _predict(request, service, asked)


async def _predict(request: Request, service: Any, asked: PredictRequest) -> Response:
    words = asked.text.split()
    cut = asked.max_seq_len is not None and len(words) > asked.max_seq_len
    text = " ".join(words[: asked.max_seq_len]) if cut else asked.text
    photos = (await service.photo(asked.image_id),) if asked.image_id else ()
    answer = await service.suggest(Post(text, photos), SuggestOptions(count=asked.n_label), False)
    if prefers_json(request):
        return JSONResponse(answer_json(answer, Options()))
    probable = service.recommender.has_probabilities
    return render(request, "predict.html.jinja", answer=answer, asked=asked, probable=probable)
