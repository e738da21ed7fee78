# SPDX-License-Identifier: GPL-2.0-only
"""A Review read back from what `--format json` wrote: this version's, and nothing else.

    file = {"schema": version, "tool": "reviewtool", "notice": text, "review": Review}

Whoever hands over such a file may have written it by hand: its texts are as little to be trusted as
a mail's.  Every field must be there and of its type, and none besides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from types import UnionType
from typing import Union, get_args, get_origin

from reviewtool.errors import InputError
from reviewtool.report.schema import hints_of
from reviewtool.review import SCHEMA, Review

_MOST_BYTES = 512 << 20


class _MisfitError(Exception):
    """A place in the file, and what is wrong there."""

    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"{place}: {what}" if place else what)


def read_review_file(path: Path) -> Review:
    """Return the review in the file PATH.

    Raises: InputError naming the file and the reason.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(str(path), "larger than any review")
        data = path.read_bytes()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise InputError(str(path), f"cannot be read: {reason or problem}") from problem
    return read_review(data, str(path))


def read_review(data: bytes, source: str) -> Review:
    """Return the review that the JSON text DATA holds; SOURCE is its name in errors.

    Raises: InputError naming the line of what is no JSON, the schema's version if it is another, or
    the field that does not fit.
    """
    try:
        body = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise InputError(source, "not UTF-8", line) from problem
    except json.JSONDecodeError as problem:
        raise InputError(source, f"not JSON: {problem.msg}", problem.lineno) from problem
    except RecursionError as problem:
        raise InputError(source, "not a review: nested too deep") from problem
    except ValueError as problem:
        raise InputError(source, f"not a review: {problem}") from problem
    if not isinstance(body, dict) or body.get("tool") != "reviewtool":
        raise InputError(source, "not a review: make one by reviewtool review --format json")
    version = body.get("schema")
    if type(version) is not int or version != SCHEMA:
        shown = version if type(version) is int else "none"
        reason = f"its schema version is {shown}, this reviewtool reads {SCHEMA}: review again"
        raise InputError(source, reason)
    try:
        read = _read(Review, body.get("review"), "review")
    except _MisfitError as problem:
        raise InputError(source, f"not a review of schema {SCHEMA}: {problem}") from problem
    if not isinstance(read, Review):  # for the type checker: _read() gives what it is asked for
        raise TypeError("no review was read")
    return read


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _read(kind: object, value: object, place: str) -> object:
    """Return VALUE as JSON has it as a value of KIND.

    Raises: _MisfitError naming PLACE.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple:
        return _read_tuple(arguments, value, place)
    if origin in (Union, UnionType):
        if value is None and type(None) in arguments:
            return None
        wanted = [argument for argument in arguments if argument is not type(None)]
        return _read(wanted[0], value, place)
    if not isinstance(kind, type):
        raise TypeError(f"{place}: {kind!r} cannot be read")
    if is_dataclass(kind):
        return _read_fields(kind, value, place)
    if issubclass(kind, Enum):
        known = {member.value: member for member in kind}
        if not isinstance(value, str) or value not in known:
            raise _MisfitError(place, f"not one of {', '.join(map(str, known))}")
        return known[value]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise _MisfitError(place, f"not of type {kind.__name__}")
    return value


def _read_tuple(arguments: tuple[object, ...], value: object, place: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise _MisfitError(place, "not a list")
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        kinds: list[object] = [arguments[0]] * len(value)
    else:
        kinds = list(arguments)
    if len(value) != len(kinds):
        raise _MisfitError(place, f"not {len(kinds)} values")
    pairs = zip(kinds, value, strict=True)
    return tuple(_read(kind, item, f"{place}[{at}]") for at, (kind, item) in enumerate(pairs))


def _read_fields(kind: type, value: object, place: str) -> object:
    if not isinstance(value, Mapping):
        raise _MisfitError(place, "not an object")
    hints = hints_of(kind)
    for name in hints:
        if name not in value:
            raise _MisfitError(place, f"{name} is missing")
    for name in value:
        if name not in hints:
            raise _MisfitError(place, f"{json.dumps(name)[:60]} is not a field")
    return kind(
        **{name: _read(hint, value[name], f"{place}.{name}") for name, hint in hints.items()}
    )
