"""The hashtags of a field, and those within a caption."""

import ast
import json
import re
import unicodedata
import warnings

from .post import clean_hashtag

_LONGEST_ADDRESS = 200  # characters before a `#` that are looked at to see whether it stands in a web address

_HASH_SIGNS = "#＃﹟"
_SEPARATORS = re.compile(r"[\s,，、;#＃﹟]+")
_NO_COMMA = re.compile(r"""['"]\s+['"]""")
# Within words of Persian and Indic scripts, and within emoji.
_JOINERS = "\u200c\u200d"


def parse_hashtags(field: str) -> list[str]:
    """Split a hashtags field: words apart by space, comma or '#', or a list literal (`['카페', '브런치']`)."""
    field = field.strip()
    if field.startswith("[") and field.endswith("]"):
        # Python would join the texts of a NumPy array, which have no commas between them (`['카페' '브런치']`).
        for parse in (json.loads,) if _NO_COMMA.search(field) else (json.loads, _literal):
            try:
                listed = parse(field)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            if isinstance(listed, list):
                return [str(tag) for tag in listed if isinstance(tag, str | int)]
        field = field[1:-1].replace("'", " ").replace('"', " ")
    return [tag for tag in _SEPARATORS.split(field) if tag]


def _literal(field: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a backslash in a hashtag is not the reader's concern
        return ast.literal_eval(field)


def take_out_hashtags(caption: str) -> tuple[str, list[str]]:
    """Part a caption from its inline hashtags (`#카페`): the text left, and the hashtags in order.

    A hashtag holds at least one character that is no digit; `C#`, `#1`, `&#39;` and the `#` of an address stay text.
    One that is glued to a word (`brunch#food`) comes out like any other: a post's own hashtags reach no encoder.
    """
    if not any(sign in caption for sign in _HASH_SIGNS):
        return caption.strip(), []
    text: list[str] = []
    found: list[str] = []
    end_of_last = -1
    i = 0
    while i < len(caption):
        if caption[i] in _HASH_SIGNS and (i == end_of_last or _may_start_hashtag(caption, i)):
            j = i + 1
            while j < len(caption) and _continues_hashtag(caption[j]):
                j += 1
            body = caption[i + 1 : j]
            if clean_hashtag(body):
                if body.isdigit():
                    text.append(caption[i:j])
                else:
                    found.append(body)
                    text.append(" ")
                i = end_of_last = j
                continue
        text.append(caption[i])
        i += 1
    return re.sub(r"[^\S\n]{2,}", " ", "".join(text)).strip(), found


def _may_start_hashtag(caption: str, i: int) -> bool:
    word = caption[max(0, i - _LONGEST_ADDRESS) : i].rpartition(" ")[2].rpartition("\n")[2]
    return not (word.endswith(("&", "/")) or "://" in word or word.startswith("www."))


def _continues_hashtag(character: str) -> bool:
    # Instagram lets emoji stand in hashtags (`#☕카페`); they are left out when it is cleaned.
    return character == "_" or character in _JOINERS or _is_word(character) or unicodedata.category(character) == "So"


def _is_word(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
