"""Makes pages of templates."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from ...core.post import is_told
from ...core.results import Neighbour
from ...eval.reporting.page import charts
from ..api.dependencies import thumbnail, thumbnail_of
from ..settings import ServerSettings
from .languages import COOKIE, LANGUAGES, LIFETIME, language_of, words_of
from .static_files import static_url

_CHART = "chart.svg.jinja"  # drawn as on the page of an evaluation
_UNITS = ("kB", "MB", "GB")


def render(request: Request, template: str, status: int = 200, here: str | None = None, **fields: Any) -> HTMLResponse:
    """A page of a template, in the language of who asks. here: the path by which it is asked for again."""
    language = language_of(request)
    settings: ServerSettings = request.app.state.settings
    page = (
        _templates()
        .get_template(template)
        .render(
            here=here or request.url.path,
            language=language,
            words=words_of(language),
            in_language=_in_language(request, here or request.url.path),
            can_sign_out=settings.auth and bool(settings.tokens),
            **fields,
        )
    )
    response = HTMLResponse(page, status, {"Content-Language": language, "Vary": "Accept, Accept-Language, Cookie"})
    if request.query_params.get("lang") == language:
        response.set_cookie(COOKIE, language, max_age=LIFETIME, httponly=True, samesite="lax")
    return response


def _in_language(request: Request, here: str) -> dict[str, str]:
    """The address of this page in each language."""
    others = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return {code: f"{here}?{urlencode([*others, ('lang', code)])}" for code in LANGUAGES}


@cache
def _templates() -> Environment:
    made = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "LANGUAGES": LANGUAGES,
        "static": static_url,
        "counted": counted,
        "by_channel": by_channel,
        "size": size,
        "is_told": is_told,
        "thumbnail": thumbnail,
        "thumbnail_of": thumbnail_of,
    }
    return made


def _read(name: str) -> str:
    folder = files(charts.__package__) if name == _CHART else files(__package__).joinpath("templates")
    return folder.joinpath(name).read_text(encoding="utf-8")


def counted(forms: Sequence[str], n: int) -> str:
    """A number of things in words. forms: for one, and for any other number; or one for all."""
    return forms[0 if n == 1 else -1].format(n=f"{n:,}")


def by_channel(evidence: Iterable[Neighbour]) -> Mapping[str, list[Neighbour]]:
    """Neighbours by channel: the one whose first neighbour weighs most comes first."""
    groups: dict[str, list[Neighbour]] = {}
    for neighbour in evidence:
        groups.setdefault(neighbour.channel, []).append(neighbour)
    return groups


def size(n: int) -> str:
    """A number of bytes, in the unit that suits it."""
    shown, unit = n / 1000, _UNITS[0]
    for larger in _UNITS[1:]:
        if shown >= 1000:
            shown, unit = shown / 1000, larger
    return f"{shown:,.0f} {unit}" if shown >= 10 else f"{shown:.1f} {unit}"
