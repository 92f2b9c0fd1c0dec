"""What OpenAPI tells of bodies that are read by hand, and of problems."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .bodies import PHOTO
from .problems import MEDIA_TYPE
from .schemas import (
    CaptionRequest,
    FeedbackRequest,
    PostRequest,
    PredictRequest,
    ProblemDocument,
    RollbackRequest,
    RuleRequest,
    SuggestBatchRequest,
    SuggestRequest,
)

_BODIES = (
    SuggestRequest,
    SuggestBatchRequest,
    CaptionRequest,
    PostRequest,
    FeedbackRequest,
    RollbackRequest,
    RuleRequest,
    PredictRequest,
)
_REF = "#/components/schemas/{model}"
_PHOTOS = {
    "type": "array",
    "items": {"type": "string", "format": "binary"},
    "description": "The photo of the post, or all its photos.",
}


def takes(document: type[BaseModel], *, photos: bool) -> dict[str, Any]:
    """The body of an operation: JSON, and if it takes photos a form, too."""
    reference = {"$ref": _REF.format(model=document.__name__)}
    content: dict[str, Any] = {"application/json": {"schema": reference}}
    if photos:
        fields = document.model_json_schema(ref_template=_REF)
        form = {
            "type": "object",
            "properties": {PHOTO: _PHOTOS, **{name: _in_form(field) for name, field in fields["properties"].items()}},
            "required": fields.get("required", []),
            "additionalProperties": False,
        }
        content["multipart/form-data"] = {"schema": form}
    return {"requestBody": {"required": True, "content": content}}


def _in_form(field: dict[str, Any]) -> dict[str, Any]:
    """A field as a form has it, where nothing can be null."""
    choices = [choice for choice in field.get("anyOf", ()) if choice != {"type": "null"}]
    kept = {name: told for name, told in field.items() if name != "anyOf" and told is not None}
    return kept | (choices[0] if len(choices) == 1 else {"anyOf": choices} if choices else {})


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an operation may answer, beside those that every one may."""
    everywhere = (400, 401, 403, 413, 422, 429, 500, 503)
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=ProblemDocument.__name__)}}}
    return {status: {"description": _TOLD[status], "content": content} for status in sorted({*everywhere, *statuses})}


_TOLD = {
    400: "What is asked for cannot be done so.",
    401: "No token, or one that is not known.",
    403: "Asked by another web site, or under another name.",
    404: "What is named is not there.",
    405: "The path does not know this method.",
    408: "The body did not arrive in time.",
    409: "Another process writes, or a check was not passed.",
    413: "The request is larger than the server takes.",
    415: "The body is of another type.",
    422: "The request is not of the form described here.",
    429: "Too many requests; Retry-After tells when to try again.",
    500: "What the server has stored cannot be used.",
    503: "The server is busy or not ready; Retry-After tells when to try again.",
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an app, with the documents that its bodies refer to."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas |= _schemas([*_BODIES, ProblemDocument])
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}, {}]
        app.openapi_schema = document
    return app.openapi_schema


def _schemas(documents: Iterable[type[BaseModel]]) -> dict[str, Any]:
    _, made = models_json_schema([(document, "validation") for document in documents], ref_template=_REF)
    schemas: dict[str, Any] = made["$defs"]
    return schemas
