# SPDX-License-Identifier: GPL-2.0-only
"""What a series is applied to: the bundled model, or a tree that the user names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reviewtool.errors import InputError
from reviewtool.execution import Settings
from reviewtool.series.series import Series
from reviewtool.tree.base import Base, choose_base
from reviewtool.tree.checkout import open_checkout
from reviewtool.tree.snapshot import Snapshot, bundled_model


@contextmanager
def open_base(
    tree: str | None, series: Series, revision: str | None, revisions: str | None = None
) -> Iterator[Base]:
    """Give what SERIES is applied to; TREE is None for the bundled model.

    revision: of --base; revisions: the range of TREE that the series is.
    Raises: InputError for a tree that cannot be used, or has no such revision.
    """
    if tree is None:
        if revision is not None:
            raise InputError(f"--base {revision}", "a revision of which tree? name it with --tree")
        yield Base(bundled_model(), Settings.base_name)
        return
    with open_checkout(tree) as checkout:
        base = choose_base(checkout, series, revision, revisions)
        refuse_other_trees(tree, base.snapshot)
        yield base


def refuse_no_kernel(name: str, snapshot: Snapshot) -> None:
    """Refuse a tree that is no kernel's.  Raises: InputError."""
    for path in ("mm/gup.c", "include/linux/mm.h"):
        if path not in snapshot.files:
            raise InputError(name, f"no tree of the kernel: it has no {path}")


def refuse_other_trees(name: str, snapshot: Snapshot) -> None:
    """Refuse a tree that is no kernel's and no model's.  Raises: InputError."""
    refuse_no_kernel(name, snapshot)
