"""The documents of requests and answers: the server checks by them, OpenAPI tells them, and the client speaks them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..core.captions import MOST_CAPTIONS, CaptionOptions
from ..core.feedback import Verdict
from ..core.post import MAX_CAPTION, MAX_HASHTAG, Measure
from ..core.results import Step
from ..core.rules import RuleKind
from ..core.suggest_options import MOST, Mix, SuggestOptions
from ..core.tiers import Tier

_MANY = 100  # hashtags in one list
_NAME = 1000  # characters of an id, a source or an author
_HIGHEST_COUNT = 1000

# Texts in lists are as short as others, so that no error repeats a long one.
Names = Annotated[list[Annotated[str, Field(max_length=_NAME)]], Field(max_length=_MANY)]


class Document(BaseModel):
    """A document of a request: fields that it does not know are refused, so that a typing error is told."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Options(Document):
    """Which hashtags are wanted, and how many: the options of `hashtag suggest`."""

    count: Annotated[int, Field(ge=1, le=_HIGHEST_COUNT)] | Literal["auto"] | None = Field(
        default=None,
        description="How many hashtags at most (default: 5, none weak); auto: all likely ones.",
        examples=[5, "auto"],
    )
    platform: str | None = Field(
        default=None, max_length=_MANY, description="Not more than this platform takes.", examples=["instagram"]
    )
    min_score: float = Field(
        default=0.0, ge=0, le=1, description="Only hashtags of at least this score, 0 to 1.", examples=[0.2]
    )
    exclude: Names = Field(default=[], description="Hashtags not to suggest.", examples=[["sale"]])
    languages: Names = Field(
        default=[], description="Only hashtags written as these languages are.", examples=[["ko", "en"]]
    )
    mix: Mix | None = Field(default=None, description="niche: prefer rare hashtags; balanced: each kind in turn.")
    diverse: bool = Field(default=False, description="Prefer hashtags with different meanings.")
    half_life: float | None = Field(
        default=None, gt=0, description="Days after which a post counts half.", examples=[90]
    )
    raw: bool = Field(default=False, description="As they are in the archive, none blocked or merged.")
    new: bool = Field(default=True, description="Also hashtags that no post has yet, out of the caption.")
    explain: bool = Field(default=False, description="Tell reasons, and more of the posts behind each hashtag.")

    def to_options(self) -> SuggestOptions:
        """Raises SettingsError on options that nothing can fulfil."""
        return SuggestOptions(
            count=self.count,
            platform=self.platform,
            min_score=self.min_score,
            exclude=self.exclude,
            languages=self.languages,
            mix=self.mix,
            diverse=self.diverse,
            half_life=self.half_life,
            raw=self.raw,
            new=self.new,
        )


class NewPost(Document):
    """A post that wants hashtags."""

    text: str = Field(default="", max_length=MAX_CAPTION, description="The caption.", examples=["오랜만에 단골 카페"])
    photo_ids: Names = Field(
        default=[], description="Photos uploaded before (POST /photos), or of the archive.", examples=[[]]
    )
    given: Names = Field(default=[], description="Hashtags that the post has already.", examples=[["coffee"]])
    author: str | None = Field(default=None, max_length=_NAME, description="Hashtags that this author uses count more.")


class SuggestRequest(NewPost, Options):
    """One post, and which hashtags are wanted for it."""


class SuggestBatchRequest(Options):
    """Several posts, and which hashtags are wanted for them."""

    posts: list[NewPost] = Field(
        min_length=1, description="The posts.", examples=[[{"text": "brunch"}, {"text": "고양이 낮잠"}]]
    )


class CaptionRequest(Document):
    """A post that wants a caption, and which captions are wanted: the options of `hashtag caption`."""

    text: str = Field(default="", max_length=MAX_CAPTION, description="A draft.", examples=["오랜만에 단골 카페"])
    photo_ids: Names = Field(
        default=[], description="Photos uploaded before (POST /photos), or of the archive.", examples=[[]]
    )
    hashtags: Names = Field(default=[], description="Hashtags of the post.", examples=[["coffee"]])
    count: int = Field(default=3, ge=1, le=MOST_CAPTIONS, description="How many captions at most.", examples=[3])
    languages: Names = Field(
        default=[], description="Only captions written as these languages are.", examples=[["ko", "en"]]
    )
    min_length: int = Field(
        default=1, ge=1, le=MAX_CAPTION, description="Only captions of so many characters or more.", examples=[1]
    )
    max_length: int | None = Field(
        default=None, ge=1, le=MAX_CAPTION, description="Only captions of so many characters or less.", examples=[150]
    )

    def to_options(self) -> CaptionOptions:
        """Raises SettingsError on options that nothing can fulfil."""
        return CaptionOptions(
            count=self.count, languages=self.languages, min_length=self.min_length, max_length=self.max_length
        )


