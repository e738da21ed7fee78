# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees, from the packages of the distribution: named by the environment, never in this repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.tree.snapshot import Snapshot, read_directory

# What .ci/kernel-trees unpacks.
VARIABLES = {"6.1": "REVIEWTOOL_LINUX_6_1", "6.12": "REVIEWTOOL_LINUX_6_12"}


@pytest.fixture(scope="session")
def kernel() -> Callable[[str], Snapshot]:
    """Return the tree of a kernel by its version; a test of one that is not there is skipped."""

    @cache
    def give(version: str) -> Snapshot:
        root = os.environ.get(VARIABLES[version])
        if not root:
            pytest.skip(f"{VARIABLES[version]} does not name an unpacked linux-source-{version}")
        tree = read_directory(Path(root))
        if "mm/gup.c" not in tree.files:
            pytest.fail(f"{VARIABLES[version]}={root} has no mm/gup.c")
        return tree

    return give


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Return a cache of objects and modules for this session only."""
    return open_cache(tmp_path_factory.mktemp("objects"))
