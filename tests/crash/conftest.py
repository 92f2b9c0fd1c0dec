import pytest

from hashtag_recommender.assembly import build_index, read_posts
from hashtag_recommender.assembly.home import Home
from hashtag_recommender.core.settings import Settings

from .scenes import copy_home, make_rows, use_words, write_rows


@pytest.fixture(autouse=True)
def words_alone(monkeypatch):
    use_words(monkeypatch.setattr)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A home with two snapshots. Not to be written to."""
    folder = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        use_words(patch.setattr)
        for rows in (make_rows()[2:], make_rows()):
            reader = read_posts(write_rows(folder / "posts.csv", rows), source="posts")
            build_index(Home(Settings(folder / "home", encoders="compact")), reader)
    return folder / "home"


@pytest.fixture
def home(published, tmp_path):
    return copy_home(published, tmp_path / "home")
