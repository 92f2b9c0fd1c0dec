"""`/photos` takes photos for later requests, `/v1/photos` shows those of the archive."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ...core.errors import NotFoundError, PhotoError
from ..bodies import PHOTO, read_form, read_photos
from ..openapi import problems
from ..problems import Problem
from ..schemas import PhotoDocument
from .dependencies import TheService

router = APIRouter(tags=["photos"])

_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {PHOTO: {"type": "string", "format": "binary"}},
                    "required": [PHOTO],
                }
            }
        },
    }
}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.post("/photos", response_model=PhotoDocument, responses=problems(408, 415), openapi_extra=_UPLOAD)
async def upload_photo(request: Request, service: TheService) -> Any:
    """Take a photo for later requests, which name it by its id.

    It is held in memory, until newer ones take its room or the server ends.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(415, "unsupported_media_type", "the body is no form", "send multipart/form-data")
    photos = await read_photos(await read_form(request, 1))
    if not photos:
        raise Problem(400, "nothing_to_look_at", "no photo was sent", f"send one in the field `{PHOTO}`")
    return {"image_id": await run_in_threadpool(service.uploads.put, photos[0])}


@router.get("/v1/photos/{key}", response_class=Response, responses={**_JPEG, **problems(404)})
async def show_photo(
    service: TheService, key: Annotated[str, Path(max_length=100, description="As answers and posts tell it.")]
) -> Response:
    """A thumbnail of a photo of the archive, or of one that was uploaded, without metadata."""
    uploaded = service.uploads.get(key)
    try:
        photo = uploaded if uploaded is not None else await run_in_threadpool(service.recommender.photo, key)
        small = await run_in_threadpool(service.thumbnails.make, key, photo)
    except PhotoError as error:
        raise NotFoundError(f"there is no photo {key!r} to show ({error.message})") from None
    return Response(small, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})
