"""Several threads may ask one recommender at once."""

import csv
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from torch import nn

from hashtag_recommender import Query, SuggestOptions, follow_recommender, open_recommender
from hashtag_recommender.assembly import add_post
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.assembly.suggest import following
from hashtag_recommender.core.errors import WeightsError
from hashtag_recommender.core.protocols import Fingerprint
from hashtag_recommender.core.settings import Settings
from hashtag_recommender.index.vectors import faiss_index
from hashtag_recommender.index.vectors.extended import ExtendedIndex
from hashtag_recommender.retrieval.runtimes.loaded import Loaded
from hashtag_recommender.retrieval.runtimes.pytorch import TORCH
from hashtag_recommender.retrieval.runtimes.runtime import Network

THREADS = 16


@pytest.fixture(scope="module")
def questions(demo):
    """Photos, captions and both, with and without what else may be asked."""
    with (demo / "new" / "posts.csv").open(encoding="utf-8", newline="") as file:
        new = [(demo / "new" / row["image"], row["text"]) for row in csv.DictReader(file)]
    words = "espresso 커피 cat 고양이 summit hike bread 여유 카페 rocket".split()
    asked = []
    for i in range(3 * THREADS):
        photo, text = new[i % len(new)]
        text = " ".join([text, *words[: i % 7]])
        told = {
            "options": SuggestOptions(count=1 + i % 9),
            "given": words[i % 3 : i % 3 + i % 2],
            "explain": i % 2 == 0,
        }
        asked.append(((photo if i % 3 else None, text if i % 3 != 1 else ""), told))
    return asked


def answers(recommender, questions):
    """As the threads get them that ask all at once."""
    start = threading.Barrier(THREADS)

    def ask(share):
        start.wait(60)
        return [recommender.suggest(*asked, **told) for asked, told in share]

    with ThreadPoolExecutor(THREADS) as pool:
        shares = list(pool.map(ask, [questions[i::THREADS] for i in range(THREADS)]))
    return [shares[i % THREADS][i // THREADS] for i in range(len(questions))]


@pytest.mark.parametrize("open_one", [open_recommender, follow_recommender])
def test_threads_get_the_answers_that_one_would_get(demo_home, questions, open_one):
    with open_one(demo_home) as recommender:
        at_once = answers(recommender, questions)  # by models that nobody has loaded yet
        assert at_once == [recommender.suggest(*asked, **told) for asked, told in questions]
    assert all(answer.suggestions and answer.error is None for answer in at_once)


def test_batches_may_be_asked_by_threads_too(demo_home, questions):
    queries = [Query(text, photo or ()) for (photo, text), _ in questions]
    with open_recommender(demo_home) as recommender, ThreadPoolExecutor(THREADS) as pool:
        alone = recommender.suggest_batch(queries)
        assert all(batch == alone for batch in pool.map(lambda _: recommender.suggest_batch(queries), range(THREADS)))


def test_while_posts_are_added_each_answer_is_of_one_state(demo_home, questions, tmp_path, monkeypatch):
    monkeypatch.setattr(following, "_EVERY", 0)
    home = shutil.copytree(demo_home, tmp_path / "home")
    text = "a zeppelin over the lake"
    with follow_recommender(home) as recommender, ThreadPoolExecutor(THREADS) as pool:
        before = recommender.suggest(text=text)
        asked = [pool.submit(recommender.suggest, text=text) for _ in range(THREADS)]
        add_post(Home(Settings(home)), (), text, "zeppelin")
        asked += [pool.submit(recommender.suggest, text=text) for _ in range(THREADS)]
        told = [answer.result() for answer in asked]
        after = recommender.suggest(text=text)
    assert before != after and all(answer in (before, after) for answer in told)


def test_one_model_works_in_pytorch_at_a_time():
    class Watch:
        working, most = 0, 0

    def features(pixels):
        Watch.working += 1
        Watch.most = max(Watch.most, Watch.working)
        inside.wait(0.01)
        Watch.working -= 1
        return pixels.flatten(1)

    inside, pixels = threading.Event(), np.ones((2, 3, 4, 4), dtype=np.float32)
    network = Network(features, nn.Identity(), pixels[0])
    models = [TORCH.load_photo_model(Fingerprint("a", "b", "c", 48, "d"), lambda: network) for _ in range(2)]
    with ThreadPoolExecutor(THREADS) as pool:
        for [vectors] in pool.map(lambda i: models[i % 2].run(pixels), range(THREADS)):
            assert vectors.shape == (2, 48)
    assert Watch.most == 1


def test_a_model_is_loaded_once_and_tried_again_if_that_fails():
    told, loading = [], threading.Event()

    def load():
        told.append("load")
        loading.wait(0.05)
        if len(told) == 1:
            raise WeightsError("not there yet")
        return object()

    model = Loaded(load)
    with pytest.raises(WeightsError):
        model.get()
    with ThreadPoolExecutor(THREADS) as pool:
        assert len(set(pool.map(lambda _: model.get(), range(THREADS)))) == 1
    assert len(told) == 2
    model.release()
    model.get()
    assert len(told) == 3


def test_an_index_on_a_gpu_is_searched_by_one_thread_at_a_time(tmp_path, monkeypatch):
    faiss_index.write_exact(np.eye(4, dtype=np.float32), tmp_path, 1)
    monkeypatch.setattr(faiss_index.faiss, "get_num_gpus", lambda: 1)
    monkeypatch.setattr(faiss_index.faiss, "index_cpu_to_all_gpus", lambda index: index, raising=False)
    index = faiss_index.FaissIndex.read(tmp_path)
    for searched in (index, ExtendedIndex(index, np.eye(4, dtype=np.float32)[:1])):
        assert hasattr(index._one_at_a_time, "locked")
        assert searched.search(np.eye(4, dtype=np.float32), 1).rows.shape == (4, 1)
        assert not index._one_at_a_time.locked()
