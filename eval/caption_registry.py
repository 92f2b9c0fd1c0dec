"""All systems that write captions, by name: what is compared, what each is, and how it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import SettingsError
from ..core.protocols import Encoder
from ..core.vectors import Vectors
from .registry import ALL
from .systems.caption_baselines import NearestPhoto, RandomCaption, TypicalCaption
from .systems.caption_system import CaptionBuilder, CaptionRecommenderSystem, CaptionSystem

if TYPE_CHECKING:
    from .systems.networks.features import FeatureCache


@dataclass(frozen=True, slots=True)
class CaptionContext:
    """What systems are made with.

    build: makes the product of posts. image: its encoder of photos. look_at: features of photos, for networks.
    """

    build: CaptionBuilder
    image: Encoder[Vectors]
    look_at: "FeatureCache"


@dataclass(frozen=True, slots=True)
class CaptionEntry:
    """A system that can be compared. looked_at: whether it wants features of photos."""

    name: str
    make: Callable[[CaptionContext], CaptionSystem]
    looked_at: bool = False


def choose(names: Sequence[str]) -> list[CaptionEntry]:
    """The systems named, in the catalogue's order. Raises SettingsError if none is, or on a name there is none of."""
    known = [entry.name for entry in CATALOGUE]
    there = f"there are {', '.join(known)}; or {ALL}"
    if not names:
        raise SettingsError(f"no system is named; {there}")
    if unknown := sorted({*names} - {*known, ALL}):
        raise SettingsError(f"there is no system {unknown[0]!r} that writes captions; {there}")
    return [entry for entry in CATALOGUE if entry.name in names or ALL in names]


def _network(look_back: bool) -> Callable[[CaptionContext], CaptionSystem]:
    def make(context: CaptionContext) -> CaptionSystem:
        from .systems.networks.caption_network import CaptionNetwork

        return CaptionNetwork(context.look_at, look_back)

    return make


CATALOGUE: tuple[CaptionEntry, ...] = (
    CaptionEntry("retrieval", lambda context: CaptionRecommenderSystem("retrieval", "retrieval", context.build)),
    CaptionEntry("show_attend_tell", _network(look_back=False), looked_at=True),
    CaptionEntry("show_attend_tell look_back", _network(look_back=True), looked_at=True),
    CaptionEntry("nearest photo", lambda context: NearestPhoto(context.image)),
    CaptionEntry("typical caption", lambda context: TypicalCaption()),
    CaptionEntry("random caption", lambda context: RandomCaption()),
)
