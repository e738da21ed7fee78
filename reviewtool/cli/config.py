# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool config`: what every option is set to, and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from reviewtool.cli.defaults import (
    Setting,
    choose_defaults,
    options_of,
    project_file,
    read_settings,
    user_file,
)
from reviewtool.errors import InputError, visible


@click.command("config")
@click.argument("commands", nargs=-1, metavar="[COMMAND...]")
@click.option(
    "--show", is_flag=True, help="Show the settings (what it does unless told otherwise)."
)
@click.option(
    "--paths", is_flag=True, help="Show which files are read, and whether they are there."
)
@click.pass_context
def config(context: click.Context, commands: tuple[str, ...], show: bool, paths: bool) -> None:
    """Show the settings of each COMMAND (default: all), as a file that could be read again.

    Behind each setting stands where it comes from; an option without a value is a comment.
    Settings are read from ~/.config/reviewtool/config.toml (below $XDG_CONFIG_HOME, or the file that
    $REVIEWTOOL_CONFIG names), then from the table [tool.reviewtool] of the nearest pyproject.toml;
    the command line wins.

    \b
    Examples:
      reviewtool config --show
      reviewtool config --show review reply
      reviewtool config --paths

    \b
    A file:
      fail-on = "contradiction"     # every command that has --fail-on
      [review]
      format = "markdown"
      config = ["KSM=off"]
    """  # noqa: D301  (click reads the character \b)
    del show
    group = context.find_root().command
    if not isinstance(group, click.Group):
        raise TypeError(group)
    if paths:
        for path in (user_file(), project_file(Path.cwd())):
            if path is not None:
                click.echo(visible(f"{path}{'' if path.is_file() else ' (not there)'}"))
        return
    known = group.list_commands(context)
    for name in commands:
        if name not in known:
            raise InputError(name, f"there is no such command: {', '.join(known)}")
    settings = read_settings(Path.cwd())
    parts = [
        "\n".join(_table(name, choose_defaults(settings, name, group, context), command))
        for name in commands or known
        if (command := group.get_command(context, name)) and options_of(command)
    ]
    click.echo(visible("\n\n".join(parts)))


def _table(name: str, chosen: dict[str, Setting], command: click.Command) -> Iterator[str]:
    """Yield the lines of the table of one command."""
    yield f"[{name}]"
    for option, parameter in options_of(command).items():
        setting = chosen.get(option)
        if setting is not None:
            yield f"{option} = {_toml(setting.value)}  # {setting.origin}"
            continue
        default = parameter.default
        if parameter.is_flag:
            choice = isinstance(parameter.flag_value, str)
            yield (
                f"# {option} = true"
                if choice
                else f"{option} = {_toml(default is True)}  # default"
            )
        elif callable(default) or not isinstance(default, (str, int, float, bool)):
            yield f"# {option} ="
        else:
            yield f"{option} = {_toml(default)}  # default"


def _toml(value: object) -> str:
    """Return VALUE as TOML writes it; its strings are those of JSON."""
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)
