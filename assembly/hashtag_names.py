"""Vectors of the names of hashtags: made once, and kept in the database beside those of captions."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.pipeline import encode_stream
from ..core.post import caption_digest
from ..core.protocols import Encoder, Fingerprint
from ..core.vectors import Vectors, unit_rows
from ..index.snapshots.manifest import ChannelRecord, Manifest
from ..retrieval.reranking.hashtag_names import HashtagNames, name_captions, naming_encoders
from .home import Home

if TYPE_CHECKING:
    from ..db.store import SqlPostStore


def name_digests(encoder: str, hashtags: Sequence[str]) -> list[str]:
    """The digests of what an encoder is given for the names of hashtags. encoder: its channel."""
    return [str(caption_digest(caption)) for caption in name_captions(encoder, hashtags)]


def keep_names(encoder: Encoder[Any], hashtags: Sequence[str], store: "SqlPostStore") -> None:
    """Make the vectors of names that the database does not have."""
    captions = name_captions(encoder.channel, hashtags)
    content = dict(zip(name_digests(encoder.channel, hashtags), captions, strict=True))
    missing = content.keys() - store.vectors_of(encoder.fingerprint, sorted(content)).keys()
    for batch in encode_stream(encoder, ((digest, content[digest]) for digest in sorted(missing))):
        if batch.vectors is not None:
            store.save_vectors(encoder.fingerprint, batch.keys, batch.vectors)


def keep_names_for(home: Home, manifest: Manifest, hashtags: Sequence[str], store: "SqlPostStore") -> None:
    """The same by every encoder of a snapshot that makes vectors of names."""
    by_channel = {record.channel: record for record in manifest.channels}
    for named in sorted(set(naming_encoders(by_channel).values())):
        keep_names(home.encoder(by_channel[named]), hashtags, store)


def read_names(encoder: Encoder[Any], hashtags: Sequence[str], added: Sequence[str], store: "SqlPostStore") -> Vectors:
    """The vectors of m names, float32 (m, d), as they are kept: rounded alike, whenever they were made.

    added: hashtags that no post carries, whose vectors are made as well, but not returned.
    """
    keep_names(encoder, [*hashtags, *added], store)
    encoder.release()
    digests = name_digests(encoder.channel, hashtags)
    return _arrange(encoder.fingerprint, digests, store.vectors_of(encoder.fingerprint, sorted(set(digests))))


def names_of_newcomers(
    records: Mapping[str, ChannelRecord],
    hashtags: Sequence[str],
    kept: Mapping[Fingerprint, Mapping[str, Vectors]],
) -> HashtagNames:
    """The names of hashtags that have come since a snapshot was built, as far as their vectors are kept.

    records: the channels of the snapshot, by name. kept: vectors by digest, for each encoder.
    """
    vectors = {}
    for query, named in naming_encoders(records).items():
        fingerprint = records[named].fingerprint
        vectors[query] = _arrange(fingerprint, name_digests(named, hashtags), kept.get(fingerprint, {}))
    return HashtagNames.from_vectors(vectors)


def _arrange(fingerprint: Fingerprint, digests: Sequence[str], kept: Mapping[str, Vectors]) -> Vectors:
    arranged = np.zeros((len(digests), fingerprint.dimension), dtype=np.float32)
    for row, digest in enumerate(digests):
        if digest in kept:
            arranged[row] = kept[digest]
    return unit_rows(arranged)
