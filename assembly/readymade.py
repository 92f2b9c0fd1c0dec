"""Vectors that a source brings along, kept where they are those that the encoder here would make."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.pipeline import encode_stream
from ..core.post import Post
from ..core.protocols import Encoder, PostReader
from ..core.vectors import Vectors, unit_rows

if TYPE_CHECKING:
    from ..db.readers import EncodedReader
    from ..db.store import SqlPostStore
    from ..index.build import ChannelPlan

_LOOKED_AT = 8  # of each batch: contents that are encoded here, too
_ALIKE = 0.98  # cosine; half precision and another way to resize a photo cost less, another model has below .5


def keep_ready_made(store: "SqlPostStore", reader: PostReader, plans: "Sequence[ChannelPlan]") -> list[str]:
    """Keep what vectors the reader of a source has for contents that lack one; returns what a person should know.

    What made them nobody has written down, so a few of each batch are encoded here: where one differs, none of the
    batch is kept, and its contents are left to the encoder. Call it after `ingest`, before `embed`.
    Raises SourceError where vectors are missing or damaged, or do not fit their posts.
    """
    from ..db.readers import EncodedReader

    if not isinstance(reader, EncodedReader):
        return []
    encoders = [plan.encoder for plan in plans if plan.kept]
    lacking = [encoder for encoder in encoders if store.count_without(encoder.fingerprint, encoder.modality)]
    return [note for encoder in lacking for note in _keep(store, reader, encoder)]


def _keep(store: "SqlPostStore", reader: "EncodedReader", encoder: Encoder[Any]) -> Iterator[str]:
    kept = refused = 0
    for posts, vectors in reader.ready_vectors(encoder.modality):
        new = _new(store, encoder, posts)
        if not new:
            continue
        if _is_made_alike(encoder, [posts[place] for place in new], vectors[new]):
            digests = [str(posts[place].digest(encoder.modality)) for place in new]
            store.save_vectors(encoder.fingerprint, digests, vectors[new])
            kept += len(new)
        else:
            refused += len(new)
    what = "photos" if encoder.modality == "image" else "captions"
    if kept:
        yield f"{kept:,} {what} of {reader.source} came with vectors, which were kept; a few, encoded anew, agree"
    if refused:
        yield (
            f"the vectors that {reader.source} has of {refused:,} {what} are not those of {encoder.fingerprint.model}, "
            "so these are encoded anew"
        )


def _new(store: "SqlPostStore", encoder: Encoder[Any], posts: Sequence[Post]) -> list[int]:
    """The places of contents that lack a vector, each content once."""
    places = {str(post.digest(encoder.modality)): place for place, post in enumerate(posts)}
    known = store.vectors_of(encoder.fingerprint, list(places))
    return [place for digest, place in places.items() if digest not in known]


def _is_made_alike(encoder: Encoder[Any], posts: Sequence[Post], vectors: Vectors) -> bool:
    """Whether the encoder makes vectors (n, d) like these of n posts, as far as some of them tell."""
    if vectors.shape[1] != encoder.fingerprint.dimension:
        return False
    places = np.unique(np.linspace(0, len(posts) - 1, _LOOKED_AT).astype(int)).tolist()
    cosines: list[float] = []
    for batch in encode_stream(encoder, ((place, posts[place].content(encoder.modality)) for place in places)):
        if batch.vectors is not None:
            cosines.extend((unit_rows(batch.vectors) * vectors[batch.keys]).sum(axis=1))
    return bool(cosines) and min(cosines) >= _ALIKE
