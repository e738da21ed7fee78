# SPDX-License-Identifier: GPL-2.0-only
"""What share of small wrong versions of a function a review would report.

Each mutant is built and swept as a review of it would be: through the entries that a review chooses,
over their domains.  It is reported when any scenario comes out differently; a mutant whose module has
the bytes of the original's is the same program and says nothing about the sweep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from threading import Lock

import numpy as np

from reviewtool.behaviour.entries import choose_entries, compare_trees, entry_domain
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import DEFAULT_BUDGET, Domain
from reviewtool.simulate.record import ENDS, field
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.mutants import Mutant
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import SourceIndex, index_sources, read_source


class Fate(Enum):
    """What became of a mutant."""

    REPORTED = "reported"
    SURVIVED = "not reported"
    UNKNOWN = "could not tell"
    UNDRIVEN = "no entry reaches it"
    SAME_CODE = "compiles to the same code"
    NOT_COMPILED = "does not compile"


@dataclass(frozen=True)
class Trial:
    """A mutant and what became of it.

    entry:     the entry that told it from the original, "" where none did.
    scenarios: how many were compared; all of every entry for one that survived.
    """

    mutant: Mutant
    fate: Fate
    entry: str
    scenarios: int


_SAMPLED = 16
"""A sweep of every so manyth state comes first: most mutants are told apart by it."""


class Bench:
    """The original tree and its sweeps, each made once.  Safe to use from several threads."""

    def __init__(self, tree: Snapshot, cache: Cache, budget: int = DEFAULT_BUDGET) -> None:
        self._tree = tree
        self._index = index_sources(tree)
        self._cache = cache
        self._budget = budget
        self._lock = Lock()
        self._modules: dict[tuple[tuple[str, ...], tuple[str, ...]], Module] = {}
        self._domains: dict[tuple[str, frozenset[str]], Domain] = {}
        self._swept: dict[tuple[object, ...], Swept] = {}

    def try_mutant(self, mutant: Mutant) -> Trial:
        """Return what a review of MUTANT would say."""
        tree = mutant.apply(self._tree)
        index = SourceIndex(
            tuple(
                read_source(file.path, tree.files[file.path]) if file.path == mutant.path else file
                for file in self._index.files
            )
        )
        return self._try(mutant, tree, index)

    def _try(self, mutant: Mutant, tree: Snapshot, index: SourceIndex) -> Trial:
        delta = compare_trees(self._index, index)
        names = choose_entries(self._index, index, delta, ()).entries
        if not names:
            return Trial(mutant, Fate.UNDRIVEN, "", 0)
        domains = {name: self._domain(name, index) for name in names}
        compared, unsure, same = 0, False, True
        # Linking an entry takes longer than sweeping it, and most mutants show in the first one.
        for some, every in ((names[:1], _SAMPLED), (names, _SAMPLED), (names, 1)):
            flags = tuple(
                sorted({f for name in some for f in (*domains[name].flags, *domains[name].also)})
            )
            original = self._original(some, flags)
            bindings = tuple(_bound(index, name) for name in some)
            module = build(BuildRequest(tree, bindings, flags, index.constants), self._cache)
            if not isinstance(module, Module):
                return Trial(mutant, Fate.NOT_COMPILED, "", 0)
            if module.wasm == original.wasm:
                continue
            same = False
            for name in some:
                domain = _sample(domains[name], every)
                before = self._sweep_original(original, name, domain, every)
                after = sweep(module, name, domain, workers=1)
                compared += domain.scenarios if every == 1 else 0
                changed, unknown = count_changed(before, after)
                if changed:
                    return Trial(mutant, Fate.REPORTED, name, domain.scenarios)
                unsure |= bool(unknown or after.left)
        if same:
            return Trial(mutant, Fate.SAME_CODE, "", 0)
        return Trial(mutant, Fate.UNKNOWN if unsure else Fate.SURVIVED, "", compared)

    def _domain(self, name: str, index: SourceIndex) -> Domain:
        """Return the domain of entry NAME; mutants keep every signature, so words decide it."""
        words = index.identifiers(index.closure(name))
        with self._lock:
            if (name, words) not in self._domains:
                bindings = [_bound(self._index, name), _bound(index, name)]
                self._domains[name, words] = entry_domain(
                    name, self._index, index, bindings, self._budget
                )
            return self._domains[name, words]

    def _original(self, names: tuple[str, ...], flags: tuple[str, ...]) -> Module:
        with self._lock:
            if (names, flags) not in self._modules:
                bindings = tuple(_bound(self._index, name) for name in names)
                made = build(
                    BuildRequest(self._tree, bindings, flags, self._index.constants), self._cache
                )
                if not isinstance(made, Module):
                    raise TypeError("the original does not compile")
                self._modules[names, flags] = made
            return self._modules[names, flags]

    def _sweep_original(self, module: Module, name: str, domain: Domain, every: int) -> Swept:
        key = (name, every, domain.flags, domain.also, domain.words.tobytes())
        with self._lock:
            if key not in self._swept:
                self._swept[key] = sweep(module, name, domain, workers=1)
            return self._swept[key]


def _bound(index: SourceIndex, name: str) -> Binding:
    bound = bind(index.functions[name])
    if not isinstance(bound, Binding):
        raise TypeError(f"{name} was chosen and cannot be driven")
    return bound


def _sample(domain: Domain, every: int) -> Domain:
    return domain if every == 1 else replace(domain, words=domain.words[::every])


def count_changed(before: Swept, after: Swept) -> tuple[int, int]:
    """Return how many scenarios come out differently, and how many are unmodelled on a side.

    The first is what the comparison of a review calls changed.
    """
    pairs, states = np.unique(
        before.row_of.astype(np.int64) * len(after.rows) + after.row_of, return_counts=True
    )
    rows_before, rows_after = np.divmod(pairs, len(after.rows))
    old = before.records[before.rows[rows_before]]
    new = after.records[after.rows[rows_after]]
    unmodelled = ENDS.index("unmodelled")
    unknown = (field(old, "end") == unmodelled) | (field(new, "end") == unmodelled)
    changed = (old != new) & ~unknown
    return int(changed.sum(axis=1) @ states), int(unknown.sum(axis=1) @ states)


Told = Callable[[Trial], None]


def try_mutants(
    bench: Bench, mutants: Iterable[Mutant], *, workers: int = 2, seconds: float | None = None
) -> Iterator[Trial]:
    """Yield a trial of each of MUTANTS, in their order; after SECONDS no further one is begun."""
    end = None if seconds is None else time.monotonic() + seconds

    def attempt(mutant: Mutant) -> Trial | None:
        if end is not None and time.monotonic() > end:
            return None
        return bench.try_mutant(mutant)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for trial in pool.map(attempt, mutants):
            if trial is not None:
                yield trial


@dataclass(frozen=True)
class Score:
    """How the mutants of one function fared; the score leaves out those that are no other program."""

    function: str
    mutants: int
    compiled: int
    different: int
    reported: int

    @property
    def share(self) -> float:
        """Reported of those that compile to different code, 0 to 1; 1 where there are none."""
        return self.reported / self.different if self.different else 1.0


def score(function: str, trials: Iterable[Trial]) -> Score:
    """Return the score of the TRIALS of FUNCTION."""
    own = [trial.fate for trial in trials if trial.mutant.function == function]
    compiled = sum(fate is not Fate.NOT_COMPILED for fate in own)
    same = own.count(Fate.SAME_CODE)
    return Score(function, len(own), compiled, compiled - same, own.count(Fate.REPORTED))


def choose(mutants: tuple[Mutant, ...], most: int) -> tuple[Mutant, ...]:
    """Return at most MOST of MUTANTS, spread evenly over them: the same ones each time."""
    if len(mutants) <= most:
        return mutants
    return tuple(mutants[at * len(mutants) // most] for at in range(most))
