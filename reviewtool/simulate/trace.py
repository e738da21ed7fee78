# SPDX-License-Identifier: GPL-2.0-only
"""One scenario, run line by line: what a reviewer asks for, and every statement and event of the run.

A setting is `FACTOR=VALUE` or `flags=FOLL_A,FOLL_B`.  After the first value, more values follow by
name alone, each of whichever factor has it: `entry=present,protnone` also sets access.

    settings = setting { setting }
    setting  = factor "=" value { "," word } | "flags=" [ flag { ("," | "|") flag } ]
    word     = value of any factor | "dirty" | "young" ... (a factor whose values are yes and no)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reviewtool.errors import InputError
from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, CompileError, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import (
    FACTOR,
    FACTORS,
    VALIDITY,
    Domain,
    Factor,
    Validity,
    column,
    factors_in_play,
    lay_out,
    unpack,
)
from reviewtool.simulate.possible import rules_of, traits_of
from reviewtool.simulate.record import ENDS, SHIFTS
from reviewtool.simulate.sandbox import Sandbox, TrapError
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import Function, SourceIndex, index_sources

MOST_EVENTS = 4096  # HARNESS_TRACE in harness/trace.c
MOST_FLAGS = 16


@dataclass(frozen=True)
class Event:
    """Something that a primitive did: what, and the number that goes with it."""

    what: str
    value: int


@dataclass(frozen=True)
class Step:
    """A statement that ran: where it is, its text without indentation, and what it caused."""

    path: str
    line: int
    text: str
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Trace:
    """A run of one scenario.

    domain:     the one scenario, all its flags set in subset `subset`.
    before:     events before the first statement.
    record:     the outcome (record.py).
    unmodelled: names of stubs, as Module.unmodelled.
    out:        what the record's `out` holds, as Binding.out.
    cut:        whether the trace ended before the run did.
    """

    entry: str
    domain: Domain
    subset: int
    before: tuple[Event, ...]
    steps: tuple[Step, ...]
    record: int
    unmodelled: tuple[str, ...]
    out: str
    cut: bool


@dataclass(frozen=True)
class Settings:
    """What was asked for: a value name for each factor that was set, and FOLL_* names in order."""

    values: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]


SETTABLE: tuple[Factor, ...] = tuple(factor for factor in FACTORS if factor.name != "also")
_SAID_OTHERWISE = {"clean": ("dirty", "no"), "old": ("young", "no"), "accessible": ("prot", "rw"),
                   "inaccessible": ("prot", "none")}  # fmt: skip


def _choices(factor: Factor) -> str:
    return ", ".join(value.name for value in factor.values)


def read_settings(options: Sequence[str], index: SourceIndex) -> Settings:
    """Return what OPTIONS set.  Raises: InputError naming the option and the valid values."""
    values: dict[str, str] = {}
    flags: list[str] = []
    for option in options:
        where = f"--set {option}"
        name, equals, rest = option.partition("=")
        if not equals:
            raise InputError(
                where, "write it FACTOR=VALUE or flags=FOLL_A,FOLL_B; --list shows all"
            )
        if name == "flags":
            flags += [flag for flag in _read_flags(where, rest, index) if flag not in flags]
            continue
        factor = next((factor for factor in SETTABLE if factor.name == name), None)
        if factor is None:
            names = ", ".join(factor.name for factor in SETTABLE)
            raise InputError(where, f"no such factor; factors: flags, {names}")
        first, *words = rest.split(",")
        settings = [(name, first.strip())] + [
            _read_word(where, word.strip(), factor) for word in words
        ]
        for set_name, value in settings:
            known = FACTOR[set_name]
            if value not in (v.name for v in known.values):
                raise InputError(where, f"{set_name} is one of {_choices(known)}")
            if values.setdefault(set_name, value) != value:
                raise InputError(where, f"{set_name} is {values[set_name]} already")
    return Settings(tuple(values.items()), tuple(flags))


def _read_word(where: str, word: str, first: Factor) -> tuple[str, str]:
    """Return the factor that has the value WORD: that of the same thing as FIRST, if several do."""
    if word in _SAID_OTHERWISE:
        return _SAID_OTHERWISE[word]
    if word in FACTOR and [value.name for value in FACTOR[word].values if value.name == "yes"]:
        return word, "yes"
    having = [f for f in SETTABLE if f is not first and word in (value.name for value in f.values)]
    same = [factor for factor in having if factor.subject == first.subject]
    found = same if len(same) == 1 else having
    if len(found) == 1:
        return found[0].name, word
    if found:
        spelled = " or ".join(f"{factor.name}={word}" for factor in found)
        raise InputError(where, f"'{word}' could be {spelled}: write which")
    raise InputError(where, f"no factor has a value '{word}'; --list shows all")


def _read_flags(where: str, text: str, index: SourceIndex) -> list[str]:
    known = sorted(name for name in index.constants if re.fullmatch(r"FOLL_[A-Z0-9_]+", name))
    flags: list[str] = []
    for word in re.split(r"[,|]", text):
        name = word.strip()
        if name in ("", "0"):
            continue
        flag = name if name.startswith("FOLL_") else f"FOLL_{name}"
        if flag not in known:
            raise InputError(where, f"no flag {name}; flags: {', '.join(known)}")
        flags.append(flag)
    if len(flags) > MOST_FLAGS:
        raise InputError(where, f"more than {MOST_FLAGS} flags")
    return flags


def choose_state(
    settings: Settings, in_play: frozenset[str], rules: tuple[Validity, ...] = ()
) -> Domain:
    """Return the plainest valid state with SETTINGS, as a domain of its own.

    What is not set gets its first value, or another one where validity asks for it.
    Raises: InputError with the validity rule's reason where there is no such state.
    """
    names = in_play - {"also"} | {name for name, _ in settings.values}
    domain = lay_out(frozenset(names), settings.flags, rules)
    fits = np.ones(len(domain.words), np.bool_)
    for name, value in settings.values:
        fits &= column(domain.words, name) == FACTOR[name].code_of(value)
    if not fits.any():
        codes = {name: FACTOR[name].code_of(value) for name, value in settings.values}
        said = " ".join(f"{name}={value}" for name, value in settings.values)
        why = "; ".join(_reasons(codes, rules)) or "no valid state has all of these"
        raise InputError(f"--set {said}", why)
    words = domain.words[fits]
    unusual = sum(
        ((column(words, name) != 0).astype(np.int16) for name in names),
        np.zeros(len(words), np.int16),
    )
    word = words[int(np.argmin(unusual))]
    return Domain(domain.factors, settings.flags, np.array([word], np.uint64))


def _reasons(codes: dict[str, int], rules: tuple[Validity, ...]) -> list[str]:
    """Return why CODES do not go together: the rules about nothing else, or any that they break."""

    def is_(name: str, *values: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([codes.get(name, 0) in [FACTOR[name].code_of(value) for value in values]])

    broken = [rule for rule in (*VALIDITY, *rules) if not rule.allows(is_).all()]  # type: ignore[arg-type]
    sure = [rule.reason for rule in broken if codes.keys() >= set(rule.needs)]
    return sure or [rule.reason for rule in broken if codes.keys() & set(rule.needs)]


def traced_functions(index: SourceIndex, entry: str) -> frozenset[str]:
    """Return which functions of the closure of ENTRY tell their lines.

    Primitives do not: those of headers that name no FOLL_* or VM_* flag tell only events.
    """

    def tells(function: Function) -> bool:
        if not function.path.startswith("include/"):
            return True
        return any(name.startswith(("FOLL_", "VM_")) for name in function.identifiers)

    reached = index.closure(entry)
    return frozenset(
        name for name in reached if not index.functions[name].macro and tells(index.functions[name])
    )


def _flags_here(options: Sequence[str], index: SourceIndex, other: SourceIndex) -> list[str]:
    """Return OPTIONS without the flags that only OTHER, another version of the tree, has."""
    kept = []
    for option in options:
        name, equals, rest = option.partition("=")
        if name == "flags" and equals:
            words = [word.strip() for word in re.split(r"[,|]", rest)]
            full = {word: word if word.startswith("FOLL_") else f"FOLL_{word}" for word in words}
            words = [
                word
                for word in words
                if full[word] in index.constants or full[word] not in other.constants
            ]
            kept.append(f"flags={','.join(words)}")
        else:
            kept.append(option)
    return kept


def trace(
    snapshot: Snapshot,
    entry: str,
    options: Sequence[str],
    cache: Cache,
    other: Snapshot | None = None,
    configuration: Configuration = DEFAULT_CONFIGURATION,
) -> Trace | tuple[CompileError, ...]:
    """Run ENTRY of SNAPSHOT on the scenario that OPTIONS set, or say what keeps it from being built.

    OTHER is a version that the same scenario is run on too: what it can tell apart counts, and flags
    that only it has are not passed to this one.
    Raises: InputError for an entry or setting that cannot be used.
    """
    known = entry in index_sources(snapshot).functions
    snapshot = configuration.built(snapshot)
    index = index_sources(snapshot)
    function = index.functions.get(entry)
    if function is None:
        missing = (
            f"not built with {configuration.words}" if known else "the tree has no such function"
        )
        raise InputError(entry, missing)
    binding = bind(function)
    if isinstance(binding, Unbound):
        raise InputError(entry, f"cannot be run: {binding.reason}")
    second = index if other is None else index_sources(other)
    settings = read_settings(_flags_here(options, index, second), index)
    if settings.flags and not binding.takes_flags and other is not None:
        settings = Settings(settings.values, ())
    if settings.flags and not binding.takes_flags:
        raise InputError(f"--set flags={','.join(settings.flags)}", f"{entry}() takes no flags")
    identifiers = index.identifiers(index.closure(entry)) | binding.traits
    identifiers |= second.identifiers(second.closure(entry))
    in_play = factors_in_play(identifiers | traits_of(configuration))
    domain = choose_state(settings, in_play, rules_of(configuration))
    request = BuildRequest(
        snapshot,
        (binding,),
        settings.flags,
        index.constants,
        traced_functions(index, entry),
        trace=True,
        configuration=configuration,
    )
    module = build(request, cache)
    if not isinstance(module, Module):
        return module
    return _run(module, binding, domain, snapshot)


def _run(module: Module, binding: Binding, domain: Domain, snapshot: Snapshot) -> Trace:
    sandbox = Sandbox(module.wasm)
    for bit, flag in enumerate(domain.flags):
        sandbox.call("harness_choose_flag", bit, module.flags.index(flag))
    subset = (1 << len(domain.flags)) - 1
    sandbox.array("harness_states", 1, np.uint64)[:] = domain.words
    try:
        # skipping all subsets but the last leaves the one that has all flags
        sandbox.call("harness_sweep", 0, 0, 1, len(domain.flags), subset)
        number = int(sandbox.array("harness_outcomes", subset + 1, np.uint16)[subset])
        record = int(sandbox.array("harness_records", number + 1, np.uint64)[number])
    except TrapError as trap:
        record = ENDS.index("steps" if trap.stalled else "trap") << SHIFTS["end"]
    count = min(int(sandbox.array("harness_trace_count", 1, np.uint64)[0]), MOST_EVENTS)
    pairs = sandbox.array("harness_trace", 2 * count, np.int64).reshape(-1, 2)
    before, steps = _read_pairs(
        sandbox, [(int(what), int(value)) for what, value in pairs], module, snapshot
    )
    return Trace(
        binding.function.name,
        domain,
        subset,
        before,
        steps,
        record,
        module.unmodelled,
        binding.out,
        count >= MOST_EVENTS,
    )


def _read_pairs(
    sandbox: Sandbox, pairs: list[tuple[int, int]], module: Module, snapshot: Snapshot
) -> tuple[tuple[Event, ...], tuple[Step, ...]]:
    """Return the events before the first statement, and the statements with theirs."""
    before: tuple[Event, ...] = ()
    steps: list[Step] = []
    texts: dict[str, list[str]] = {}
    events: list[Event] = []

    def close() -> None:
        nonlocal before
        if steps:
            last = steps[-1]
            steps[-1] = Step(last.path, last.line, last.text, tuple(events))
        else:
            before = tuple(events)
        events.clear()

    for what, value in pairs:
        if what:
            events.append(Event(sandbox.text(what), value))
            continue
        close()
        if 0 <= value < len(module.lines):
            line = module.lines[value]
            text = texts.setdefault(line.path, (snapshot.read(line.path) or "").split("\n"))
            said = text[line.number - 1].strip() if line.number <= len(text) else ""
            steps.append(Step(line.path, line.number, said, ()))
    close()
    return before, tuple(steps)


def settings_of(domain: Domain) -> dict[str, str]:
    """Return every factor in play and its value, of a domain with one state."""
    values = unpack(int(domain.words[0]))
    return {factor.name: values[factor.name] for factor in domain.factors if factor.name != "also"}
