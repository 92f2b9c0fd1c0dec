"""A decoder that looks at another part of the photo for every hashtag."""

from collections.abc import Sequence

from torch import Tensor

from ....core.post import Post
from ....core.query import Query
from ....networks.training import Columns
from .contents import LookAt, Photos
from .decoding import Decoder, sequences
from .learner import Part, Setting
from .network import Network
from .photo_emitter import PhotoEmitter


class ShowAttendTell(Network):
    """Photo alone: the `PhotoEmitter` of Xu et al. and its look-back attention, with hashtags for words."""

    grid = tuple(
        Setting(batch_size=64, learning_rate=rate, width=256, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.2, 0.5)
    )

    def __init__(
        self, look_at: LookAt, look_back: bool = False, grid: Sequence[Setting] | None = None, seed: int = 0
    ) -> None:
        super().__init__("show_attend_tell" + " look_back" * look_back, grid, seed)
        self._photos = Photos(look_at, "grid")
        self._look_back = look_back

    def _prepare(self, posts: Sequence[Post]) -> None:
        self._require_photos(self._photos, posts)

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return (self._photos(queries),)

    def _targets(self, posts: Sequence[Post]) -> Tensor:
        return sequences(self._hashtags, posts)

    def _make_learner(self, setting: Setting, training: Part) -> Decoder:
        emitter = PhotoEmitter(self._photos.shape[-1], len(self._hashtags), setting, self._look_back)
        return Decoder(emitter, training.targets)
