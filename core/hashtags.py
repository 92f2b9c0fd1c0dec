"""The hashtags of a field, and those within a caption."""

import ast
import json
import re
import unicodedata
import warnings
from collections.abc import Iterator
from functools import cache

from .post import clean_hashtag

# How programs write that there is no value. Of a whole field alone: a hashtag in a list may well be `none`.
NO_VALUE = frozenset(
    ["nan", "NaN", "NAN", "None", "none", "NONE", "null", "Null", "NULL", "\\N", "<NA>", "NaT", "N/A", "n/a"]
    + ["#N/A", "#NULL!"]
)

# Those that also stand for one absent entry among others; nobody writes a hashtag so, unless behind a `#`.
_NO_ENTRY = NO_VALUE - {"none", "NONE", "null", "Null", "N/A", "n/a"}

_LONGEST_ADDRESS = 200  # characters before a `#` that are looked at to see whether it stands in a web address
_ADDRESS = re.compile(r"(?:://|www\.|(?<![a-z0-9@.-])(?:[a-z0-9-]+\.)+[a-z]{2,}[/:?])[^\s<>\"']*\Z", re.IGNORECASE)
_IN_ADDRESS = frozenset("/=-_~%&?+!:")  # before the `#` of one, beside letters and numbers
_ENTITY = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")  # `&#39;`

_HASH_SIGNS = "#＃﹟"
_KEYCAP = re.compile("\ufe0f?\u20e3")  # after `#`, `*` or a digit
# Within words of Persian and Indic scripts, and within emoji.
_JOINERS = "\u200c\u200d"
# What stands within words of some scripts, between two other characters of a hashtag (UAX 31).
_MEDIAL = frozenset("·\u0387\u05be\u05f3\u05f4\u0f0b\u0f0c\u30a0\u30fb\uff65")
# Extended_Pictographic of UTS 51, which Python does not tell; in hexadecimal.
_EMOJI_RANGES = """
00A9 00AE 203C 2049 2122 2139 2194-2199 21A9-21AA 231A-231B 2328 2388 23CF 23E9-23F3 23F8-23FA 24C2 25AA-25AB
25B6 25C0 25FB-25FE 2600-2605 2607-2612 2614-2685 2690-2705 2708-2712 2714 2716 271D 2721 2728 2733-2734 2744 2747
274C 274E 2753-2755 2757 2763-2767 2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297
3299 1F000-1F0FF 1F10D-1F10F 1F12F 1F16C-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F1AD-1F1E5 1F201-1F20F 1F21A 1F22F
1F232-1F23A 1F23C-1F23F 1F249-1F3FA 1F400-1F53D 1F546-1F64F 1F680-1F6FF 1F774-1F77F 1F7D5-1F7FF 1F80C-1F80F
1F848-1F84F 1F85A-1F85F 1F888-1F88F 1F8AE-1F8FF 1F90C-1F93A 1F93C-1F945 1F947-1FAFF 1FC00-1FFFD
"""
# With what emoji are made of beside these: letters of flags, skin tones, tags of flags.
_EMOJI_PARTS = "1F1E6-1F1FF 1F3FB-1F3FF E0020-E007F"

# What no hashtag holds parts those of one field or entry; `/` between digits is a date or a part of a number.
_SEPARATORS = re.compile(r"(?:[\t\r\n\f\v,，、;；|｜／<>]|(?<!\d)/|/(?!\d))+")
_SIGNS_OR_SPACE = re.compile(r"[\s#＃﹟]+")
_QUOTED = re.compile(r'\s*"[^"]*"(?:\s*[,;|]\s*"[^"]*")*\s*')
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_NO_COMMA = re.compile(r"""[^\s,\[({]['"]\s+['"]""")  # not `' '`, an entry that is a space
_ARRAY = re.compile(r"(?:array|list)\((.*?)(?:,\s*dtype=[^\])]*)?\)", re.DOTALL)  # as NumPy and pandas show them
_PIECES = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s,，、;；|｜'"]+))""", re.DOTALL)
# Where an object holds its hashtag, the surest first: X, Mastodon, Flickr, WordPress and their kind.
_NAMES = ("tag", "text", "hashtag", "name", "label", "title", "value", "_content", "hashtags", "tags")
_DEEPEST = 10  # lists and objects in one another


def parse_hashtags(field: str) -> list[str]:
    """The hashtags of a field, in order, as `read_hashtags` finds them; none where it holds what is no hashtag."""
    try:
        return read_hashtags(field)
    except ValueError:
        return []


def read_hashtags(field: object) -> list[str]:
    """The hashtags of a field: a text, a list or an object (a mapping that has one under `tag`, `text`, `name`, ...).

    A text holds words apart by space, `#` or any of `, ; | /` and their kind, or is written as a list or an object:
    JSON, Python (`['카페', '브런치']`), NumPy or PostgreSQL (`{카페,브런치}`). An entry of a list keeps its spaces
    (`New York` is one hashtag) unless it has a `#`. Absent entries are left out. Raises ValueError on anything else.
    """
    if not isinstance(field, str):
        return list(_entries(field, 0))
    text = field.strip()
    if array := _ARRAY.fullmatch(text):
        text = array[1]
    if text and _BRACKETS.get(text[0]) == text[-1]:
        return _bracketed(text)
    if _QUOTED.fullmatch(text):
        return [tag for piece in text.split('"')[1::2] for tag in _split(piece)]
    return [tag for piece in _SEPARATORS.split(text) for tag in _words(piece)]


