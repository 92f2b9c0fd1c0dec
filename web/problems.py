"""Errors as problem documents (RFC 9457), each with a code for programs and a fix for people."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..core.advice import Advice
from ..core.errors import (
    BusyError,
    HashtagError,
    InvalidError,
    NoHomeError,
    NoIndexError,
    NotFoundError,
    RefusedError,
    UnusableError,
)

MEDIA_TYPE = "application/problem+json"

_log = logging.getLogger(__name__)

_STATUS: Mapping[type[HashtagError], int] = {
    InvalidError: 400,
    NoHomeError: 503,  # which who asks can do nothing about
    NoIndexError: 503,
    NotFoundError: 404,
    BusyError: 409,
    RefusedError: 409,
    UnusableError: 500,
}
# The advice of the command line, in the words of HTTP.
_FIXES = {
    "list_posts": "GET /v1/posts lists those there are",
    "list_sources": "GET /v1/posts shows the source of each post",
    "name_source": "name its source with the parameter `source`",
    "name_hashtags": "name them in the field `hashtags`",
    "other_id": "give another `id`, or leave it out",
    "list_rules": "GET /v1/rules lists them",
    "list_snapshots": "GET /v1/index lists them",
    "wait": "try again when it has finished",
}
_INVALID_BODY = "see the document /openapi.json for what this path takes"
_SOON, _LATER = "1", "60"  # seconds
_OPERATOR = "who runs the server finds more in its log"


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """What is answered in place of what was asked for. headers: beside those of every answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        fix: str,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fix = fix
        self.headers = headers
        self.errors = errors

    def to_json(self) -> dict[str, Any]:
        """The document."""
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "fix": self.fix,
            **({"errors": list(self.errors)} if self.errors else {}),
        }

    def response(self) -> Response:
        """The answer."""
        return JSONResponse(self.to_json(), self.status, headers=self.headers, media_type=MEDIA_TYPE)


def problem_of(error: HashtagError, home: Path) -> Problem:
    """The problem that an error of the program is. What is stored on the server is told to its log, not to who asks.

    home: the folder, which no answer names.
    """
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    code = _code(type(error))
    if status >= 500:
        _log.error("%s", error)
        headers = {"Retry-After": _LATER} if status == 503 else None
        return Problem(status, code, "the server cannot use what it has stored, or has nothing", _OPERATOR, headers)
    return Problem(status, code, hide_home(error.message, home), _fix(error.advice, status))


def hide_home(told: Any, home: Path) -> Any:
    """A text, or what holds texts, without the path of the home folder. One that is relative tells nothing."""
    if isinstance(told, str) and home.is_absolute():
        return told.replace(str(home), "the home")
    if isinstance(told, list):
        return [hide_home(part, home) for part in told]
    if isinstance(told, dict):
        return {name: hide_home(part, home) for name, part in told.items()}
    return told


def unknown_problem(request: Request, error: Exception) -> Problem:
    """What is told of what should not happen; the log tells it in full."""
    _log.error("%s %r failed", request.method, request.scope["path"], exc_info=error)
    return Problem(500, "internal", "the server failed", _OPERATOR)


def busy(code: str, detail: str) -> Problem:
    """What may be asked for again soon."""
    return Problem(503, code, detail, f"try again in {_SOON} second", {"Retry-After": _SOON})


def invalid_body(detail: str, errors: Sequence[Mapping[str, Any]] = ()) -> Problem:
    """A request that is not of the form that its path takes. errors: where, and what is wrong there."""
    return Problem(422, "invalid_request", detail, _INVALID_BODY, errors=errors)


def nothing_to_look_at(hashtags_suffice: bool = False) -> Problem:
    """A post without photo and caption, or where hashtags are enough, without these, too."""
    detail, fix = "no photo and no caption", "give a photo, a caption of more than hashtags, or both"
    if hashtags_suffice:
        detail, fix = "no photo, no draft and no hashtag", "give at least one of them"
    return Problem(400, "nothing_to_look_at", detail, fix)


def field_errors(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Where a request is wrong, and why, without what it held."""
    return [{"field": ".".join(map(str, error["loc"])), "reason": str(error["msg"])} for error in errors]


def _code(kind: type[HashtagError]) -> str:
    name = kind.__name__.removesuffix("Error")
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


def _fix(advice: Advice | None, status: int) -> str:
    if advice is not None:
        return _FIXES.get(advice.code, advice.words)
    return "change the request as the detail says" if status == 400 else "ask for one that is there"
