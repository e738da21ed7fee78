# SPDX-License-Identifier: GPL-2.0-only
"""A git repository of somebody's, read with none of its configuration.

A folder of our own stands in for the git directory: HEAD, packed-refs and shallow are copied, refs is
a link, and the objects are named in the environment.  git therefore never reads the repository's
config, hooks, attributes, grafts or replacements, whoever owns it: no filter, text conversion, file
system monitor or transport can be named, and an object that is missing is missing.  git is asked only
for what it reads; nothing is written into the repository.

Source: gitrepository-layout(5); git(1), "Environment variables"; git-cat-file(1), --batch.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from reviewtool.errors import InputError, ToolError
from reviewtool.gitplace import Place, find_repository, read_small, refuse_alternates, refuse_pipes
from reviewtool.process import Finished, Limits, Running, run_program, start_program
from reviewtool.scratch import scratch_folder

CLEAN: Mapping[str, str] = {
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_SYSTEM": "/dev/null", "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null", "GIT_PAGER": "cat",
    "HOME": "/nonexistent", "XDG_CONFIG_HOME": "/nonexistent", "PATH": "/usr/local/bin:/usr/bin:/bin",
}  # fmt: skip
_SETTINGS = """\
[core]
\trepositoryformatversion = 1
\tbare = {bare}
\thooksPath = /dev/null
\tattributesFile = /dev/null
\texcludesFile = /dev/null
\tfsmonitor = false
\tpackedGitWindowSize = 64m
\tpackedGitLimit = 1g
[protocol]
\tallow = never
[extensions]
\tobjectFormat = {form}
"""
_LIMITS = Limits(time_s=300.0, memory_bytes=16 << 30)
_MOST_REFS_BYTES = 256 << 20
MOST_BLOB_BYTES = 64 << 20
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Commit:
    """A commit: full id, ids of the parents, and the first line of its message."""

    id: str
    parents: tuple[str, ...]
    subject: str

    @property
    def short(self) -> str:
        """The id as people write it: twelve digits."""
        return self.id[:12]

    def __str__(self) -> str:
        return f'{self.short} ("{self.subject}")'


@dataclass(frozen=True)
class Blob:
    """An entry of a commit's tree: its id and mode, as git writes it ("100644")."""

    id: str
    mode: str

    @property
    def ordinary(self) -> bool:
        """Whether it is a file, and no link or submodule."""
        return self.mode in {"100644", "100755"}


