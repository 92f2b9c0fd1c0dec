"""What a person asks of an answer."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Literal, ParamSpec, TypeVar, get_args
from warnings import warn

from .errors import SettingsError
from .hashtags import parse_hashtags
from .post import normalise_hashtag
from .writing_systems import SCRIPTS

Mix = Literal["niche", "balanced", "broad"]

P = ParamSpec("P")
R = TypeVar("R")

DEFAULT = 5  # hashtags, unless told otherwise
MOST = 30  # what Instagram long took, and far more than any archive's posts carry on average


@dataclass(frozen=True, slots=True)
class SuggestOptions:
    """How many hashtags an answer is to have, and which; named as the options of `hashtag suggest`.

    count: this many at most; `auto`: as many as deserve it; None: 5, or as many as `platform` takes if these are fewer.
    platform: where the post is to appear, by the list of platforms; no more than it takes.
    most: an answer's cap, which a platform lowers. Without `raw`, `count` may not ask for more.
    min_score: the least probability, in [0, 1].
    exclude: hashtags not to suggest, nor any that means the same; in any spelling, kept normalised.
    languages: keys of `scripts.SCRIPTS`, or a text of them apart by commas; only hashtags in their letters. Empty: all.
    mix: favour hashtags that few posts carry, that many carry, or see that each kind has its turn. None: neither.
    diverse: rather hashtags that tell different things than the likeliest ones.
    half_life: days after which a post counts half; None: all count alike.
    raw: hashtags as the archive posts them: nothing blocked, nothing merged.
    new: also hashtags that no post carries yet, out of the caption.
    Raises SettingsError on options that nothing can fulfil.
    """

    count: int | Literal["auto"] | None = None
    platform: str | None = None
    most: int = MOST
    min_score: float = 0.0
    exclude: Collection[str] = frozenset()
    languages: Collection[str] = frozenset()
    mix: Mix | None = None
    diverse: bool = False
    half_life: float | None = None
    raw: bool = False
    new: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "exclude", _normalised(self.exclude))
        object.__setattr__(self, "languages", language_codes(self.languages))
        count = None if self.count == "auto" else self.count
        if isinstance(count, str):
            raise SettingsError(f"count is {count!r}; it must be a number, or auto")
        if count is not None and count < 1:
            raise SettingsError(f"count is {count}; at least 1 hashtag can be asked for")
        if self.most < 1:
            raise SettingsError(f"the most hashtags of an answer is {self.most}; it must be at least 1")
        if count is not None and count > self.most and not self.raw:
            raise SettingsError(f"count is {count}; an answer has at most {self.most} hashtags here")
        if not 0 <= self.min_score <= 1:
            raise SettingsError(f"the least score is {self.min_score}; scores are probabilities from 0 to 1")
        if "" in self.exclude:
            raise SettingsError("a hashtag to exclude has neither letter nor number")
        if self.mix is not None and self.mix not in get_args(Mix):
            raise SettingsError(f"mix is {self.mix!r}; it must be niche, balanced or broad")
        if self.half_life is not None and not self.half_life > 0:
            raise SettingsError(f"the half-life is {self.half_life} days; it must be above 0")
        if self.raw and (contradicted := self._shaping()):
            raise SettingsError(f"raw shows hashtags as the archive posts them; leave {' and '.join(contradicted)} out")

    @property
    def limit(self) -> int | None:
        """How many hashtags at most, as a number; None if as many as deserve it."""
        if self.count is None:
            return min(DEFAULT, self.most)
        return self.count if isinstance(self.count, int) else None

    def _shaping(self) -> list[str]:
        """The options given here that `raw` would pass over."""
        asked = [("platform", self.platform), ("languages", self.languages), ("mix", self.mix)]
        return [name for name, value in asked if value]


def accepts_wishes(suggest: Callable[P, R]) -> Callable[P, R]:
    """Let `options` go by its name of release 0.1, `wishes`, with a DeprecationWarning."""

    @wraps(suggest)
    def call(*args: P.args, **keywords: P.kwargs) -> R:
        if "wishes" in keywords:
            warn("wishes= is options= now; the old name leaves with the next release", DeprecationWarning, stacklevel=2)
            keywords["options"] = keywords.pop("wishes")
        return suggest(*args, **keywords)

    return call


def _normalised(hashtags: Collection[str]) -> frozenset[str]:
    return frozenset(map(normalise_hashtag, parse_hashtags(hashtags) if isinstance(hashtags, str) else hashtags))


def language_codes(languages: Collection[str]) -> frozenset[str]:
    """Codes of languages, listed or in one text apart by commas. Raises SettingsError on one not among SCRIPTS."""
    listed = languages.split(",") if isinstance(languages, str) else languages
    codes = frozenset(filter(None, (code.strip().lower() for code in listed)))
    if unknown := sorted(codes - SCRIPTS.keys()):
        raise SettingsError(f"language {unknown[0]!r} is not known; known are {', '.join(sorted(SCRIPTS))}")
    return codes
