"""`/v1/suggest` and `/v1/suggest-batch`."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from ..openapi import problems, takes
from ..schemas import AnswerDocument, BatchDocument, SuggestBatchRequest, SuggestRequest
from .dependencies import TheService, answer_json, query_of, read_request, too_many

router = APIRouter(tags=["suggest"], responses=problems(404, 408, 415))


@router.post(
    "/v1/suggest",
    response_model=AnswerDocument,
    response_model_exclude_unset=True,
    openapi_extra=takes(SuggestRequest, photos=True),
)
async def suggest(request: Request, service: TheService) -> Any:
    """Suggest hashtags for a new post, from its photo, its caption or both."""
    asked, photos = await read_request(request, SuggestRequest, service)
    answer = await service.suggest(query_of(asked, photos), asked.to_options(), asked.explain)
    return answer_json(answer, asked)


@router.post(
    "/v1/suggest-batch",
    response_model=BatchDocument,
    response_model_exclude_unset=True,
    openapi_extra=takes(SuggestBatchRequest, photos=False),
)
async def suggest_batch(request: Request, service: TheService) -> Any:
    """Suggest hashtags for several posts; photos are uploaded before, by POST /photos."""
    asked, _ = await read_request(request, SuggestBatchRequest, service)
    if len(asked.posts) > service.limits.batch:
        raise too_many("posts", service.limits.batch)
    queries = []
    for post in asked.posts:
        if len(post.photo_ids) > service.limits.photos:
            raise too_many("photos", service.limits.photos)
        queries.append(query_of(post, [await service.photo(name) for name in post.photo_ids]))
    answers = await service.suggest_each(queries, asked.to_options(), asked.explain)
    return {"answers": [answer_json(answer, asked) for answer in answers]}
