"""How long an evaluation will take: a rough guess that learns from what has run."""

from dataclasses import dataclass

from .run import RunResult

_DOUBT = 0.05  # of the whole: systems that cost less than that change the guess little


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still to run: how many systems, and about how many seconds they take."""

    systems: int
    seconds: float


class TimeLeft:
    """Starts from what systems cost elsewhere, and scales it by what those that have run here took against that."""

    def __init__(self, posts: int) -> None:
        """posts: how many there are to learn from."""
        self._thousands = posts / 1000
        self._systems = 0
        self._ahead = self._expected = self._taken = 0.0

    def expect(self, cost: float, runs: int) -> None:
        """A system is to run. cost: see `eval.registry.Entry`. runs: how often it learns."""
        self._systems += 1
        self._ahead += cost * runs * self._thousands

    def ran(self, cost: float, runs: int, result: RunResult) -> None:
        """A system that was expected has run. result: of all its runs."""
        expected = cost * runs * self._thousands
        self._systems -= 1
        self._ahead -= expected
        self._expected += expected
        self._taken += result.fit_seconds * runs + result.suggest_ms * len(result.ranked) / 1000

    @property
    def ahead(self) -> Ahead:
        """As far as can be told by now."""
        doubt = _DOUBT * (self._ahead + self._expected)
        scale = (doubt + self._taken) / (doubt + self._expected) if doubt else 1.0
        return Ahead(self._systems, max(0.0, scale * self._ahead))
