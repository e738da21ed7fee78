# SPDX-License-Identifier: GPL-2.0-only
"""What --tree and --base name, for every command that takes them."""

from __future__ import annotations

from reviewtool.bases import open_base, refuse_no_kernel, refuse_other_trees
from reviewtool.errors import InputError
from reviewtool.execution import CheckFixes, Progress, Settings
from reviewtool.gitdir import Commit, GitDir
from reviewtool.simulate.cache import Cache
from reviewtool.tree.snapshot import Snapshot

__all__ = [
    "fixes_checker",
    "is_model",
    "open_base",
    "refuse_no_kernel",
    "refuse_other_trees",
    "runnable",
]


def fixes_checker(
    checkout: GitDir, base: Commit, cache: Cache, settings: Settings, progress: Progress
) -> CheckFixes:
    """Return what holds Fixes: tags against the history of the repository that BASE is of."""
    from reviewtool.history.fixes import Checker  # noqa: PLC0415
    from reviewtool.tree.checkout import CommitFiles  # noqa: PLC0415

    def take(commit: Commit, entry: str) -> Snapshot:
        name = f"{checkout.name} at {commit.short}"
        return runnable(name, Snapshot(CommitFiles(checkout, commit.id)), (entry,), cache)

    return Checker(checkout, base, take, cache, settings.workers, progress).check


def runnable(
    name: str, snapshot: Snapshot, entries: tuple[str, ...], cache: Cache | None = None
) -> Snapshot:
    """Return what of SNAPSHOT, which users call NAME, is compiled to run ENTRIES.

    That is all of a variant of the model, and a slice of a kernel's tree.
    Raises: InputError for a tree that cannot be run, or has not such entries.
    """
    refuse_no_kernel(name, snapshot)
    if is_model(snapshot):
        return snapshot
    from reviewtool.slice.taking import take_slice  # noqa: PLC0415

    taken = take_slice(snapshot.read, entries, cache=cache)
    for entry, why in taken.missing:
        raise InputError(f"--entry {entry}", f"{name}: {why}")
    for error in taken.errors:
        raise InputError(error.path, f"cannot be run with the model: {error.message}", error.line)
    return taken.snapshot


def is_model(snapshot: Snapshot) -> bool:
    """Whether SNAPSHOT is a variant of the bundled model, which is compiled whole."""
    return "include/linux/other_cpu.h" in snapshot.files
