# SPDX-License-Identifier: GPL-2.0-only
"""Defaults of options out of files: the user's config.toml, and a project's pyproject.toml.

    fail-on = "contradiction"          every command that has --fail-on
    [review]                           one command; wins over the line above
    format = "markdown"
    config = ["KSM=off"]

In pyproject.toml the same stands below [tool.reviewtool].  The command line wins over both, and the
project over the user.  A project's file may come with a stranger's tree: it may choose what is
reviewed and how it is told, and nothing that writes, connects, or names another file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from reviewtool.errors import InputError

Value = str | int | float | bool | tuple[str, ...]
PROJECT = "pyproject.toml"
VARIABLE = "REVIEWTOOL_CONFIG"
_SAFE_IN_PROJECT = frozenset(
    [
        "budget",
        "config",
        "configs",
        "disable",
        "entry",
        "fail-on",
        "format",
        "jobs",
        "line-numbers",
        "map",
        "no-cache",
        "no-doc-sections",
        "nosymbol",
        "quiet",
        "sensitivity",
        "sphinx-major",
        "strip-macro",
    ]
)


@dataclass(frozen=True)
class Setting:
    """One line of a file.

    command: the command's name; "" for all that have the option.
    option:  its long name, without dashes.
    line:    1-based; None where it cannot be found.
    """

    command: str
    option: str
    value: Value
    file: Path
    line: int | None

    @property
    def origin(self) -> str:
        """The place as an editor takes it."""
        return str(self.file) if self.line is None else f"{self.file}:{self.line}"


def user_file() -> Path | None:
    """Return the path of the user's file, which need not exist; None when it is switched off.

    Source: $REVIEWTOOL_CONFIG (empty: no file), else the XDG Base Directory Specification.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) if named else None
    folder = os.environ.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):  # the specification has relative ones ignored
        home = os.environ.get("HOME")
        if not home:
            return None
        folder = f"{home}/.config"
    return Path(folder) / "reviewtool" / "config.toml"


def project_file(start: Path) -> Path | None:
    """Return the nearest pyproject.toml with a table [tool.reviewtool], in START or above it."""
    for folder in (start, *start.parents):
        path = folder / PROJECT
        if path.is_file() and re.search(rb"(?m)^\s*\[tool\.reviewtool[\].]", path.read_bytes()):
            return path
    return None


def read_settings(start: Path) -> tuple[Setting, ...]:
    """Return all settings of the user's file, then those of the project at START.

    Raises: InputError for a file that cannot be read, is no TOML, or sets what it must not.
    """
    found: list[Setting] = []
    user = user_file()
    if user is not None and (user.is_file() or os.environ.get(VARIABLE)):
        found += _read_file(user, ())
    project = project_file(start)
    if project is not None:
        for setting in _read_file(project, ("tool", "reviewtool")):
            if setting.option not in _SAFE_IN_PROJECT:
                reason = f"a project's file must not set {setting.option}: put it into {user or 'the file that ' + VARIABLE + ' names'}"
                raise InputError(str(project), reason, setting.line)
            found.append(setting)
    return tuple(found)


def long_name(option: click.Parameter) -> str | None:
    """Return the name that OPTION has in a file; None for an argument."""
    if not isinstance(option, click.Option):
        return None
    longs = [name for name in option.opts if name.startswith("--")]
    return longs[0].removeprefix("--") if longs else None


def options_of(command: click.Command) -> dict[str, click.Option]:
    """Return the options of COMMAND that a file can set, by long name."""
    named = ((long_name(option), option) for option in command.params)
    return {name: option for name, option in named if name and isinstance(option, click.Option)}


def choose_defaults(
    settings: Sequence[Setting], name: str, group: click.Group, context: click.Context
) -> dict[str, Setting]:
    """Return which of SETTINGS give command NAME of GROUP its defaults, by option.

    Raises: InputError for an option or a command that there is not, or a value that it does not take.
    """
    command = group.get_command(context, name)
    options = options_of(command) if command else {}
    chosen: dict[str, Setting] = {}
    for shared in (True, False):  # what is said of this command wins over what is said of all
        for setting in settings:
            if not setting.command and shared:
                if setting.option in options:
                    chosen[setting.option] = setting
                elif not _known_anywhere(setting.option, group, context):
                    raise _wrong(setting, f"no command has an option --{setting.option}")
            elif setting.command and not shared:
                if setting.command not in group.list_commands(context):
                    raise _wrong(setting, f"there is no command {setting.command!r}")
                if setting.command == name:
                    if setting.option not in options:
                        raise _wrong(setting, f"{name} has no option --{setting.option}")
                    chosen[setting.option] = setting
    for option, setting in chosen.items():
        _convert(setting, options[option], context)
    return chosen


