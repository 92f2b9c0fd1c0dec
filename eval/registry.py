"""All systems there are, by name: what is compared, what each is, and how it is made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import SettingsError
from ..core.post import Modality, Post
from ..core.protocols import Encoder
from ..core.suggest_options import SuggestOptions
from ..core.vectors import Vectors
from .systems.baselines import Ceiling, Popularity, RandomHashtags
from .systems.optional import check, lacking
from .systems.system import Builder, Kind, PhotoAlone, RecommenderSystem, System

if TYPE_CHECKING:
    from .systems.networks.features import FeatureCache

ALL = "all"
PHOTO_ALONE = "retrieval photo alone"
STUDENT = "student"


@dataclass(frozen=True, slots=True)
class SystemContext:
    """What systems are made with.

    build: makes the product of posts. build_student: makes of posts the small network that a phone would ask. dense,
    lexical: the product's encoders. look_at: features of photos, for networks. test: the posts that will be asked
    about.
    """

    build: Builder
    build_student: Builder
    dense: Sequence[Encoder[Vectors]]
    lexical: Encoder[Any]
    look_at: "FeatureCache"
    test: Sequence[Post]

    def encoder(self, channel: str) -> Encoder[Any]:
        """Raises KeyError on a channel that there is none of."""
        return {encoder.channel: encoder for encoder in (*self.dense, self.lexical)}[channel]

    @property
    def encoders(self) -> Sequence[Encoder[Any]]:
        """Those of all channels."""
        return *self.dense, self.lexical


@dataclass(frozen=True, slots=True)
class Entry:
    """A system that can be compared.

    about: what it is and where it comes from, in a line. make: from means and a seed. needs: what at least some posts
    must have. seeded: whether it comes out otherwise with another seed. looked_at: whether it wants features of photos.
    library: that not everybody has installed. cost: seconds for 1,000 posts to learn from, on two cores, about as
    benchmarks/README.md tells; with every machine and archive it differs. in_all: whether it runs with `all`, too, and
    not only where it is named.
    """

    name: str
    kind: Kind
    about: str
    make: Callable[[SystemContext, int], System]
    needs: Modality | None = None
    seeded: bool = False
    looked_at: bool = False
    library: str | None = None
    cost: float = 0.1
    in_all: bool = True


def check_names(names: Sequence[str]) -> None:
    """Raises SettingsError if none is named, on a name that there is none of, and if one lacks its library."""
    known = [entry.name for entry in CATALOGUE]
    if not names:
        raise SettingsError(f"no system is named; there are {', '.join(known)}; or {ALL}")
    if unknown := sorted({*names} - {*known, ALL}):
        raise SettingsError(f"there is no system {unknown[0]!r}; there are {', '.join(known)}; or {ALL}")
    for entry in CATALOGUE:
        if entry.library and entry.name in names:
            check(entry.name, entry.library)


def not_installed(names: Sequence[str]) -> dict[str, str]:
    """With `all`: by system what its library lacks, and how to install it. Such systems are left out."""
    if ALL not in names:
        return {}
    reasons = {entry.name: lacking("it", entry.library) for entry in CATALOGUE if entry.library}
    return {name: reason for name, reason in reasons.items() if reason}


def choose(names: Sequence[str], posts: Sequence[Post]) -> tuple[list[Entry], dict[str, str]]:
    """The systems named, in the catalogue's order; with `all` those that can run on the posts, and why others cannot.

    Raises SettingsError where one that is named does not apply.
    """
    unseen = {
        "image": None if any(post.photos for post in posts) else "it needs photos, and no post has one",
        "text": None if any(post.caption.strip() for post in posts) else "it needs captions, and no post has one",
    }
    left_out = {entry.name: reason for entry in CATALOGUE if entry.needs and (reason := unseen[entry.needs])}
    for name in names:
        if name in left_out:
            raise SettingsError(f"{name} cannot be compared on these posts: {left_out[name]}")
    left_out |= not_installed(names)
    runs = {entry.name for entry in CATALOGUE if entry.in_all} - left_out.keys() if ALL in names else set()
    wanted = [entry for entry in CATALOGUE if entry.name in {*names, *runs}]
    return wanted, left_out if ALL in names else {}


def _product(context: SystemContext, seed: int) -> System:
    return RecommenderSystem("retrieval", "retrieval", context.build)


def _default_form(context: SystemContext, seed: int) -> System:
    return RecommenderSystem("retrieval default form", "retrieval", context.build, SuggestOptions())


def _photo_alone(context: SystemContext, seed: int) -> System:
    return PhotoAlone(RecommenderSystem(PHOTO_ALONE, "retrieval", context.build))


def _student(context: SystemContext, seed: int) -> System:
    return PhotoAlone(RecommenderSystem(STUDENT, "network", context.build_student))


def _amnn(context: SystemContext, seed: int) -> System:
    from .systems.networks.amnn import Amnn

    return Amnn(context.look_at, seed=seed)


def _show_attend_tell(context: SystemContext, seed: int) -> System:
    from .systems.networks.show_attend_tell import ShowAttendTell

    return ShowAttendTell(context.look_at, seed=seed)


def _look_back(context: SystemContext, seed: int) -> System:
    from .systems.networks.show_attend_tell import ShowAttendTell

    return ShowAttendTell(context.look_at, look_back=True, seed=seed)


def _multilabel(outputs: Literal["single", "multi"], changed: bool = False) -> Callable[[SystemContext, int], System]:
    def make(context: SystemContext, seed: int) -> System:
        from .systems.networks.multilabel_cnn import MultilabelCnn

        return MultilabelCnn(context.look_at, outputs, balance=changed, enrich=changed, seed=seed)

    return make


def _text_image_concat(context: SystemContext, seed: int) -> System:
    from .systems.networks.text_image_concat import TextImageConcat

    return TextImageConcat(context.look_at, seed=seed)


def _embedding_similarity(context: SystemContext, seed: int) -> System:
    from .systems.networks.embedding_similarity import EmbeddingSimilarity

    return EmbeddingSimilarity(context.look_at, seed=seed)


def _mlp(context: SystemContext, seed: int) -> System:
    from .systems.networks.mlp import Mlp

    return Mlp(context.dense, context.lexical, seed=seed)


def _neighbours(channel: str) -> Callable[[SystemContext, int], System]:
    def make(context: SystemContext, seed: int) -> System:
        from .systems.references.neighbours import NeighbourVote

        return NeighbourVote(context.encoder(channel))

    return make


def _tagvote(context: SystemContext, seed: int) -> System:
    from .systems.references.tagvote import TagVote

    return TagVote(context.encoders)


def _tagprop(context: SystemContext, seed: int) -> System:
    from .systems.references.tagprop import TagProp

    return TagProp(context.encoders)


def _parabel(context: SystemContext, seed: int) -> System:
    from .systems.references.omikuji import PARABEL, Omikuji

    return Omikuji(PARABEL, context.lexical)


def _bonsai(context: SystemContext, seed: int) -> System:
    from .systems.references.omikuji import BONSAI, Omikuji

    return Omikuji(BONSAI, context.lexical)


def _co_occurrence(context: SystemContext, seed: int) -> System:
    from .systems.references.co_occurrence import CoOccurrence

    return CoOccurrence()


_SAT = "Xu et al., 2015"
_HARRISON = "Keras projects on HARRISON"

# fmt: off
CATALOGUE: tuple[Entry, ...] = (
    Entry("retrieval", "retrieval", "this program with --raw: nothing blocked or merged", _product, cost=6),
    Entry("retrieval default form", "retrieval", "this program with its default options", _default_form, cost=6),
    Entry(PHOTO_ALONE, "retrieval", "the first, asked with photos and without captions", _photo_alone, "image",
          cost=6, in_all=False),
    Entry(STUDENT, "network", "photo alone: a small network that has learned the first's answers", _student, "image",
          cost=40, in_all=False),
    Entry("amnn", "network", "attention over photo and caption, a GRU emits hashtags (Yang et al., 2020)", _amnn,
          seeded=True, looked_at=True, cost=220),
    Entry("show_attend_tell", "network", f"photo alone: attention over cells, an LSTM emits hashtags ({_SAT})",
          _show_attend_tell, "image", seeded=True, looked_at=True, cost=125),
    Entry("show_attend_tell look_back", "network", "the same, with look-back attention (Qin et al., CVPR 2019)",
          _look_back, "image", seeded=True, looked_at=True, cost=185),
    Entry("multilabel_cnn", "network", f"photo alone: one sigmoid for each hashtag ({_HARRISON})",
          _multilabel("single"), "image", seeded=True, looked_at=True, cost=8),
    Entry("multilabel_cnn multi", "network", "the same, with a small layer for each hashtag",
          _multilabel("multi"), "image", seeded=True, looked_at=True, cost=44),
    Entry("multilabel_cnn balanced enriched", "network", "the same as the first, with MLSOL and a richer truth",
          _multilabel("single", changed=True), "image", seeded=True, looked_at=True, cost=15),
    Entry("text_image_concat", "network", "caption and photo side by side, 100 hashtags (ALBERT + VGG16 project)",
          _text_image_concat, seeded=True, looked_at=True, cost=100),
    Entry("embedding_similarity", "network", "photo alone: predicts a hashtag vector (Keras embedding project)",
          _embedding_similarity, "image", seeded=True, looked_at=True, cost=13),
    Entry("mlp", "network", "all channels of this program through one hidden layer", _mlp, seeded=True, cost=60),
    Entry("omikuji parabel", "reference", "trees over n-grams (Prabhu et al., WWW 2018)", _parabel, "text", seeded=True,
          library="omikuji", cost=4),
    Entry("omikuji bonsai", "reference", "trees over n-grams (Khandagale et al., 2020)", _bonsai, "text", seeded=True,
          library="omikuji", cost=10),
    Entry("knn image", "reference", "the vote of the nearest photos", _neighbours("image"), "image"),
    Entry("knn sentence", "reference", "the vote of the nearest captions by meaning", _neighbours("sentence"), "text"),
    Entry("knn lexical", "reference", "the vote of the nearest captions by letters", _neighbours("lexical"), "text"),
    Entry("tagvote", "reference", "votes minus those expected by chance (Li et al., 2009)", _tagvote, cost=0.5),
    Entry("tagprop rank", "reference", "learned weights by rank (Guillaumin et al., ICCV 2009)", _tagprop, cost=1.5),
    Entry("co-occurrence", "reference", "hashtags that occur with the words of the caption", _co_occurrence, "text"),
    Entry("popularity", "floor", "the most used hashtags", lambda context, seed: Popularity()),
    Entry("random", "floor", "random hashtags", lambda context, seed: RandomHashtags(seed), seeded=True),
    Entry("ceiling", "ceiling", "the best possible with known hashtags", lambda context, seed: Ceiling(context.test)),
)
# fmt: on
