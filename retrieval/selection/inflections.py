"""English plurals, found by their endings and by the other hashtags; a stemmer would merge too much."""

from collections.abc import Collection, Mapping

from ...core.string_table import Table
from ...core.writing_systems import scripts_of

_SHORTEST = 3  # letters of a singular: `gas` is not the plural of `ga`
_HISSING = ("s", "x", "z", "ch", "sh", "o")  # before a plural's `es`
_NO_PLURALS = frozenset(["blues", "canvas", "customs", "glasses", "goods", "lens", "news", "thanks"])


def singulars(hashtags: Collection[str], table: Table) -> Mapping[str, str]:
    """The plurals among hashtags (normalised), each with its singular, if the table has both.

    Known words that only look like plurals (`goods`, `lens`, `paris`) are left out.
    """
    forms_of = {hashtag: forms for hashtag in hashtags if (forms := _singular_forms(hashtag))}
    asked = list({form for hashtag, forms in forms_of.items() for form in (hashtag, *forms)})
    known = {form for form, column in zip(asked, table.find(asked).tolist(), strict=True) if column >= 0}
    found: dict[str, str] = {}
    for hashtag, forms in forms_of.items():
        singular = next((form for form in forms if form in known), None)
        if hashtag in known and singular is not None:
            found[hashtag] = singular
    return found


def _singular_forms(hashtag: str) -> list[str]:
    """Possible singulars of a hashtag, the likeliest first; none of them looks like a plural."""
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
