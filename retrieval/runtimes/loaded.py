"""A model that is loaded when it is first needed, once, however many threads need it."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

M = TypeVar("M")


class Loaded(Generic[M]):
    """Holds what `load` returned at the first `get`, until `release`."""

    def __init__(self, load: Callable[[], M]) -> None:
        self._load = load
        self._model: M | None = None
        self._loading = Lock()

    def get(self) -> M:
        """The model. Raises what loading raises; the next call then tries again."""
        with self._loading:
            if self._model is None:
                self._model = self._load()
            return self._model

    def release(self) -> None:
        """Let go of the model; the next `get` loads it again."""
        with self._loading:
            self._model = None
