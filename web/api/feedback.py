"""`/v1/feedback`."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from ... import assembly
from ..openapi import problems, takes
from ..schemas import FeedbackRequest, JudgementsDocument
from .dependencies import TheService, read_request

router = APIRouter(tags=["feedback"], responses=problems(404, 408, 415))


@router.post("/v1/feedback", response_model=JudgementsDocument, openapi_extra=takes(FeedbackRequest, photos=True))
async def judge(request: Request, service: TheService) -> Any:
    """Store that hashtags fit a post, or do not; the next build or refresh uses it."""
    asked, photos = await read_request(request, FeedbackRequest, service)
    contents = await service.contents(photos)
    judgements = await service.read(
        assembly.judge, service.recommender, asked.verdict, contents, asked.text, asked.hashtags
    )
    told = [{"hashtag": j.hashtag, "verdict": j.verdict, "score": round(j.score, 6)} for j in judgements]
    return {"judgements": told}
