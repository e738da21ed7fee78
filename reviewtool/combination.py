# SPDX-License-Identifier: GPL-2.0-only
"""All flags combined for the entries of a patch of which a sweep saw no change and could not combine them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from reviewtool.behaviour.combined import (
    MOST_LEAVES,
    Combined,
    combined_domain,
    compare_combined,
)
from reviewtool.behaviour.compare import Verdict
from reviewtool.entry import Compared
from reviewtool.simulate.binding import Binding
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.instrument import Line
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import SourceIndex


@dataclass(frozen=True)
class Driven:
    """One version: its tree, how its entries are called, in the order in which they were compared, and what differs.

    changed: functions; lines: of them; only_functions: whether nothing else differs, no macro and no declaration.
    """

    snapshot: Snapshot
    index: SourceIndex
    bindings: tuple[Binding, ...]
    changed: frozenset[str] = frozenset()
    lines: frozenset[Line] = frozenset()
    only_functions: bool = False


@dataclass(frozen=True)
class Bound:
    """How far flags are combined.

    leaves: behaviours per entry at which it gives up.  entries: how many are run, the first ones; the others are told.
    """

    leaves: int = MOST_LEAVES
    entries: int = 1 << 30


UNBOUNDED = Bound()


def combine_flags(
    compared: Sequence[Compared],
    before: Driven,
    after: Driven,
    cache: Cache,
    workers: int,
    progress: Callable[[str, int, int], None],
    bound: Bound = UNBOUNDED,
) -> list[Compared]:
    """Return COMPARED, with what comes of all flags together where a sweep left that open."""
    wanted = [at for at, made in enumerate(compared) if _is_open(made)]
    if not wanted:
        return list(compared)
    domains = {at: combined_domain(compared[at].comparison.domain) for at in wanted}
    flags = tuple(sorted({flag for domain in domains.values() for flag in domain.flags}))
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("all flags combined", done, 2 * len(wanted))

    def one(at: int) -> Combined:
        if at in wanted[bound.entries :]:
            why = f"only the first {bound.entries} entries of a tree are run so"
            return Combined(domains[at].scenarios, 0, gave_up=why)
        return _combine(
            compared[at].comparison.entry, domains[at], flags, (before, after), cache, step, bound.leaves
        )  # fmt: skip

    progress("all flags combined", 0, 2 * len(wanted))
    with ThreadPoolExecutor(workers) as pool:
        made = dict(zip(wanted, pool.map(one, wanted), strict=True))
    return [replace(one, combined=made.get(at)) for at, one in enumerate(compared)]


def _is_open(made: Compared) -> bool:
    domain = made.comparison.domain
    return bool(domain.also or domain.cut) and made.comparison.verdict is Verdict.NO_CHANGE


def _combine(
    entry: str,
    domain: Domain,
    flags: tuple[str, ...],
    versions: tuple[Driven, Driven],
    cache: Cache,
    step: Callable[[], None],
    leaves: int,
) -> Combined:
    modules: list[Module] = []
    outs: list[str] = []
    for version in versions:
        request = BuildRequest(
            version.snapshot, version.bindings, flags, version.index.constants, version.changed,
            version.lines, lazy=entry,
        )  # fmt: skip
        module = build(request, cache)
        if not isinstance(module, Module):
            return Combined(domain.scenarios, 0, gave_up="it does not compile alone")
        modules.append(module)
        outs += [binding.out for binding in module.entries]
    differing = all(
        version.only_functions
        and version.changed & version.index.functions.keys() <= module.touched
        for version, module in zip(versions, modules, strict=True)
    )
    made = compare_combined(
        entry,
        domain,
        modules[0],
        modules[1],
        (outs[0], outs[1]),
        step,
        most_leaves=leaves,
        differing=differing,
    )
    step()
    return made
