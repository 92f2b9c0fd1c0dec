"""How a hashtag sounds, in Latin letters, so that 후쿠오카 and fukuoka can be compared.

The names that Unicode gives to Hangul syllables, kana and Cyrillic letters spell their sound: no table is needed.
"""

import re
import unicodedata

_VOWELS = "aeiouwy"
_VOWEL, _SOFT = 1 / 3, 0.5  # against 1 for a consonant
_JOINED = "<"  # before a small kana, whose vowel takes the place of the one before
_SPELT = [pair.split(":") for pair in "eu: eo:o ae:e ee:i oo:u ou:u".split(" ")]
_SPELT += [pair.split(":") for pair in "ph:f ck:k ch:j sh:s th:s x:ks ng:n q:k ce:se ci:si".split(" ")]
_HEARD = str.maketrans("bvfgcdrzy", "pppkktlji")  # one letter for what transliteration mixes up
_NEAR = frozenset(map(frozenset, ("hp", "sj", "st", "jk")))  # 후쿠오카, fukuoka; 디저트, dessert; 크롬, chrome


def letters_of(hashtag: str) -> str:
    """A hashtag (normalised) in lower-case Latin letters and digits; empty if it has a letter of unknown sound.

    Known are Latin, Hangul, kana and Cyrillic.
    """
    letters = [_spell_letter(character) for character in hashtag if unicodedata.category(character)[0] in "LN"]
    return "" if None in letters else re.sub(f"[{_VOWELS}]?{_JOINED}", "", "".join(filter(None, letters)))


def sound_of(letters: str) -> str:
    """What `letters_of` gives, with one spelling for what sounds much the same in two scripts."""
    for spelt, sound in _SPELT:
        letters = letters.replace(spelt, sound)
    return _collapse_repeats(letters.translate(_HEARD))


def consonants_of(letters: str) -> str:
    """Letters or a sound without vowels; digits stay."""
    return re.sub(f"[{_VOWELS}]", "", letters)


def sound_likeness(one: str, other: str) -> float:
    """How alike two sounds are, in [0, 1]: 1 minus the weighted edit distance of what is longer; vowels weigh little.

    0 if either is unknown (empty), or if they differ in a digit or in a consonant after one: an AE1 is no AE1P.
    """
    if not (one and other) or _take_model(one) != _take_model(other):
        return 0.0
    return max(0.0, 1 - _distance(one, other) / max(sum(map(_weight, one)), sum(map(_weight, other))))


def differ_in_a_vowel(one: str, other: str) -> bool:
    """Whether letters differ in one inner vowel or in doubled consonants: 초콜릿, 초콜렛; hamburger, hamberger.

    Not in the first or the last vowel: there words of one root part, as trend and trendy do.
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
    """What it costs to leave a letter out: l (r) and h often are."""
    return _VOWEL if letter in _VOWELS else _SOFT if letter in "lh" else 1.0


def _change(letter: str, other: str) -> float:
    if letter == other:
        return 0.0
    if letter in _VOWELS and other in _VOWELS:
        return _VOWEL
    return _SOFT if frozenset((letter, other)) in _NEAR else 1.0


def _distance(one: str, other: str) -> float:
    """Levenshtein's, with these weights."""
    row = [0.0]
    for letter in other:
        row.append(row[-1] + _weight(letter))
    for letter in one:
        above, row = row, [row[0] + _weight(letter)]
        for i, against in enumerate(other):
            changed, left_out = above[i] + _change(letter, against), above[i + 1] + _weight(letter)
            row.append(min(changed, left_out, row[i] + _weight(against)))
    return row[-1]
