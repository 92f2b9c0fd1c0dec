"""The programs of docs/phone.md, each as it stands there, on small students."""

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from hashtag_recommender.core.post import Photo, Post
from hashtag_recommender.core.progress import Silent
from hashtag_recommender.core.query import Query
from hashtag_recommender.core.suggest_options import SuggestOptions
from hashtag_recommender.core.vectors import unit_rows
from hashtag_recommender.retrieval.student.distillation import FOLDS, DistillationSet, vocabulary_of
from hashtag_recommender.retrieval.student.exporting import TrainedStudent, write_student
from hashtag_recommender.retrieval.student.network import FEATURES
from hashtag_recommender.retrieval.student.ngrams import HashedNgrams
from hashtag_recommender.retrieval.student.recommender import StudentRecommender
from hashtag_recommender.retrieval.student.training import train

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "phone.md").read_text(encoding="utf-8")
RUNTIME = ROOT / ".venv" / "npm" / "node_modules" / "onnxruntime-web" / "dist"
FIVE = SuggestOptions(count=5, raw=True)
SUBJECTS = ("latte", "puppy", "tulips", "daily", "weekend", "seoul", "일상")
NEAR = 0.06  # a browser resizes photos in its own way


def program(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, flags=re.DOTALL)
    return found


def told(text):
    """Hashtags with their probabilities, of a text that tells one behind the other."""
    return {hashtag: float(score) for hashtag, score in re.findall(r"#(\S+) ([0-9.]+)", text)}


def expected(model, photo, caption=""):
    (answer,) = StudentRecommender(model).suggest_batch([Query(caption, (photo,))], FIVE)
    return {suggestion.hashtag: suggestion.score for suggestion in answer.suggestions}


def write(path, demo, *, captions, quantised):
    """A student that was trained on little: what it says matters less than that all programs hear the same."""
    photos = sorted((demo / "photos").glob("*.jpg"))[:30]
    rng, ngrams = np.random.default_rng(0), HashedNgrams() if captions else None
    posts = [
        Post(
            "s",
            str(i),
            f"a day with {SUBJECTS[i % 3]} {i}",
            (SUBJECTS[i % 3], *SUBJECTS[3 + i % 4 :]),
            (Photo(photo, str(i)),),
        )
        for i, photo in enumerate(photos)
    ]
    features = unit_rows(rng.normal(size=(len(posts), FEATURES)))[:, None].astype(np.float16)
    bags = ngrams.bags([post.caption for post in posts]) if ngrams else None
    soft_targets = dict.fromkeys(("photo", "caption", "both") if captions else ("photo",), [{}] * len(posts))
    examples = DistillationSet(vocabulary_of(posts), posts, features, bags, soft_targets, np.arange(len(posts)) % FOLDS)
    trained = TrainedStudent(examples, train(examples, Silent()), ngrams, {"snapshot": "snap-1", "version": "1"})
    write_student(trained, path, quantised)


def test_in_python(demo, tmp_path):
    write(tmp_path / "model.onnx", demo, captions=False, quantised=False)
    shutil.copy(demo / "new" / "coffee.jpg", tmp_path / "photo.jpg")
    words = [sys.executable, "-c", program("python")]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    answer = expected(tmp_path / "model.onnx", tmp_path / "photo.jpg")
    assert told(ran.stdout) == pytest.approx(answer, abs=0.006) and len(answer) == 5


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *told):
        pass


@pytest.fixture(scope="module")
def folder(demo, tmp_path_factory):
    """What the document puts on a web server, with a student that reads captions."""
    if not RUNTIME.is_dir():
        missing = "the package onnxruntime-web is not there: run `make onnxruntime-web`"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    made = tmp_path_factory.mktemp("phone")
    write(made / "model.onnx", demo, captions=True, quantised=True)
    (made / "index.html").write_text(program("html"), encoding="utf-8")
    (made / "dist").symlink_to(RUNTIME)
    return made


@pytest.fixture(scope="module")
def page(browser, folder):
    serve = functools.partial(_Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        opened = browser.new_page()
        opened.set_default_timeout(60_000)
        opened.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        opened.wait_for_selector("#post:not([disabled])")  # files can also be set before, and nothing happens then
        yield opened
        opened.close()
        server.shutdown()
        thread.join()


def test_on_a_web_page(page, folder, demo):
    photo, caption = demo / "new" / "coffee.jpg", "A ＤＡＹ with  puppy, 오랜만에 ☕️"
    page.get_by_label("Photo").set_input_files(photo)
    page.wait_for_function("document.getElementById('hashtags').textContent.includes('#')")
    answer, right = told(page.locator("#hashtags").inner_text()), expected(folder / "model.onnx", photo)
    assert len(answer) == 5 and len(answer.keys() & right.keys()) >= 3
    assert all(answer[tag] == pytest.approx(right[tag], abs=NEAR) for tag in answer.keys() & right.keys())
    before = page.locator("#hashtags").inner_text()
    page.get_by_placeholder("Caption").fill(caption)
    page.get_by_placeholder("Caption").press("Tab")
    page.wait_for_function("before => document.getElementById('hashtags').textContent !== before", arg=before)
    answer, right = told(page.locator("#hashtags").inner_text()), expected(folder / "model.onnx", photo, caption)
    assert len(answer.keys() & right.keys()) >= 3
    assert all(answer[tag] == pytest.approx(right[tag], abs=NEAR) for tag in answer.keys() & right.keys())


@pytest.mark.parametrize("caption", ["", "a", "ＣＡＦÉ 오랜만에\u3000단골 ☕️👩‍💻 İstanbul ΣΑΣ", "日本語 🎞"])
def test_its_n_grams_are_those_of_the_training(page, caption):
    source = re.search(r"function takeNgrams\(.*?\n  }\n", program("html"), flags=re.DOTALL)[0]
    ngrams = HashedNgrams()
    asked = {"caption": caption, "ngrams": ngrams.to_json()}
    bag = page.evaluate(f"({{caption, ngrams}}) => {{ {source}; return [...takeNgrams(caption, ngrams)]; }}", asked)
    np.testing.assert_allclose(bag, ngrams.bags([caption])[0], atol=1e-6)
