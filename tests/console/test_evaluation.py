from hashtag_recommender.console.evaluation import show_evaluation


def system(name, kind, precision, recall):
    f1 = 2 * precision * recall / (precision + recall) if recall else 0.0
    figures = {"precision": precision, "recall": recall, "f1": f1}
    micro = {"5": figures, "10": figures}
    return {
        "name": name,
        "kind": kind,
        "metrics": {"micro": micro, "auto": None},
        "interval": {"micro_f1_5": [0.0, 1.0]},
        "strata": {"frequency": {"unseen": {"micro": {"5": figures}}}},
        "fit_seconds": 1.0,
    }


def shown(capsys, tmp_path, unseen):
    systems = [system("retrieval", "retrieval", 0.25, 0.125), system("mlp", "network", 0.0, 0.0)]
    systems.append(system("ceiling", "ceiling", 1.0, 1.0))
    split = {"train": 80, "validation": 10, "leaks": 0}
    dataset = {"test_posts": 20, "unseen": unseen}
    show_evaluation({"systems": systems, "split": split, "dataset": dataset, "protocol": None}, tmp_path)
    return capsys.readouterr().out


def test_how_systems_do_with_hashtags_that_no_training_post_has(capsys, tmp_path):
    out = shown(capsys, tmp_path, 0.2)
    told = out[out.index("unseen hashtags: 20.0%") :]
    assert [line.split() for line in told.splitlines() if line.startswith("retrieval")] == [
        ["retrieval", "0.250", "0.125", "0.167"]
    ]
    assert "1 system with none right" in told and "ceiling" not in told


def test_without_unseen_hashtags_nothing_is_said_of_them(capsys, tmp_path):
    assert "unseen hashtags" not in shown(capsys, tmp_path, 0.0)
