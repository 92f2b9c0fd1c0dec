import csv
import io
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.core.hashtags import NO_VALUE
from hashtag_recommender.core.post import Post, Reject
from hashtag_recommender.db.readers import delimited, open_reader
from hashtag_recommender.db.readers.delimited import MAX_RECORD, DelimitedFile
from hashtag_recommender.db.readers.rows import BrokenRow
from hashtag_recommender.db.readers.textfile import TextFile

Read = Callable[..., list[Post | Reject]]


def captions(rows: list[Post | Reject]) -> list[str | int]:
    """The caption of each post, the row of each reject."""
    return [row.caption if isinstance(row, Post) else row.row for row in rows]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,hashtags\nx,카페 브런치\n"),
        ("a.CSV", "text,hashtags\r\nx,카페 브런치"),
        ("a.csv", "text,hashtags\rx,카페 브런치\r"),
        ("a.csv", '\n"text","hashtags"\n\n\n"x","카페,브런치"\n\n'),
        ("a.csv", "text;hashtags\nx;카페,브런치\n"),
        ("a.csv", "text\thashtags\nx\t카페,브런치\n"),
        ("a.tsv", "text\thashtags\nx\t카페,브런치\n"),
        ("a.tab", "text\thashtags\nx\t['카페', '브런치']\n"),
        ("a.csv", " Text , HASHTAGS \nx,#카페 #브런치\n"),
        ("a.csv", "text,hashtags,text\nx,카페 브런치,another\n"),
    ],
)
def test_one_post_in_many_dialects(read: Read, name: str, content: str) -> None:
    (post,) = read(name, content)
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("x", ("카페", "브런치"))


@pytest.mark.parametrize(
    "content",
    [
        "Name,Contents,captions\n1.jpg,주말엔 팬케이크,\"['브런치메뉴', '팬케이크']\"\n",
        "image_names,tweets,caption\n1.jpg,주말엔 팬케이크,브런치메뉴 팬케이크\n",
        "image_names*tweets*hashtags\n1.jpg*주말엔 팬케이크*브런치메뉴 팬케이크\n",
    ],
)
def test_amnn(read: Read, tmp_path: Path, content: str) -> None:
    """The three ways in which its code and that of its fork write `image_text_tag.csv`."""
    (tmp_path / "1.jpg").write_bytes(b"a photo")
    (post,) = read("image_text_tag.csv", content)
    assert isinstance(post, Post) and post.photos
    assert (post.caption, post.hashtags) == ("주말엔 팬케이크", ("브런치메뉴", "팬케이크"))
    assert post.photos[0].path == tmp_path / "1.jpg"


def test_a_quote_that_never_closes_between_stars(read: Read) -> None:
    rows = read("a.csv", 'image_names*tweets*hashtags\n*a*b\n*"c*d\n*e*f\n')
    assert captions(rows) == ["a", 2, "e"]


