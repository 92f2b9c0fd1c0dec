"""English plurals, told by their endings and by what else an archive posts; a stemmer would merge too much."""

from collections.abc import Collection, Mapping

from ...core.writing_systems import scripts_of

_SHORTEST = 3  # letters of a singular: `gas` is no plural of `ga`
_HISSING = ("s", "x", "z", "ch", "sh", "o")  # before a plural's `es`
_NO_PLURALS = frozenset(["blues", "canvas", "customs", "glasses", "goods", "lens", "news", "thanks"])


def singulars(hashtags: Collection[str]) -> Mapping[str, str]:
    """The plurals among hashtags (normalised), each with its singular where that is among them too.

    What only looks like a plural (`goods`, `lens`, `paris`) is left alone as far as it is known to.
    """
    known = set(hashtags)
    found: dict[str, str] = {}
    for hashtag in known:
        if singular := next((form for form in _singular_forms(hashtag) if form in known), None):
            found[hashtag] = singular
    return found


def _singular_forms(hashtag: str) -> list[str]:
    """What may be the singular of a hashtag, the likeliest first; no form is itself taken for a plural."""
    if not hashtag.endswith("s") or hashtag.endswith(("ss", "us", "is")) or hashtag in _NO_PLURALS:
        return []
    if scripts_of(hashtag[-2:-1]) != {"LATIN"}:  # a `rollei35s` is another camera than a `rollei35`
        return []
    forms = [hashtag[:-1]]
    if hashtag.endswith("ies"):
        forms.insert(0, hashtag[:-3] + "y")
    elif hashtag.endswith("es") and hashtag[:-2].endswith(_HISSING):
        forms.insert(0, hashtag[:-2])
    return [form for form in forms if len(form) >= _SHORTEST and (not form.endswith("s") or form.endswith("ss"))]
