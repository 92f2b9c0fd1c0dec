"""What a person sees of an evaluation: one page that needs nothing but itself."""

from .examples import Example, ReadPhoto, choose_examples
from .rendering import render_page

__all__ = ["Example", "ReadPhoto", "choose_examples", "render_page"]
