"""`/v1/caption`."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from ...core.query import Query
from ..openapi import problems, takes
from ..schemas import CaptionRequest, CaptionsDocument
from .dependencies import TheService, read_request, thumbnail_of

router = APIRouter(tags=["caption"], responses=problems(404, 408, 415))


@router.post(
    "/v1/caption",
    response_model=CaptionsDocument,
    response_model_exclude_unset=True,
    openapi_extra=takes(CaptionRequest, photos=True),
)
async def caption(request: Request, service: TheService) -> Any:
    """Suggest captions for a new post, from its photo, a draft, hashtags or several of them.

    They are captions of other posts; each says of which.
    """
    asked, photos = await read_request(request, CaptionRequest, service)
    query = Query(asked.text, tuple(photos), tuple(asked.hashtags))
    answer = await service.caption(query, asked.to_options())
    return answer.to_json(thumbnail_of)
