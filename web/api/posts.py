"""`/v1/posts`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request

from ... import assembly
from ...core.hashtags import read_hashtags
from ...core.post import clean_hashtag
from ..openapi import problems, takes
from ..problems import nothing_to_look_at
from ..schemas import PostChangeDocument, PostRequest, PostsDocument
from .dependencies import TheService, check_source, post_json, read_request

router = APIRouter(tags=["posts"], responses=problems(404, 409, 415))

Source = Annotated[str | None, Query(max_length=1000, description="Only those of this source.")]


@router.get("/v1/posts", response_model=PostsDocument)
async def list_posts(
    service: TheService,
    count: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 20,
    source: Source = None,
    author: Annotated[str | None, Query(max_length=1000, description="Only those of this author.")] = None,
    text: Annotated[str, Query(max_length=1000, description="Only those whose caption or hashtags hold this.")] = "",
    post_id: Annotated[str | None, Query(alias="id", max_length=1000, description="Only that of this id.")] = None,
) -> Any:
    """List posts of the archive, the newest first."""
    await check_source(service, source)
    if post_id is not None:
        found = [await service.read(assembly.show_post, post_id, source=source)]
    else:
        found = await service.read(assembly.list_posts, count, source=source, author=author, text=text)
    return {"posts": [post_json(stored.key, stored.post) for stored in found]}


@router.post(
    "/v1/posts",
    response_model=PostChangeDocument,
    response_model_exclude_unset=True,
    openapi_extra=takes(PostRequest, photos=True),
)
async def add_post(request: Request, service: TheService) -> Any:
    """Add one post to the archive; the next suggestion finds it. Adding it again corrects it."""
    asked, photos = await read_request(request, PostRequest, service)
    if not photos and not asked.text.strip():
        raise nothing_to_look_at()
    told = {"author": asked.author, "posted_at": asked.posted_at, "post_id": asked.id}
    hashtags = " ".join(f"#{clean_hashtag(hashtag)}" for hashtag in read_hashtags(asked.hashtags))
    change = await service.write(assembly.add_post, await service.contents(photos), asked.text, hashtags, **told)
    return change.to_json()


@router.delete("/v1/posts", response_model=PostChangeDocument, response_model_exclude_unset=True)
async def remove_post(
    service: TheService,
    post_id: Annotated[str, Query(alias="id", max_length=1000, description="Of a post that was added.")],
    source: Source = None,
) -> Any:
    """Delete a post that was added, for good."""
    await check_source(service, source)
    change = await service.write(assembly.remove_post, post_id, source=source)
    return change.to_json()
