# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool selftest`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewtool.errors import InputError, visible

if TYPE_CHECKING:
    from reviewtool.selftest.groups import Group
    from reviewtool.selftest.program import Side

_UNREACHABLE = 1


@click.command("selftest")
@click.argument("stored", metavar="REVIEW.json", type=click.Path(path_type=Path))
@click.option("--list", "listing", is_flag=True, help="List the findings with their numbers.")
@click.option("--finding", "number", type=int, metavar="N", help="Write the program for finding N.")
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, which is replaced whole.")
@click.option(
    "--all",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write every program that there is to DIR/selftest-N.c, and list them.",
)
@click.option(
    "--demand",
    type=click.Choice(["after", "before"]),
    default="after",
    show_default=True,
    help="Which side of the patch a kernel has to be on to pass.",
)
def selftest(
    stored: Path,
    listing: bool,
    number: int | None,
    output: str | None,
    folder: Path | None,
    demand: str,
) -> None:
    """Write a C program that tries a finding of a stored review on a real kernel.

    REVIEW.json is what reviewtool review --format json wrote, of this version's schema.  A finding is a
    group of changed scenarios; they are numbered through the review.  The program brings the kernel into
    those that user space can make, and tells in TAP what it saw; docs/selftest.md has more.

    \b
    Examples:
      reviewtool review --format json -o review.json series.mbox
      reviewtool selftest review.json --list
      reviewtool selftest review.json --finding 2 -o selftest.c
      reviewtool selftest review.json --all programs

    Exit status: 0 written or listed, 1 user space cannot make the finding's scenarios (a line for each
    factor that is out of reach says why), 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.report.stored import read_review_file  # noqa: PLC0415
    from reviewtool.selftest.groups import number_groups  # noqa: PLC0415
    from reviewtool.selftest.program import Side  # noqa: PLC0415

    if sum((listing, number is not None, folder is not None)) != 1:
        raise InputError("selftest", "say one of --list, --finding N and --all DIR")
    if output is not None and number is None:
        raise InputError("--output", "goes with --finding N only")
    groups = number_groups(read_review_file(stored), str(stored))
    side = Side(demand)
    if number is not None:
        _write_one(groups, number, side, output, stored)
        return
    if folder is not None:
        _write_all(groups, folder, side)
    for group in groups:
        for line in _describe(group):
            click.echo(line)


def _write_one(
    groups: tuple[Group, ...], number: int, side: Side, output: str | None, stored: Path
) -> None:
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.selftest.program import write_program  # noqa: PLC0415

    if not 1 <= number <= len(groups):
        known = f"1 to {len(groups)}" if groups else "none"
        raise InputError(str(stored), f"has no finding {number}: its findings are {known}")
    group = groups[number - 1]
    if not group.cases:
        for obstacle in group.obstacles:
            text = f"finding {number}: {obstacle.factor}: {obstacle.why}"
            click.echo(f"reviewtool: {_on_one_line(text)}", err=True)
        sys.exit(_UNREACHABLE)
    write_result(write_program(group, side).encode(), output)


def _write_all(groups: tuple[Group, ...], folder: Path, side: Side) -> None:
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.selftest.program import write_program  # noqa: PLC0415

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise InputError(str(folder), f"cannot be made: {problem.strerror}") from problem
    for group in groups:
        if group.cases:
            name = folder / f"selftest-{group.number}.c"
            write_result(write_program(group, side).encode(), str(name))


def _describe(group: Group) -> list[str]:
    before = ", ".join(words for words, _ in group.change.before[:2])
    more = ", ..." if len(group.change.before) > 2 else ""
    what = f"{group.number}. patch {group.label}, {group.function}(): {before}{more} -> {group.change.after}"
    lines = [_on_one_line(what)]
    if group.cases:
        states = dict.fromkeys(case.state.words for case in group.cases)
        count = f"{len(group.cases)} test" + ("s" if len(group.cases) > 1 else "")
        lines.append(f"   a program with {count}: {'; '.join(states)}")
    reasons = (f"out of reach: {one.factor}: {one.why}" for one in group.obstacles)
    return lines + [f"   {_on_one_line(reason)}" for reason in reasons]


def _on_one_line(text: str) -> str:
    """Return TEXT of a stranger's file as it may go to a terminal."""
    return visible(" ".join(text.split())).encode("utf-8", "replace").decode()
