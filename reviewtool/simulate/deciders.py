# SPDX-License-Identifier: GPL-2.0-only
"""Which factor values and flags decided the way of a run, found by changing one of them at a time.

A factor decides a statement if the run with another value of it alone goes another way right after
that statement.  Where no other value is valid alone, one more factor goes back to its first value,
unless that one decides the statement by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import FACTOR, PLACES, VALIDITY, Words, column
from reviewtool.simulate.sandbox import Sandbox, TrapError
from reviewtool.simulate.trace import MOST_EVENTS, MOST_FLAGS, Trace, traced_functions
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources

Deciders = dict[int, tuple[str, ...]]
"""By the number of a step, what decided where the run went after it: "access=protnone", "without FOLL_FORCE"."""


@dataclass
class _Runner:
    """Runs scenarios of one module and gives the way of each: the numbers of its lines."""

    module: Module
    sandbox: Sandbox | None = field(default=None)

    def path(self, word: int, flags: Sequence[str]) -> tuple[int, ...]:
        if self.sandbox is None:
            self.sandbox = Sandbox(self.module.wasm)
        sandbox = self.sandbox
        for bit, flag in enumerate(flags):
            sandbox.call("harness_choose_flag", bit, self.module.flags.index(flag))
        sandbox.array("harness_states", 1, np.uint64)[:] = word
        sandbox.array("harness_trace_count", 1, np.uint64)[:] = 0
        try:
            sandbox.call("harness_sweep", 0, 0, 1, len(flags), (1 << len(flags)) - 1)
        except TrapError:
            self.sandbox = None
        count = min(int(sandbox.array("harness_trace_count", 1, np.uint64)[0]), MOST_EVENTS)
        pairs = sandbox.array("harness_trace", 2 * count, np.int64).reshape(-1, 2)
        return tuple(int(value) for what, value in pairs if not what)


def find_deciders(
    snapshot: Snapshot,
    trace: Trace,
    cache: Cache,
    configuration: Configuration = DEFAULT_CONFIGURATION,
) -> Deciders:
    """Return what decided each step of TRACE, a run of SNAPSHOT, after which another way was open."""
    snapshot = configuration.built(snapshot)
    index = index_sources(snapshot)
    binding = bind(index.functions[trace.entry])
    if not isinstance(binding, Binding):
        return {}
    given = trace.domain.flags
    named = index.identifiers(index.closure(trace.entry)) & index.constants
    others = (
        sorted(name for name in named if re.fullmatch(r"FOLL_[A-Z0-9_]+", name))
        if binding.takes_flags
        else []
    )
    flags = (*given, *(name for name in others if name not in given))[:MOST_FLAGS]
    request = BuildRequest(
        snapshot, (binding,), tuple(flags), index.constants, traced_functions(index, trace.entry), trace=True,
        configuration=configuration,
    )  # fmt: skip
    module = build(request, cache)
    if not isinstance(module, Module):
        return {}
    runner, word = _Runner(module), int(trace.domain.words[0])
    way = runner.path(word, given)
    found: dict[int, list[str]] = {}

    def note(said: str, other: int, passed: Sequence[str], reset: str = "") -> None:
        step = _last_common(way, runner.path(other, passed))
        known = found.setdefault(step, []) if step >= 0 else []
        if said not in known and not (reset and reset in known):
            known.append(said)

    names = [factor.name for factor in trace.domain.factors if factor.name != "also"]
    for name, other in _alone(word, names):
        note(_say(word, name), other, given)
    for name, other, reset in _with_reset(word, names):
        note(_say(word, name), other, given, _say(word, reset))
    for flag in flags:
        passed = [f for f in given if f != flag] if flag in given else [*given, flag]
        note(f"with {flag}" if flag in given else f"without {flag}", word, passed)
    return {step: tuple(said) for step, said in found.items() if said}


def _last_common(way: Sequence[int], other: Sequence[int]) -> int:
    """Return the last step before the ways part, -1 where they do not."""
    for step, (one, two) in enumerate(zip(way, other, strict=False)):
        if one != two:
            return step - 1
    return -1 if len(way) == len(other) else min(len(way), len(other)) - 1


def _code(word: int, name: str) -> int:
    shift, width = PLACES[name]
    return word >> shift & ((1 << width) - 1)


def _say(word: int, name: str) -> str:
    return f"{name}={FACTOR[name].values[_code(word, name)].name}"


def _with(word: int, name: str, code: int) -> int:
    shift, width = PLACES[name]
    return word & ~(((1 << width) - 1) << shift) | code << shift


def _valid(words: Words) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    def is_(name: str, *values: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.isin(column(words, name), [FACTOR[name].code_of(value) for value in values])

    valid = np.ones(len(words), np.bool_)
    for rule in VALIDITY:
        valid &= rule.allows(is_)  # type: ignore[arg-type]
    return valid


def _others(word: int, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    for name in names:
        for code in range(len(FACTOR[name].values)):
            if code != _code(word, name):
                yield name, _with(word, name, code)


def _alone(word: int, names: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Yield each valid state that differs from WORD in one factor, with that factor."""
    found = list(_others(word, names))
    valid = _valid(np.array([other for _, other in found], np.uint64))
    yield from (pair for pair, fits in zip(found, valid, strict=True) if fits)


def _with_reset(word: int, names: Sequence[str]) -> Iterator[tuple[str, int, str]]:
    """Yield valid states for values that are not valid alone: (factor, state, what went back to its first value)."""
    found = list(_others(word, names))
    valid = _valid(np.array([other for _, other in found], np.uint64))
    for (name, other), fits in zip(found, valid, strict=True):
        resets = [n for n in names if n != name and _code(word, n)] if not fits else []
        if not resets:
            continue
        tried = np.array([_with(other, reset, 0) for reset in resets], np.uint64)
        for at in np.flatnonzero(_valid(tried))[:1]:
            yield name, int(tried[at]), resets[at]
