"""A network that writes captions: from posts to words, over the grid, to captions."""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor

from ....core.errors import SettingsError
from ....core.post import Post
from ....core.progress import Progress
from ....core.query import Query
from ....networks.training import Columns, Samples
from ...measures.captions import meteor, rouge_l
from ...measures.tokens import joined, tokens_of
from ..caption_system import photos_of
from ..system import SILENT, Fitted, Kind
from .contents import LookAt, Photos
from .emitter import padded
from .halving import find_best
from .learner import Setting, SettingTraining
from .photo_emitter import PhotoEmitter
from .writing import BEAM, END, FIRST_WORD, UNKNOWN, Writer

_LONGEST = 40  # words of a caption that are learned from; each is a step
_FEWEST = 2  # uses of a word that is learned
_MOST_WORDS = 10_000  # the most used ones


class CaptionNetwork:
    """Photo alone: the `PhotoEmitter` of Xu et al. and its look-back attention writes a caption, word by word.

    Trained with the settings of its grid, the best on the validation posts stands: there, and where training stops,
    good is the mean of ROUGE-L and METEOR of what it writes by greedy decoding. In the end it writes so, or by beam
    search if that is better there. Words of one use are learned as one unknown word, which it never writes.
    """

    kind: Kind = "network"
    grid = tuple(
        Setting(batch_size=32, learning_rate=rate, width=128, dropout=dropout)
        for rate in (1e-3, 3e-4)
        for dropout in (0.2, 0.5)
    )

    def __init__(
        self, look_at: LookAt, look_back: bool = False, grid: Sequence[Setting] | None = None, seed: int = 0
    ) -> None:
        """grid: None for the network's own."""
        self.name = "show_attend_tell" + " look_back" * look_back
        self._photos = Photos(look_at, "grid")
        self._look_back = look_back
        self._grid = tuple(grid or self.grid)
        self._seed = seed

    def fit(self, posts: Sequence[Post], validation: Sequence[Post], progress: Progress = SILENT) -> Fitted:
        """See `CaptionSystem.fit`. Deterministic on a CPU."""
        if not self._photos.settle([photos_of(post) for post in posts]):
            raise SettingsError(f"{self.name} needs photos, and no training post has one that can be read")
        captions, held_out = ([tokens_of(post.caption, "words") for post in part] for part in (posts, validation))
        self._words = _words_used_again(captions)
        if not self._words:
            raise SettingsError(
                f"{self.name} has nothing to learn: no word occurs twice in the captions of the {len(posts)} training"
                " posts"
            )
        self._longest = min(_LONGEST, max(map(len, captions)))
        training, validating = self._samples(posts, captions), self._samples(validation, held_out)
        agree = partial(self._agreement, held_out)
        trainings = (
            _WriterTraining(partial(self._make_writer, setting), training, validating, agree, setting, self._seed)
            for setting in self._grid
        )
        best, attempts = find_best(trainings, self.name, progress)
        self._writer = best.trained()
        self._beam = max((BEAM, 1), key=lambda beam: agree(self._writer.write(validating.inputs, beam)))
        settings = "1 setting" if len(attempts) == 1 else f"{len(attempts)} settings"
        return Fitted(
            (
                f"{len(self._words):,} words, captions of {self._longest} words at most; of {settings} {best.setting}"
                f" stands, after epoch {best.best + 1} of {len(best.curve)}; a beam of {self._beam}",
            )
        )

    def write(self, queries: Sequence[Query]) -> list[str]:
        """See `CaptionSystem.write`."""
        if not queries:
            return []
        return [joined(self._spelt(words)) for words in self._writer.write(self._inputs(queries), self._beam)]

    def _inputs(self, queries: Sequence[Query]) -> Columns:
        return (self._photos(queries),)

    def _samples(self, posts: Sequence[Post], captions: Sequence[Sequence[str]]) -> Samples:
        return Samples(self._inputs([photos_of(post) for post in posts]), self._targets(captions))

    def _targets(self, captions: Sequence[Sequence[str]]) -> Tensor:
        """int64 (n, steps). A caption that is cut off has no end to learn from."""
        numbers = {word: number for number, word in enumerate(self._words, start=FIRST_WORD)}
        rows = [[numbers.get(word, UNKNOWN) for word in words[: self._longest]] for words in captions]
        return padded(
            [row if len(words) > self._longest else [*row, END] for row, words in zip(rows, captions, strict=True)]
        )

    def _spelt(self, numbers: Sequence[int]) -> list[str]:
        return [self._words[number - FIRST_WORD] for number in numbers]

    def _agreement(self, captions: Sequence[list[str]], written: Sequence[Sequence[int]]) -> float:
        """The mean of ROUGE-L and METEOR. captions: of the same posts, in words. written: numbers of words."""
        pairs = list(zip(map(self._spelt, written), captions, strict=True))
        return float((rouge_l(pairs).mean() + meteor(pairs).mean()) / 2)

    def _make_writer(self, setting: Setting) -> Writer:
        emitter = PhotoEmitter(self._photos.shape[-1], FIRST_WORD + len(self._words), setting, self._look_back)
        return Writer(emitter, self._longest)


class _WriterTraining(SettingTraining[Writer, float]):
    def __init__(
        self,
        make_writer: Callable[[], Writer],
        training: Samples,
        validation: Samples,
        agree: Callable[[Sequence[Sequence[int]]], float],
        setting: Setting,
        seed: int,
    ) -> None:
        """agree: how good captions for the validation posts are, in numbers of words."""
        super().__init__(make_writer, training, validation, setting, seed)
        self._inputs = validation.inputs
        self._agree = agree

    def _measure(self, network: Writer) -> float:
        return self._agree(network.write(self._inputs, beam=1))

    def _goodness(self, measured: float) -> float:
        return measured


def _words_used_again(captions: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The words of at least _FEWEST uses, the most used first, those used alike by name."""
    uses = Counter(word for words in captions for word in words)
    often = [word for word, count in uses.items() if count >= _FEWEST]
    return tuple(sorted(often, key=lambda word: (-uses[word], word))[:_MOST_WORDS])
