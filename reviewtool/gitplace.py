# SPDX-License-Identifier: GPL-2.0-only
"""Where the parts of a git repository are, and what in it git would stumble over.

Source: gitrepository-layout(5).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where the parts of a repository are.

    top: the work tree, None for a bare repository.  directory: what HEAD is in (a work tree's own).
    common: what refs and objects are in.
    """

    top: Path | None
    directory: Path
    common: Path


def find_repository(path: Path, *, above: bool = False) -> Place | None:
    """Return the repository at PATH, or with ABOVE the nearest one that PATH is in; None without one.

    Raises: InputError for a .git that is no repository.
    """
    for folder in (path, *(path.resolve().parents if above else ())):
        dot = folder / ".git"
        if dot.is_dir():
            return _place(folder, dot)
        if dot.is_file():
            text = read_small(dot)
            if not text.startswith("gitdir: "):
                raise InputError(str(dot), "neither a git directory nor the name of one")
            return _place(folder, folder / text.removeprefix("gitdir: ").rstrip("\n"))
        if _is_git_directory(folder):
            return _place(None, folder)
    return None


def _is_git_directory(folder: Path) -> bool:
    return (
        (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    )


def _place(top: Path | None, directory: Path) -> Place:
    common = directory
    if (directory / "commondir").is_file():
        common = directory / read_small(directory / "commondir").rstrip("\n")
    if not (directory / "HEAD").is_file() or not (common / "objects").is_dir():
        raise InputError(str(top or directory), f"{directory} is no git repository")
    return Place(top, directory.resolve(), common.resolve())


def read_small(path: Path, most: int = 1 << 16) -> str:
    """Return the text of PATH, at most MOST bytes, empty where there is no such file.  Raises: InputError."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}") from error
    if len(body) > most:
        raise InputError(str(path), f"more than {most:,} bytes")
    return body.decode("utf-8", "surrogateescape")


def refuse_pipes(name: str, folder: Path) -> None:
    """Refuse what git would wait for: anything below FOLDER that is no file, folder or link to one."""
    if not folder.is_dir():
        return
    try:
        with os.scandir(folder) as found:
            entries = list(found)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                refuse_pipes(name, folder / entry.name)
            elif not entry.is_file() and (not entry.is_symlink() or Path(entry.path).exists()):
                raise InputError(name, f"{entry.path} is no ordinary file")
    except OSError as error:
        raise InputError(str(folder), f"cannot be read: {error.strerror}") from error


def refuse_alternates(name: str, objects: Path) -> None:
    """Refuse objects that are borrowed from what is no folder of objects.

    Raises: InputError naming the file.
    """
    seen: set[Path] = set()
    waiting = [objects]
    while waiting:
        folder = waiting.pop()
        listed = folder / "info" / "alternates"
        for line in read_small(listed).split("\n"):
            if not line or line.startswith("#"):
                continue
            other = (folder / line).resolve()
            if line.startswith('"') or not other.is_dir():
                raise InputError(name, f"it borrows objects from {line}, which is no folder here")
            if other not in seen:
                seen.add(other)
                waiting.append(other)
        if len(seen) > 32:
            raise InputError(name, "it borrows objects from more than 32 others")
