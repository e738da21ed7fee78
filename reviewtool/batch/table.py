# SPDX-License-Identifier: GPL-2.0-only
"""The rows of a database as a table to read, as CSV, and as JSON; texts of strangers are made harmless.

A cell that a spreadsheet would take for a formula has an apostrophe before it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from io import StringIO

from reviewtool.batch.store import Row
from reviewtool.batch.work import State
from reviewtool.errors import visible

SHORT = 10
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_COLUMNS = tuple(field.name for field in fields(Row))


def write_table(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each row: id, what became of it, errors and warnings, the subject, and the reason."""
    for row in rows:
        found = f"{row.errors}E {row.warnings}W" if row.state is State.REVIEWED else ""
        told = _plain(row.verdict or row.state.value)
        why = f"  ({_plain(row.why)})" if row.why else ""
        yield f"{row.unit[:SHORT]}  {told:<19}  {found:>8}  {_plain(row.title)}{why}\n"


def write_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield RFC 4180's lines, the first with the names of the columns."""
    yield _line(_COLUMNS)
    for row in rows:
        yield _line([_cell(value) for value in _values(row).values()])


def write_json(rows: Iterable[Row]) -> Iterator[str]:
    """Yield one JSON list of objects, whose keys are the columns' names; texts are as they came."""
    yield "["
    comma = ""
    for row in rows:
        yield f"{comma}\n  {json.dumps(_values(row), ensure_ascii=True)}"
        comma = ","
    yield "\n]\n"


def _values(row: Row) -> Mapping[str, str | int | float]:
    return {**asdict(row), "state": row.state.value}


def _line(cells: Iterable[str]) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return str(value)
    formula = value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)
    return ("'" if formula else "") + _plain(value)


def _plain(text: str) -> str:
    """Return TEXT on one line that moves nobody's cursor."""
    return visible(text.replace("\n", " ").replace("\t", " "))


LISTS: Mapping[str, Callable[[Iterable[Row]], Iterator[str]]] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
}