def _bracketed(text: str) -> list[str]:
    # Python would join the texts of a NumPy array, which have no commas between them (`['카페' '브런치']`).
    for parse in (json.loads,) if _NO_COMMA.search(text) else (json.loads, _literal):
        try:
            parsed = parse(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        if isinstance(parsed, list | tuple | dict):
            return list(_entries(parsed, 0))
    found: list[str] = []
    for double, single, bare in _PIECES.findall(text[1:-1]):
        if bare not in NO_VALUE:
            found += _split(double or single or bare)
    return found


def _entries(value: object, depth: int) -> Iterator[str]:
    """The hashtags of a value, whatever it is nested in."""
    if value is None or isinstance(value, float) and value != value:
        return
    if isinstance(value, str):
        yield from _split(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list | tuple) and depth < _DEEPEST:
        for entry in value:
            yield from _entries(entry, depth + 1)
    elif isinstance(value, dict) and depth < _DEEPEST:
        known = next((name for name in _NAMES if value.get(name) is not None), None)
        if known is None:
            raise ValueError(f"an object without any of {', '.join(_NAMES[:4])}")
        yield from _entries(value[known], depth + 1)
    else:
        raise ValueError(f"what is no text but {type(value).__name__}")


def _split(entry: str) -> Iterator[str]:
    """The hashtags of one entry, which is hardly ever more than one."""
    signed = any(sign in entry for sign in _HASH_SIGNS)
    for piece in _SEPARATORS.split(entry):
        if signed:
            yield from _words(piece)
        elif piece.strip() and piece.strip() not in _NO_ENTRY:
            yield piece.strip()


def _words(piece: str) -> Iterator[str]:
    """Words apart by space or `#`, without those that stand for an absent entry."""
    for word in piece.split():
        signed = word[0] in _HASH_SIGNS
        yield from (tag for tag in _SIGNS_OR_SPACE.split(word) if tag and (signed or tag not in _NO_ENTRY))


def _literal(field: str) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a backslash in a hashtag is not the reader's concern
        return ast.literal_eval(field)


def take_out_hashtags(caption: str) -> tuple[str, list[str]]:
    """Part a caption from its inline hashtags (`#카페`): the text left, and the hashtags in order.

    Where one ends is told by UAX 31 (hashtag identifiers, without `-` and `+`, which no platform takes) and UTS 51: it
    goes on over letters, marks, numbers, `_`, emoji with all their parts, and a middle dot within a word. It holds at
    least one character that is no digit; `C#`, `#1`, `#️⃣`, `&#39;` and the `#` of an address stay text. One that is
    glued to a word (`brunch#food`) comes out like any other: a post's own hashtags reach no encoder. Taking out twice
    changes nothing.
    """
    if not any(sign in caption for sign in _HASH_SIGNS):
        return caption.strip(), []
    text: list[str] = []
    found: list[str] = []
    i = 0
    while i < len(caption):
        if caption[i] in _HASH_SIGNS and _may_start_hashtag(text, caption, i):
            end = _end_of_hashtag(caption, i + 1)
            body = caption[i + 1 : end]
            if cleaned := clean_hashtag(body):
                number = cleaned.isdigit() and not any(map(_is_emoji, body))
                text.append(caption[i:end] if number else " ")
                found += [] if number else [body]
                i = end
                continue
        text.append(caption[i])
        i += 1
    return re.sub(r"[^\S\n]{2,}", " ", "".join(text)).strip(), found


def _may_start_hashtag(before: list[str], caption: str, i: int) -> bool:
    """before: the text that is left of what precedes the sign, by which a second look at it decides alike."""
    if _KEYCAP.match(caption, i + 1) or i and _ENTITY.match(caption, i - 1):
        return False
    if not before or not (before[-1][-1] in _IN_ADDRESS or before[-1][-1].isalnum()):
        return True
    return _ADDRESS.search("".join(before[-_LONGEST_ADDRESS:])[-_LONGEST_ADDRESS:]) is None


def _end_of_hashtag(caption: str, i: int) -> int:
    while i < len(caption):
        following = caption[i + 1 : i + 2]
        if _continues_hashtag(caption[i]):
            i += 1
        elif caption[i] in _MEDIAL and following and _continues_hashtag(following):
            i += 1
        elif caption[i] == "*" and (keycap := _KEYCAP.match(caption, i + 1)):
            i = keycap.end()
        else:
            break
    return i


@cache
def _continues_hashtag(character: str) -> bool:
    # Instagram lets emoji stand in hashtags (`#☕카페`); they are left out when it is cleaned. So is what NFKC makes
    # words of: `#㈜카페`.
    category = unicodedata.category(character)
    return (
        category[0] in "LMN"
        or category == "Pc"
        or character in _JOINERS
        or _is_emoji(character)
        or category == "So"
        and bool(clean_hashtag(character))
    )


def _is_emoji(character: str) -> bool:
    return ord(character) in _EMOJI


def _codes(ranges: str) -> Iterator[int]:
    for first, _, last in (part.partition("-") for part in ranges.split()):
        yield from range(int(first, 16), int(last or first, 16) + 1)


_EMOJI = frozenset(_codes(_EMOJI_RANGES + _EMOJI_PARTS))
