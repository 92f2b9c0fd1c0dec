"""How the parts of a reader say that a row makes no post, or that a part of it is lost."""

import re

from ...core.advice import Advice

_BYTES = re.compile(r"\\udc([89a-f][0-9a-f])")  # of a name that is not UTF-8, as Python keeps and shows them


class InvalidRow(Exception):
    """The reason, ready for a `Reject` or a `Flaw`, and apart from it what to do. Never leaves the readers."""

    def __init__(self, reason: str, advice: Advice | None = None) -> None:
        super().__init__(reason)
        self.advice = advice


def shown(value: str) -> str:
    r"""A value for a message: quoted, on one line, and not too long; bytes that are no UTF-8 as `\xe9`."""
    return _BYTES.sub(r"\\x\1", repr(value if len(value) <= 80 else value[:79] + "…"))
