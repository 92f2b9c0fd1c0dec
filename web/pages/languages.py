"""The words of the pages in each language, and which one somebody reads."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from starlette.requests import Request

LANGUAGES = {"en": "English", "ko": "한국어"}
COOKIE = "hashtag_language"
LIFETIME = 365 * 24 * 3600  # seconds

_ELSE = "en"


def language_of(request: Request) -> str:
    """The language of a page: by `?lang=`, else as chosen before, else as the browser prefers."""
    for told in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if told in LANGUAGES:
            return told
    return _preferred(request.headers.get("accept-language", ""))


@cache
def words_of(language: str) -> Mapping[str, Any]:
    """All words of a language, by page."""
    return tomllib.loads(files(__package__).joinpath("texts", f"{language}.toml").read_text(encoding="utf-8"))


def _preferred(accepted: str) -> str:
    """Of a header `Accept-Language`: the known language of the highest weight, the first of equal ones."""
    weights = dict[str, float]()
    for part in accepted.split(","):
        name, _, weight = part.partition(";")
        code = name.strip().partition("-")[0].lower()
        if code in LANGUAGES:
            weights.setdefault(code, _weight(weight))
    return max(weights, key=weights.__getitem__, default=_ELSE)


def _weight(told: str) -> float:
    try:
        return float(told.strip().removeprefix("q=")) if told.strip() else 1.0
    except ValueError:
        return 0.0
