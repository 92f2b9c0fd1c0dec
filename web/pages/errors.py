"""Errors as people see them: a page, or a part of one."""

from starlette.requests import Request
from starlette.responses import Response

from ...core.errors import HashtagError
from ..problems import Problem, problem_of
from ..service import Service
from .rendering import render


def told(error: Problem | HashtagError, service: Service) -> Problem:
    """What a page shows of an error."""
    return error if isinstance(error, Problem) else problem_of(error, service.home.folder)


def respond(request: Request, problem: Problem) -> Response:
    """The answer in place of what was asked for: a page for a browser, a problem document for a program."""
    if not prefers_page(request):
        return problem.response()
    here = request.url.path if request.method == "GET" else "/"
    page = render(request, "error.html.jinja", problem.status, here=here, problem=problem)
    page.headers.update(problem.headers or {})
    return page


def prefers_page(request: Request) -> bool:
    """Whether who asks is a browser that shows what it gets."""
    return "text/html" in request.headers.get("accept", "") and not prefers_json(request)


def prefers_json(request: Request) -> bool:
    """Whether who asks names JSON in `Accept`, and no page before it."""
    accepted = request.headers.get("accept", "")
    json_at, html_at = accepted.find("application/json"), accepted.find("text/html")
    return json_at >= 0 and (html_at < 0 or json_at < html_at)
