"""Contents of the database that have no vector of an encoder yet."""

from typing import Any

from ...core.post import Modality
from ...core.protocols import Encoder, PostStore


def digests_without(store: PostStore, encoder: Encoder[Any]) -> set[str]:
    """Their digests."""
    if encoder.modality == "image":
        return {photo.digest for photo in store.photos_without(encoder.fingerprint)}
    return {digest for digest, _ in store.captions_without(encoder.fingerprint)}


def counted(n: int, modality: Modality) -> str:
    """Such as `1 photo` or `2,000 captions`."""
    what = "photo" if modality == "image" else "caption"
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"
