# SPDX-License-Identifier: GPL-2.0-only
"""A tree at one point of a series, as a plain value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import InputError

MODEL_ROOT = Path(__file__).resolve().parent.parent / "model"

# Folders of the model that are the machine and not the tree under review.
_NOT_REVIEWED = ("harness/",)


@dataclass(frozen=True)
class Snapshot:
    """The text files of a tree: path (with /, relative to the tree) to text.

    Bytes that are no UTF-8 are kept as lone surrogates.
    """

    files: Mapping[str, str]

    def read(self, path: str) -> str | None:
        """Return the text of PATH, or None."""
        return self.files.get(path)

    def sources(self) -> Iterator[tuple[str, str]]:
        """Yield (path, text) of the C files, in path order."""
        for path in sorted(self.files):
            if path.endswith((".c", ".h")):
                yield path, self.files[path]


def read_directory(root: Path, leave_out: tuple[str, ...] = ()) -> Snapshot:
    """Return the tree in directory ROOT, without what begins with one of LEAVE_OUT.

    Symbolic links are not followed.  Raises: InputError when ROOT cannot be read.
    """
    files: dict[str, str] = {}
    try:
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if (
                path.is_symlink()
                or not path.is_file()
                or name.startswith(leave_out)
                or name.startswith(".git/")
            ):
                continue
            files[name] = path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(str(root), error.strerror or "cannot be read") from error
    return Snapshot(files)


def bundled_model() -> Snapshot:
    """Return the mm model that comes with the package."""
    return read_directory(MODEL_ROOT, _NOT_REVIEWED)
