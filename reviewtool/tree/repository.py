# SPDX-License-Identifier: GPL-2.0-only
"""A git repository of the review's own: the files that patches touch in it, patches applied one by one.

The only user of GitPython.  git runs with a clean configuration: no system, global or user file, no
attributes, hooks or filters, no prompts, no transports, and outside of the user's own repositories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtool.errors import ToolError
from reviewtool.scratch import scratch_folder
from reviewtool.series.check import SYMLINK
from reviewtool.series.diff import FileDiff, Hunk, LineKind
from reviewtool.series.patch import Patch
from reviewtool.tree.snapshot import Snapshot

if TYPE_CHECKING:
    from git import Git

_CLEAN: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1", "GIT_TEMPLATE_DIR": "", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "",
    "GIT_AUTHOR_NAME": "reviewtool", "GIT_AUTHOR_EMAIL": "reviewtool@example.org",
    "GIT_COMMITTER_NAME": "reviewtool", "GIT_COMMITTER_EMAIL": "reviewtool@example.org",
    "GIT_AUTHOR_DATE": "2023-07-27T00:00:00Z", "GIT_COMMITTER_DATE": "2023-07-27T00:00:00Z",
    "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
}  # fmt: skip
_SETTINGS = (
    "core.hooksPath=/dev/null", "core.attributesFile=/dev/null", "core.symlinks=false", "core.autocrlf=false",
    "core.fsmonitor=false", "protocol.allow=never", "gc.auto=0", "core.protectHFS=true", "core.protectNTFS=true",
)  # fmt: skip


FindBlob = Callable[[str], bytes | None]
"""Gives the bytes of the blob whose id begins so, or None."""


def no_blob(_beginning: str) -> bytes | None:
    """Know no blob."""
    return None


@dataclass(frozen=True)
class Conflict:
    """Where a patch does not apply.

    hunk:     the header of the first hunk that does not fit ("" when the file itself is the reason).
    line:     1-based line of the tree's file that differs, 0 where there is none.
    expected: the line that the patch wants; found: what the tree has there.
    source_line: 1-based input line of the hunk (or the file) in the mail.
    """

    path: str
    hunk: str
    line: int
    expected: str
    found: str
    reason: str
    source_line: int


@dataclass(frozen=True)
class Applied:
    """A patch that applied: the tree after it, and how ("cleanly", "by three-way merge")."""

    snapshot: Snapshot
    how: str


class Repository:
    """The tree of a review in a folder of its own; see open_repository()."""

    def __init__(self, git: Git, folder: Path, base: Snapshot, find_blob: FindBlob) -> None:
        self._program = git
        self._folder = folder
        self._placed: set[str] = set()
        self._find_blob = find_blob
        self.snapshot = base

    def apply(self, patch: Patch) -> Applied | Conflict:
        """Apply PATCH on top of what was applied before; a conflict changes nothing."""
        self._place(patch.paths)
        name = self._folder / "patch.diff"
        name.write_bytes(patch.diff_bytes)
        said: list[str] = []
        for how, options in (("cleanly", ()), ("by three-way merge", ("--3way",))):
            if options:
                self._place_blobs(patch)
            status, error = self._git(
                "apply", "--index", "--whitespace=nowarn", *options, str(name)
            )
            if status == 0:
                self._commit(patch)
                self.snapshot = self._changed(patch)
                return Applied(self.snapshot, how)
            said.append(error)
            self._git("reset", "--hard", "--quiet")
            self._git("clean", "-fdq")
        # What kept it from applying as it is says more than why there is no merge.
        return find_conflict(patch, self.snapshot, said[0])

    def _place(self, paths: Sequence[str]) -> None:
        """Put into the work tree what the tree has of PATHS, and what stands in their way."""
        wanted: set[str] = set()
        for path in paths:
            parts = path.split("/")
            wanted.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        files = self.snapshot.files
        found = {path for path in wanted if path in files} - self._placed
        # A file where the tree has a folder: one file of the folder is enough to be in the way.
        for path in set(paths) - found - self._placed:
            inside = next((known for known in files if known.startswith(f"{path}/")), None)
            found |= {inside} - self._placed if inside is not None else set()
        if not found:
            return
        for path in found:
            file = self._folder / "tree" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(files[path].encode("utf-8", "surrogateescape"))
        self._must("add", "--force", "--", *(f":(top,literal){path}" for path in sorted(found)))
        self._must("commit", "--quiet", "--no-verify", "-m", "base")
        self._placed |= found

    def _place_blobs(self, patch: Patch) -> None:
        """Add the versions that PATCH was made from, where the user's repository has them."""
        for number, file in enumerate(patch.files):
            if file.blob_before is None or not file.blob_before.strip("0"):
                continue
            body = self._find_blob(file.blob_before)
            if body is not None:
                name = self._folder / f"blob{number}"
                name.write_bytes(body)
                self._must("hash-object", "-w", "--no-filters", "--", str(name))

    def _must(self, *arguments: str) -> None:
        status, said = self._git(*arguments)
        if status:
            raise ToolError(f"git {arguments[0]}", said)

    def _commit(self, patch: Patch) -> None:
        message = self._folder / "message.txt"
        message.write_text(
            patch.subject.encode("utf-8", "replace").decode() or "patch", encoding="utf-8"
        )
        self._must("commit", "--quiet", "--no-verify", "--allow-empty", "-F", str(message))

    def _changed(self, patch: Patch) -> Snapshot:
        files: dict[str, str | None] = {}
        links = {file.path for file in patch.files if file.mode_after == SYMLINK}
        for path in patch.paths:
            file = self._folder / "tree" / path
            ordinary = path not in links and file.is_file() and not file.is_symlink()
            files[path] = file.read_bytes().decode("utf-8", "surrogateescape") if ordinary else None
            self._placed.add(path)
        return self.snapshot.with_files(files)

    @property
    def _where(self) -> dict[str, str]:
        """Name the repository, whatever the caller's environment says of another."""
        git = self._folder / "tree" / ".git"
        return {
            "GIT_DIR": str(git), "GIT_WORK_TREE": str(git.parent), "GIT_INDEX_FILE": str(git / "index"),
            "GIT_OBJECT_DIRECTORY": str(git / "objects"), "GIT_ALTERNATE_OBJECT_DIRECTORIES": "",
            "GIT_COMMON_DIR": str(git), "GIT_NAMESPACE": "", "GIT_CONFIG_COUNT": "0", "GIT_CONFIG_PARAMETERS": "",
        }  # fmt: skip

    def _git(self, *arguments: str) -> tuple[int, str]:
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        status, _, error = self._program.execute(
            ["git", *settings, *arguments],
            env={**_CLEAN, **self._where},
            with_extended_output=True,
            with_exceptions=False,
        )
        return int(status), str(error)