class PostRequest(Document):
    """A post for the archive."""

    text: str = Field(default="", max_length=MAX_CAPTION, description="The caption.", examples=["Sunday brunch"])
    hashtags: Names = Field(description="Its hashtags.", examples=[["brunch", "카페"]])
    photo_ids: Names = Field(default=[], description="Photos uploaded before (POST /photos).")
    author: str | None = Field(default=None, max_length=_NAME, description="Who posted it.")
    posted_at: str | None = Field(
        default=None, max_length=_NAME, description="When.", examples=["2024-01-05T18:30:00+09:00"]
    )
    id: str | None = Field(  # noqa: A003 - the option of `hashtag posts add`
        None, max_length=_NAME, description="By which it is known; one that is there is corrected."
    )


class FeedbackRequest(Document):
    """What a person says of hashtags suggested for a post."""

    verdict: Verdict = Field(examples=["accept"])
    hashtags: Names = Field(min_length=1, examples=[["coffee"]])
    text: str = Field(default="", max_length=MAX_CAPTION, description="The caption.", examples=["오랜만에 단골 카페"])
    photo_ids: Names = Field(default=[], description="Photos of the post, uploaded before.")


class RollbackRequest(Document):
    """Which snapshot is to serve."""

    snapshot: str | None = Field(
        default=None,
        max_length=_NAME,
        description="Its name; none: the previous one.",
        examples=["snap-20250105-183000-1a2b3c"],
    )


class RuleRequest(Document):
    """A rule on a hashtag."""

    hashtag: str = Field(max_length=MAX_HASHTAG + 1, examples=["sale"])
    kind: Literal["block", "allow", "apart", "remove"] = Field(
        description="block: never suggest it; allow: suggest it although the list in the package blocks it; "
        "apart: never merge it with hashtags of the same meaning; remove: remove your rule on it."
    )


class PredictRequest(Document):
    """What servers of trained networks are asked."""

    image_id: str | None = Field(
        default=None,
        max_length=_NAME,
        description="A photo uploaded before (POST /photos), of the archive, or a post's id.",
    )
    text: str = Field(default="", max_length=MAX_CAPTION, description="The caption.", examples=["오랜만에 단골 카페"])
    max_seq_len: int | None = Field(
        default=None, ge=1, le=MAX_CAPTION, description="Read only so many words of the caption."
    )
    n_label: int | None = Field(default=None, ge=1, le=MOST, description="How many hashtags (default: 5).")


class Told(BaseModel):
    """A document of an answer."""

    model_config = ConfigDict(frozen=True)


class EvidenceDocument(Told):
    """A post behind a suggestion. share, caption, photo: only with `explain`."""

    post: str
    similarity: float
    channel: str
    share: float | None = None
    caption: str | None = None
    photo: str | None = Field(default=None, description="The path of a thumbnail on this server.")


class ReasonDocument(Told):
    """What moved a hashtag's probability, and by how much in log odds."""

    what: str
    log_odds: float


class ReachDocument(Told):
    """The response to posts with a hashtag, against that to like posts without it, with the 95% interval."""

    ratio: float
    low: float
    high: float
    posts: int
    like_posts: int


class SuggestionDocument(Told):
    """A hashtag. new, words: only of one that no post has yet. uses, tier, reasons, reach: only with `explain`."""

    hashtag: str
    score: float = Field(description="A probability, or in small archives a share of the votes.")
    evidence: list[EvidenceDocument]
    new: bool | None = None
    words: list[str] | None = Field(default=None, description="Of the caption, of which it is made.")
    also: list[str] | None = Field(default=None, description="Hashtags of the same meaning, which it stands for.")
    uses: int | None = None
    tier: Tier | None = None
    reasons: list[ReasonDocument] | None = None
    reach: dict[Measure, ReachDocument] | None = Field(
        default=None, description="By likes, comments or views, where the archive tells enough of them."
    )
    weak: bool | None = Field(default=None, description="True if it is too unlikely to be suggested without a count.")
    origin: str | None = Field(default=None, description="Where it comes from, if no post is behind it.")


