import dataclasses
import json

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.core.vectors import Matches
from hashtag_recommender.retrieval.reranking import reports
from hashtag_recommender.retrieval.reranking.hashtag_names import HashtagNames
from hashtag_recommender.retrieval.reranking.reports import TrainingExamples, report_on
from hashtag_recommender.retrieval.reranking.reranker import Reranker, read_report
from hashtag_recommender.retrieval.reranking.training import FEWEST_POSTS, learn_reranker
from hashtag_recommender.retrieval.voting.fusion import Fusion
from hashtag_recommender.retrieval.voting.votes import count_uses


@pytest.fixture(scope="module")
def reranker(archive, fusion):
    learned = learn_reranker(archive, fusion)
    assert learned is not None
    return learned.reranker


@pytest.fixture
def saved(reranker, tmp_path):
    reranker.save(tmp_path)
    return tmp_path


def part(archive, rows):
    """The first posts of an archive, with channels that know only them."""
    channels = [dataclasses.replace(nearby, index=Truncated(nearby, len(rows))) for nearby in archive.channels]
    return dataclasses.replace(
        archive,
        contents=archive.contents.take(rows),
        labels=archive.labels[rows],
        clusters=archive.clusters[rows],
        author_of=archive.author_of[rows],
        channels=channels,
    )


class Truncated:
    """Finds only posts below n."""

    def __init__(self, nearby, n):
        self._nearby, self._n = nearby, n

    def search(self, queries, k):
        found = self._nearby.index.search(queries, k)
        rows = np.where(self._nearby.rows[found.rows] < self._n, found.rows, -1)
        return Matches(rows, np.where(rows < 0, np.float32(0), found.similarities))


def test_it_is_better_than_the_vote_and_knows_it(reranker, ask):
    assert reranker.report.ships
    queries, labels = ask(200)
    right = {"vote": 0.0, "reranker": 0.0}
    for i, ranked in enumerate(reranker.rank(queries)):
        truth = labels[i].toarray()[0]
        right["reranker"] += truth[ranked.columns[:2]].sum()
        right["vote"] += truth[np.argsort(-queries.votes[i].toarray()[0], kind="stable")[:2]].sum()
    assert right["reranker"] >= right["vote"]


def test_its_probabilities_are_honest(reranker, ask):
    queries, labels = ask(300)
    ranked = reranker.rank(queries)
    given = np.concatenate([r.probabilities for r in ranked])
    true = np.concatenate([labels[i].toarray()[0, r.columns] for i, r in enumerate(ranked)])
    sure = given > 0.5
    assert true[sure].mean() == pytest.approx(given[sure].mean(), abs=0.1)
    assert true[~sure].mean() == pytest.approx(given[~sure].mean(), abs=0.1)


def test_ranked_likeliest_first_one_by_one_as_in_a_batch(reranker, ask):
    queries, _ = ask(12)
    together = reranker.rank(queries)
    for i, ranked in enumerate(together):
        assert np.all(np.diff(ranked.probabilities) <= 0)
        assert ((ranked.probabilities >= 0) & (ranked.probabilities <= 1)).all()
        assert len(set(ranked.columns.tolist())) == len(ranked.columns)
        alone = dataclasses.replace(
            queries,
            contents=queries.contents.take(np.array([i])),
            hits={name: Matches(m.rows[[i]], m.similarities[[i]]) for name, m in queries.hits.items()},
            votes=queries.votes[i],
        )
        assert reranker.rank(alone)[0].probabilities == pytest.approx(ranked.probabilities, abs=1e-4)
    assert reranker.rank(ask(0)[0]) == []


def test_learning_the_same_twice_gives_the_same(archive, fusion, reranker, saved, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    learned = learn_reranker(archive, fusion)
    assert learned is not None
    learned.reranker.save(again)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in saved.iterdir()
    }


def test_copies_of_a_post_do_not_make_it_look_known(archive, fusion, reranker):
    """Each post twice: what is told of posts whose copies were out of sight must not be better for it."""
    rows = np.repeat(np.arange(130), 2)
    some = part(archive, np.arange(130))
    twice = dataclasses.replace(
        part(archive, rows),
        clusters=rows,
        channels=[dataclasses.replace(nearby, rows=2 * nearby.rows, clusters=rows) for nearby in some.channels],
        queries={name: dataclasses.replace(query, rows=2 * query.rows) for name, query in some.queries.items()},
    )
    learned = learn_reranker(twice, fusion)
    assert learned is not None
    report = learned.reranker.report
    assert report.clusters < report.posts
    assert report.auto_f1 < reranker.report.auto_f1 + 0.05


def test_small_archives_keep_the_vote(archive, fusion):
    assert learn_reranker(part(archive, np.arange(FEWEST_POSTS - 1)), fusion) is None


def test_it_survives_its_folder(reranker, saved, archive, fusion, ask):
    again = Reranker.load(saved, archive.hashtags, archive.labels, count_uses(archive.labels), fusion)
    assert again.report == reranker.report == read_report(saved)
    queries, _ = ask(5)
    for one, other in zip(again.rank(queries), reranker.rank(queries), strict=True):
        assert np.array_equal(one.columns, other.columns)
        assert np.array_equal(one.probabilities, other.probabilities)


