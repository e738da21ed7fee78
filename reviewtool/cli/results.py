# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool results`: what batch and watch have kept."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reviewtool.cli.status import exit_status, fail_on_option
from reviewtool.report.formats import FORMATS

_LISTS = ("table", "csv", "json")
_STATES = ("reviewed", "not about the model", "no patch", "refused", "failed", "died")
_VERDICTS = ("semantic change", "no semantic change", "could not tell")


@click.command("results")
@click.argument("db", metavar="DB", type=click.Path(path_type=Path))
@click.option(
    "--show", "unit", metavar="ID", help="Write the review of this row; its first digits will do."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(tuple(dict.fromkeys((*_LISTS, *FORMATS)))),
    help="Of the list: table (default), csv, json; of a review: as review has them.",
)
@click.option(
    "--state", "states", type=click.Choice(_STATES), multiple=True, help="Only these rows."
)
@click.option(
    "--verdict", "verdicts", type=click.Choice(_VERDICTS), multiple=True, help="Only these rows."
)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, which is replaced whole.")
@fail_on_option
def results(
    db: Path, unit: str | None, form: str | None, states: tuple[str, ...], verdicts: tuple[str, ...],
    output: str | None, fail_on: str,
) -> None:  # fmt: skip
    """List what reviewtool batch and watch have kept in the database DB, or write one of its reviews.

    Without --state or --verdict, rows of series that are not about the model or have no patch are left
    out of the table. A database may be read while a run is writing it.

    \b
    Examples:
      reviewtool results reviews.sqlite
      reviewtool results reviews.sqlite --state died --state failed
      reviewtool results reviews.sqlite --format csv -o reviews.csv
      reviewtool results reviews.sqlite --show 4f1c --format markdown

    Exit status: 0 listed, or nothing found in the review that --fail-on names, 1 findings in the review,
    2 the database cannot be used or has no such review.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.batch.store import open_results  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415

    if unit is not None:
        if form in ("table", "csv"):
            raise InputError(f"--format {form}", "a format of the list, and not of a review")
        with open_results(db) as store:
            row, stored = store.review(unit)
        if not stored:
            told = f"{row.state.value}: {row.why}" if row.why else row.state.value
            raise InputError(f"{db}: {row.unit}", f"there is no review of it, it is {told}")
        sys.exit(_show(stored, f"{db}: {row.unit}", form or "text", output, fail_on))
    if form is not None and form not in _LISTS:
        raise InputError(f"--format {form}", "a format of a review: choose one by --show ID")
    _list(db, form or "table", states, verdicts, output)


def _show(stored: bytes, name: str, form: str, output: str | None, fail_on: str) -> int:
    """Write a stored review; return the exit status."""
    from reviewtool.batch.store import unpack_review  # noqa: PLC0415
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.report.formats import render_review  # noqa: PLC0415
    from reviewtool.report.stored import read_review  # noqa: PLC0415

    review = read_review(unpack_review(stored, name), name)
    write_result(render_review(review, form).encode("utf-8", "replace"), output)
    return exit_status(review, fail_on)


def _list(
    db: Path, form: str, states: tuple[str, ...], verdicts: tuple[str, ...], output: str | None
) -> None:
    from reviewtool.batch.store import Selection, open_results  # noqa: PLC0415
    from reviewtool.batch.table import LISTS  # noqa: PLC0415
    from reviewtool.cli.output import write_result  # noqa: PLC0415

    if form == "table" and not states and not verdicts:
        states = tuple(
            state for state in _STATES if state not in {"not about the model", "no patch"}
        )
    with open_results(db) as store:
        lines = LISTS[form](store.rows(Selection(states, verdicts)))
        if output in (None, "-"):
            for line in lines:
                sys.stdout.buffer.write(line.encode("utf-8", "replace"))
            sys.stdout.buffer.flush()
        else:
            write_result("".join(lines).encode("utf-8", "replace"), output)
