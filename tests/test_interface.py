"""The command line, the Python interface and the documentation offer the same, by the same names."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main

import hashtag_recommender
from hashtag_recommender import FollowingRecommender, Query, SuggestOptions, cli, open_recommender
from hashtag_recommender.commands.tree import make_command
from hashtag_recommender.retrieval.recommender import ArchiveRecommender

SUGGESTING = (Path(__file__).parents[1] / "docs" / "suggesting.md").read_text(encoding="utf-8")
FILES = {"batch", "out", "images", "encoding", "image_column", "text_column", "author_column", "given_column"}
PLACES = {"home", "db", "as_json"}
ONLY_IN_PYTHON = {"most"}  # which `platform` sets
IN_PYTHON = {"photos": "photo", "no_new": "new"}  # what goes by another name there


def options():
    suggest = typer.main.get_command(cli.app).commands["suggest"]
    return {parameter.name: parameter for parameter in suggest.params if parameter.name not in FILES | PLACES}


def test_what_the_command_can_ask_python_can():
    of_suggest = set(inspect.signature(ArchiveRecommender.suggest).parameters) - {"self", "options"}
    of_answer = {field.name for field in fields(SuggestOptions)}
    assert {IN_PYTHON.get(name, name) for name in options()} == of_suggest | of_answer - ONLY_IN_PYTHON


def test_every_recommender_takes_the_same():
    for name in ("suggest", "suggest_batch"):
        of_one, of_other = (
            {n: (p.kind, p.default) for n, p in inspect.signature(getattr(kind, name)).parameters.items()}
            for kind in (ArchiveRecommender, FollowingRecommender)
        )
        assert of_one == of_other
    assert {"photos", "caption", "given", "author"} == {field.name for field in fields(Query)}


def test_the_readme_has_a_row_for_each_option():
    table = SUGGESTING.partition("| option of `hashtag suggest` | does |")[2].partition("\n\n")[0]
    named = {parameter.opts[0] for name, parameter in options().items() if name not in ("photos", "text")}
    assert set(re.findall(r"^\| `(--[a-z-]+)", table, flags=re.M)) == named


def test_what_is_usual_is_usual_everywhere():
    for kind in (ArchiveRecommender, FollowingRecommender):
        for name in ("suggest", "suggest_batch"):
            assert inspect.signature(getattr(kind, name)).parameters["options"].default == SuggestOptions()
    defaults = {field.name: field.default for field in fields(SuggestOptions)}
    for name, parameter in options().items():
        if name in defaults:
            assert (parameter.default or None) == (defaults[name] or None), name


def test_the_package_offers_what_it_names():
    assert all(hasattr(hashtag_recommender, name) for name in hashtag_recommender.__all__)


def commands(command, path=()):
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


@pytest.mark.parametrize("path", [path for path, _ in commands(typer.main.get_command(cli.app))])
def test_help_shows_no_types_of_python(hashtag, path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    ran = hashtag(*path, "--help")
    assert ran.code == 0 and "--help" in ran.out
    assert not re.search(r"bool|list\[|\]\.\.\.\]|None", ran.out), ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_every_flag_still_is_one():
    for _, command in commands(make_command(cli.app)):
        for parameter in command.params:
            assert not getattr(parameter, "is_flag", False) or parameter.metavar == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["build", "posts.csv"], "there is no command 'build'; did you mean `hashtag index build`?"),
        (["refresh"], "did you mean `hashtag index refresh`?"),
        (["forget"], "did you mean `hashtag posts forget`?"),
        (["block", "x"], "did you mean `hashtag tags block`?"),
        (["add", "posts.csv"], "did you mean `hashtag sources add` or `hashtag posts add` or `hashtag tags add`?"),
        (["sugest"], "did you mean `hashtag suggest`?"),
        (["source", "list"], "did you mean `hashtag sources`?"),
        (["index", "biuld"], "there is no command 'index biuld'; did you mean `hashtag index build`?"),
        (["posts", "build"], "did you mean `hashtag index build`?"),
        (["rolback"], "did you mean `hashtag index rollback`?"),
        (["xyzzy"], "there is no command 'xyzzy'; `hashtag --help` lists those there are"),
        (["tags", "xyzzy"], "there is no command 'tags xyzzy'; `hashtag tags --help` lists those there are"),
    ],
)
def test_who_mistypes_a_command_is_told_the_right_one(hashtag, words, hint):
    ran = hashtag(*words)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert hint in ran.err


def test_the_version_is_that_of_the_package(hashtag):
    from importlib.metadata import version

    assert hashtag("--version").out == f"hashtag {version('hashtag-recommender')}\n"


def test_the_names_of_the_release_before_are_taken_for_one_more(demo_home):
    with pytest.warns(DeprecationWarning, match="SuggestOptions now"):
        from hashtag_recommender import Wishes
    with open_recommender(demo_home) as recommender:
        known = recommender.suggest(text="cat", options=SuggestOptions(count=2))
        for asked in (
            lambda: recommender.suggest(text="cat", wishes=Wishes(count=2)),
            lambda: recommender.suggest_batch([Query("cat")], wishes=Wishes(count=2))[0],
        ):
            with pytest.warns(DeprecationWarning, match="options= now"):
                assert asked() == known