def test_a_hashtag_that_no_post_carries_comes_where_its_name_fits(saved, archive, fusion, ask):
    """Its name lies where the photos of one subject do; nothing else speaks for it."""
    subject, added = 3, len(archive.hashtags)
    names = HashtagNames.from_vectors({"image": archive.names.of["image"].vectors[subject : subject + 1]})
    labels = sparse.csr_matrix(
        sparse.hstack([archive.labels, sparse.csr_matrix((archive.labels.shape[0], 1))]), dtype=np.float32
    )
    reranker = Reranker.load(
        saved, StringTable.of([*archive.hashtags, "added"]), labels, count_uses(labels), fusion, names
    )
    queries, truth = ask(60)
    wider = sparse.csr_matrix(sparse.hstack([queries.votes, sparse.csr_matrix((60, 1))]), dtype=np.float32)
    chances: dict[bool, list[float]] = {True: [], False: []}
    for ranked, right in zip(reranker.rank(dataclasses.replace(queries, votes=wider)), truth.toarray(), strict=True):
        [place] = np.flatnonzero(ranked.columns == added) if added in ranked.columns else [-1]
        chances[bool(right[subject])].append(float(ranked.probabilities[place]) if place >= 0 else 0.0)
    assert np.mean(chances[True]) > 2 * np.mean(chances[False])
    without = Reranker.load(saved, StringTable.of([*archive.hashtags, "added"]), labels, count_uses(labels), fusion)
    for ranked in without.rank(dataclasses.replace(queries, votes=wider)):
        assert added not in ranked.columns, "nothing is known of its name"


def test_what_release_0_1_did_not_store_is_made_as_it_was(reranker, saved, archive, fusion, ask):
    fields = json.loads((saved / "reranker.json").read_text())
    stored = {"pairs_keys", "pairs_counts", "style_rows"}
    fields["arrays"] = [name for name in fields["arrays"] if name not in stored] + ["names_image"]
    del fields["fewest_together"]
    (saved / "reranker.json").write_text(json.dumps(fields))
    for name in (*stored, *(f"names_image_{part}" for part in ("count", "mean", "second"))):
        (saved / f"{name}.npy").unlink()
    again = Reranker.load(saved, archive.hashtags, archive.labels, count_uses(archive.labels), fusion)
    queries, _ = ask(5)
    for one, other in zip(again.rank(queries), reranker.rank(queries), strict=True):
        assert np.array_equal(one.columns, other.columns)
        assert np.array_equal(one.probabilities, other.probabilities)


def test_another_version_is_refused(saved, archive, fusion):
    fields = json.loads((saved / "reranker.json").read_text())
    (saved / "reranker.json").write_text(json.dumps(fields | {"version": 99}))
    with pytest.raises(SnapshotError, match="version 99.*index build"):
        Reranker.load(saved, archive.hashtags, archive.labels, count_uses(archive.labels), fusion)


def test_another_fusion_or_archive_is_refused(saved, archive, fusion):
    other = Fusion.from_json(fusion.to_json() | {"voices": [v | {"margin": 9.0} for v in fusion.to_json()["voices"]]})
    with pytest.raises(SnapshotError, match="another fusion"):
        Reranker.load(saved, archive.hashtags, archive.labels, count_uses(archive.labels), other)
    with pytest.raises(SnapshotError, match="not of this archive"):
        fewer = archive.labels[:, :-1]
        Reranker.load(saved, StringTable.of(archive.hashtags[:-1]), fewer, count_uses(fewer), fusion)


@pytest.mark.parametrize("damage", ["missing", "pickled", "no json", "no report"])
def test_damaged_files_are_refused(saved, archive, fusion, damage):
    if damage == "missing":
        (saved / "idf.npy").unlink()
    elif damage == "pickled":
        np.save(saved / "idf.npy", np.array([{"never": "run"}]), allow_pickle=True)
    elif damage == "no json":
        (saved / "reranker.json").write_text("{")
    else:
        (saved / "reranker.json").write_text('{"version": 1}')
    with pytest.raises(SnapshotError, match="index build"):
        Reranker.load(saved, archive.hashtags, archive.labels, count_uses(archive.labels), fusion)


def test_the_report_by_hand(monkeypatch):
    """Two posts; the second saw a copy, and counts only for threshold and calibration."""
    monkeypatch.setattr(reports, "KS", (1,))
    examples = TrainingExamples(
        rows=np.array([4, 7]),
        unseen=np.array([True, False]),
        due=np.array([2, 2]),
        names=("vote", "vote_lift"),
        features=np.array([[0.1, 0], [0.9, 0], [0.5, 0], [0.4, 0]], dtype=np.float32),
        post=np.array([0, 0, 1, 1]),
        columns=np.array([0, 1, 0, 1]),
        carried=np.ones(4, dtype=bool),
        labels=np.array([True, False, True, False]),
        post_folds=np.zeros(10, dtype=np.int64),
        post_blocks=np.zeros(10, dtype=np.int64),
    )
    report, probabilities = report_on(examples, np.array([0.75, 0.15, 0.65, 0.05]), np.arange(10))
    assert probabilities.tolist() == [0.75, 0.15, 0.65, 0.05]
    assert report.threshold == pytest.approx(2 * 2 / (2 + 4) / 2)
    assert (report.posts, report.clusters, report.auto_count) == (1, 1, 1)
    assert report.auto_f1 == pytest.approx(2 * 1 / (1 + 2))
    assert report.vote_f1[1] == 0
    assert report.reranker_f1[1] == pytest.approx(2 * 1 / (1 + 2))
    assert report.ece == pytest.approx((0.25 + 0.35) / 2)
    assert [some.n for some in report.reliability] == [1, 1]
    assert report.ships
