"""The client for Python speaks the documents of the server, and the guide shows what the server answers."""

import json
import re
import shlex
from pathlib import Path

import httpx
import pytest

from hashtag_recommender.web.client import Client, ServerProblem

from .conftest import CAT, HERE, TOKEN

GUIDE = (Path(__file__).parents[2] / "docs" / "serving.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```console\n\$ (curl [^\n]+)\n(.*?)```", GUIDE, flags=re.S)


class Within(httpx.BaseTransport):
    """Hands requests to a server within this process."""

    def __init__(self, server):
        self._server = server

    def handle_request(self, request):
        answer = self._server.request(
            request.method, str(request.url), content=request.read(), headers=dict(request.headers)
        )
        kind = {"content-type": answer.headers.get("content-type", "")}
        return httpx.Response(answer.status_code, headers=kind, content=answer.content)


@pytest.fixture
def ask(own):
    with Client(HERE, transport=Within(own)) as client:
        yield client


def test_photos_and_captions_get_hashtags(ask, photo, tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo)
    by_path = ask.suggest([tmp_path / "a.jpg"], text=CAT, count=3, languages=["en"], diverse=True)
    assert len(by_path.hashtags) == 3 and by_path.hashtags[0].evidence
    by_id = ask.suggest(photo_ids=[ask.upload(photo)], text=CAT, count=3, languages=["en"], diverse=True)
    assert by_id == by_path
    assert [tag.hashtag for tag in ask.suggest(text=CAT, given=["cat"]).hashtags].count("cat") == 0
    batch = ask.suggest_batch([{"text": CAT}, {"text": "#only #hashtags and words"}], count=1, explain=True)
    assert batch.answers[0].hashtags[0].uses and len(batch.answers) == 2


def test_photos_drafts_and_hashtags_get_captions(ask, photo):
    found = ask.caption([photo], text=CAT, hashtags=["cat"], count=2, max_length=60)
    assert len(found.captions) == 2 and all(len(one.caption) <= 60 for one in found.captions)
    assert found.captions[0].taken_from.post and found.captions[0].taken_from.photo.startswith("/v1/photos/")
    assert ask.caption(hashtags=["cat"], count=1, max_length=None).captions
    with pytest.raises(ServerProblem, match="no photo, no draft and no hashtag; give at least one"):
        ask.caption()


def test_posts_are_added_found_judged_and_removed(ask, photo):
    added = ask.add_post(["새해시태그"], [photo], text="a caption of its own", author="mina")
    assert added.outcome == "added"
    [post] = ask.posts(text="caption of its own").posts
    assert (post.post, post.hashtags, post.author, len(post.photos)) == (added.post, ["새해시태그"], "mina", 1)
    assert [known.hashtag for known in ask.hashtags("새해").hashtags] == ["새해시태그"]
    judged = ask.judge("reject", ["새해시태그"], [photo], text="a caption of its own")
    assert [(one.hashtag, one.verdict) for one in judged.judgements] == [("새해시태그", "reject")]
    assert ask.remove_post(added.post).outcome == "removed"
    assert ask.posts(text="caption of its own").posts == []
    assert ask.index(1).info["posts"] > 0


def test_problems_are_raised_with_what_can_be_done(ask):
    with pytest.raises(ServerProblem, match="no photo and no caption; give a photo") as raised:
        ask.suggest()
    assert (raised.value.problem.status, raised.value.problem.code) == (400, "nothing_to_look_at")


def test_the_token_is_shown(serve):
    server = serve(tokens=(TOKEN,))
    with Client(HERE, TOKEN, transport=Within(server)) as ask:
        assert ask.hashtags().hashtags
    with Client(HERE, transport=Within(server)) as nobody, pytest.raises(ServerProblem, match="token"):
        nobody.hashtags()


def test_what_is_no_problem_document_is_a_problem_all_the_same():
    proxy = httpx.MockTransport(lambda _: httpx.Response(502, text="<h1>Bad Gateway</h1>"))
    with Client(HERE, transport=proxy) as ask, pytest.raises(ServerProblem, match="answered 502"):
        ask.hashtags()


def test_there_are_examples():
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize(("command", "shown"), EXAMPLES)
def test_examples_of_the_guide_give_what_they_show(client, demo, command, shown):
    told = client.request(*request_of(command, demo)[0], **request_of(command, demo)[1]).json()
    expected = json.loads(shown)
    assert shape(told) == shape(expected)
    assert told.get("detail") == expected.get("detail")


def request_of(command, demo):
    """What `curl` would send: method and address, and the body."""
    words = shlex.split(command)[1:]
    fields, files, sent = {}, [], {}
    for option, value in zip(words[:-1:2], words[1:-1:2], strict=True):
        if option == "-F" and "=@" in value:
            name, _, path = value.partition("=@")
            files.append((name, ("photo", (demo / path.removeprefix(".demo/")).read_bytes())))
        elif option == "-F":
            name, _, value = value.partition("=")
            fields[name] = value
        elif option == "-H":
            name, _, value = value.partition(": ")
            sent["headers"] = {name: value}
        else:
            assert option == "-d"
            sent["content"] = value.encode()
    return ("POST", words[-1]), sent | ({"data": fields, "files": files} if files else {})


def shape(document):
    """A document without its figures and names of snapshots."""
    if isinstance(document, dict):
        return {name: None if name == "snapshot" else shape(value) for name, value in document.items()}
    if isinstance(document, list):
        return [shape(value) for value in document]
    return None if isinstance(document, float) else document