@contextmanager
def open_repository(base: Snapshot, find_blob: FindBlob = no_blob) -> Iterator[Repository]:
    """Make a repository for patches on top of BASE; it is removed at the end, also on failure.

    FIND_BLOB gives the versions that three-way merges need.  Raises: ToolError when git is missing or fails.
    """
    try:
        from git import Git  # noqa: PLC0415  (slow to import)
        from git.exc import GitError  # noqa: PLC0415
    except ImportError as error:
        raise ToolError("git", f"cannot be used: {error}") from error
    with scratch_folder("tree") as folder:
        tree = folder / "tree"
        tree.mkdir()
        try:
            repository = Repository(Git(tree), folder, base, find_blob)
            repository._must("init", "--quiet")
            repository._must("commit", "--quiet", "--no-verify", "--allow-empty", "-m", "base")
            yield repository
        except GitError as error:
            raise ToolError("git", str(error).splitlines()[0]) from error


def find_conflict(patch: Patch, snapshot: Snapshot, said: str) -> Conflict:
    """Return the first place of PATCH that does not fit SNAPSHOT; SAID is what git said."""
    for file in patch.files:
        path = file.path_before
        if path is None:
            if file.path in snapshot.files:
                return _whole(file, "the patch adds a file that is there already")
            continue
        text = snapshot.read(path)
        if text is None:
            return _whole(file, "no such file in the tree")
        lines = text.split("\n")
        for hunk in file.hunks:
            conflict = _misfit(path, hunk, lines)
            if conflict:
                return conflict
    reason = next(
        (line for line in said.splitlines() if line.startswith("error: ")), "git apply refuses it"
    )
    return Conflict(
        patch.files[0].path,
        "",
        0,
        "",
        "",
        reason.removeprefix("error: "),
        patch.files[0].source_line,
    )


def _whole(file: FileDiff, reason: str) -> Conflict:
    return Conflict(file.path, "", 0, "", "", reason, file.source_line)


def _misfit(path: str, hunk: Hunk, lines: list[str]) -> Conflict | None:
    """Return where HUNK differs from LINES at the place that fits it best, or None if it fits."""
    old = [line for line in hunk.lines if line.kind is not LineKind.ADDED]
    texts = [line.text for line in old]
    best, most = 0, -1
    places = [hunk.old_start - 1, *range(max(0, len(lines) - len(texts) + 1))]
    for start in places:
        equal = sum(a == b for a, b in zip(texts, lines[start : start + len(texts)], strict=False))
        if equal > most:
            best, most = start, equal
    if most == len(texts):
        return None
    for offset, line in enumerate(old):
        found = lines[best + offset] if 0 <= best + offset < len(lines) else ""
        if found != line.text:
            return Conflict(
                path,
                hunk.header,
                best + offset + 1,
                line.text,
                found,
                "the line differs",
                line.source_line,
            )
    return None
