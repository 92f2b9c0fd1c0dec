"""What a person asks of an answer."""

from dataclasses import dataclass
from typing import Literal, get_args

from .errors import SettingsError
from .scripts import SCRIPTS

Mix = Literal["niche", "balanced", "broad"]

MOST = 30  # what Instagram long took, and far more than any archive's posts carry on average


@dataclass(frozen=True, slots=True)
class Wishes:
    """How many hashtags an answer is to have, and which.

    count: this many at most; None: as many as deserve it.
    most: an answer's cap. Without `raw`, `count` may not ask for more.
    min_score: the least probability, in [0, 1].
    exclude: hashtags (normalised) not to suggest, nor any that means the same.
    languages: keys of `scripts.SCRIPTS`; only hashtags in their letters. Empty: all.
    mix: favour hashtags that few posts carry, that many carry, or see that each kind has its turn. None: neither.
    diverse: rather hashtags that tell different things than the likeliest ones.
    half_life: days after which a post counts half; None: all count alike.
    raw: hashtags as the archive posts them: nothing blocked, nothing merged.
    Raises SettingsError on wishes that nothing can fulfil.
    """

    count: int | None = None
    most: int = MOST
    min_score: float = 0.0
    exclude: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    mix: Mix | None = None
    diverse: bool = False
    half_life: float | None = None
    raw: bool = False

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise SettingsError(f"count is {self.count}; at least 1 hashtag can be asked for")
        if self.most < 1:
            raise SettingsError(f"the most hashtags of an answer is {self.most}; it must be at least 1")
        if self.count is not None and self.count > self.most and not self.raw:
            raise SettingsError(f"count is {self.count}; an answer has at most {self.most} hashtags here")
        if not 0 <= self.min_score <= 1:
            raise SettingsError(f"the least score is {self.min_score}; scores are probabilities from 0 to 1")
        if "" in self.exclude:
            raise SettingsError("a hashtag to exclude has neither letter nor number")
        if unknown := sorted(self.languages - SCRIPTS.keys()):
            raise SettingsError(f"language {unknown[0]!r} is not known; known are {', '.join(sorted(SCRIPTS))}")
        if self.mix is not None and self.mix not in get_args(Mix):
            raise SettingsError(f"mix is {self.mix!r}; it must be niche, balanced or broad")
        if self.half_life is not None and not self.half_life > 0:
            raise SettingsError(f"the half-life is {self.half_life} days; it must be above 0")
        if self.raw and (contradicted := self._shaping()):
            raise SettingsError(f"raw shows hashtags as the archive posts them; leave {' and '.join(contradicted)} out")

    def _shaping(self) -> list[str]:
        """The wishes given here that `raw` would pass over."""
        return [name for name, asked in [("languages", self.languages), ("mix", self.mix)] if asked]
