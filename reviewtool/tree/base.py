# SPDX-License-Identifier: GPL-2.0-only
"""What a series is applied to: the commit that the user names, or the one that it was made from.

    base = the commit of --base
         / the commit where a range starts
         / the commit that a "base-commit:" line names, if it is there
         / the newest commit whose blobs the "index" lines name: of HEAD, else of the branches and tags
         / HEAD, where patches may apply by three-way merge

Source: git-format-patch(1), "BASE TREE INFORMATION"; diff-format of git, extended header "index".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from reviewtool.errors import InputError
from reviewtool.gitdir import Commit, GitDir
from reviewtool.series.patch import Patch
from reviewtool.series.series import Series
from reviewtool.tree.checkout import Checkout, CommitFiles
from reviewtool.tree.repository import FindBlob, no_blob
from reviewtool.tree.snapshot import Snapshot

_BASE_COMMIT = re.compile(r"base-commit: ([0-9a-f]{40}(?:[0-9a-f]{24})?)\s*")
_AT_ONCE = 64
_MOST_NAMED = 5


@dataclass(frozen=True)
class Base:
    """A tree to apply a series to.

    name:   what a report calls it.  commit: None for a plain directory.
    notes:  what a reader should know about the choice.
    find_blob: gives the versions that three-way merges need.  git: the repository, if it is of one.
    """

    snapshot: Snapshot
    name: str
    commit: Commit | None = None
    notes: tuple[str, ...] = ()
    find_blob: FindBlob = no_blob
    git: GitDir | None = None


@dataclass(frozen=True)
class Wanted:
    """The versions that a series was made from: path to the beginning of the blob's id, "" for no file."""

    blobs: Mapping[str, str]

    def sources(self) -> Wanted:
        """Return those of C files alone."""
        return Wanted({p: b for p, b in self.blobs.items() if p.endswith((".c", ".h"))})

    def fits(self, found: Iterable[str | None]) -> bool:
        """Whether the blobs FOUND, one for each path, are the ones that are wanted."""
        pairs = zip(self.blobs.values(), found, strict=True)
        return all(
            bool(have and have.startswith(want)) if want else have is None for want, have in pairs
        )


def wanted_blobs(patches: Iterable[Patch]) -> Wanted:
    """Return what PATCHES, in order, expect of the base; paths whose diff names no blob are left out."""
    blobs: dict[str, str] = {}
    touched: set[str] = set()
    for patch in patches:
        for file in patch.files:
            before = file.path_before
            if before is None and file.path not in touched:
                blobs[file.path] = ""
            elif (
                before is not None and before not in touched and (file.blob_before or "").strip("0")
            ):
                blobs[before] = file.blob_before or ""
        touched.update(patch.paths)
    return Wanted(blobs)


def choose_base(
    checkout: Checkout, series: Series, revision: str | None, revisions: str | None = None
) -> Base:
    """Return the base of SERIES in CHECKOUT.

    revision: of --base; revisions: the range that the series is, where it is one of CHECKOUT.
    Raises: InputError where there is no such commit, or what is touched is in a submodule.
    """
    if checkout.git is None:
        if revision is not None:
            raise InputError(
                f"--base {revision}", f"{checkout.name} is a plain directory, without revisions"
            )
        return Base(checkout.plain(), checkout.name)
    git = checkout.git
    notes: list[str] = []
    if revision is not None:
        commit, why = git.resolve(revision), f"named by --base {revision}"
    elif revisions is not None:
        commit, why = _before_range(git, revisions), f"where {revisions} starts"
        notes += [
            f"{revisions}: a merge commit, left out: {merge}" for merge in merges_of(git, revisions)
        ]
    else:
        commit, why = _find(git, series, notes)
    dirty = git.changed_files()
    if dirty:
        shown = ", ".join(dirty[:_MOST_NAMED]) + (", ..." if len(dirty) > _MOST_NAMED else "")
        count = "1 file" if len(dirty) == 1 else f"{len(dirty)} files"
        notes.append(
            f"{checkout.name}: {count} of the work tree differ from HEAD and are not reviewed: {shown}"
        )
    files = CommitFiles(git, commit.id)
    _refuse_submodules(checkout.name, files, series)
    return Base(
        Snapshot(files),
        f"{checkout.name} at {commit}, {why}",
        commit,
        tuple(notes),
        lambda blob: _read(git, blob),
        git,
    )


