# SPDX-License-Identifier: GPL-2.0-only
"""Options that mean the same in several commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])


def format_option(forms: Sequence[str]) -> Callable[[Command], Command]:
    """Give a command --format, one of FORMS; the first one is the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="How to write it.",
    )


def output_option(command: Command) -> Command:
    """Give COMMAND the option --output."""
    option = click.option(
        "--output", "-o", metavar="FILE", help="Write to FILE, which is replaced whole."
    )
    return option(command)


def jobs_option(command: Command) -> Command:
    """Give COMMAND the option --jobs."""
    option = click.option(
        "--jobs",
        "-j",
        type=click.IntRange(1, 64),
        default=2,
        show_default=True,
        help="Sweeps at once.",
    )
    return option(command)


def no_cache_option(command: Command) -> Command:
    """Give COMMAND the option --no-cache."""
    return click.option("--no-cache", is_flag=True, help="Compile everything anew.")(command)


def quiet_option(command: Command) -> Command:
    """Give COMMAND the option --quiet."""
    return click.option("--quiet", "-q", is_flag=True, help="No progress bars.")(command)
