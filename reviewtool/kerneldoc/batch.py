# SPDX-License-Identifier: GPL-2.0-only
"""Many files, one job: read, parse, render, in one process or several.

Files are bytes; the script sees each byte as a character, and so does this (latin-1), which gives
back the same bytes whatever the encoding was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from reviewtool.kerneldoc.document import Diagnostic, Document, Rule, Severity
from reviewtool.kerneldoc.man import ManStyle, render_man
from reviewtool.kerneldoc.options import Options, Wanted
from reviewtool.kerneldoc.parse import parse_source
from reviewtool.kerneldoc.rst import RstStyle, render_lines, render_rst

BYTES = "latin-1"
_CHUNK_FILES = 24


class Format(Enum):
    """What is written for a file."""

    RST = "rst"
    MAN = "man"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with each file."""

    format: Format
    options: Options
    rst: RstStyle
    man: ManStyle


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one file; text and diagnostics hold bytes as characters.

    reason: why the file could not be read, "" if it could.
    """

    path: str
    text: str
    diagnostics: tuple[Diagnostic, ...]
    reason: str = ""


def read_source(path: str) -> str:
    """Return a file's bytes as characters.

    Raises: OSError.
    """
    with Path(path).open("rb", buffering=0) as stream:
        return stream.read().decode(BYTES)


def run_file(path: str, job: Job) -> Result:
    """Do the job on one file."""
    name = path if path.isascii() else os.fsencode(path).decode(BYTES)
    try:
        text = read_source(path)
    except OSError as error:
        return Result(name, "", (), error.strerror or "cannot be read")
    document = parse_source(text, name, job.options)
    if job.format is Format.RST:
        output = render_rst(document, job.rst)
    elif job.format is Format.MAN:
        output = render_man(document, job.man)
    else:
        output = render_lines(document, job.rst)
    diagnostics = document.diagnostics
    if job.format is not Format.NONE and not any(block.shown for block in document.blocks):
        diagnostics += _nothing_shown(document, job.options)
    return Result(name, output, diagnostics)


def run_files(paths: Iterable[str], job: Job, workers: int = 1) -> Iterator[Result]:
    """Yield a result for each file, in their order, from so many processes."""
    if workers <= 1:
        for path in paths:
            yield run_file(path, job)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  (only where it is used)

    todo = list(paths)
    chunks = [todo[at : at + _CHUNK_FILES] for at in range(0, len(todo), _CHUNK_FILES)]
    with ProcessPoolExecutor(workers) as pool:
        for results in pool.map(_run_chunk, chunks, [job] * len(chunks)):
            yield from results


def _run_chunk(paths: list[str], job: Job) -> list[Result]:
    return [run_file(path, job) for path in paths]


def _nothing_shown(document: Document, options: Options) -> tuple[Diagnostic, ...]:
    """Say that a file gave no output: which names it does not have, or that it has no comments."""
    selection = options.selection
    if selection.wanted is Wanted.NAMED:
        return tuple(
            Diagnostic(
                Rule.NAME_NOT_FOUND, Severity.WARNING, document.path, 1, f"'{name}' not found", name
            )
            for name in sorted(selection.names)
        )
    message = "no structured comments found"
    return (Diagnostic(Rule.NO_COMMENTS, Severity.WARNING, document.path, 1, message),)
