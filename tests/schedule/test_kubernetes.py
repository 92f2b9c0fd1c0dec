import json
import os
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.schedule import Cluster, Nightly, kubernetes_text

CLUSTER = Cluster("registry.example.org:5000/team/hashtag@sha256:0a1b", "archive-home")


def job_of(nightly):
    documents = list(yaml.safe_load_all(kubernetes_text(nightly, CLUSTER)))
    return documents[0], documents[1:], documents[0]["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_the_job_is_alone_bounded_and_not_root():
    job, others, pod = job_of(Nightly("hashtag", PurePosixPath("/var/lib/hashtag"), at="00:07"))
    assert (job["apiVersion"], job["kind"], job["metadata"]["name"]) == ("batch/v1", "CronJob", "hashtag-refresh")
    assert job["spec"]["schedule"] == "7 0 * * *"
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod["restartPolicy"] == "Never"
    assert pod["securityContext"]["runAsNonRoot"] is True
    [container] = pod["containers"]
    assert container["image"] == CLUSTER.image
    assert container["command"] == ["hashtag", "index", "refresh", "--home", "/var/lib/hashtag", "--log", "json"]
    assert container["envFrom"] == [{"secretRef": {"name": "hashtag-refresh", "optional": True}}]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert set(container["resources"]) == {"requests", "limits"}
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"home": "/var/lib/hashtag", "tmp": "/tmp"}
    claims = {volume["name"]: volume.get("persistentVolumeClaim") for volume in pod["volumes"]}
    assert claims == {"home": {"claimName": "archive-home"}, "tmp": None}
    assert others == []


@pytest.mark.parametrize(("code", "posts"), [(0, 0), (4, 0), (3, 1), (2, 1)])
def test_a_failure_is_posted_and_the_exit_code_stays(awkward, fakes, tmp_path, code, posts):
    nightly = awkward(mail=None)
    told = fakes(Path(nightly.program))
    _, [secret], pod = job_of(nightly)
    [container] = pod["containers"]
    assert container["envFrom"][1] == {"secretRef": {"name": secret["metadata"]["name"]}}
    assert all(word.replace("$$", "").count("$") == 0 for word in container["command"])
    command = [word.replace("$$", "$") for word in container["command"]]
    environment = {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin", "FAKE_CODE": str(code)} | secret["stringData"]
    ran = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert ran.returncode == code
    refresh, *alarms = told()
    assert refresh[1] == list(nightly.words[1:])
    assert len(alarms) == posts
    for curl, posted, _ in alarms:
        assert (curl, posted[-1]) == ("curl", nightly.webhook)
        failed = f"hashtag-refresh failed in {os.uname().nodename} with exit code {code}"
        assert json.loads(posted[posted.index("-d") + 1]) == {"text": failed}


def test_awkward_paths_are_read_back(awkward):
    nightly = awkward(webhook=None, name="nightly-2")
    _, _, pod = job_of(nightly)
    assert pod["containers"][0]["volumeMounts"][0]["mountPath"] == str(nightly.home)


@pytest.mark.parametrize(("image", "claim"), [("", "home"), ("a b", "home"), ("x:1\nkind: y", "home"), ("x", "Home")])
def test_names_that_are_none_are_refused(image, claim):
    with pytest.raises(SettingsError):
        Cluster(image, claim)


def test_a_password_belongs_into_a_secret(awkward):
    with pytest.raises(SettingsError, match="kubectl create secret generic hashtag-refresh .*HASHTAG_DB"):
        kubernetes_text(awkward(db="postgresql://user:s3cret@host/name"), CLUSTER)


def test_an_sqlite_file_outside_the_volume_is_refused(awkward):
    with pytest.raises(SettingsError, match="would be lost"):
        kubernetes_text(awkward(db="sqlite:////elsewhere/posts.sqlite"), CLUSTER)
