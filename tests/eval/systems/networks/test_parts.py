"""What is particular to single networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from hashtag_recommender.core.post import Photo
from hashtag_recommender.core.query import Query
from hashtag_recommender.eval.systems.networks.attention import SoftAttention
from hashtag_recommender.eval.systems.networks.embedding_similarity import EmbeddingSimilarity
from hashtag_recommender.eval.systems.networks.learner import Setting
from hashtag_recommender.eval.systems.networks.mlp import _Lexicon
from hashtag_recommender.eval.systems.networks.multilabel_cnn import MultilabelCnn
from hashtag_recommender.eval.systems.networks.text_image_concat import TextImageConcat

QUICK = Setting(batch_size=8, learning_rate=1e-2, width=16, dropout=0.0)


def test_attention_leaves_out_padding():
    torch.manual_seed(0)
    attention = SoftAttention(4, 3, 5)
    seen, query = torch.randn(2, 3, 4), torch.randn(2, 3)
    there = torch.tensor([[True, False, False], [True, True, True]])
    attended = attention(seen, attention.key(seen), query, there)
    assert attended.shape == (2, 4)
    assert torch.allclose(attended[0], seen[0, 0])
    assert torch.allclose(attended[1], attention(seen, attention.key(seen), query)[1])
    nothing = attention(seen, attention.key(seen), query, torch.zeros_like(there))
    assert torch.allclose(nothing, seen.mean(dim=1), atol=1e-6)


def test_the_grid_of_embedding_similarity_is_printed(look_at, draw_posts, two_epochs):
    posts = draw_posts(16)
    network = EmbeddingSimilarity(look_at, grid=[QUICK, replace(QUICK, batch_size=4, learning_rate=1e-4)])
    network.fit(posts, posts)
    head, first, second = network.table().splitlines()
    assert head == "bs / lr / f1 / pre / re"
    measure = network.attempts[0].validation
    assert first == f"8 / 0.01 / {measure.f1:.4f} / {measure.precision:.4f} / {measure.recall:.4f}"
    assert second.startswith("4 / 0.0001 / ")


def test_its_own_grid_goes_over_batch_size_and_learning_rate():
    points = {(setting.batch_size, setting.learning_rate) for setting in EmbeddingSimilarity.grid}
    assert len(points) == len(EmbeddingSimilarity.grid) > 6


def test_captions_are_read_from_scratch_where_no_weights_are_here_and_it_says_so(look_at, draw_posts, two_epochs):
    posts = draw_posts(16)
    network = TextImageConcat(look_at, text_model="no/such-model", grid=[QUICK])
    network.fit(posts, posts)
    assert network.notes == (
        "captions are read by a small transformer trained from scratch, since no/such-model is not on this machine",
    )


def test_captions_are_read_by_a_transformer_that_is_here_and_it_says_so(look_at, draw_posts, sentence_folder):
    posts = draw_posts(16)
    folder = str(sentence_folder.parent / "bert")
    network = TextImageConcat(look_at, text_model=folder, grid=[QUICK])
    network.fit(posts, posts)
    assert network.notes == (f"captions are read by {folder}, frozen",)
    assert network.best.validation.f1 > 0.9
    photo = Path("0.jpg")
    one, other, again = network.suggest([Query(text, photo) for text in ("coffee", "garden", "coffee")], 3)
    assert one != other
    assert [scored.score for scored in one] == pytest.approx([scored.score for scored in again])


def test_only_the_hundred_most_used_hashtags_are_labels(look_at, make_posts, two_epochs):
    photo = Photo(Path("1.jpg"), "0" * 64)
    posts = make_posts(*(f"t{n} t{n + 1}" for n in range(150)), photos=[(photo,)] * 150)
    network = TextImageConcat(look_at, text_model="no/such-model", grid=[replace(QUICK, batch_size=64)])
    network.fit(posts, posts)
    (answer,) = network.suggest([Query("any")], 150)
    assert len(answer) == 100


def test_balanced_training_sees_more_posts_and_enriched_training_more_hashtags(look_at, draw_posts, two_epochs):
    posts = draw_posts(32)

    def training_part(**options):
        network = MultilabelCnn(look_at, grid=[QUICK], **options)
        network.fit(posts, posts)
        return network._training_part(posts)

    plain, balanced, enriched = training_part(), training_part(balance=True), training_part(enrich=True)
    assert len(plain) == 32 < len(balanced)
    assert len(balanced.inputs[0]) == len(balanced.targets)
    assert len(enriched) == 32
    assert enriched.targets.sum() >= plain.targets.sum()


def test_the_lexicon_weighs_by_hand():
    counts = sparse.csr_matrix(np.array([[2, 1, 1, 0], [0, 1, 1, 0], [1, 1, 0, 1]], dtype=np.float32))
    lexicon = _Lexicon(counts)
    assert len(lexicon) == 3  # the last n-gram stands in one caption only
    grams, weights = lexicon(counts)
    # Buckets by captions: 1 (of all, idf 0), 0 and 2 (of two, idf ln 1.5).
    own = dict(zip(grams[0].tolist(), weights[0].tolist(), strict=True))
    rare = np.array([1 + np.log(2), 1])
    assert [own[1], own[2], own[0]] == pytest.approx([*(rare / np.linalg.norm(rare)), 0])
    assert np.linalg.norm(weights[0]) == pytest.approx(1)
    assert (grams[:, 3:] == 3).all() and not weights[:, 3:].any()
