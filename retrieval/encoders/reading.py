"""Which captions an encoder can read, as far as their letters tell."""

from collections.abc import Collection

from ...core.writing_systems import mostly_written_in, scripts_of


def can_read(caption: str, languages: Collection[str] | None) -> bool:
    """Whether most letters of a caption are of an encoder's languages; see `Encoder.languages`.

    A caption without letters, such as an emoji, is anybody's.
    """
    return languages is None or mostly_written_in(caption, languages) or not scripts_of(caption)
