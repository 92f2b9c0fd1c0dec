"""`/v1/index`."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request

from ... import assembly
from ..openapi import problems, takes
from ..problems import hide_home
from ..schemas import IndexDocument, RollbackDocument, RollbackRequest
from .dependencies import TheService, read_request

router = APIRouter(tags=["index"], responses=problems(404, 409, 415))


@router.get("/v1/index", response_model=IndexDocument)
async def show_index(
    service: TheService, count: Annotated[int, Query(ge=1, le=1000, description="How many runs at most.")] = 20
) -> Any:
    """Show what the index holds, how good it is, the runs that wrote it, and its snapshots."""
    info = await service.read(assembly.index_info)
    history = await service.read(assembly.index_history, count)
    told = {key: value for key, value in info.to_json().items() if key != "database"}  # its place concerns nobody
    return hide_home({"info": told, "history": history.to_json()}, service.home.folder)


@router.post("/v1/index/rollback", response_model=RollbackDocument, openapi_extra=takes(RollbackRequest, photos=False))
async def roll_back(request: Request, service: TheService) -> Any:
    """Put the previous snapshot, or a named one, in service."""
    asked, _ = await read_request(request, RollbackRequest, service)
    rolled_back = await service.write(assembly.roll_back_index, asked.snapshot)
    return hide_home(asdict(rolled_back), service.home.folder)
