"""Which engine encodes what a build or refresh finds without vectors."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from ...core.advice import INSTALL_RAY
from ...core.errors import SettingsError
from ...core.pipeline import LocalEngine
from ...core.protocols import EmbeddingEngine
from ...core.settings import Engine, Settings


@contextmanager
def embedding_engine(settings: Settings) -> Iterator[EmbeddingEngine]:
    """The engine that settings ask for, ready to encode; use it within `Home.run`.

    Raises SettingsError if its library is not installed, ClusterError if its cluster cannot be reached.
    """
    if settings.embedding_engine == Engine.local:
        yield LocalEngine()
        return
    if find_spec("ray") is None:
        raise SettingsError("encoding on a cluster needs ray, which is not installed", INSTALL_RAY)
    from .ray_cluster import connected
    from .ray_engine import RayEngine

    with connected(settings.ray_address or "auto"):
        yield RayEngine(settings)
