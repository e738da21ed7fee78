# SPDX-License-Identifier: GPL-2.0-only
"""The table [tool.reviewtool.kerneldoc] of a pyproject.toml.

[tool.reviewtool.kerneldoc]
strip-macros = ["__my_attribute"]       # dropped from declarations, with their arguments
disable = ["KD106", "unused-parameter"] # rules that --check leaves out
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from reviewtool.errors import InputError
from reviewtool.kerneldoc.document import Rule
from reviewtool.kerneldoc.records import find_rule

_AT_LINE = re.compile(r"at line (\d+)")
_KEYS = frozenset({"strip-macros", "disable"})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a project says once for all runs."""

    strip_macros: tuple[str, ...] = ()
    disabled: frozenset[Rule] = frozenset()


def parse_settings(text: str, path: str) -> Settings:
    """Read the table from a TOML file's text.

    Raises: InputError for what is no TOML, an unknown key, or a value of the wrong type.
    Source: TOML v1.0.0; PEP 518 for the name of the table.
    """
    try:
        table: object = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = _AT_LINE.search(str(error))
        raise InputError(path, str(error), int(match[1]) if match else None) from error
    for key in ("tool", "reviewtool", "kerneldoc"):
        if not isinstance(table, dict) or key not in table:
            return Settings()
        table = table[key]
    if not isinstance(table, dict):
        raise InputError(path, "tool.reviewtool.kerneldoc is no table")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise InputError(path, f"tool.reviewtool.kerneldoc has no key '{unknown[0]}'")
    disabled = frozenset(rule_named(word, path) for word in _words(table, "disable", path))
    return Settings(_words(table, "strip-macros", path), disabled)


def rule_named(word: str, source: str) -> Rule:
    """Return the rule with this identifier or title.

    Raises: InputError if there is none.
    """
    rule = find_rule(word)
    if rule is None:
        raise InputError(source, f"there is no rule '{word}'")
    return rule


def _words(table: dict[str, object], key: str, path: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise InputError(path, f"tool.reviewtool.kerneldoc.{key} is no list of strings")
    return tuple(str(word) for word in value)
