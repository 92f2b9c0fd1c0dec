"""A client of the server for Python programs; its documents are those that the server checks by.

from hashtag_recommender.web.client import Client

with Client("http://127.0.0.1:8000") as client:
    answer = client.suggest(text="오늘의 브런치", photos=[Path("photo.jpg")], count=5)
    print([suggestion.hashtag for suggestion in answer.hashtags])
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel

from ..core.closing import Closing
from ..core.feedback import Verdict
from .schemas import (
    AnswerDocument,
    BatchDocument,
    CaptionRequest,
    CaptionsDocument,
    FeedbackRequest,
    HashtagsDocument,
    IndexDocument,
    JudgementsDocument,
    PhotoDocument,
    PostChangeDocument,
    PostRequest,
    PostsDocument,
    ProblemDocument,
    SuggestBatchRequest,
    SuggestRequest,
)

D = TypeVar("D", bound=BaseModel)

_SECONDS = 60


class ServerProblem(Exception):  # noqa: N818 - the word of RFC 9457
    """What the server answered in place of what was asked for."""

    def __init__(self, problem: ProblemDocument) -> None:
        super().__init__(f"{problem.detail}; {problem.fix}")
        self.problem = problem


class Client(Closing):
    """Asks one server. Close it, or use it in a `with` statement; several threads may use it.

    All methods raise ServerProblem if the server refuses, and httpx.TransportError if it cannot be reached. Their
    keywords are the fields of the documents in `schemas`.
    """

    def __init__(self, url: str, token: str | None = None, transport: httpx.BaseTransport | None = None) -> None:
        """url: of the server, without a path. token: if it demands one. transport: in place of the network."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_SECONDS, transport=transport)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def suggest(self, photos: Sequence[Path | bytes] = (), **fields: Any) -> AnswerDocument:
        """Hashtags for a new post. fields: of SuggestRequest."""
        return self._send("/v1/suggest", SuggestRequest(**fields), AnswerDocument, photos)

    def suggest_batch(self, posts: Sequence[Mapping[str, Any]], **options: Any) -> BatchDocument:
        """Hashtags for several posts. posts: fields of NewPost. options: of SuggestBatchRequest."""
        asked = SuggestBatchRequest.model_validate({"posts": posts, **options})
        return self._send("/v1/suggest-batch", asked, BatchDocument)

    def caption(self, photos: Sequence[Path | bytes] = (), **fields: Any) -> CaptionsDocument:
        """Captions for a new post: those of similar posts, and whose they are. fields: of CaptionRequest."""
        return self._send("/v1/caption", CaptionRequest(**fields), CaptionsDocument, photos)

    def upload(self, photo: Path | bytes) -> str:
        """The id by which later requests name a photo."""
        told = self._http.post("/photos", files=_files([photo]))
        return _read(told, PhotoDocument).image_id

    def posts(self, **query: str | int) -> PostsDocument:
        """Posts of the archive, the newest first. query: count, source, author, text, id."""
        return _read(self._http.get("/v1/posts", params=query), PostsDocument)

    def add_post(
        self, hashtags: Sequence[str], photos: Sequence[Path | bytes] = (), **fields: Any
    ) -> PostChangeDocument:
        """Add a post to the archive, or correct it. fields: of PostRequest."""
        return self._send("/v1/posts", PostRequest(hashtags=[*hashtags], **fields), PostChangeDocument, photos)

    def remove_post(self, post_id: str, source: str | None = None) -> PostChangeDocument:
        """Delete a post that was added."""
        query = {"id": post_id} | ({"source": source} if source else {})
        return _read(self._http.delete("/v1/posts", params=query), PostChangeDocument)

    def judge(
        self, verdict: Verdict, hashtags: Sequence[str], photos: Sequence[Path | bytes] = (), **fields: Any
    ) -> JudgementsDocument:
        """Store that hashtags fit a post, or do not. fields: of FeedbackRequest."""
        judged = FeedbackRequest(verdict=verdict, hashtags=[*hashtags], **fields)
        return self._send("/v1/feedback", judged, JudgementsDocument, photos)

    def hashtags(self, prefix: str = "", count: int = 50) -> HashtagsDocument:
        """Hashtags of the archive that begin with a prefix, the most used first."""
        return _read(self._http.get("/v1/hashtags", params={"prefix": prefix, "count": count}), HashtagsDocument)

    def index(self, count: int = 20) -> IndexDocument:
        """What the index holds, and its last runs."""
        return _read(self._http.get("/v1/index", params={"count": count}), IndexDocument)

    def _send(self, path: str, asked: BaseModel, told: type[D], photos: Sequence[Path | bytes] = ()) -> D:
        fields = asked.model_dump(exclude_unset=True)
        if photos:
            form = {name: value if isinstance(value, list) else _text(value) for name, value in fields.items()}
            return _read(self._http.post(path, data=form, files=_files(photos)), told)
        return _read(self._http.post(path, json=fields), told)


def _files(photos: Sequence[Path | bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    contents = [photo if isinstance(photo, bytes) else photo.read_bytes() for photo in photos]
    return [("photo", ("photo", content)) for content in contents]  # how a file is called is no matter of the server


def _text(value: Any) -> str:
    """A field as a form has it."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _read(answer: httpx.Response, told: type[D]) -> D:
    if answer.is_success:
        return told.model_validate_json(answer.content)
    try:
        problem = ProblemDocument.model_validate_json(answer.content)
    except ValueError:  # of a proxy in between
        problem = ProblemDocument(
            type="about:blank",
            title=answer.reason_phrase,
            status=answer.status_code,
            detail=f"the server answered {answer.status_code}",
            code="no_problem_document",
            fix="see what stands between client and server",
        )
    raise ServerProblem(problem)
