import pytest

from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.retrieval.selection.inflections import singulars


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        *[("cats", "cat"), ("cafes", "cafe"), ("photos", "photo"), ("parties", "party"), ("cookies", "cookie")],
        *[("dishes", "dish"), ("potatoes", "potato"), ("shoes", "shoe"), ("boxes", "box"), ("houses", "house")],
        *[("film_photos", "film_photo"), ("cafés", "café"), ("bosses", "boss")],
    ],
)
def test_plurals(plural: str, singular: str) -> None:
    assert singulars([plural, singular], StringTable.of([plural, singular])) == {plural: singular}
    assert singulars([plural], StringTable.of([plural])) == {}, "only if the archive has both"
    assert singulars([plural], StringTable.of([singular])) == {}


@pytest.mark.parametrize(
    "two",
    [
        *[("news", "new"), ("paris", "pari"), ("gas", "ga"), ("boss", "bos"), ("bus", "bu"), ("virus", "viru")],
        *[("rollei35s", "rollei35"), ("카페s", "카페"), ("glasses", "glass"), ("lens", "len")],
    ],
)
def test_what_only_looks_like_a_plural(two: tuple[str, str]) -> None:
    assert singulars(two, StringTable.of(two)) == {}
