"""What the documents say is true: their commands exist, their examples give what they show."""

import json
import re
import shlex
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import pytest
import typer.main

from hashtag_recommender import cli
from hashtag_recommender.core.archive_state import Changes
from hashtag_recommender.core.errors import HashtagError
from hashtag_recommender.core.settings import FILE, NAMES, PARTS, Thresholds, resolve_settings
from hashtag_recommender.index.snapshots import gates, relearning
from hashtag_recommender.index.vectors.spec import RECALL

ROOT = Path(__file__).parents[1]
README, README_KO = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md"))
PAGES = sorted((ROOT / "docs").glob("*.md"))
PHONE = (ROOT / "docs" / "phone.md").read_text(encoding="utf-8")
GUIDE = "\n".join([README, *(page.read_text(encoding="utf-8") for page in PAGES)])
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "README.ko.md",
    *PAGES,
    ROOT / "CONTRIBUTING.md",
    ROOT / "benchmarks" / "README.md",
    ROOT / "demo" / "README.md",
]


def documented_commands():
    text = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    # A command may go on in the next line, also in the output that is shown.
    text = re.sub(r"(?<!`)`hashtag\b[^`]*`(?!`)", lambda span: " ".join(span[0].split()), text)
    return sorted(set(re.findall(r"(?:^|`|\$ )(hashtag [a-z](?:[^`\n#|\"]|\"[^\"\n]*\")*)", text, flags=re.M)))


@pytest.mark.parametrize("line", documented_commands())
def test_every_documented_command_and_option_exists(line):
    command = typer.main.get_command(cli.app)
    words = shlex.split(line.replace("[", " ").replace("]", " "))[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not getattr(command, "commands", {}), f"{line}: {words[:1]} is no command"
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word in options, f"{line}: no option {word}"


def test_every_documented_option_exists_somewhere():
    def options_of(command):
        own = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        return own.union(*(options_of(sub) for sub in getattr(command, "commands", {}).values()))

    known = options_of(typer.main.get_command(cli.app))
    assert set(re.findall(r"`(--[a-z-]+)", GUIDE)) <= known


@pytest.fixture
def in_demo(demo, demo_home, tmp_path, monkeypatch):
    """A folder in which `.demo` and `.demo/home` are as after `make demo`."""
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "new").symlink_to(demo / "new")
    (tmp_path / ".demo" / "home").symlink_to(demo_home)
    monkeypatch.chdir(tmp_path)


def examples():
    return re.findall(r"```console\n\$ (hashtag [^\n]+)\n(.*?)```", GUIDE, flags=re.S)


def test_there_are_examples():
    assert len(examples()) == 3


@pytest.mark.parametrize(("command", "shown"), examples())
@pytest.mark.usefixtures("in_demo", "terminal")
def test_examples_give_what_they_show(hashtag, command, shown):
    """Figures may differ in their last digit from machine to machine; words may not."""
    ran = hashtag(*shlex.split(command)[1:])
    assert ran.code == 0, ran.err
    if "--json" in command:
        own, told = json.loads(ran.out), json.loads(shown)
        assert own.keys() == told.keys()
        assert [h["hashtag"] for h in own["hashtags"]] == [h["hashtag"] for h in told["hashtags"]]
    else:
        of_any_folder = [re.sub(r"\S+/photos/", ".demo/photos/", text) for text in (ran.out, shown)]
        without_figures = [re.sub(r"\d\.\d\d", "", text).rstrip() for text in of_any_folder]
        assert without_figures[0] == without_figures[1]


@pytest.mark.usefixtures("in_demo")
def test_the_python_example_runs(capsys):
    """That of docs/phone.md runs where its model is; see tests/web/pages/test_phone.py."""
    for snippet in re.findall(r"```python\n(.*?)```", GUIDE.replace(PHONE, ""), flags=re.S):
        exec(compile(snippet, "docs/python.md", "exec"), {})
    assert "cat" in capsys.readouterr().out


