"""`/healthz`, `/readyz` and `/metrics`."""

from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from ... import assembly
from ..openapi import problems
from ..problems import hide_home
from ..schemas import HealthDocument
from .dependencies import TheService

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=HealthDocument, response_model_exclude_unset=True)
async def healthz() -> Any:
    """Whether the process runs."""
    return {"status": "ok"}


@router.get("/readyz", response_model=HealthDocument, response_model_exclude_unset=True, responses=problems(503))
async def readyz(service: TheService) -> Any:
    """Whether requests are answered, by which snapshot, and what should be known of it."""
    notes = hide_home([*service.recommender.notes], service.home.folder)
    return {"status": "ok", "snapshot": service.recommender.snapshot} | ({"notes": notes} if notes else {})


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}, **problems()})
async def metrics(service: TheService) -> Response:
    """Metrics for Prometheus."""
    # Of the manifest alone: `index_info` would read all files for their checksums, at every scrape.
    kept = (await service.read(assembly.index_history, 1)).snapshots
    built = next((each.created_at for each in kept if each.snapshot == service.recommender.snapshot), None)
    return Response(service.metrics.text(built, service.uploads.held), media_type=CONTENT_TYPE_LATEST)
