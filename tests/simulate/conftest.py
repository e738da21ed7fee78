# SPDX-License-Identifier: GPL-2.0-only
"""Trees, modules and sweeps that several tests share, each made once per session."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.simulate.domain import FACTORS, Domain, lay_out
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import MODEL_ROOT, Snapshot, bundled_model, read_directory
from reviewtool.tree.source import index_sources

SAMPLES = Path(__file__).parents[2] / "sample_patches"
GIT = {"PATH": "/usr/bin:/bin", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Return a cache of objects and modules for this session only."""
    return open_cache(tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="session")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Snapshot]:
    """Return the bundled model after the first COUNT patches of sample NAME (the cover is none)."""

    @cache
    def apply(name: str, count: int) -> Snapshot:
        if not count:
            return bundled_model()
        tree = tmp_path_factory.mktemp("tree")
        shutil.copytree(
            MODEL_ROOT, tree, dirs_exist_ok=True, ignore=shutil.ignore_patterns("harness")
        )
        mails = tmp_path_factory.mktemp("mails")
        subprocess.run(
            ["git", "mailsplit", f"-o{mails}", str(SAMPLES / name)],
            check=True,
            env=GIT,
            stdout=subprocess.PIPE,
        )
        patches = [
            mail for mail in sorted(mails.iterdir()) if b"\ndiff --git " in mail.read_bytes()
        ]
        for mail in patches[:count]:
            subprocess.run(
                ["git", "apply", "--whitespace=error-all", str(mail)],
                cwd=tree,
                check=True,
                env=GIT | {"GIT_CEILING_DIRECTORIES": str(tree.parent)},
            )
        return read_directory(tree)

    return apply


@pytest.fixture(scope="session")
def built(objects: Cache) -> Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module]:
    """Return the module of a tree with these entries and flags, the walk instrumented."""

    def make(snapshot: Snapshot, entries: tuple[str, ...], flags: tuple[str, ...]) -> Module:
        index = index_sources(snapshot)
        bindings = []
        for name in entries:
            binding = bind(index.functions[name])
            assert isinstance(binding, Binding), binding
            bindings.append(binding)
        module = build(BuildRequest(snapshot, tuple(bindings), flags, index.constants), objects)
        assert isinstance(module, Module), module
        return module

    return make


@pytest.fixture(scope="session")
def ran(
    built: Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module],
) -> Callable[[Snapshot, str, Domain], Swept]:
    """Return the outcomes of an entry of a tree over a domain."""

    def run(snapshot: Snapshot, entry: str, domain: Domain) -> Swept:
        return sweep(built(snapshot, (entry,), domain.flags), entry, domain)

    return run


@pytest.fixture(scope="session")
def walk_domain() -> Callable[[tuple[str, ...]], Domain]:
    """Return the states of the walk that outcome tables speak of, with every subset of FLAGS.

    Left out: entries' dirty and young bits, other CPUs, refcounts that are wrong.
    """

    @cache
    def make(flags: tuple[str, ...]) -> Domain:
        left_out = {"dirty", "young", "page_dirty", "other_cpu", "refcount", "folio"}
        in_play = frozenset(factor.name for factor in FACTORS if not factor.readers) - left_out
        domain = lay_out(in_play, flags)
        assert np.all(np.diff(domain.words.astype(np.int64)) > 0)
        return domain

    return make
