"""Vectors that a source brings along, kept where they are those that the encoder here would make."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...core.pipeline import encode_stream
from ...core.protocols import Encoder, PostReader
from ...core.vectors import Vectors, unit_rows
from ...db.readers import EncodedReader
from ...db.store import SqlPostStore
from ...index.snapshots.build import ChannelPlan
from .lacking import counted, digests_without

_LOOKED_AT = 8  # of each batch: contents that are encoded here, too
_ALIKE = 0.98  # cosine; half precision and another way to resize a photo cost less, another model has below .5


def keep_precomputed(store: SqlPostStore, reader: PostReader, plans: Sequence[ChannelPlan]) -> list[str]:
    """Keep what vectors the reader of a source has for contents that lack one; returns what a person should know.

    What made them nobody has written down, so a few of each batch are encoded here: where one differs, none of the
    batch is kept, and its contents are left to the encoder. Call it after `ingest`, before `embed`.
    """
    if not isinstance(reader, EncodedReader):
        return []
    return [note for plan in plans if plan.encoder.stored for note in _keep(store, reader, plan.encoder)]


def _keep(store: SqlPostStore, reader: EncodedReader, encoder: Encoder[Any]) -> Iterator[str]:
    modality, lacking = encoder.modality, digests_without(store, encoder)
    kept = refused = 0
    for posts, vectors in reader.precomputed_vectors(modality) if lacking else ():
        # Only what the database asks for: posts of forgotten authors still stand in the source.
        rows = {digest: row for row, post in enumerate(posts) for digest in post.digests(modality)}
        new = {digest: row for digest, row in rows.items() if digest in lacking}
        lacking -= new.keys()
        usable = {digest: row for digest, row in new.items() if vectors[row].any()}
        contents = {digest: posts[row].contents(modality)[0] for digest, row in usable.items()}
        alike = _those_alike(encoder, contents, vectors[list(usable.values())])
        if alike:
            store.save_vectors(encoder.fingerprint, alike, vectors[[usable[digest] for digest in alike]])
            kept += len(alike)
        elif alike is not None:
            refused += len(usable)
        refused += len(new) - len(usable)
        if not lacking:
            break
    if kept:
        what = counted(kept, modality)
        yield f"{what} of {reader.source} came with vectors of the index's own model, which were kept"
    if refused:
        model = encoder.fingerprint.model
        what = counted(refused, modality)
        yield f"{what} of {reader.source} came with vectors that are not those of {model}: left out"


def _those_alike(encoder: Encoder[Any], contents: Mapping[str, Any], vectors: Vectors) -> list[str] | None:
    """Of n contents by digest those whose vectors (n, d) the encoder would make, too: none, or all but damaged photos.

    None where it cannot be told, since nothing that was looked at can be encoded.
    """
    digests = list(contents)
    if not digests or vectors.shape[1] != encoder.fingerprint.dimension:
        return []
    looked_at = np.unique(np.linspace(0, len(digests) - 1, _LOOKED_AT).astype(int)).tolist()
    cosines: list[float] = []
    damaged: set[str] = set()
    for batch in encode_stream(encoder, ((place, contents[digests[place]]) for place in looked_at)):
        damaged |= {digests[place] for place, _ in batch.failures}
        if batch.vectors is not None:
            cosines.extend((unit_rows(batch.vectors) * vectors[batch.keys]).sum(axis=1))
    if not cosines:
        return None
    return [digest for digest in digests if digest not in damaged] if min(cosines) >= _ALIKE else []
