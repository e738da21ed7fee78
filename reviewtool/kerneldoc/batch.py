# SPDX-License-Identifier: GPL-2.0-only
"""Many files, one job: read, parse, render, in one process or several.

Files are bytes; the script sees each byte as a character, and so does this (latin-1), which gives
back the same bytes whatever the encoding was.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from io import FileIO
from typing import TYPE_CHECKING, Protocol

from reviewtool.kerneldoc.document import Diagnostic, Document, Rule, Severity
from reviewtool.kerneldoc.man import ManStyle, render_man
from reviewtool.kerneldoc.options import Options, Wanted
from reviewtool.kerneldoc.parse import parse_source
from reviewtool.kerneldoc.rst import RstStyle, render_lines, render_rst

if TYPE_CHECKING:
    from concurrent.futures import Future

BYTES = "latin-1"
_CHUNK_FILES = 24
_MARK = "/**"


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
    with FileIO(path) as stream:
        return stream.readall().decode(BYTES)


class Store(Protocol):
    """Keeps results from run to run."""

    def key(self, name: str, text: str) -> bytes:
        """Return the key of a file's result."""

    def find(self, key: bytes, name: str) -> Result | None:
        """Return what is stored."""

    def store(self, key: bytes, result: Result) -> None:
        """Keep a result."""


def run_file(path: str, job: Job, store: Store | None = None) -> Result:
    """Do the job on one file, unless its result is stored."""
    name = _name(path)
    try:
        text = read_source(path)
    except OSError as error:
        return Result(name, "", (), error.strerror or "cannot be read")
    if store is None or _MARK not in text:
        return run_text(text, name, job)
    key = store.key(name, text)
    result = store.find(key, name)
    if result is None:
        result = run_text(text, name, job)
        store.store(key, result)
    return result


def run_text(text: str, name: str, job: Job) -> Result:
    """Do the job on a file's text."""
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


def run_files(
    paths: Iterable[str], job: Job, workers: int = 1, store: Store | None = None
) -> Iterator[Result]:
    """Yield a result for each file, in their order, from so many processes.

    Only this process uses the store, and only a few chunks are under way at a time, so memory
    does not grow with the number of files.
    """
    if workers <= 1:
        for path in paths:
            yield run_file(path, job, store)
        return
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415  (slow to import)

    todo = list(paths)
    waiting: deque[tuple[list[str], dict[str, Result], Future[list[Result]] | None]] = deque()
    with ProcessPoolExecutor(workers) as pool:
        for at in range(0, len(todo), _CHUNK_FILES):
            chunk = todo[at : at + _CHUNK_FILES]
            known = _known(chunk, job, store)
            missing = [path for path in chunk if path not in known]
            future = pool.submit(_run_chunk, missing, job) if missing else None
            waiting.append((chunk, known, future))
            if len(waiting) > workers * 4:
                yield from _finish(*waiting.popleft(), store)
        while waiting:
            yield from _finish(*waiting.popleft(), store)


def _known(paths: list[str], job: Job, store: Store | None) -> dict[str, Result]:
    """Return the results that need no work: stored ones, and those of files without comments."""
    known: dict[str, Result] = {}
    for path in paths if store is not None else ():
        name = _name(path)
        try:
            text = read_source(path)
        except OSError:
            continue
        if _MARK not in text:
            known[path] = run_text(text, name, job)
        elif store is not None and (result := store.find(store.key(name, text), name)):
            known[path] = result
    return known


def _run_chunk(paths: list[str], job: Job) -> list[Result]:
    return [run_file(path, job) for path in paths]


def _finish(
    paths: list[str],
    known: dict[str, Result],
    future: Future[list[Result]] | None,
    store: Store | None,
) -> Iterator[Result]:
    """Yield the results of a chunk in the order of its files, and store the new ones."""
    fresh = iter(future.result()) if future else iter(())
    for path in paths:
        result = known.get(path) or next(fresh)
        if path not in known and store is not None and not result.reason:
            store.store(store.key(result.path, read_source(path)), result)
        yield result


def _name(path: str) -> str:
    """Return the path's bytes as characters."""
    return path if path.isascii() else os.fsencode(path).decode(BYTES)


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