def as_default_map(chosen: Mapping[str, Setting], command: click.Command) -> dict[str, object]:
    """Return CHOSEN as click takes it: by parameter, with values that it would parse."""
    options = options_of(command)
    given: dict[str, object] = {}
    for name, setting in chosen.items():
        option = options[name]
        value = _expand(setting.value, option)
        if option.is_flag and isinstance(option.flag_value, str):
            if value is True:
                given[str(option.name)] = option.flag_value
        else:
            given[str(option.name)] = value
    return given


def _expand(value: Value, option: click.Option) -> Value:
    """Return VALUE with the home directory's sign expanded, where it is a path."""
    if not isinstance(option.type, click.Path) and option.metavar != "FILE":
        return value
    if isinstance(value, str):
        return os.path.expanduser(value)  # noqa: PTH111  (what is no path of a home stays as it is)
    if isinstance(value, tuple):
        return tuple(os.path.expanduser(item) for item in value)  # noqa: PTH111
    return value


def _convert(setting: Setting, option: click.Option, context: click.Context) -> None:
    """Raise InputError when OPTION does not take the value of SETTING."""
    value = setting.value
    if option.is_flag:
        if not isinstance(value, bool):
            raise _wrong(setting, "expected true or false")
        return
    if option.multiple != isinstance(value, tuple):
        raise _wrong(setting, f"expected {'a list of strings' if option.multiple else 'one value'}")
    if isinstance(value, bool) or (not option.multiple and not _fits(value, option)):
        raise _wrong(setting, f"expected {_expected(option)}")
    try:
        option.type_cast_value(context, value)
    except click.UsageError as error:
        raise _wrong(setting, error.message) from error


def _fits(value: Value, option: click.Option) -> bool:
    """Whether VALUE has the TOML type that suits OPTION: a number for a number, else a string."""
    numeric = isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType))
    return isinstance(value, (int, float)) if numeric else isinstance(value, str)


def _expected(option: click.Option) -> str:
    numeric = isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType))
    return "a number" if numeric else "a string"


def _known_anywhere(option: str, group: click.Group, context: click.Context) -> bool:
    commands = (group.get_command(context, name) for name in group.list_commands(context))
    return any(option in options_of(command) for command in commands if command)


def _wrong(setting: Setting, reason: str) -> InputError:
    return InputError(str(setting.file), f"{setting.option}: {reason}", setting.line)


def _read_file(path: Path, above: tuple[str, ...]) -> Iterator[Setting]:
    """Yield what PATH sets below the tables ABOVE."""
    try:
        text = path.read_text()
        data: object = tomllib.loads(text)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(str(path), "is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), f"is no TOML: {error}") from error
    for name in above:
        data = data.get(name, {}) if isinstance(data, dict) else {}
    if not isinstance(data, dict):
        raise InputError(str(path), f"{'.'.join(above)} is no table")
    for name, value in data.items():
        if isinstance(value, dict):
            for option, inner in value.items():
                yield _setting(path, text, above, name, option, inner)
        else:
            yield _setting(path, text, above, "", name, value)


def _setting(
    path: Path, text: str, above: tuple[str, ...], command: str, option: str, value: object
) -> Setting:  # fmt: skip
    line = _find_line(text, (*above, command) if command else above, option)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    if not isinstance(value, (str, int, float, bool, tuple)):
        raise InputError(str(path), f"{option}: expected a string, a number, true, false or a list of strings", line)  # fmt: skip
    return Setting(command, option, value, path, line)


def _find_line(text: str, table: tuple[str, ...], key: str) -> int | None:
    """Return the line on which KEY of TABLE is set; None for a way of writing it that is not plain."""
    here: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w.\-\"']+)\s*\]", line)
        if header:
            here = tuple(part.strip("\"'") for part in header[1].split("."))
        elif here == table and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return None
