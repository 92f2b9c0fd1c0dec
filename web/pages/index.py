"""`/index`: what serves, how good it is, what was done to it, and the way back."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ... import assembly
from ...core.errors import HashtagError
from ...eval.reporting.page.charts import Axis, Chart, Paper, Series
from ...retrieval.reranking.reports import RerankerReport
from ..api.dependencies import TheService
from ..bodies import read_body
from ..problems import Problem, hide_home
from ..schemas import RollbackRequest
from ..service import Service
from .errors import told
from .languages import language_of, words_of
from .rendering import render

router = APIRouter(include_in_schema=False)

_RUNS = 20


@router.get("/index")
async def show(request: Request, service: TheService) -> Response:
    """The index."""
    return await _page(request, service)


@router.post("/index/rollback")
async def roll_back(request: Request, service: TheService) -> Response:
    """Put the previous snapshot, or a named one, in service."""
    try:
        asked, _ = await read_body(request, RollbackRequest, 0)
        await service.write(assembly.roll_back_index, asked.snapshot)
    except (Problem, HashtagError) as error:
        return await _page(request, service, told(error, service))
    return RedirectResponse("/index?done=rolled_back", 303)


async def _page(request: Request, service: Service, problem: Problem | None = None) -> Response:
    info = await service.read(assembly.index_info)
    history = await service.read(assembly.index_history, _RUNS)
    words = words_of(language_of(request))["index"]
    serving = info.manifest.snapshot
    fields: dict[str, Any] = {
        "info": info,
        "history": history,
        "without_home": partial(hide_home, home=service.home.folder),
        "can_go_back": any(kept.state == "kept" and kept.snapshot < serving for kept in history.snapshots),
        "bytes": sum(file.bytes for file in info.manifest.files.values()),
        "reliability": _reliability(info.report, words) if info.report and info.report.reliability else None,
        "done": request.query_params.get("done", ""),
        "problem": problem,
    }
    return render(request, "index.html.jinja", problem.status if problem else 200, here="/index", **fields)


def _reliability(report: RerankerReport, words: dict[str, str]) -> Chart:
    points = [(one.probability, one.carried) for one in report.reliability]
    measured = Series(words["measured"], "retrieval", points, range(len(points))[::-1])
    perfect = Series(words["perfect"], "ideal", [(0, 0), (1, 1)])
    paper = Paper(Axis(words["probability"], 0, 1), Axis(words["right"], 0, 1), 300)
    return paper.draw(words["reliability"], [measured, perfect])
