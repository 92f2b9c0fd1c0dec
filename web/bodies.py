"""Reads what a request sends: JSON, or a form with photos."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from .problems import Problem, field_errors, invalid_body

D = TypeVar("D", bound=BaseModel)

PHOTO = "photo"  # the field of a form that holds photos
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
_CHARSETS = (b"utf-8", b"utf8", b"us-ascii")  # others would be codecs of Python, of which some are no charset
_MOST_FIELDS = 500
_MOST_FIELD = 1_000_000  # bytes


async def read_body(request: Request, document: type[D], most_photos: int) -> tuple[D, list[bytes]]:
    """The document of a request, and the photos sent with it.

    Raises Problem: 415 on a body that is neither JSON nor a form, 422 on one that the document does not allow.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    photos: list[bytes] = []
    if kind == "application/json":
        fields = _parse_json(await request.body())
    elif kind in _FORMS:
        form = await read_form(request, most_photos)
        fields, photos = _fields(form, document), await read_photos(form)
    else:
        raise Problem(
            415,
            "unsupported_media_type",
            f"the body is {kind or 'of no kind that is told'}",
            "send application/json, or multipart/form-data with the photo in the field `photo`",
        )
    return validate(document, fields), photos


def validate(document: type[D], fields: Any) -> D:
    """A document of its fields. Raises Problem on fields that it does not allow."""
    try:
        return document.model_validate(fields)
    except ValidationError as error:
        raise invalid_body("a field is wrong", field_errors(error.errors(include_input=False))) from None


async def read_form(request: Request, most_photos: int) -> FormData:
    """The form of a request. Raises Problem if it is damaged or has too many parts."""
    _, told = parse_options_header(request.headers.get("content-type"))
    if told.get(b"charset", b"utf-8").lower() not in _CHARSETS:
        raise Problem(415, "unsupported_media_type", "the charset of the form is not UTF-8", "send UTF-8")
    try:
        return await request.form(max_files=most_photos, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD)
    except HTTPException as error:
        raise Problem(400, "damaged_form", str(error.detail), f"send at most {most_photos} photos") from None


async def read_photos(form: FormData) -> list[bytes]:
    """The photos of a form; a field without a file, as browsers send it, is none."""
    sent = [part for part in form.getlist(PHOTO) if isinstance(part, UploadFile)]
    contents = [await part.read() for part in sent]
    for part in sent:
        await part.close()
    return [content for content, part in zip(contents, sent, strict=True) if content or part.filename]


def _parse_json(body: bytes) -> Any:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise invalid_body("the body is no JSON") from None
    if not isinstance(fields, dict):
        raise invalid_body("the body is no JSON object")
    return fields


def _fields(form: FormData, document: type[BaseModel]) -> dict[str, Any]:
    """The fields of a form but for its photos: lists where the document has lists. Empty ones are left out."""
    fields: dict[str, Any] = {}
    for name in dict.fromkeys(form.keys()):
        told = form.getlist(name)
        if name == PHOTO and all(_is_photo(part) for part in told):
            continue
        if not all(isinstance(part, str) for part in told):
            raise invalid_body(f"a file belongs into the field `{PHOTO}`")
        texts: Sequence[Any] = [text for text in told if text]
        known = document.model_fields.get(name)
        if known is not None and get_origin(known.annotation) is list:
            fields[name] = [*texts]
        elif texts:
            fields[name] = texts[0] if len(texts) == 1 else texts
        elif known is None:
            fields[name] = ""
    return fields


def _is_photo(part: object) -> bool:
    return isinstance(part, UploadFile) or part == ""
