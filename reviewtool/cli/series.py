# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool series`: what the inputs hold, and what would be reviewed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewtool.cli.options import format_option
from reviewtool.errors import visible

if TYPE_CHECKING:
    from reviewtool.mail.inputs import InputSource
    from reviewtool.series.patch import Patch
    from reviewtool.series.series import Recovery, Series

_EPILOG = """\b
Examples:
  reviewtool series follow-page-v1.mbox
  b4 am -o - MESSAGE-ID | reviewtool series -
  reviewtool series ~/lists/linux-mm.git --message-id ID
  reviewtool series debian/patches/series
  reviewtool series --range v6.5..mine --tree ~/linux --format json
"""


@click.command("series", epilog=_EPILOG)
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--range", "revisions", metavar="A..B", help="Commits of the git tree as patches.")
@click.option(
    "--tree",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="The git tree of --range; by default the current directory.",
)
@click.option(
    "--message-id", metavar="ID", help="Which series, where an input holds several, or an inbox."
)
@click.option("--repair", is_flag=True, help="Take damaged diffs as pieces to be fitted to a tree.")
@format_option(["text", "json"])
def series(
    inputs: tuple[str, ...],
    revisions: str | None,
    tree: Path,
    message_id: str | None,
    repair: bool,
    form: str,
) -> None:
    """List the messages, versions, order and gaps of a series.

    INPUT is a mail, an mbox, a maildir, a directory of patches, a patch or diff file, a quilt
    series file, a public-inbox git repository, the text of a web archive's page, or - for
    standard input.  Nothing is applied.
    """
    from reviewtool.series.read import read_series  # noqa: PLC0415

    found = read_series(
        input_sources(inputs, revisions, tree, message_id), repair=repair, message_id=message_id
    )
    if form == "json":
        click.echo(json.dumps(series_data(found), indent=2))
    else:
        for line in series_lines(found):
            click.echo(visible(line))


def input_sources(
    arguments: Sequence[str], revisions: str | None, tree: Path, message_id: str | None
) -> list[InputSource]:
    """Return the inputs that the command line names; other commands take the same."""
    from reviewtool.mail.inputs import InputSource  # noqa: PLC0415

    sources = [InputSource.named(argument, message_id) for argument in arguments]
    if revisions is not None:
        sources.append(InputSource.range_of(tree, revisions))
    if not sources:
        raise click.UsageError("name an input, or a revision range with --range")
    return sources


def series_lines(found: Series) -> Iterator[str]:
    """Yield the listing for a reader."""
    promised = "" if found.total == len(found.patches) else f" of {found.total}"
    yield f"version {found.version}: {len(found.patches)}{promised} patches"
    if found.cover is not None:
        yield f"  cover  {found.cover.subject.text}"
    for patch in found.patches:
        yield f"  {patch.number}/{patch.total}  {patch.subject}  ({patch.author})"
        yield from (f"         {change}" for change in _changes(patch))
    yield from (f"  {number}/{found.total}  missing" for number in found.missing)
    for recovery in found.recoveries:
        yield from _pieces(recovery)
    for proposal in found.proposals:
        paths = ", ".join(proposal.patch.paths)
        yield f"proposed by {proposal.mail.sender}: {proposal.patch.subject}  ({paths})"
    yield from _others(found)
    yield from (str(item) for item in found.all_diagnostics)


def _pieces(recovery: Recovery) -> Iterator[str]:
    mail = recovery.mail
    yield f"to be fitted to the tree: {mail.subject.raw}  ({mail.sender})"
    for fragment in recovery.fragments.patches:
        count = len(fragment.hunks)
        hunks = "a hunk" if count == 1 else f"{count} hunks"
        yield f"  line {fragment.line}: {hunks} of {fragment.path}"
    for function in recovery.fragments.functions:
        yield f"  line {function.line}: {function.name}() in plain C"


def _others(found: Series) -> Iterator[str]:
    left = [entry for entry in found.entries if entry.role.name not in {"PATCH", "COVER"}]
    if left:
        yield "other messages:"
    for entry in left:
        why = f" ({entry.why})" if entry.why else ""
        yield f"  {entry.source}:{entry.line}: {entry.role.value}{why}: {entry.subject}"


def _changes(patch: Patch) -> Iterator[str]:
    for file in patch.files:
        words = [file.path]
        if file.change.value != "modified":
            words.append(file.change.value)
        if file.path_before is not None and file.path_before != file.path:
            words.append(f"from {file.path_before}")
        if file.mode_changed:
            words.append(f"mode {file.mode_before} to {file.mode_after}")
        words.append("binary" if file.binary else f"+{file.added} -{file.removed}")
        yield " ".join(words)


def series_data(found: Series) -> dict[str, object]:
    """Return the listing as JSON data; names are stable, new ones may come."""
    return {
        "version": found.version,
        "total": found.total,
        "missing": list(found.missing),
        "cover": None if found.cover is None else found.cover.subject.raw,
        "patches": [_patch_data(patch) for patch in found.patches],
        "proposals": [_patch_data(proposal.patch) for proposal in found.proposals],
        "recoveries": [
            {
                "source": recovery.mail.source,
                "subject": recovery.mail.subject.raw,
                "sender": str(recovery.mail.sender),
                "pieces": [
                    {"path": piece.path, "line": piece.line, "hunks": len(piece.hunks)}
                    for piece in recovery.fragments.patches
                ],
                "functions": [
                    {"name": function.name, "line": function.line}
                    for function in recovery.fragments.functions
                ],
            }
            for recovery in found.recoveries
        ],
        "messages": [
            {
                "source": entry.source,
                "line": entry.line,
                "subject": entry.subject,
                "sender": str(entry.sender),
                "message_id": entry.message_id,
                "role": entry.role.value,
                "why": entry.why,
            }
            for entry in found.entries
        ],
        "diagnostics": [
            {
                "severity": item.severity.value,
                "code": item.code,
                "source": item.source,
                "line": item.line,
                "text": item.text,
            }
            for item in found.all_diagnostics
        ],
    }


def _patch_data(patch: Patch) -> dict[str, object]:
    return {
        "number": patch.number,
        "total": patch.total,
        "source": patch.source,
        "line": patch.line,
        "subject": patch.subject,
        "author": str(patch.author),
        "sender": None if patch.mail is None else str(patch.mail.sender),
        "message_id": None if patch.mail is None else patch.mail.message_id,
        "trailers": [{"key": item.key, "value": item.value} for item in patch.trailers],
        "files": [
            {
                "path_before": file.path_before,
                "path_after": file.path_after,
                "change": file.change.value,
                "mode_before": file.mode_before,
                "mode_after": file.mode_after,
                "binary": file.binary,
                "added": file.added,
                "removed": file.removed,
                "line": file.source_line,
            }
            for file in patch.files
        ],
    }
