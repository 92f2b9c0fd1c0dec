"""Puts the server together: guards around, paths for programs, pages for people."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from ..core.errors import HashtagError
from ..core.program import release
from .api import caption, feedback, hashtags, health, index, photos, posts, suggest
from .guards.access import Access
from .guards.body_limit import BodyLimit
from .guards.failures import Failures
from .guards.head import Head
from .guards.headers import SecurityHeaders
from .guards.record import RequestRecord
from .openapi import describe
from .pages import archive, login, predict, static_files
from .pages import index as index_page
from .pages import suggest as suggest_page
from .pages.errors import respond
from .problems import Problem, field_errors, invalid_body, problem_of
from .service import Service
from .settings import ServerSettings

_HTTP = {
    404: ("not_found", "there is nothing at this address", "see /openapi.json for what there is"),
    405: ("method", "this address does not know the method", "see /openapi.json for what it knows"),
}


def create_app(service: Service, settings: ServerSettings) -> FastAPI:
    """The server as an ASGI application. It does not close the service."""
    app = FastAPI(
        title="Hashtag Recommender",
        description="Hashtags and captions for new posts, from the posts of your own archive.",
        version=release(),
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,  # a redirect would repeat the name by which the request calls this machine
    )
    app.state.service = service
    app.state.settings = settings
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    pages = (suggest_page, archive, index_page, login, predict, static_files)
    for part in (suggest, caption, posts, feedback, hashtags, index, photos, health, *pages):
        app.include_router(part.router)
    _handle_errors(app)
    # The last one added is the outermost.
    limits = settings.limits
    app.add_middleware(BodyLimit, most=limits.body, most_together=limits.bodies, seconds=limits.seconds)
    app.add_middleware(Failures, respond=respond)
    app.add_middleware(Access, settings=settings)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestRecord, metrics=service.metrics)
    app.add_middleware(Head)
    return app


def _handle_errors(app: FastAPI) -> None:
    """Let every error be answered as a problem document."""

    async def on_problem(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)
        return respond(request, problem)

    async def on_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HashtagError)
        service: Service = request.app.state.service
        return respond(request, problem_of(error, service.home.folder))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return respond(request, invalid_body("a field is wrong", field_errors(error.errors())))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code, detail, fix = _HTTP.get(error.status_code, ("invalid_request", str(error.detail), "see /openapi.json"))
        return respond(request, Problem(error.status_code, code, detail, fix, error.headers))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(HashtagError, on_error)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
