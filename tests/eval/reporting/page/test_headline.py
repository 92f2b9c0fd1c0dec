import pytest

from hashtag_recommender.eval.reporting.page.headline import headline


def system(name, kind, f1, *, low=0.01, auto=None):
    others = [other for other in ("ours", "mlp", "svm", "ceiling") if other != name]
    free = None if auto is None else {"micro": {"f1": auto}, "suggested": 2.5}
    return {
        "name": name,
        "kind": kind,
        "metrics": {"micro": {"5": {"f1": f1}}, "auto": free},
        "ahead_by": {other: [low, 0.3] for other in others},
        "better_than": {other: 0.991 for other in others},
    }


@pytest.mark.parametrize(
    ("ours", "mlp", "low", "verdict"),
    [
        (0.3, 0.2, 0.01, "Retrieval won: ours reaches 0.300 micro F1 at 5, mlp 0.200."),
        (0.3, 0.2, -0.01, "Too close to call, with retrieval ahead: ours reaches 0.300 micro F1 at 5, mlp 0.200."),
        (0.2, 0.3, 0.01, "Retrieval lost: mlp reaches 0.300 micro F1 at 5, ours 0.200."),
        (0.2, 0.3, 0.0, "Too close to call, with retrieval behind: mlp reaches 0.300 micro F1 at 5, ours 0.200."),
    ],
)
def test_who_won(ours, mlp, low, verdict):
    systems = [system("ours", "retrieval", ours, low=low), system("mlp", "network", mlp, low=low)]
    told, [figures] = headline({"systems": [*systems, system("ceiling", "ceiling", 0.9)]})
    assert told == verdict
    assert "is behind by 0.100, 50% of its own F1" in figures and "99.1%" in figures
    assert ("beyond chance" in figures) == (low > 0)


def test_a_second_retrieval_is_not_the_one_to_beat():
    systems = [system("ours", "retrieval", 0.3), system("svm", "retrieval", 0.29), system("mlp", "network", 0.1)]
    assert "mlp 0.100" in headline({"systems": systems})[0]


def test_networks_among_themselves():
    told, _ = headline({"systems": [system("mlp", "network", 0.3), system("svm", "reference", 0.2)]})
    assert told.startswith("mlp won: ")


def test_one_alone_won_nothing():
    systems = [system("ours", "retrieval", 0.3), system("ceiling", "ceiling", 0.9)]
    assert headline({"systems": systems}) == ("Only ours was judged, so there is nothing to hold it against.", [])


def test_a_free_number_is_told_apart():
    systems = [system("ours", "retrieval", 0.3, auto=0.4), system("mlp", "network", 0.2)]
    assert headline({"systems": systems})[1][-1].endswith("left to each system: ours 0.400 with 2.5 a post.")
