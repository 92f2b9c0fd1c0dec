import dataclasses
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy import sparse

from hashtag_recommender.core.errors import SnapshotError
from hashtag_recommender.core.feedback import Judgement, feedback_digest
from hashtag_recommender.core.string_table import StringTable
from hashtag_recommender.retrieval.learned import learned_report, load
from hashtag_recommender.retrieval.learning import carry_over, learn, weigh_judgements
from hashtag_recommender.retrieval.reranking.context_priors import ContextPriors
from hashtag_recommender.retrieval.reranking.hashtag_names import HashtagNames
from hashtag_recommender.retrieval.reranking.reasons import _WORDS
from hashtag_recommender.retrieval.reranking.training import FEWEST_POSTS
from hashtag_recommender.retrieval.voting.ranking import UNLEARNED, Vote
from hashtag_recommender.retrieval.voting.votes import count_uses

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def judgement(hashtag, verdict, score):
    return Judgement(hashtag, verdict, score, "snap-1", "a caption", (), NOW)


@pytest.fixture(scope="module")
def learned(archive):
    return learn(archive, [judgement("latte", "reject", 0.8)])


@pytest.fixture
def saved(learned, tmp_path):
    learned.save(tmp_path)
    return tmp_path


@pytest.fixture
def reopen(saved, archive):
    return lambda: load(saved, archive.hashtags, archive.labels, count_uses(archive.labels))


