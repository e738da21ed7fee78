# SPDX-License-Identifier: GPL-2.0-only
"""One entry at a revision: its code, and its outcomes over a domain that several revisions share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.entries import entry_domain
from reviewtool.errors import InputError
from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, CompileError, Module, build
from reviewtool.simulate.cache import Cache, key_of
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import SourceIndex, index_sources

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Version:
    """An entry at a revision, which `name` says; `snapshot` is what is compiled."""

    name: str
    snapshot: Snapshot
    index: SourceIndex
    binding: Binding

    @property
    def entry(self) -> str:
        """The entry's name."""
        return self.binding.function.name

    @property
    def code(self) -> str:
        """A text that is the same for two versions only if the entry's code is, comments apart."""
        functions = (self.index.functions[name].tokens for name in self.index.closure(self.entry))
        return key_of([*sorted(functions), "", *(file.other_tokens for file in self.index.files)])


def read_version(name: str, snapshot: Snapshot, entry: str) -> Version:
    """Return ENTRY of the tree SNAPSHOT, which users call NAME.

    Raises: InputError where it has no such function, or it cannot be driven.
    """
    index = index_sources(snapshot)
    function = index.functions.get(entry)
    if function is None:
        raise InputError(f"--entry {entry}", f"{name} has no such function")
    binding = bind(function)
    if isinstance(binding, Unbound):
        raise InputError(f"--entry {entry}", f"cannot be run in {name}: {binding.reason}")
    return Version(name, snapshot, index, binding)


def shared_domain(versions: Sequence[Version], budget: int) -> Domain:
    """Return the domain of all that the first and the last of VERSIONS can tell apart."""
    first, last = versions[0], versions[-1]
    bindings = [version.binding for version in versions]
    return entry_domain(first.entry, first.index, last.index, bindings, budget)


def sweep_version(
    version: Version, domain: Domain, cache: Cache, *, workers: int, progress: Progress
) -> Side | CompileError:
    """Return the outcomes of VERSION over DOMAIN, or the first thing that does not compile."""
    flags = tuple(sorted((*domain.flags, *domain.also)))
    request = BuildRequest(version.snapshot, (version.binding,), flags, version.index.constants)
    module = build(request, cache)
    if not isinstance(module, Module):
        return module[0]
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(f"{version.entry}() at {version.name}", done, domain.scenarios)

    swept = sweep(module, version.entry, domain, workers=workers, progress=count)
    return Side(swept, module.unmodelled, version.binding.out)


def refuse_uncompiled(version: Version, error: CompileError) -> InputError:
    """Return that VERSION does not compile, with the line and what stands there."""
    lines = (version.snapshot.read(error.path) or "").split("\n")
    text = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else ""
    what = f"does not compile: {error.message}"
    return InputError(
        f"{version.name}: {error.path}", f"{what}: {text}" if text else what, error.line
    )