class RemovedDocument(Told):
    """A hashtag that would have stood in the answer, and why it does not."""

    hashtag: str
    step: Step
    reason: str


class AnswerDocument(Told):
    """The hashtags for one post, best first; as `hashtag suggest --json` prints them."""

    hashtags: list[SuggestionDocument]
    snapshot: str
    familiarity: float | None = Field(
        default=None, description="The probability that one of the five likeliest hashtags is right.", examples=[0.83]
    )
    removed: list[RemovedDocument] | None = None
    notes: list[str] | None = None
    error: str | None = Field(default=None, description="Why there are none: the post could not be read.")


class BatchDocument(Told):
    """Answers in the order of the posts."""

    answers: list[AnswerDocument]


class TakenFromDocument(Told):
    """The post that a caption is taken from, and who posted it. caption: the whole one."""

    post: str
    author: str | None
    similarity: float
    channel: str
    caption: str
    photo: str | None = Field(description="The path of a thumbnail on this server.")


class CaptionDocument(Told):
    """A caption of another post. similar_posts: how many more have nearly the same. removed: what was left out."""

    caption: str
    score: float = Field(description="How similar it is to the captions of all similar posts.")
    taken_from: TakenFromDocument
    similar_posts: int
    removed: list[str] = Field(description="By kind.", examples=[["mention", "price"]])


class CaptionsDocument(Told):
    """The captions for one post, best first; as `hashtag caption --json` prints them."""

    captions: list[CaptionDocument]
    snapshot: str
    notes: list[str] | None = None


class PostDocument(Told):
    """A post of the archive."""

    post: str
    source: str
    caption: str
    hashtags: list[str]
    photos: list[str] = Field(description="The paths of thumbnails on this server.")
    author: str | None
    posted_at: str | None


class PostsDocument(Told):
    """Posts of the archive, the newest first."""

    posts: list[PostDocument]


class PostChangeDocument(Told):
    """What became of a post."""

    post: str
    outcome: Literal["added", "corrected", "unchanged", "removed"]
    indexed: bool
    new: bool | None = None


class JudgementDocument(Told):
    """What was stored of one hashtag. score: with which it was suggested."""

    hashtag: str
    verdict: Verdict
    score: float


class JudgementsDocument(Told):
    """What was stored."""

    judgements: list[JudgementDocument]


class KnownHashtagDocument(Told):
    """A hashtag of the archive. blocked: why it is never suggested."""

    hashtag: str
    uses: int
    tier: Tier
    aliases: list[str]
    blocked: str | None


class HashtagsDocument(Told):
    """Hashtags of the archive, the most used first."""

    hashtags: list[KnownHashtagDocument]


class RuleDocument(Told):
    """A rule of yours."""

    hashtag: str
    kind: RuleKind
    target: str | None


class RulesDocument(Told):
    """All rules of yours. shipped: how many hashtags the list in the package blocks beside them."""

    rules: list[RuleDocument]
    shipped: int


class IndexDocument(Told):
    """What the serving index tells of itself (`hashtag index info --json`), and what was done (`index history`)."""

    info: dict[str, Any]
    history: dict[str, Any]


class RollbackDocument(Told):
    """Which snapshot served before, and which serves now."""

    model_config = ConfigDict(frozen=True, extra="allow")


class PhotoDocument(Told):
    """An uploaded photo."""

    image_id: str = Field(examples=["upload-0f343b0931126a20f133d67c2b018a3b"])


class HealthDocument(Told):
    """Whether the server can answer. snapshot: by which."""

    status: Literal["ok"]
    snapshot: str | None = None
    notes: list[str] | None = None


class FieldErrorDocument(Told):
    """Where a request is wrong."""

    field: str
    reason: str


class ProblemDocument(Told):
    """An error, by RFC 9457."""

    type: str  # noqa: A003 - the word of RFC 9457
    title: str
    status: int
    detail: str = Field(description="What happened.")
    code: str = Field(description="For programs.", examples=["photo", "queue_full"])
    fix: str = Field(description="What can be done.")
    errors: list[FieldErrorDocument] | None = None
