"""The pronunciation of a hashtag in Latin letters, so that 후쿠오카 and fukuoka can be compared.

The Unicode names of Hangul syllables, kana and Cyrillic letters spell their sound, so no table is needed.
"""

import re
import unicodedata

_VOWELS = "aeiouwy"
_VOWEL, _SOFT = 1 / 3, 0.5  # weights; other consonants have 1
_JOINED = "<"  # before a small kana, whose vowel replaces the one before
_SPELT = [pair.split(":") for pair in "eu: eo:o ae:e ee:i oo:u ou:u".split(" ")]
_SPELT += [pair.split(":") for pair in "ph:f ck:k ch:j sh:s th:s x:ks ng:n q:k ce:se ci:si".split(" ")]
_HEARD = str.maketrans("bvfgcdrzy", "pppkktlji")  # one letter for sounds that transliteration confuses
_NEAR = frozenset(map(frozenset, ("hp", "sj", "st", "jk")))  # 후쿠오카, fukuoka; 디저트, dessert; 크롬, chrome


def letters_of(hashtag: str) -> str:
    """A hashtag (normalised) in lower-case Latin letters and digits; empty if it has a letter of another script.

    Latin, Hangul, kana and Cyrillic are supported.
    """
    letters = [_spell_letter(character) for character in hashtag if unicodedata.category(character)[0] in "LN"]
    return "" if None in letters else re.sub(f"[{_VOWELS}]?{_JOINED}", "", "".join(filter(None, letters)))


def sound_of(letters: str) -> str:
    """The result of `letters_of` with one spelling for similar sounds."""
    for spelt, sound in _SPELT:
        letters = letters.replace(spelt, sound)
    return _collapse_repeats(letters.translate(_HEARD))


def consonants_of(letters: str) -> str:
    """Letters or a sound without vowels; digits are kept."""
    return re.sub(f"[{_VOWELS}]", "", letters)


def sound_likeness(one: str, other: str) -> float:
    """The similarity of two sounds, in [0, 1]: 1 minus the weighted edit distance over the longer one's weight.

    0 if either is empty, or if they differ in a digit or in a consonant after a digit: AE1 and AE1P are two cameras.
    """
    if not (one and other) or _take_model(one) != _take_model(other):
        return 0.0
    return max(0.0, 1 - _distance(one, other) / max(sum(map(_weight, one)), sum(map(_weight, other))))


def differ_in_a_vowel(one: str, other: str) -> bool:
    """Whether letters differ only in an inner vowel or doubled consonants: 초콜릿, 초콜렛; hamburger, hamberger.

    The first and the last vowel must agree, because words of one root differ there, such as trend and trendy.
    """
    one, other = (re.sub(rf"([^\d{_VOWELS}])\1+", r"\1", letters) for letters in (one, other))
    if consonants_of(one) != consonants_of(other):
        return False
    between = (re.split(f"[^{_VOWELS}]", letters) for letters in (one, other))
    slots = list(zip(*between, strict=True))
    changed = [i for i, (vowels, others) in enumerate(slots) if vowels != others]
    inner = all(0 < i < len(slots) - 1 for i in changed)
    return len(changed) <= 1 and inner and all(_distance(*slots[i]) <= _VOWEL for i in changed)


def _spell_letter(character: str) -> str | None:
    """The sound of one letter or digit; None if it is unknown."""
    if unicodedata.category(character)[0] == "N":
        return character
    script, _, rest = unicodedata.name(character, "").partition(" ")
    *kind, name = rest.lower().split() or [""]
    if script == "HANGUL" and kind == ["syllable"]:
        return re.sub("(ss?|j|c)$", "t", name).replace("c", "ch")  # 밋 is called MIS, 치 is called CI
    if script in ("HIRAGANA", "KATAKANA") and kind and kind[0] == "letter":
        if "small" in kind:
            return "" if name == "tu" else _JOINED + name
        return name
    if script == "KATAKANA-HIRAGANA":  # the mark of a long vowel
        return ""
    if script == "CYRILLIC":
        return "y" if name == "yeru" else "" if name == "sign" else consonants_of(name) or name  # л is called EL
    return unicodedata.normalize("NFKD", character)[0].lower() if script == "LATIN" else None


def _collapse_repeats(letters: str) -> str:
    return re.sub(r"([a-z])\1+", r"\1", letters)


def _take_model(sound: str) -> str:
    """The consonants and digits from the first digit on."""
    return re.sub(r"^\D+", "", consonants_of(sound))


def _weight(letter: str) -> float:
    """The cost of leaving a letter out; low for l (r) and h, which often are."""
    return _VOWEL if letter in _VOWELS else _SOFT if letter in "lh" else 1.0


def _change(letter: str, other: str) -> float:
    if letter == other:
        return 0.0
    if letter in _VOWELS and other in _VOWELS:
        return _VOWEL
    return _SOFT if frozenset((letter, other)) in _NEAR else 1.0


def _distance(one: str, other: str) -> float:
    """Levenshtein distance with `_weight` and `_change` as costs."""
    row = [0.0]
    for letter in other:
        row.append(row[-1] + _weight(letter))
    for letter in one:
        above, row = row, [row[0] + _weight(letter)]
        for i, against in enumerate(other):
            changed, left_out = above[i] + _change(letter, against), above[i + 1] + _weight(letter)
            row.append(min(changed, left_out, row[i] + _weight(against)))
    return row[-1]
