# SPDX-License-Identifier: GPL-2.0-only
"""What makes files of a diff unfit to be applied, before anything is applied.

A path must stay in the tree, under a name that means the same everywhere; a symbolic link must
point into the tree, and nothing may be written through one that the series makes; and a file of
which nothing changes means that its change was lost on the way.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from reviewtool.mail.diagnostic import Diagnostic, error
from reviewtool.series.diff import Change, FileDiff
from reviewtool.series.names import refuse_path

SYMLINK = "120000"
_SUBMODULE = "160000"


def check_files(files: Sequence[FileDiff], source: str) -> list[Diagnostic]:
    """Return what makes FILES unfit to be applied: paths, links, and files without a change."""
    found: list[Diagnostic] = []
    for file in files:
        line = file.source_line
        for path in {file.path_before, file.path_after} - {None}:
            reason = refuse_path(path or "")
            if reason is not None:
                found.append(error("path", source, line, f"{reason}: {path!r}"))
        if file.mode_after == SYMLINK:
            found += (
                error("symlink", source, number, f"{file.path!r} points out of the tree: {to!r}")
                for number, to in _targets(file)
                if _leaves(file.path, to)
            )
        if _SUBMODULE in {file.mode_before, file.mode_after}:
            found.append(error("submodule", source, line, f"a submodule: {file.path!r}"))
        if not _changes_something(file):
            found.append(error("empty-change", source, line, f"nothing changes in {file.path!r}"))
    return found + check_names([(source, files)])


def check_names(patches: Iterable[tuple[str, Sequence[FileDiff]]]) -> list[Diagnostic]:
    """Return which names of PATCHES (name of the input, files; in order) mean another file.

    That is: writes through a symbolic link that one of them makes, in whatever order within a
    patch, and new paths that differ in letter case only.
    """
    found: list[Diagnostic] = []
    links: set[str] = set()
    created: dict[str, str] = {}
    for source, files in patches:
        made = {file.path for file in files if file.mode_after == SYMLINK}
        barred = links | made
        for file in files:
            line = file.source_line
            for path in {file.path_before, file.path_after} - {None} if barred else ():
                link = next((one for one in _above(path or "") if one in barred), None)
                if link is not None:
                    what = f"a write through the symbolic link {link!r}: {path!r}"
                    found.append(error("symlink", source, line, what))
            if file.change in {Change.ADDED, Change.RENAMED, Change.COPIED} and file.path_after:
                other = created.setdefault(file.path_after.casefold(), file.path_after)
                if other != file.path_after:
                    what = f"paths that differ in letter case only: {other!r}, {file.path_after!r}"
                    found.append(error("path-case", source, line, what))
        gone = {file.path_before for file in files if file.change is not Change.COPIED}
        for path in gone - {None} - {file.path_after for file in files}:
            created.pop((path or "").casefold(), None)
        links = (links - {path or "" for path in gone}) | made
    return found


def _above(path: str) -> Iterator[str]:
    """Yield the folders that PATH stands in, the outermost first."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _targets(file: FileDiff) -> Iterator[tuple[int, str]]:
    """Yield the input line and the text of what the link FILE is made to point to."""
    for hunk in file.hunks:
        for text, number in zip(hunk.body, hunk.source_lines, strict=True):
            if text.startswith("+"):
                yield number, text[1:]


def _leaves(path: str, target: str) -> bool:
    """Whether TARGET of the link at PATH is outside of the tree."""
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    return target.startswith("/") or whole == ".." or whole.startswith("../") or "\\" in target


def _changes_something(file: FileDiff) -> bool:
    whole = file.change is not Change.MODIFIED
    return bool(file.places) or file.binary or whole or file.mode_changed
