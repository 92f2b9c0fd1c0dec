"""What an error says can be shown to anybody: what to do at the command line stands in its advice, never in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hashtag_recommender.core import advice, errors

ROOT = Path(__file__).parents[2]
BELOW_COMMANDS = ("core", "db", "index", "retrieval", "eval", "schedule", "assembly")
KINDS = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}
REASONS = {"InvalidRow", "Flaw", "Reject"}  # which become part of an error's message
OF_THE_COMMAND_LINE = re.compile(r"(?<![\w-])--[a-z]|`(?:hashtag|hf|pip|make) |\bSOURCE\b")


def messages_of_the_command_line(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each error of a module whose message names an option or a command.

    A name in the message stands for all that the module assigns to it, a function for all that it may return.
    """
    tree = ast.parse(source)
    named_so: dict[str, list[ast.expr | ast.FunctionDef]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                named_so.setdefault(target.id if isinstance(target, ast.Name) else "", []).append(node.value)
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id == "str":
            named_so.setdefault(node.name, []).append(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in KINDS | REASONS:
            parts = node.args if _name(node.func) in REASONS else node.args[:1]
            parts = [*parts, *(given.value for given in node.keywords if given.arg in ("message", "reason"))]
            named = {inner.id for part in parts for inner in ast.walk(part) if isinstance(inner, ast.Name)}
            behind = [value for name in sorted(named) for value in named_so.get(name, [])]
            for inner in (inner for part in (*parts, *behind) for inner in ast.walk(part)):
                if isinstance(inner, ast.Constant) and OF_THE_COMMAND_LINE.search(str(inner.value)):
                    yield node.lineno, str(inner.value)


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")


@pytest.mark.parametrize("room", BELOW_COMMANDS)
def test_no_message_names_an_option_or_a_command(room):
    found = {
        f"{path.relative_to(ROOT)}:{line}": text
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, text in messages_of_the_command_line(path.read_text(encoding="utf-8"))
    }
    assert not found, "move this into an Advice of core/advice.py"


@pytest.mark.parametrize(
    "source",
    [
        'raise SettingsError("name it with --db")',
        'raise errors.SettingsError(f"{name} is missing; " + "run `hashtag index build`")',
        'error = NotFoundError(message="see --help")',
        'raise InvalidRow(f"{name} is missing; --images names the folder")',
        'def _told(name) -> str:\n    return f"{name}: pass --encoding"\nraise SourceError(_told("a"))',
        '_HINT = "run `pip install it`"\nraise SourceError(f"it is missing; {_HINT}")',
        'def run() -> None:\n    told = "leave --images out"\n    raise SourceError(told)',
    ],
)
def test_such_a_message_is_found(source):
    assert list(messages_of_the_command_line(source))


@pytest.mark.parametrize(
    "source",
    [
        'raise SettingsError("it is missing", NAME_DATABASE)',
        'raise SettingsError("it is missing", Advice("name", "name it with --db"))',
        'raise SettingsError("a -- b, well-known")',
        'raise ValueError("--db")',
    ],
)
def test_any_other_message_is_not(source):
    assert not list(messages_of_the_command_line(source))


def test_a_program_can_tell_advices_apart():
    known = [value for value in vars(advice).values() if isinstance(value, advice.Advice)]
    assert len({one.code for one in known}) == len(known) == len({one.words for one in known})


def test_as_text_an_error_says_what_happened_and_what_to_do():
    error = errors.SettingsError("the id is empty", advice.OTHER_ID)
    assert (error.message, error.advice) == ("the id is empty", advice.OTHER_ID)
    assert str(error) == "the id is empty; give another, or leave --id out"
    assert str(errors.SettingsError("the id is empty")) == "the id is empty"
