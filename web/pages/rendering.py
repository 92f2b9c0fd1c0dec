"""Makes pages of templates."""

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse


def render(request: Request, template: str, **fields: Any) -> HTMLResponse:
    """A page of a template."""
    return HTMLResponse(_templates().get_template(template).render(request=request, **fields))


@cache
def _templates() -> Environment:
    folder = files(__package__).joinpath("templates")
    loader = FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8"))
    return Environment(autoescape=True, loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
