"""What a person sees of an evaluation: one page that needs nothing but itself."""

from .captions import choose_caption_examples, render_caption_page
from .examples import Example, ReadPhoto, choose_examples
from .rendering import render_page

__all__ = ["Example", "ReadPhoto", "choose_caption_examples", "choose_examples", "render_caption_page", "render_page"]
