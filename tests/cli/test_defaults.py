# SPDX-License-Identifier: GPL-2.0-only
"""Files give options their defaults; a wrong line is refused by its place."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from reviewtool.cli import group
from reviewtool.cli.defaults import _SAFE_IN_PROJECT, options_of
from reviewtool.errors import InputError

PLAIN = """\
From: Ann Example <ann@example.org>
Subject: [PATCH] docs: say more

---
 notes.txt | 1 +
 1 file changed, 1 insertion(+)

diff --git a/notes.txt b/notes.txt
--- a/notes.txt
+++ b/notes.txt
@@ -1 +1,2 @@
 one
+two
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home; the current directory is a project below it."""
    (tmp_path / "project").mkdir()
    (tmp_path / "mail").write_text(PLAIN)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("REVIEWTOOL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path


def write_user(home: Path, text: str) -> Path:
    path = home / ".config/reviewtool/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_the_users_file_gives_an_option_its_default_and_the_command_line_wins(home: Path) -> None:
    write_user(home, '[series]\nformat = "json"\n')
    mail = str(home / "mail")
    assert run("series", mail).output.startswith("{")
    assert not run("series", "--format", "text", mail).output.startswith("{")


def test_a_setting_of_all_commands_reaches_those_that_have_it_and_gives_way_to_one_of_a_command(
    home: Path,
) -> None:
    write_user(home, 'format = "json"\n[compare]\nformat = "markdown"\n')
    shown = tomllib.loads(run("config", "series", "compare", "config").output)
    assert shown["series"]["format"] == "json"
    assert shown["compare"]["format"] == "markdown"


def test_the_project_wins_over_the_user_and_both_are_named_with_their_lines(home: Path) -> None:
    user = write_user(home, 'quiet = true\n\n[review]\nformat = "json"\njobs = 1\n')
    project = home / "project/pyproject.toml"
    project.write_text(
        '[project]\nname = "x"\n[tool.reviewtool.review]\nformat = "markdown"\nconfig = ["KSM=off"]\n'
    )
    output = run("config", "--show", "review").output
    assert f'format = "markdown"  # {project}:4' in output
    assert f'config = ["KSM=off"]  # {project}:5' in output
    assert f"jobs = 1  # {user}:5" in output
    assert f"quiet = true  # {user}:1" in output
    assert 'fail-on = "change"  # default' in output


def test_what_config_shows_can_be_read_again_and_says_the_same(home: Path) -> None:
    write_user(home, '[review]\nformat = "json"\nconfig = ["KSM=off", "NUMA_BALANCING=off"]\n')
    first = run("config").output
    write_user(home, first)
    again = run("config").output
    assert tomllib.loads(again) == tomllib.loads(first)


def test_a_choice_among_flags_can_be_set(home: Path) -> None:
    (home / "a.h").write_text("/**\n * f() - do it\n * @x: value\n */\nint f(int x);\n")
    write_user(home, "[kerneldoc]\njson = true\n")
    assert run("kerneldoc", str(home / "a.h")).output.lstrip()[:1] in {"{", "["}
    assert ".. c:function::" in run("kerneldoc", "--rst", str(home / "a.h")).output


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('[review]\nformat = "jsn"\n', 2, "format: 'jsn' is not one of"),
        ('[review]\nfromat = "json"\n', 2, "review has no option --fromat"),
        ('\nfromat = "json"\n', 2, "no command has an option --fromat"),
        ("[reviw]\njobs = 1\n", 2, "there is no command 'reviw'"),
        ('[review]\njobs = "many"\n', 2, "jobs: expected a number"),
        ("[review]\njobs = 0\n", 2, "jobs: 0 is not in the range"),
        ("[review]\nquiet = 1\n", 2, "quiet: expected true or false"),
        ('[review]\nconfig = "KSM=off"\n', 2, "config: expected a list of strings"),
        ('[review]\nformat = ["json"]\n', 2, "format: expected one value"),
        ("[review]\nformat = 3\n", 2, "format: expected a string"),
        ("[review]\nformat = 1979-05-27\n", 2, "format: expected a string, a number"),
        ("[review\n", None, "is no TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_file_and_line(
    home: Path, text: str, line: int | None, reason: str
) -> None:
    path = write_user(home, text)
    result = run("review", str(home / "mail"))
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"{path}:{line}: " if line else f"{path}: ")
    assert reason in str(result.exception)


@pytest.mark.parametrize(
    "setting",
    [
        'output = "/tmp/x"',
        'html = "x"',
        'tree = "/"',
        'vocabulary = ["x"]',
        'to = ["x@example.org"]',
    ],
)
def test_a_projects_file_cannot_say_where_to_write_or_what_to_read(
    home: Path, setting: str
) -> None:
    path = home / "project/pyproject.toml"
    path.write_text(f"[tool.reviewtool]\n{setting}\n")
    result = run("series", str(home / "mail"))
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith(f"{path}:2: a project's file must not set ")


def test_help_and_config_work_beside_a_file_that_is_wrong(home: Path) -> None:
    write_user(home, "[review\n")
    assert run("review", "--help").exit_code == 0
    assert "(not there)" not in run("config", "--paths").output
    assert isinstance(run("config").exception, InputError)


def test_a_named_file_must_be_there_and_an_empty_name_switches_files_off(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_user(home, '[series]\nformat = "json"\n')
    monkeypatch.setenv("REVIEWTOOL_CONFIG", "")
    assert not run("series", str(home / "mail")).output.startswith("{")
    monkeypatch.setenv("REVIEWTOOL_CONFIG", str(home / "none.toml"))
    result = run("series", str(home / "mail"))
    assert isinstance(result.exception, InputError)
    assert "none.toml: cannot be read" in str(result.exception)


def test_an_option_that_a_project_may_set_is_one_of_some_command() -> None:
    context = click.Context(group)
    commands = [group.get_command(context, name) for name in group.list_commands(context)]
    known = {option for command in commands if command for option in options_of(command)}
    assert known >= _SAFE_IN_PROJECT
