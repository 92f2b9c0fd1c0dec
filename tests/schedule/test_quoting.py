import json
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hashtag_recommender.core.errors import SettingsError
from hashtag_recommender.schedule.quoting import (
    crontab_command,
    kubernetes_words,
    shell_command,
    systemd_command,
    systemd_path,
)

words = st.lists(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12), min_size=1, max_size=4
)


def read_by_systemd(line):
    """A command as systemd.service(5) has it: variables in all words but the first."""
    program, *rest = split_by_systemd(line)
    return [program, *(plain(word, "$") for word in rest)]


def split_by_systemd(line):
    """Words as systemd.syntax(7) has it: split, unquote, then specifiers."""
    found, letters, quoted, begun = [], iter(line), False, False
    word = ""
    for letter in letters:
        if letter == "\\":
            word += next(letters)
        elif letter == '"':
            quoted, begun = not quoted, True
        elif letter == " " and not quoted:
            found.append(word)
            word, begun = "", False
        else:
            word, begun = word + letter, True
    assert not quoted
    found += [word] if begun else []
    return [plain(word, "%") for word in found]


def plain(word, sign):
    assert word.replace(sign * 2, "").count(sign) == 0, f"{word}: a single {sign}"
    return word.replace(sign * 2, sign)


def read_by_cron(command):
    """As crontab(5) has it: up to the first bare `%`, `\\%` being one."""
    assert "%" not in command.replace("\\%", "")
    return command.replace("\\%", "%")


@given(words)
def test_systemd_reads_the_words_back(words):
    assert read_by_systemd(systemd_command(["/opt/$1 50%", *words])) == ["/opt/$1 50%", *words]
    assert split_by_systemd(" ".join(map(systemd_path, words))) == words


@pytest.mark.parametrize("letter", ["'", '"', "\\"])
def test_systemd_runs_no_program_of_such_a_name(letter):
    with pytest.raises(SettingsError, match="move /opt"):
        systemd_command([f"/opt/a{letter}b", "index"])


@given(words)
def test_the_shell_below_cron_reads_the_words_back(words):
    words = [word.replace("\\", "") for word in words]
    assert shlex.split(read_by_cron(crontab_command(shell_command(words)))) == words


@given(words)
def test_kubernetes_reads_the_words_back(words):
    assert [plain(word, "$") for word in json.loads(kubernetes_words(words))] == words


def test_worked_examples():
    assert systemd_command(["/opt/hashtag", "--home", "/srv/archive"]) == "/opt/hashtag --home /srv/archive"
    assert systemd_command(["/opt/a b", '50% $x "y" z\\']) == r'"/opt/a b" "50%% $$x \"y\" z\\"'
    assert systemd_path("/srv/100% $x") == '"/srv/100%% $x"'
    assert crontab_command(shell_command(["echo", "100%"])) == r"echo 100\%"
    assert kubernetes_words(["a b", "$(HOME)"]) == '["a b", "$$(HOME)"]'


def test_cron_cannot_be_given_a_backslash():
    with pytest.raises(SettingsError, match="systemd"):
        crontab_command("ls 'a\\b'")
