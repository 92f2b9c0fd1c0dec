"""`/login`: a browser shows a token once, and gets a session for it."""

from urllib.parse import quote, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ..bodies import read_form
from ..guards.sessions import COOKIE, LIFETIME, known_token, open_session
from ..settings import ServerSettings
from .rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/login")
async def show(request: Request) -> Response:
    """The form; without tokens there is nothing to sign in to."""
    if not _settings(request).tokens:
        return RedirectResponse("/", 303)
    return _form(request, request.query_params.get("next", "/"))


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Open a session, and go on to where somebody wanted to go."""
    form = await read_form(request, 0)
    token = known_token(str(form.get("token", "")).strip(), _settings(request).tokens)
    target = str(form.get("next", "/"))
    if token is None:
        return _form(request, target, 403)
    response = RedirectResponse(local_path(target), 303)
    response.set_cookie(
        COOKIE,
        open_session(token),
        max_age=LIFETIME,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """End the session of this browser."""
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https")
    return response


def local_path(told: str) -> str:
    """A path on this server, whatever somebody was sent here with: `/` in place of an address of another."""
    # Browsers read `\` as `/`, and pass over tabs and line breaks.
    if not told.startswith("/") or told.startswith("//") or "\\" in told or not told.isprintable():
        return "/"
    parts = urlsplit(told)
    return quote(parts.path, safe="/%") + (f"?{quote(parts.query, safe='=&%+')}" if parts.query else "")


def _form(request: Request, target: str, status: int = 200) -> Response:
    return render(request, "login.html.jinja", status, here="/login", target=local_path(target), wrong=status != 200)


def _settings(request: Request) -> ServerSettings:
    settings: ServerSettings = request.app.state.settings
    return settings
