# SPDX-License-Identifier: GPL-2.0-only
"""A tree of the user's: a commit of a git repository, or a plain directory, as a lazy Snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import InputError
from reviewtool.gitdir import Blob, Commit, GitDir, open_gitdir
from reviewtool.gitplace import find_repository
from reviewtool.tree.snapshot import Snapshot, read_directory

# The machine of the bundled model is never of the tree that is reviewed.
_LEFT_OUT = ("harness/",)


class CommitFiles(Mapping[str, str]):
    """The ordinary files of a commit, each read when it is asked for first.

    Links and submodules are not there (submodules: their paths).  Raises: InputError for a blob that cannot be read.
    """

    def __init__(self, git: GitDir, commit: str) -> None:
        self._git = git
        found = git.blobs(commit)
        self._blobs: dict[str, Blob] = {
            path: blob
            for path, blob in found.items()
            if blob.ordinary and not path.startswith(_LEFT_OUT)
        }
        self.submodules = frozenset(path for path, blob in found.items() if blob.mode == "160000")
        self._texts: dict[str, str] = {}

    def __getitem__(self, path: str) -> str:
        if path not in self._texts:
            body = self._git.read_blob(self._blobs[path].id, path)
            self._texts[path] = body.decode("utf-8", "surrogateescape")
        return self._texts[path]

    def __contains__(self, path: object) -> bool:
        return path in self._blobs

    def __iter__(self) -> Iterator[str]:
        return iter(self._blobs)

    def __len__(self) -> int:
        return len(self._blobs)

    def blob(self, path: str) -> str | None:
        """Return the id of the blob at PATH, or None."""
        found = self._blobs.get(path)
        return found.id if found else None


@dataclass(frozen=True)
class Checkout:
    """What --tree names: name is the user's word for it; git is None for a plain directory."""

    name: str
    path: Path
    git: GitDir | None

    def at(self, commit: Commit) -> Snapshot:
        """Return the tree of COMMIT."""
        return Snapshot(CommitFiles(self.repository(), commit.id))

    def plain(self) -> Snapshot:
        """Return the tree of a plain directory."""
        return read_directory(self.path, _LEFT_OUT)

    def repository(self) -> GitDir:
        """Return the repository.  Raises: InputError for a plain directory."""
        if self.git is None:
            raise InputError(self.name, "a plain directory: it has no revisions")
        return self.git


@contextmanager
def open_checkout(name: str) -> Iterator[Checkout]:
    """Give the tree that the user calls NAME.

    Raises: InputError where there is no such directory, or its repository cannot be read.
    """
    path = Path(name)
    try:
        if not path.is_dir():
            raise InputError(name, "no such directory" if not path.exists() else "no directory")
        is_repository = find_repository(path) is not None
    except OSError as error:
        raise InputError(name, f"cannot be read: {error.strerror}") from error
    if not is_repository:
        yield Checkout(name, path, None)
        return
    with open_gitdir(path, name) as git:
        yield Checkout(name, path, git)
