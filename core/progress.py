"""How long work tells a person how it gets on."""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Stage(Protocol):
    """One piece of work under way."""

    def advance(self, n: int) -> None:
        """n more of it are done."""
        ...


class Progress(Protocol):
    """Opens stages, one after another."""

    def stage(self, name: str, total: int | None) -> AbstractContextManager[Stage]:
        """name: in the words of the person who waits; total: how many there are to do, if that is known."""
        ...


class Silent:
    """Shows nothing: for scripts, tests and the Python interface."""

    def stage(self, name: str, total: int | None) -> AbstractContextManager[Stage]:
        """See `Progress.stage`."""
        return nullcontext(_SilentStage())


class _SilentStage:
    def advance(self, n: int) -> None:
        pass