class GitDir:
    """A repository that is read; see open_gitdir().

    name: what the user calls it.
    """

    def __init__(self, name: str, place: Place, folder: Path) -> None:
        self.name = name
        self.place = place
        self._folder = folder
        self._batch: Running | None = None
        self._lock = Lock()
        self._settings = self._read_settings()
        self._lay_out()

    # Facts about the repository, which none of them can change what runs

    @property
    def is_shallow(self) -> bool:
        """Whether the history ends early."""
        return (self.place.common / "shallow").is_file()

    @property
    def is_partial(self) -> bool:
        """Whether objects were left at a remote, to be fetched when needed."""
        return any(
            name == "extensions.partialclone"
            or (name.endswith((".promisor", ".partialclonefilter")) and name.startswith("remote."))
            for name in self._settings
        )

    def _read_settings(self) -> dict[str, str]:
        config = self.place.common / "config"
        if not config.is_file():
            return {}
        done = run_program(
            ["git", "config", "--file", str(config), "--no-includes", "--null", "--list"],
            cwd=self._folder,
            environment=CLEAN,
            limits=_LIMITS,
        )
        if done.status:
            raise InputError(str(config), f"git cannot read it: {_said(done)}")
        pairs = done.stdout.decode("utf-8", "surrogateescape").split("\0")
        return {name.lower(): value for name, _, value in (pair.partition("\n") for pair in pairs)}

    def _lay_out(self) -> None:
        form = self._settings.get("extensions.objectformat", "sha1").lower()
        if form not in {"sha1", "sha256"}:
            raise InputError(self.name, f"objects in the format {form!r}, which is not known")
        if self._settings.get("extensions.refstorage", "files") != "files":
            raise InputError(self.name, "references are kept in a format that is not read")
        for below in ("refs", "objects/info", "objects/pack"):
            refuse_pipes(self.name, self.place.common / below)
        refuse_alternates(self.name, self.place.common / "objects")
        (self._folder / "config").write_text(
            _SETTINGS.format(form=form, bare="true" if self.place.top is None else "false")
        )
        for name, source in (
            ("HEAD", self.place.directory / "HEAD"),
            ("packed-refs", self.place.common / "packed-refs"),
            ("shallow", self.place.common / "shallow"),
        ):
            text = read_small(source, _MOST_REFS_BYTES)
            if text:
                (self._folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
        (self._folder / "refs").symlink_to(self.place.common / "refs")

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **CLEAN,
            "GIT_DIR": str(self._folder),
            "GIT_OBJECT_DIRECTORY": str(self.place.common / "objects"),
        }

    # Asking git

    def ask(self, arguments: Sequence[str], stdin: bytes = b"") -> Finished:
        """Run git with ARGUMENTS on the repository, and return what it said, whatever its status."""
        try:
            return run_program(
                ["git", "--no-pager", *arguments],
                cwd=self._folder,
                stdin=stdin,
                environment=self._environment,
                limits=_LIMITS,
            )
        except ToolError as problem:
            raise InputError(self.name, f"git cannot read it: {problem.reason}") from problem

    def read(self, arguments: Sequence[str], what: str = "", stdin: bytes = b"") -> bytes:
        """Return what git prints.  Raises: InputError naming WHAT (default: the repository)."""
        done = self.ask(arguments, stdin)
        if done.status:
            raise InputError(what or self.name, f"git cannot read it: {_said(done)}")
        return done.stdout

    def resolve(self, revision: str) -> Commit:
        """Return the commit that REVISION names.  Raises: InputError where there is none."""
        if not revision or revision.startswith("-") or re.search(r"[\x00-\x20\x7f]", revision):
            raise InputError(revision or '""', "not the name of a revision")
        found = self.ask(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        )
        text = found.stdout.decode("ascii", "replace").strip()
        if found.status or not _ID.fullmatch(text):
            if _ID.fullmatch(revision) and self.type_of(revision) not in (None, "commit"):
                raise InputError(revision, f"{self.name} has it, but it is no commit")
            why = f"{self.name} has no such revision"
            if self.is_shallow:
                why += "; it is a shallow clone, which may end before it"
            raise InputError(revision, why)
        return self.commit(text)

    def resolve_range(self, text: str) -> tuple[Commit, Commit]:
        """Return the commits A and B of TEXT "A..B"; one that is left out is HEAD.

        Raises: InputError where it is no range, or names what is not there.
        """
        first, dots, last = text.partition("..")
        if not dots or last.startswith(".") or ".." in last or not first + last:
            raise InputError(text, "not a revision range such as A..B")
        return self.resolve(first or "HEAD"), self.resolve(last or "HEAD")

    def merge_base(self, first: Commit, second: Commit) -> Commit | None:
        """Return the newest commit that both have in their history, None without one."""
        found = self.ask(["merge-base", first.id, second.id])
        name = found.stdout.decode("ascii", "replace").strip()
        return self.commit(name) if found.status == 0 and _ID.fullmatch(name) else None

    def is_ancestor(self, older: Commit, newer: Commit) -> bool:
        """Whether OLDER is in the history of NEWER, or the same."""
        return self.ask(["merge-base", "--is-ancestor", older.id, newer.id]).status == 0

    def is_ambiguous(self, beginning: str) -> bool:
        """Whether several commits' ids begin so."""
        said = self.ask(["rev-parse", f"--disambiguate={beginning}"]).stdout.decode(
            "ascii", "replace"
        )
        return len(said.split()) > 1

    def find(self, revision: str) -> Commit | None:
        """Return the commit that REVISION names, or None."""
        try:
            return self.resolve(revision)
        except InputError:
            return None

    def commit(self, name: str) -> Commit:
        """Return the commit with the full id NAME."""
        return self.log(["--no-walk", name])[0]

    def log(self, arguments: Sequence[str], paths: Sequence[str] = ()) -> list[Commit]:
        """Return the commits that git-log finds with ARGUMENTS (no revision of a user's) and PATHS."""
        out = self.read(
            ["log", "-z", "--no-color", "--no-show-signature", "--no-notes", "--no-decorate", "--encoding=UTF-8",
             "--format=%H%x01%P%x01%s", *arguments, "--", *literal(paths)]
        )  # fmt: skip
        commits = []
        for record in out.decode("utf-8", "replace").split("\0"):
            if record.strip():
                name, parents, subject = record.strip("\n").split("\x01", 2)
                commits.append(Commit(name, tuple(parents.split()), subject))
        return commits

    def walk(
        self, arguments: Sequence[str], paths: Sequence[str] = ()
    ) -> Generator[tuple[str, ...], None, None]:
        """Yield id and parents' ids of what git-log finds, as it finds it; close() ends it early."""
        program = start_program(
            ["git", "--no-pager", "log", "--no-show-signature", "--no-color", "--format=%H %P", *arguments,
             "--", *literal(paths)],
            cwd=self._folder, environment=self._environment, limits=_LIMITS,
        )  # fmt: skip
        try:
            for line in program.read_lines():
                yield tuple(line.decode("ascii", "replace").split())
        except ToolError as problem:
            raise InputError(self.name, f"git cannot read it: {problem.reason}") from problem
        finally:
            program.close()

    # Objects

    def type_of(self, name: str) -> str | None:
        """Return what kind of object NAME (an id, or its beginning) is; None if it is not there."""
        done = self.ask(["cat-file", "-t", "--end-of-options", name])
        return None if done.status else done.stdout.decode("ascii", "replace").strip()

    def blobs(self, commit: str) -> dict[str, Blob]:
        """Return every path of the tree of COMMIT."""
        out = self.read(["ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit])
        found: dict[str, Blob] = {}
        for record in out.split(b"\0"):
            if record:
                head, _, path = record.partition(b"\t")
                mode, _, name = head.decode("ascii", "replace").split(" ", 2)
                found[path.decode("utf-8", "surrogateescape")] = Blob(name, mode)
        return found

    def look_up(self, names: Sequence[str]) -> list[str | None]:
        """Return for each of NAMES ("COMMIT:PATH" or an id) the id of its blob, None without one."""
        lines = self._check(names)
        return [line.removeprefix("blob ") if line.startswith("blob ") else None for line in lines]

    def has_all(self, beginnings: Sequence[str]) -> bool:
        """Whether there is an object, or several, for each of these beginnings of ids."""
        return not any(line.endswith(" missing") for line in self._check(beginnings))

    def _check(self, names: Sequence[str]) -> list[str]:
        # One line is asked for each name: a path with a line feed in it would ask for another.
        asked = [name if "\n" not in name else "-" for name in names]
        text = "".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape")
        said = self.read(["cat-file", "--batch-check=%(objecttype) %(objectname)"], stdin=text)
        return said.decode("utf-8", "surrogateescape").split("\n")[: len(names)]

    def read_blob(self, name: str, path: str) -> bytes:
        """Return the bytes of the blob with the id NAME, which stands for PATH.

        Raises: InputError when it is not there or corrupt, or too large.
        """
        with self._lock:
            if self._batch is None:
                self._batch = start_program(
                    ["git", "cat-file", "--batch"],
                    cwd=self._folder,
                    environment=self._environment,
                    limits=_LIMITS,
                )
            batch = self._batch
            try:
                batch.write(f"{name}\n".encode("ascii"))
                words = batch.read_line().decode("ascii", "replace").split()
                if len(words) == 3 and words[1] == "blob" and int(words[2]) <= MOST_BLOB_BYTES:
                    body = batch.read(int(words[2]) + 1)
                    return body[:-1]
            except ToolError as problem:
                self._drop()
                raise InputError(
                    f"{self.name}: {path}",
                    f"git cannot read its blob {name[:12]}: {problem.reason}",
                ) from problem
            self._drop()
        if len(words) == 3 and words[1] == "blob":
            raise InputError(f"{self.name}: {path}", f"{words[2]} bytes are too many")
        said = self.ask(["cat-file", "blob", name])
        if b"corrupt" in said.stderr or b"error: " in said.stderr:
            raise InputError(
                f"{self.name}: {path}", f"its blob {name[:12]} is corrupt: {_said(said)}"
            )
        why = f"its blob {name[:12]} is not there"
        if self.is_partial:
            why += ": a partial clone, and nothing is fetched here; fetch it first"
        raise InputError(f"{self.name}: {path}", why)

    def _drop(self) -> None:
        if self._batch is not None:
            self._batch.close()
            self._batch = None

    def close(self) -> None:
        """End the program that reads objects."""
        with self._lock:
            self._drop()

    # The work tree

    def changed_files(self) -> tuple[str, ...]:
        """Return the tracked files of the work tree that differ from HEAD, in order.

        The index is read where it is and never refreshed on disk.  Empty for a bare repository, and
        where git cannot tell.
        """
        index = self.place.directory / "index"
        if self.place.top is None or not index.is_file():
            return ()
        environment = {
            **self._environment,
            "GIT_INDEX_FILE": str(index),
            "GIT_WORK_TREE": str(self.place.top.resolve()),
        }
        arguments = [
            "status",
            "--porcelain=v1",
            "-z",
            "--untracked-files=no",
            "--ignore-submodules=all",
            "--no-renames",
        ]
        with suppress(ToolError):
            done = run_program(
                ["git", *arguments], cwd=self._folder, environment=environment, limits=_LIMITS
            )
            if done.status == 0:
                text = done.stdout.decode("utf-8", "surrogateescape")
                return tuple(record[3:] for record in text.split("\0") if record)
        return ()


def literal(paths: Sequence[str]) -> list[str]:
    """Return PATHS so that git takes no character of them for a pattern."""
    return [f":(top,literal){path}" for path in paths]


def _said(done: Finished) -> str:
    """Return the line of what git complained of that says most."""
    lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
    for start in ("fatal: ", "error: ", ""):
        line = next((line for line in lines if line.startswith(start)), "")
        if line.removeprefix(start):
            return line.removeprefix(start)
    return f"it ended with status {done.status}"


@contextmanager
def open_gitdir(path: Path, name: str = "", *, above: bool = False) -> Iterator[GitDir]:
    """Give the repository at PATH (with ABOVE: that PATH is in) to be read; NAME is the user's for it.

    Raises: InputError where there is none, or git cannot read it.
    """
    name = name or str(path)
    try:
        place = find_repository(path, above=above)
    except OSError as error:
        raise InputError(name, f"cannot be read: {error.strerror}") from error
    if place is None:
        raise InputError(name, "no git repository")
    with scratch_folder("git") as folder:
        git = GitDir(name, place, folder)
        try:
            yield git
        finally:
            git.close()
