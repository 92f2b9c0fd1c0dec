"""How the parts of a reader say that a row makes no post."""


class Unfit(Exception):
    """The reason, ready for a `Reject`. Never leaves the readers."""


def shown(value: str) -> str:
    """A value for a message: quoted, on one line, and not too long."""
    return repr(value if len(value) <= 80 else value[:79] + "…")