def test_the_two_commands_come_first():
    assert re.search(r"^# .+\n\n[^\n#]+\n[^\n#]+\n\n```sh\nmake demo .+\nmake test ", README)


def test_make_demo_is_the_example():
    """The README's example and the Makefile's are one."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    line = next(line for line in makefile.splitlines() if "hashtag suggest" in line)
    assert shlex.split(line)[1:] == shlex.split(examples()[0][0])[1:]


def test_the_korean_readme_is_in_step():
    """The same commands and output, headings, figures and links; only the words between are others."""

    def parts(text):
        code = re.findall(r"```.*?```", text, flags=re.S)
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        levels = re.findall(r"^#+", prose, flags=re.M)
        figures = [re.findall(r"\d[\d,.]*\d|\.\d+", line) for line in prose.splitlines() if line.startswith("|")]
        links = re.findall(r"\]\((docs/[^)]+|[a-zA-Z/]+\.md)\)", prose)
        named = sorted(set(re.findall(r"`(--?[a-z-]+|make [a-z]+|hashtag [^`]+)`", prose)))
        return code, levels, figures, [link for link in links if link != "README.md"], named

    assert parts(README_KO) == parts(README)


def test_links_lead_somewhere():
    for path in DOCUMENTS:
        for target, anchor in re.findall(r"\]\(([^)#:]*)(#[^)]*)?\)", path.read_text(encoding="utf-8")):
            page = path.parent / target if target else path
            assert page.exists(), f"{path.name}: {target}"
            if anchor:
                titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
                assert anchor[1:] in {re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles}, anchor


def test_every_page_is_linked_from_the_readme():
    assert {f"docs/{page.name}" for page in PAGES} == set(re.findall(r"\((docs/\w+\.md)\)", README))


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 140


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def test_commands_names_every_command():
    rows = re.findall(r"^\| (`hashtag .+)$", page("commands.md"), flags=re.M)
    for name, command in typer.main.get_command(cli.app).commands.items():
        own = "\n".join(row for row in rows if f"`hashtag {name}" in row)
        assert own, name
        for below in getattr(command, "commands", {}):
            assert re.search(rf"`(hashtag {name} )?{below}\b", own), f"{name} {below}"


def test_the_settings_are_those_there_are(tmp_path):
    [example] = re.findall(r"```toml\n(.*?)```", GUIDE, flags=re.S)
    (tmp_path / FILE).write_text(example, encoding="utf-8")
    resolved = resolve_settings(tmp_path, {}, {})
    assert (resolved.encoders, resolved.thresholds.max_shrink) == ("compact", 0.5)
    assert all(re.search(rf"\b{name}\b", example) for name in (*NAMES, *PARTS))
    told = dict(re.findall(r"`([a-z_]+)(?: = |` \()([\d./]+)", page("refreshing.md")))
    defaults = {"recall": RECALL, **asdict(Thresholds())}
    assert defaults.keys() == set(PARTS)
    assert defaults == {n: float(Fraction(v)) for n, v in told.items()}


def test_the_exit_codes_are_those_there_are():
    def codes_of(kind):
        return {kind.exit_code}.union(*map(codes_of, kind.__subclasses__()))

    table = page("refreshing.md").partition("| code | means |")[2].partition("\n\n")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) ", table, flags=re.M)} == codes_of(HashtagError) | {0, 1, 130}


def test_the_history_says_what_is_said_today():
    """Not all nights are lived through again here: `tests.crash.nights` does that."""
    [shown] = re.findall(r"```text\n(.*?)```", page("operations.md"), flags=re.S)
    assert all(len(line) <= 80 for line in shown.splitlines())
    shown = " ".join(shown.split())
    same = relearning.Origins("program", {})
    trained_again = relearning.why_anew(same, same, 83, Changes(0, 0, 39), 0.05)
    assert trained_again and trained_again in shown
    assert gates.shrink({"shop": 83}, {"shop": 58}, 1 / 3).words in shown
