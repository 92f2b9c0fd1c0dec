from unicodedata import normalize

import pytest

from hashtag_recommender.core.errors import SourceError
from hashtag_recommender.db.readers.columns import Columns, find_columns, further_images
from hashtag_recommender.db.readers.usual_names import USUAL_NAMES, folded


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        (["image", "text", "hashtags"], Columns("image", "text", "hashtags")),
        (["Name", "Contents", "tags"], Columns("Name", "Contents", "tags")),
        (["image_name", "tweets", "captions"], Columns("image_name", "tweets", "captions")),
        (["image_names", "tweets", "caption"], Columns("image_names", "tweets", "caption")),
        (["image_names", "tweets", "caption", "hashtags"], Columns("image_names", "tweets", "hashtags")),
        (["image", "text", "caption"], Columns("image", "text")),
        (["photo", "file", "caption", "text"], Columns("file", "text")),
        (["TEXT", "ID", "User", "Date"], Columns(None, "TEXT", None, "ID", "User", "Date")),
        (["text", "timestamp", "created_at", "post_id"], Columns(None, "text", None, "post_id", None, "created_at")),
    ],
)
def test_usual_names(found: list[str], columns: Columns) -> None:
    assert find_columns(found, Columns(), for_queries=False) == columns


@pytest.mark.parametrize(
    ("found", "columns"),
    [
        (
            ["번호", "사진", "본문", "해시태그", "작성일", "작성자"],
            Columns("사진", "본문", "해시태그", "번호", "작성자", "작성일"),
        ),
        (["파일명", "내용", "태그", "날짜", "글쓴이"], Columns("파일명", "내용", "태그", None, "글쓴이", "날짜")),
        (
            ["이미지 파일", "글 내용", "해시 태그", "게시 일시"],
            Columns("이미지 파일", "글 내용", "해시 태그", None, None, "게시 일시"),
        ),
        (
            [normalize("NFD", "본문"), normalize("NFD", "태그")],
            Columns(None, normalize("NFD", "본문"), normalize("NFD", "태그")),
        ),
        (
            ["画像", "本文", "ハッシュタグ", "投稿日時", "投稿者"],
            Columns("画像", "本文", "ハッシュタグ", None, "投稿者", "投稿日時"),
        ),
        (["图片", "正文", "标签", "时间", "用户名"], Columns("图片", "正文", "标签", None, "用户名", "时间")),
        (
            ["Imagen", "Descripción", "Etiquetas", "Fecha"],
            Columns("Imagen", "Descripción", "Etiquetas", None, None, "Fecha"),
        ),
        (["imagen", "descripcion", "autor"], Columns("imagen", "descripcion", None, None, "autor")),
        (["Légende", "Mots-clés", "Auteur"], Columns(None, "Légende", "Mots-clés", None, "Auteur")),
        (
            ["Bild", "Beschreibung", "Schlagwörter", "Datum"],
            Columns("Bild", "Beschreibung", "Schlagwörter", None, None, "Datum"),
        ),
        (["Legenda", "Palavras-chave", "Data"], Columns(None, "Legenda", "Palavras-chave", None, None, "Data")),
        (["Immagine", "Testo", "Etichette"], Columns("Immagine", "Testo", "Etichette")),
        (["Gambar", "Keterangan", "Tanggal"], Columns("Gambar", "Keterangan", None, None, None, "Tanggal")),
        (["Hình ảnh", "Nội dung", "Thẻ"], Columns("Hình ảnh", "Nội dung", "Thẻ")),
        (["รูปภาพ", "ข้อความ", "แฮชแท็ก"], Columns("รูปภาพ", "ข้อความ", "แฮชแท็ก")),
        (["Изображение", "Текст", "Хештеги", "Дата"], Columns("Изображение", "Текст", "Хештеги", None, None, "Дата")),
        (
            ["File Path", "Full_Text", "HASH-TAGS", "Created At"],
            Columns("File Path", "Full_Text", "HASH-TAGS", None, None, "Created At"),
        ),
        (
            ["\ufeffid_str", "id", "full_text", "screen_name"],
            Columns(None, "full_text", None, "\ufeffid_str", "screen_name"),
        ),
        (["ｔｅｘｔ", "ＴＡＧＳ"], Columns(None, "ｔｅｘｔ", "ＴＡＧＳ")),
        (["name", "username", "tweet"], Columns(None, "tweet", None, None, "username")),
        (["title", "description", "tags"], Columns(None, "description", "tags")),
        (["title", "tags"], Columns(None, "title", "tags")),
        (["image_2", "image_1", "text"], Columns("image_1", "text")),
    ],
)
def test_usual_names_of_other_languages_and_platforms(found: list[str], columns: Columns) -> None:
    assert find_columns(found, Columns(), for_queries=False) == columns


@pytest.mark.parametrize(
    ("found", "further"),
    [
        (["image_1", "image_2", "image_10"], ["image_2", "image_10"]),
        (["photo2", "photo", "photo3"], ["photo2", "photo3"]),
        (["사진 1", "사진 2", "본문"], ["사진 2"]),
        (["image", "image_size", "photo_2"], []),
        (["text"], []),
    ],
)
def test_further_photos_stand_in_columns_with_numbers(found: list[str], further: list[str]) -> None:
    columns = find_columns([*found, "caption"], Columns(), for_queries=False)
    assert list(further_images(found, columns, Columns())) == further
    assert not further_images(found, columns, Columns(image=found[0]))


def test_no_name_is_usual_for_two_parts() -> None:
    names = [name for names in USUAL_NAMES.values() for name in names]
    assert len(set(names)) == len(names)
    assert all(folded(name) == name for name in names)


def test_names_given_by_options_come_first_and_play_no_second_part() -> None:
    named = Columns(text="captions", post_id="text")
    assert find_columns(["captions", "text", "tags"], named, for_queries=False) == Columns(
        text="captions", hashtags="tags", post_id="text"
    )


def test_new_posts_have_no_column_of_hashtags_but_of_those_given() -> None:
    assert find_columns(["image", "hashtags", "id"], Columns(hashtags="missing"), for_queries=True) == Columns("image")
    found = ["text", "tags", "given", "user", "date"]
    assert find_columns(found, Columns(), for_queries=True) == Columns(text="text", author="user", given="given")
    assert find_columns(found, Columns(), for_queries=False).given is None


@pytest.mark.parametrize(
    ("found", "named", "for_queries", "message"),
    [
        (["a", "b"], Columns(), False, "columns are: a, b; name it with --text-column NAME or --image-column NAME"),
        (["hashtags"], Columns(), True, "no column is known for text or image"),
        (["image", "x"], Columns(), False, "--hashtags-column NAME or --text-column NAME"),
        (["text"], Columns(author="me"), False, "no column 'me' for the author; its columns are: text"),
        (["text"], Columns(text=""), False, "no column '' for the caption; .*; name another with --text-column"),
        ([], Columns(), False, "it has no columns"),
        (["a\nb"], Columns(), False, r"columns are: 'a\\nb'"),
        ([f"c{i}" for i in range(99)], Columns(), False, r"c29, \.\.\.; name it"),
    ],
)
def test_columns_that_make_no_posts(found: list[str], named: Columns, for_queries: bool, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        find_columns(found, named, for_queries)