def rewrite(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def small(archive, n):
    """The same archive with hashtags on n posts alone."""
    rows = np.repeat([1.0, 0.0], [n, archive.labels.shape[0] - n])
    labels = sparse.csr_matrix(sparse.diags_array(rows).astype(np.float32) @ archive.labels)
    labels.eliminate_zeros()
    return dataclasses.replace(archive, labels=labels)


def prior_of(labels):
    return count_uses(labels) / labels.shape[0]


# --- learned, saved, loaded


def test_what_was_learned_survives_its_folder(learned, reopen, archive, ask):
    again = reopen()
    assert (again.fusion, again.context_priors, again.judged) == (
        learned.fusion,
        learned.context_priors,
        learned.judged,
    )
    assert (again.report, again.notes) == (learned.report, ())
    assert np.array_equal(again.clusters, archive.clusters)
    assert again.report.ships and again.context_priors != ContextPriors()
    queries, _ = ask(3)
    rankers = (learned.ranker(prior_of(archive.labels)), again.ranker(prior_of(archive.labels)))
    assert rankers[0].threshold == rankers[1].threshold == learned.report.threshold
    for one, other in zip(*(ranker.rank(queries) for ranker in rankers), strict=True):
        assert np.array_equal(one.columns, other.columns)
        assert one.probabilities == pytest.approx(other.probabilities)


def test_the_report_is_read_alone(learned, saved):
    assert learned_report(saved) == learned.report


def test_hashtags_and_posts_that_have_come_since_fit_on(saved, archive, ask):
    labels = archive.labels.copy()
    labels.resize(labels.shape[0] + 1, labels.shape[1] + 1)
    again = load(saved, StringTable.of([*archive.hashtags, "zeppelin"]), labels, count_uses(labels))
    assert again.reranker is not None and again.notes == ()
    queries, _ = ask(2)
    votes = queries.votes.copy()
    votes.resize(2, labels.shape[1])
    ranked = again.ranker(prior_of(labels)).rank(dataclasses.replace(queries, votes=votes))[1]
    before = (
        load(saved, archive.hashtags, archive.labels, count_uses(archive.labels))
        .ranker(prior_of(archive.labels))
        .rank(queries)[1]
    )
    assert ranked.columns.tolist()[:3] == before.columns.tolist()[:3]


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shuffled(archive, n, seed):
    """n posts of an archive and the hashtags they carry, both in another order, and one hashtag that is new."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(archive.labels.shape[0])[:n]
    labels = sparse.csc_matrix(archive.labels[rows])
    columns = rng.permutation(np.flatnonzero(np.diff(labels.indptr)))
    newcomer = sparse.csr_matrix((np.arange(n) % 9 == 0).astype(np.float32)[:, None])
    return dataclasses.replace(
        archive,
        contents=archive.contents.take(rows),
        labels=sparse.csr_matrix(sparse.hstack([newcomer, labels[:, columns]], format="csr")),
        hashtags=StringTable.of(["zeppelin", *(archive.hashtags[column] for column in columns.tolist())]),
        clusters=np.unique(archive.clusters[rows], return_inverse=True)[1],
        author_of=archive.author_of[rows],
    )


def test_carried_over_to_the_same_posts_it_is_the_same(saved, archive, tmp_path_factory):
    again = tmp_path_factory.mktemp("again")
    carry_over(saved, archive, [judgement("latte", "reject", 0.8)]).save(again)
    assert files(again) == files(saved)


def test_it_does_not_matter_by_which_way_it_was_carried_over(saved, archive, tmp_path_factory):
    """Over an archive that has lost half its posts and some hashtags, and straight away."""
    over, end, straight = (tmp_path_factory.mktemp(name) for name in ("over", "end", "straight"))
    some, now = shuffled(archive, 20, 1), shuffled(archive, 200, 2)
    assert len(some.hashtags) < len(now.hashtags)
    carry_over(saved, some).save(over)
    carry_over(over, now).save(end)
    carry_over(saved, now).save(straight)
    assert files(end) == files(straight) != files(over)


def test_hashtags_are_carried_over_by_name(saved, archive, ask, learned):
    """Of the same posts, with a hashtag before all others that none of them carries, the same names come out."""
    one_more = sparse.csr_matrix((archive.labels.shape[0], 1), dtype=np.float32)
    labels = sparse.csr_matrix(sparse.hstack([one_more, archive.labels], format="csr"))
    names = HashtagNames.from_vectors(
        {by: np.pad(names.vectors, ((1, 0), (0, 0))) for by, names in archive.names.of.items()}
    )
    changed = dataclasses.replace(
        archive, labels=labels, hashtags=StringTable.of(["zeppelin", *archive.hashtags]), names=names
    )
    carried_over = carry_over(saved, changed)
    assert carried_over.report == learned.report and carried_over.judged == {}
    queries, _ = ask(5)
    votes = sparse.csr_matrix(np.pad(queries.votes.toarray(), ((0, 0), (1, 0))))
    ranked = carried_over.ranker(prior_of(labels)).rank(dataclasses.replace(queries, votes=votes))
    for one, other in zip(ranked, learned.ranker(prior_of(archive.labels)).rank(queries), strict=True):
        assert (one.columns - 1).tolist() == other.columns.tolist()
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)


def test_what_cannot_be_read_is_not_carried_over(saved, archive):
    (saved / "reranker" / "idf.npy").unlink()
    with pytest.raises(SnapshotError, match="cannot be read"):
        carry_over(saved, archive)
    (saved / "learned.json").write_text("{}")
    with pytest.raises(SnapshotError, match="cannot be read"):
        carry_over(saved, archive)


def test_small_archives_keep_the_vote_and_have_no_report(archive, ask, tmp_path):
    few = small(archive, FEWEST_POSTS - 1)
    trained = learn(few)
    assert (trained.reranker, trained.report, trained.context_priors, trained.judged) == (
        None,
        None,
        ContextPriors(),
        {},
    )
    trained.save(tmp_path)
    again = load(tmp_path, few.hashtags, few.labels, count_uses(few.labels))
    assert (again.reranker, again.report, again.notes, learned_report(tmp_path)) == (None, None, (), None)
    ranker = again.ranker(prior_of(few.labels))
    assert isinstance(ranker, Vote) and ranker.threshold == UNLEARNED
    queries, _ = ask(2)
    ranked = ranker.rank(queries)[1]
    assert ranked.probabilities[0] == pytest.approx(queries.votes[1].max()), "votes as they stand"


def test_from_so_many_posts_on_it_is_learned(archive):
    assert learn(small(archive, FEWEST_POSTS)).report is not None


def test_a_better_vote_is_used_and_calibrated(saved, reopen, learned, archive, ask):
    report = learned.report.to_json()
    rewrite(saved / "reranker" / "reranker.json", report=report | {"reranker_f1": {"5": 0.0, "10": 0.0}})
    again = reopen()
    assert again.reranker is None and not again.report.ships and again.notes == ()
    ranker = again.ranker(prior_of(archive.labels))
    assert isinstance(ranker, Vote) and ranker.threshold == again.report.threshold
    queries, _ = ask(2)
    ranked = ranker.rank(queries)[1]
    votes = np.sort(queries.votes[1].data)[::-1]
    assert ranked.probabilities == pytest.approx(again.report.calibration.probability(votes))
    worse = dataclasses.replace(learned, report=again.report)
    worse.reranker.report, kept = again.report, worse.reranker.report
    try:
        assert isinstance(worse.ranker(prior_of(archive.labels)), Vote), "also before it is saved"
    finally:
        worse.reranker.report = kept


# --- what cannot be used


def test_a_reranker_of_another_version_leaves_a_note_and_the_vote(saved, reopen, archive):
    rewrite(saved / "reranker" / "reranker.json", version=99)
    again = reopen()
    assert (again.reranker, again.report) == (None, None)
    [note] = again.notes
    assert "version 99" in note and "run `hashtag index build` again" in note and "plain vote" in note
    assert isinstance(again.ranker(prior_of(archive.labels)), Vote)
    with pytest.raises(SnapshotError, match="version 99"):
        learned_report(saved)


@pytest.mark.parametrize("content", [b"{", b""])
@pytest.mark.parametrize("damage", ["idf.npy", "ridge.npy", "reranker.json"])
def test_a_damaged_reranker_leaves_a_note_and_the_vote(saved, reopen, archive, damage, content):
    (saved / "reranker" / damage).write_bytes(content)
    again = reopen()
    assert again.reranker is None and len(again.notes) == 1 and "index build" in again.notes[0]
    assert isinstance(again.ranker(prior_of(archive.labels)), Vote)


@pytest.mark.parametrize(
    "changes",
    [
        {"fusion": {}},
        {"fusion": None},
        {"leanings": {"given": {}}},
        {"leanings": {"given": {"loud": 1}, "author": {}}},
        {"judged": {"latte": "much"}},
        {"judged": ["latte"]},
    ],
)
def test_damaged_fields_are_refused(saved, reopen, changes):
    rewrite(saved / "learned.json", **changes)
    with pytest.raises(SnapshotError, match="cannot be read"):
        reopen()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("learned.json", b"{"),
        ("learned.json", b"[]"),
        ("learned.json", b"\xff"),
        ("clusters.npy", b""),
        ("clusters.npy", b"x"),
    ],
)
def test_damaged_files_are_refused(saved, reopen, name, content):
    (saved / name).write_bytes(content)
    with pytest.raises(SnapshotError, match="cannot be read: .*; run `hashtag index build` again"):
        reopen()


@pytest.mark.parametrize("name", ["learned.json", "clusters.npy"])
def test_missing_files_are_refused(saved, reopen, name):
    (saved / name).unlink()
    with pytest.raises(SnapshotError, match="run `hashtag index build` again"):
        reopen()


# --- what people say


def test_a_damaged_familiarity_leaves_a_note_and_the_reranker(saved, reopen):
    assert reopen().familiarity is not None
    (saved / "familiarity.json").write_text("{}", encoding="utf-8")
    again = reopen()
    assert again.reranker is not None and again.familiarity is None
    assert len(again.notes) == 1 and again.notes[0].endswith("it is not told how well the archive knows a post")


def test_what_was_judged_by_hand():
    """Expected 0.9 + 0.3 times and never taken; expected 0.1 times and taken; both moved by ln((a + 2) / (e + 2))."""
    shifts = weigh_judgements(
        [judgement("spam", "reject", 0.9), judgement("good", "accept", 0.1), judgement("spam", "reject", 0.3)]
    )
    assert shifts == {"spam": pytest.approx(np.log(2 / 3.2)), "good": pytest.approx(np.log(3 / 2.1))}


def test_what_goes_as_expected_moves_nothing():
    as_expected = [judgement("latte", "accept", 0.5), judgement("latte", "reject", 0.5)]
    assert weigh_judgements(as_expected) == {"latte": pytest.approx(0)}
    assert weigh_judgements([]) == {}


def test_the_more_often_the_further():
    falls = [weigh_judgements([judgement("latte", "reject", 0.5)] * n)["latte"] for n in (1, 2, 5)]
    rises = [weigh_judgements([judgement("latte", "accept", 0.5)] * n)["latte"] for n in (1, 2, 5)]
    assert 0 > falls[0] > falls[1] > falls[2] and 0 < rises[0] < rises[1] < rises[2]
    assert -0.5 < falls[0], "a single judgement moves little"


def test_judgements_are_learned(learned):
    assert learned.judged == {"latte": pytest.approx(np.log(2 / 2.8))}


def test_the_digest_of_feedback_changes_with_what_is_learned_from_it():
    one, other = judgement("latte", "reject", 0.8), judgement("puppy", "accept", 0.2)
    assert feedback_digest([one, other]) == feedback_digest([other, one])
    digests = {
        feedback_digest(some)
        for some in (
            [],
            [one],
            [one, one],
            [dataclasses.replace(one, verdict="accept")],
            [dataclasses.replace(one, score=0.7)],
            [dataclasses.replace(one, hashtag="puppy")],
        )
    }
    assert len(digests) == 6
    assert feedback_digest([one]) == feedback_digest([dataclasses.replace(one, snapshot="snap-2", caption="other")])


# --- reasons, of the features that there are


def test_reasons_of_a_reranker(learned, archive, ask):
    queries, _ = ask(4)
    for ranked in learned.ranker(prior_of(archive.labels)).rank(queries):
        told = learned.reranker.reasons(ranked, np.arange(3))
        assert len(told) == 3 and any(told)
        for why in told:
            assert {reason.what for reason in why} <= set(_WORDS.values())
            sizes = [abs(reason.log_odds) for reason in why]
            assert sizes == sorted(sizes, reverse=True)
    assert learned.reranker.reasons(ranked, np.array([], dtype=np.int64)) == []


def test_every_wording_is_of_some_feature(learned):
    names = learned.reranker._learning.features
    unused = {beginning for beginning in _WORDS if not any(name.startswith(beginning) for name in names)}
    not_here = ("sentence_", "multilingual_", "image_to_text_", "text_to_image_")
    assert {name for name in unused if not name.startswith(not_here)} == set()
