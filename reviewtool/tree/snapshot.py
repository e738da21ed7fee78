# SPDX-License-Identifier: GPL-2.0-only
"""A tree at one point of a series, as a plain value."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import InputError
from reviewtool.tree.layout import Layout

MODEL_ROOT = Path(__file__).resolve().parent.parent / "model"

# Folders of the model that are the machine and not the tree under review.
_NOT_REVIEWED = ("harness/",)

MOST_FILE_BYTES = 64 << 20


@dataclass(frozen=True)
class Snapshot:
    """The text files of a tree: path (with /, relative to the tree) to text.

    Bytes that are no UTF-8 are kept as lone surrogates.  Files of a user's tree are read when they are
    asked for: go through all of them only where a tree is known to be small.
    layout: how it is compiled, where that is not each C file for itself (a slice of a kernel).
    """

    files: Mapping[str, str]
    layout: Layout | None = None

    def read(self, path: str) -> str | None:
        """Return the text of PATH, or None."""
        return self.files.get(path)

    def with_files(self, changed: Mapping[str, str | None]) -> Snapshot:
        """Return the tree with CHANGED in place of its files; None takes a file away."""
        return Snapshot(Overlay(self.files, changed))

    def sources(self) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of the C files, in path order."""
        for path in sorted(self.files):
            if path.endswith((".c", ".h")):
                yield path, self.files[path]


class Overlay(Mapping[str, str]):
    """The files of BASE with CHANGED in their place; None stands for a file that is gone."""

    def __init__(self, base: Mapping[str, str], changed: Mapping[str, str | None]) -> None:
        self._base: Mapping[str, str] = base
        self._changed: dict[str, str | None] = dict(changed)
        if isinstance(base, Overlay):  # a long series makes no deep stack
            self._base = base._base
            self._changed = {**base._changed, **changed}

    def __getitem__(self, path: str) -> str:
        text = self._changed[path] if path in self._changed else self._base[path]
        if text is None:
            raise KeyError(path)
        return text

    def __contains__(self, path: object) -> bool:
        if path in self._changed:
            return self._changed[str(path)] is not None
        return path in self._base

    def __iter__(self) -> Iterator[str]:
        yield from (path for path in self._base if path not in self._changed)
        yield from (path for path, text in self._changed.items() if text is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class DirectoryFiles(Mapping[str, str]):
    """The files below ROOT, each read when it is asked for first; symbolic links are left out.

    Raises: InputError when a folder or a file cannot be read, or a file is too large.
    """

    def __init__(self, root: Path, leave_out: tuple[str, ...] = ()) -> None:
        self._root = root
        self._texts: dict[str, str] = {}
        try:
            self._paths = dict.fromkeys(sorted(_walk(root, "", leave_out)))
        except OSError as error:
            raise InputError(str(root), error.strerror or "cannot be read") from error

    def __getitem__(self, path: str) -> str:
        if path not in self._texts:
            if path not in self._paths:
                raise KeyError(path)
            self._texts[path] = _read_text(self._root, path)
        return self._texts[path]

    def __contains__(self, path: object) -> bool:
        return path in self._paths

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _walk(root: Path, below: str, leave_out: tuple[str, ...]) -> Iterator[str]:
    """Yield the names of the files below ROOT/BELOW; BELOW is empty or ends with a slash."""
    with os.scandir(root / below) as found:
        entries = list(found)
    for entry in entries:
        name = below + entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name != ".git" and not f"{name}/".startswith(leave_out or ("\0",)):
                yield from _walk(root, f"{name}/", leave_out)
        elif entry.is_file(follow_symlinks=False) and not name.startswith(leave_out or ("\0",)):
            yield name


def _read_text(root: Path, path: str) -> str:
    try:
        # What has become a link or a pipe since it was listed is not followed, or waited for.
        handle = os.open(root / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            body = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(str(root / path), error.strerror or "cannot be read") from error
    if len(body) > MOST_FILE_BYTES:
        raise InputError(str(root / path), f"more than {MOST_FILE_BYTES:,} bytes")
    return body.decode("utf-8", "surrogateescape")


def read_directory(root: Path, leave_out: tuple[str, ...] = ()) -> Snapshot:
    """Return the tree in directory ROOT, without what begins with one of LEAVE_OUT; nothing is read yet.

    Symbolic links are not followed.  Raises: InputError when ROOT cannot be read.
    """
    return Snapshot(DirectoryFiles(root, leave_out))


def bundled_model() -> Snapshot:
    """Return the mm model that comes with the package."""
    return read_directory(MODEL_ROOT, _NOT_REVIEWED)