@pytest.mark.parametrize(
    ("encoding", "note"), [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", ""), ("cp949", "read as cp949")]
)
def test_encodings_are_found(tmp_path: Path, encoding: str, note: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("text,hashtags\n오늘의 카페,브런치\n".encode(encoding))
    reader = open_reader(path)
    (post,) = reader.read()
    assert isinstance(post, Post)
    assert (post.caption, post.hashtags) == ("오늘의 카페", ("브런치",))
    assert note in " ".join(reader.notes())
    assert len(reader.notes()) == (1 if note else 0)


@pytest.mark.parametrize("encoding", ["euc-jp", "utf-8", "utf-16-be"])
def test_encodings_may_be_told(read: Read, encoding: str) -> None:
    (post,) = read("a.csv", "text,hashtags\nカフェ,x\n".encode(encoding), encoding=encoding)
    assert isinstance(post, Post) and post.caption == "カフェ"


@pytest.mark.parametrize("before", [0, 5, (1 << 20) - 1, 1 << 20])
def test_no_encoding_fits(read: Read, before: int) -> None:
    content = b"x" * before + "가".encode()[:2] + b"\xff\xff\n"
    with pytest.raises(SourceError, match=rf"neither UTF-8 \(see byte {before}\) nor cp949; pass --encoding"):
        read("a.csv", content)


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("cp949", "not cp949 at byte 5"),
        ("rot13", "try --encoding utf-8"),
        ("x", "'x' is not known"),
        ("undefined", "at byte 0"),
    ],
)
def test_encodings_told_wrong(read: Read, encoding: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read("a.csv", b"text\n\xff\xff\n", encoding=encoding)


def test_truncated_utf8_is_no_utf8(read: Read) -> None:
    with pytest.raises(SourceError, match="see byte 5"):
        read("a.csv", b"text\n" + "가".encode()[:2] + b"\xff")


def test_ragged_rows_are_rejected(read: Read) -> None:
    rows = read("a.csv", "text,hashtags\na,x\nb\nc,x,y\nd,x\n")
    assert captions(rows) == ["a", 2, 3, "d"]
    assert rows[1:3] == [
        Reject("src", 2, "has 1 fields, the header has 2", torn=True),
        Reject("src", 3, "has 3 fields, the header has 2"),
    ]


def test_nul_bytes_are_not_taken(read: Read) -> None:
    rows = read("a.csv", "text,hashtags\na,x\nb\0b,x\nc,x\0y\nd,x\n")
    assert captions(rows) == ["a", 2, "c", "d"]
    assert isinstance(rows[1], Reject) and "NUL" in rows[1].reason
    assert isinstance(rows[2], Post) and "NUL" in rows[2].flaws[0].reason


@pytest.mark.parametrize(
    "field",
    [
        "x" * 500_000,
        "x" * 10_000_000,
        '"' + "x" * 10_000_000 + '"',
        '"' + "salt, pepper\n" * 12_000 + '"',
        '"' + "salt, pepper\n" * 800_000 + '"',
        '"' + "salt, pepper\r\n" * 12_000 + '"',
        '"salt\n' + "x" * 2_000_000 + '\npepper"',
        '"' + "x" * 200_000 + '\n""salt"", pepper\n"',
        '"' + '""' * 200_000 + '"',
    ],
    ids=lambda field: f"{len(field)}",
)
def test_huge_fields_are_rejected(read: Read, field: str) -> None:
    limit = csv.field_size_limit()
    rows = read("a.csv", f"text,hashtags\na,x\n{field},x\nb,x\n")
    assert captions(rows) == ["a", 2, "b"]
    assert rows[1] == Reject("src", 2, "has a field of more than 131,072 characters", torn=True)
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("end", ["", "\n", ",x\nb,x\n"])
def test_lines_without_an_end(read: Read, end: str) -> None:
    rows = read("a.csv", "text,hashtags\na,x\n" + "x" * (MAX_RECORD + 1) + end)
    assert captions(rows) == ["a", 2, *(["b"] if end.endswith("b,x\n") else [])]
    assert rows[1] == Reject("src", 2, "is longer than 16,000,000 characters", torn=True)


def test_many_long_fields_make_no_endless_record(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "MAX_RECORD", 1000)
    rows = read("a.csv", "text,hashtags\n" + '"a\n",' * 300 + "x\nb,x\n")
    assert captions(rows)[-1] == "b"
    assert rows[0] == Reject(
        "src", 1, "is no valid CSV: a quote opens and does not close within 1,000 characters", torn=True
    )


@pytest.mark.parametrize(
    "broken",
    [
        '"never closed,x',
        'b,"never closed',
        '"closed" too early,x',
        '"',
    ],
)
def test_a_broken_quote_costs_its_own_row_alone(read: Read, broken: str) -> None:
    good = "".join(f"c{i},x\n" for i in range(2000))
    rows = read("a.csv", f"text,hashtags\na,x\n{broken}\n{good}")
    assert captions(rows) == ["a", 2, *(f"c{i}" for i in range(2000))]
    assert "is no valid CSV" in rows[1].reason  # type: ignore[union-attr]


def test_a_broken_quote_before_rows_with_quotes(read: Read) -> None:
    rows = read("a.csv", 'text,hashtags\na,"never closed\n"b",x\n"two\nlines","x"\n')
    assert captions(rows) == [1, "b", "two\nlines"]


@pytest.mark.parametrize(
    ("n_lines", "reason"),
    [(2_000, "never closes"), (2 * MAX_RECORD // 1000, "does not close within 16,000,000 characters")],
)
def test_a_broken_quote_in_a_long_file(read: Read, n_lines: int, reason: str) -> None:
    line = "c" * 997 + ",x\n"
    first, *others = read("a.csv", f'text,hashtags\n"never closed,x\n{line * n_lines}')
    assert first == Reject("src", 1, f"is no valid CSV: a quote opens and {reason}", torn=True)
    assert captions(others) == ["c" * 997] * n_lines


def test_a_broken_quote_far_before_another(read: Read) -> None:
    good = "".join(f"c{i},x\n" for i in range(30_000))
    rows = read("a.csv", f'text,hashtags\n"never closed,x\n{good}"quoted",x\n')
    assert captions(rows) == [1, *(f"c{i}" for i in range(30_000)), "quoted"]
    assert rows[0] == Reject("src", 1, "is no valid CSV: text follows a closing quote", torn=True)


def test_many_broken_quotes_take_no_more_than_their_time(read: Read) -> None:
    started = time.perf_counter()
    rows = read("a.csv", "text,hashtags\n" + '"a,x\n' * 20_000)
    assert captions(rows) == list(range(1, 20_001))
    assert time.perf_counter() - started < 5


@pytest.mark.parametrize("told", ["sep=;\n", "\ufeffsep=;\r\n", '"sep=;"\n', "SEP=;\n", "sep=;;;\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_first_line_may_tell_the_separator(read: Read, told: str, encoding: str) -> None:
    rows = read("a.csv", (told.removeprefix("\ufeff") + "text;tags, if any\na, b;x\n").encode(encoding))
    assert captions(rows) == ["a, b"]
    rows = read("b.csv", f"{told}text;hashtags\na, b;x\nc;y\n")
    assert [post.hashtags for post in rows if isinstance(post, Post)] == [("x",), ("y",)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "*"])
def test_the_header_tells_the_separator(read: Read, delimiter: str) -> None:
    rows = read("a.csv", delimiter.join(["id", "text", '"tags, if any"', "hashtags\n1", "a", "b", "x\n"]))
    assert [(post.caption, post.hashtags) for post in rows if isinstance(post, Post)] == [("a", ("x",))]


def test_blank_lines_do_not_count(read: Read) -> None:
    rows = read("a.csv", "text\n\n  \n#x\n\n\n\0\n")
    assert [row.row for row in rows if isinstance(row, Reject)] == [2]


def test_a_header_alone_holds_no_posts(read: Read) -> None:
    assert read("a.csv", "text,hashtags\n") == []


@pytest.mark.parametrize("content", ["", "\n \n", b"\xef\xbb\xbf"])
def test_empty_files(read: Read, content: str) -> None:
    with pytest.raises(SourceError, match="is empty"):
        read("a.csv", content)


def test_a_broken_header(read: Read) -> None:
    with pytest.raises(SourceError, match="the header of .* a quote opens and never closes"):
        read("a.csv", 'text,"hashtags\na,x\n')


PLAIN = (
    st.text(st.characters(codec="utf-8", exclude_characters="\0#＃﹟"), max_size=50)
    .map(str.strip)
    .filter(lambda text: text not in NO_VALUE)
)


@given(
    rows=st.lists(st.tuples(PLAIN, st.lists(st.sampled_from(["카페", "brunch", "ทำอาหาร"]), min_size=1, unique=True))),
    dialect=st.sampled_from(["excel", "excel-tab", "unix"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_any_posts_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]], dialect: str, encoding: str
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, dialect).writerows([("text", "hashtags"), *((text, " ".join(tags)) for text, tags in rows)])
    path = tmp_path_factory.mktemp("archive") / ("a.tsv" if dialect == "excel-tab" else "a.csv")
    path.write_bytes(file.getvalue().encode(encoding))
    assert [(post.caption, list(post.hashtags)) for post in open_reader(path).read() if isinstance(post, Post)] == rows


@given(st.text(st.sampled_from('",;\n\r\0ab#\t ')))
def test_any_text_is_read_to_its_end(tmp_path_factory: pytest.TempPathFactory, content: str) -> None:
    path = tmp_path_factory.mktemp("archive") / "a.csv"
    path.write_bytes(("text,hashtags\n" + content + "\nthe end,x\n").encode())
    rows = list(open_reader(path).read())
    numbers = [row.row for row in rows if isinstance(row, Reject)]
    assert numbers == sorted(set(numbers)) and all(0 < number <= len(rows) for number in numbers)
    assert content.count('"') or isinstance(rows[-1], Post) and rows[-1].caption == "the end"


# A row of nothing but space is none, so that it must not be too long either.
ANY_ROWS = st.text(st.sampled_from('",;\n\rab\t '), max_size=40).filter(lambda text: not re.search(r"\s{4}", text))


@given(content=ANY_ROWS, name=st.sampled_from(["a.csv", "a.tsv"]))
def test_fields_that_are_too_long_hide_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, content: str, name: str
) -> None:
    path = tmp_path_factory.mktemp("archive") / name
    path.write_bytes(("x\n" + content + "\nend\n").encode())
    table = DelimitedFile(TextFile(path, None))
    whole = list(table.rows())
    limit = csv.field_size_limit(3)
    try:
        limited = list(table.rows())
    finally:
        csv.field_size_limit(limit)
    too_long = BrokenRow("has a field of more than 3 characters", torn=True)
    assert len(limited) == len(whole)
    for row, expected in zip(limited, whole, strict=True):
        assert row == expected or row == too_long
