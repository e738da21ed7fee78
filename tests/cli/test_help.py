# SPDX-License-Identifier: GPL-2.0-only
"""Every command explains itself, with examples that can be copied."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from reviewtool.cli import group
from reviewtool.simulate.configuration import OPTIONS

COMMANDS = group.list_commands(click.Context(group))


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_an_example_on_a_line_of_its_own_and_no_marks_of_the_library(command: str) -> None:
    result = CliRunner().invoke(group, [*([command] if command else []), "--help"])
    assert result.exit_code == 0
    assert "\\b" not in result.output
    assert "\b" not in result.output
    examples = [
        line
        for line in result.output.splitlines()
        if line.startswith("    ") and f"reviewtool {command}".strip() in line
    ]
    assert examples, result.output


@pytest.mark.parametrize("command", ["review", "simulate", "kerneldoc"])
def test_help_names_every_kernel_option(command: str) -> None:
    output = CliRunner().invoke(group, [command, "--help"]).output
    assert {option.name for option in OPTIONS} <= set(re.findall(r"[A-Z_]{3,}", output))
