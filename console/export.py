"""What was exported."""

from typing import TYPE_CHECKING

from ..core.units import size_in_words
from .terminal import counted, say, tell

if TYPE_CHECKING:
    from ..assembly import Exported
    from ..retrieval.student.quantisation import Agreement


def show_exported(exported: "Exported") -> None:
    """Where the student lies, how large it is, and how well it does."""
    file, trained, plan = exported.file, exported.head, exported.plan
    tell(exported.notes)
    sees = "photos and captions" if plan.captions else "photos"
    say(f"{plan.out}: {size_in_words(file.bytes)}, {counted(file.hashtags, 'hashtag')} from {sees}")
    say(
        f"trained by {exported.snapshot} with {counted(trained.posts, 'post')}; on posts it had not seen, micro F1 is "
        f"{trained.f1:.3f} with 5 hashtags, {trained.auto_f1:.3f} from probability {trained.threshold:.2f} on"
    )
    say(f"ONNX Runtime and PyTorch differ by {file.difference:.1g} at most")
    if file.agreement:
        say(_agreeing("in 8 bits", file.agreement))
    if exported.litert_file:
        lite = exported.litert_file
        say(f"{exported.litert_path}: {size_in_words(lite.bytes)}")
        say(f"LiteRT and PyTorch differ by {lite.difference:.1g} at most")
        if lite.agreement:
            say(_agreeing("with weights in 8 bits", lite.agreement))


def _agreeing(how: str, agreement: "Agreement") -> str:
    return (
        f"{how}: {agreement.overlap:.0%} of the likeliest hashtags stay the same, probabilities differ by "
        f"{agreement.mean_difference:.2g} on average ({counted(agreement.posts, 'post')})"
    )