def _find(git: GitDir, series: Series, notes: list[str]) -> tuple[Commit, str]:
    head = git.resolve("HEAD")
    named = _named_base(series)
    if named is not None:
        commit = git.find(named)
        if commit is not None:
            return commit, "named by the series (base-commit)"
        why = f"{git.name} has no commit {named[:12]}, which the series names as its base"
        notes.append(why + ("; it is a shallow clone" if git.is_shallow else ""))
    wanted = wanted_blobs(series.patches)
    if not wanted.blobs:
        return head, "HEAD"
    for want in (wanted, wanted.sources()):
        commit = find_commit(git, head, want) if want.blobs else None
        if commit is not None:
            if want is not wanted:
                other = ", ".join(sorted(wanted.blobs.keys() - want.blobs.keys()))
                notes.append(f"the base has other versions than the series wants of: {other}")
            return (
                commit,
                "HEAD"
                if commit.id == head.id
                else "the newest with the versions that the series names",
            )
    found = git.look_up([f"{head.id}:{path}" for path in wanted.blobs])
    for (path, want_blob), have in zip(wanted.blobs.items(), found, strict=True):
        notes += _misfit(git, path, want_blob, have)
    return head, "HEAD"


def _misfit(git: GitDir, path: str, want: str, have: str | None) -> list[str]:
    """Say which version of PATH the series wants, if HEAD has another one."""
    if (have or "").startswith(want) and bool(have) == bool(want):
        return []
    if not want:
        return [f"{path}: the series adds it, HEAD has it"]
    is_there = git.has_all([want])
    has = f"HEAD has {have[:12]}" if have else "HEAD has no such file"
    where = (
        "is in the repository, for a three-way merge" if is_there
        else "is not in the shallow clone" if git.is_shallow else "is not in the repository"
    )  # fmt: skip
    return [f"{path}: the series was made from blob {want[:12]}, which {where}; {has}"]


def _named_base(series: Series) -> str | None:
    mails = [series.cover, *(patch.mail for patch in series.patches)]
    for mail in mails:
        for line in mail.body.lines if mail is not None else ():
            match = _BASE_COMMIT.fullmatch(line)
            if match:
                return match[1]
    return None


def _read(git: GitDir, beginning: str) -> bytes | None:
    name = git.look_up([beginning])[0]
    return None if name is None else git.read_blob(name, f"blob {beginning}")


def find_commit(git: GitDir, head: Commit, wanted: Wanted) -> Commit | None:
    """Return the newest commit with the blobs that are WANTED: of HEAD's history, else of another's.

    Blobs change only where a commit touches their paths, so only those and their parents are asked.
    """
    paths = tuple(wanted.blobs)
    if wanted.fits(git.look_up([f"{head.id}:{path}" for path in paths])):
        return head
    asked = [blob for blob in wanted.blobs.values() if blob]
    if not git.has_all(asked):
        return None
    for tips in (["HEAD"], ["--branches", "--tags", "--remotes", "--not", "HEAD"]):
        touching = git.walk(["--full-history", *tips], paths)
        while some := list(islice(touching, _AT_ONCE)):
            names = list(dict.fromkeys(_with_parents(some)))
            found = git.look_up([f"{name}:{path}" for name in names for path in paths])
            for at, name in enumerate(names):
                if wanted.fits(found[at * len(paths) : (at + 1) * len(paths)]):
                    touching.close()
                    return git.commit(name)
    return None


def _with_parents(commits: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for name, *parents in commits:
        yield from (*parents, name)  # what was before it was there longer than what it made


def _before_range(git: GitDir, revisions: str) -> Commit:
    """Return where what is new in the range REVISIONS forked off: its first commit's parent, without merges."""
    first, last = git.resolve_range(revisions)
    fork = git.merge_base(first, last)
    if fork is None:
        raise InputError(revisions, "the two have no commit in common to start from")
    return fork


def merges_of(git: GitDir, revisions: str) -> list[Commit]:
    """Return the merge commits of the range REVISIONS, oldest first."""
    first, last = git.resolve_range(revisions)
    return git.log(["--reverse", "--merges", f"{first.id}..{last.id}"])


def _refuse_submodules(name: str, files: CommitFiles, series: Series) -> None:
    for patch in series.patches:
        for path in patch.paths:
            parts = path.split("/")
            for count in range(1, len(parts) + 1):
                above = "/".join(parts[:count])
                if above in files.submodules:
                    raise InputError(
                        f"{name}: {path}", f"is in the submodule {above}, which is not read"
                    )
