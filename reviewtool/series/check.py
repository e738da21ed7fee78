# SPDX-License-Identifier: GPL-2.0-only
"""What makes files of a diff unfit to be applied, before anything is applied.

A path must stay in the tree, under a name that means the same everywhere; links could be written
through; and a file of which nothing changes means that its change was lost on the way.
"""

from __future__ import annotations

from collections.abc import Sequence

from reviewtool.mail.diagnostic import Diagnostic, error
from reviewtool.series.diff import Change, FileDiff
from reviewtool.series.names import refuse_path

_SYMLINK, _SUBMODULE = "120000", "160000"


def check_files(files: Sequence[FileDiff], source: str) -> list[Diagnostic]:
    """Return what makes FILES unfit to be applied: paths, links, and files without a change."""
    found: list[Diagnostic] = []
    created: dict[str, str] = {}
    for file in files:
        line = file.source_line
        for path in {file.path_before, file.path_after} - {None}:
            reason = refuse_path(path or "")
            if reason is not None:
                found.append(error("path", source, line, f"{reason}: {path!r}"))
        modes = {file.mode_before, file.mode_after}
        if _SYMLINK in modes:
            found.append(error("symlink", source, line, f"a symbolic link: {file.path!r}"))
        if _SUBMODULE in modes:
            found.append(error("submodule", source, line, f"a submodule: {file.path!r}"))
        if not _changes_something(file):
            found.append(error("empty-change", source, line, f"nothing changes in {file.path!r}"))
        if file.change in {Change.ADDED, Change.RENAMED, Change.COPIED} and file.path_after:
            other = created.setdefault(file.path_after.casefold(), file.path_after)
            if other != file.path_after:
                what = f"paths that differ in letter case only: {other!r}, {file.path_after!r}"
                found.append(error("path-case", source, line, what))
    return found


def _changes_something(file: FileDiff) -> bool:
    whole = file.change is not Change.MODIFIED
    return bool(file.hunks) or file.binary or whole or file.mode_changed
