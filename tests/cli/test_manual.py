# SPDX-License-Identifier: GPL-2.0-only
"""The manual page has every command and option, and shells get their completion."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from reviewtool.cli import group
from reviewtool.cli.manual import manual_rst, manual_troff

TOP = Path(__file__).parents[2]
CONTEXT = click.Context(group)
OPTIONS = [
    (name, option)
    for name in group.list_commands(CONTEXT)
    if (command := group.get_command(CONTEXT, name))
    for option in command.params
    if isinstance(option, click.Option)
]


def words(page: str) -> list[str]:
    """Return what a reader of troff PAGE sees, word by word, whatever wrote the page."""
    shown = (
        line for line in page.splitlines() if not re.match(r"\.\\\"|'\\\"|\.(de|ds|nr|if|ie)", line)
    )
    text = re.sub(r"\\\(aq", "'", "\n".join(shown))
    return re.findall(r"[A-Za-z0-9_=/.]{2,}", re.sub(r"\\f\w|\\[-&%]", "-", text))


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=lambda item: str(getattr(item, "name", item)))  # fmt: skip
def test_every_option_explains_itself(command: str, option: click.Option) -> None:
    assert option.help, f"{command} {option.opts}"


def test_the_stored_page_is_what_the_commands_say(request: pytest.FixtureRequest) -> None:
    path = TOP / "docs/reviewtool.1"
    page = manual_troff(manual_rst(group, CONTEXT))
    if request.config.getoption("--update-golden"):
        path.write_text(page)
    assert words(path.read_text()) == words(page)


def test_the_page_has_every_option() -> None:
    page = manual_troff(manual_rst(group, CONTEXT)).replace("\\-", "-")
    missing = [(name, opt) for name, option in OPTIONS for opt in option.opts if opt not in page]
    assert not missing


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_has_nothing_to_say_of_the_page() -> None:
    result = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", str(TOP / "docs/reviewtool.1")],
        capture_output=True, check=True,
    )  # fmt: skip
    assert result.stderr == b""
    assert b"reviewtool" in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_a_script_that_asks_the_program(shell: str) -> None:
    result = CliRunner().invoke(group, ["completion", shell])
    assert result.exit_code == 0
    assert f"_REVIEWTOOL_COMPLETE={shell}_complete" in result.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_takes_its_script() -> None:
    script = CliRunner().invoke(group, ["completion", "bash"]).output
    subprocess.run(["bash", "-n"], input=script.encode(), check=True)
