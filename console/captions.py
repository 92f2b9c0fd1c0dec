"""Captions, and whose they are."""

from ..core.captions import CaptionAnswer, SuggestedCaption
from ..core.post import is_told
from .terminal import counted, out, paragraph, say, short_id


def show_captions(answer: CaptionAnswer) -> None:
    """Each caption whole; below it the post it is taken from, and what was cut out of it."""
    if not answer.captions:
        say("no caption to suggest")
    for number, caption in enumerate(answer.captions, start=1):
        if number > 1:
            out.print()
        for line in caption.caption.splitlines():
            paragraph(line, "bold")
        for line in _origin(caption):
            paragraph(line, "dim", indent=2)


def _origin(caption: SuggestedCaption) -> list[str]:
    post = caption.post
    named = f"post {short_id(post.post)}" if is_told(post.post) else "a post"
    whose = f" by {caption.author}" if caption.author else ""
    lines = [f"taken from {named}{whose}, similar by {post.channel}: {post.similarity:.2f}"]
    if caption.similar:
        lines.append(f"{counted(caption.similar, 'more post')} with nearly the same caption or photo")
    if caption.removed:
        lines.append(f"left out of it: {', '.join(caption.removed)}")
    return lines
