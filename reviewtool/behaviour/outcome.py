# SPDX-License-Identifier: GPL-2.0-only
"""Outcome records in words: what a caller gets, and everything else that it could notice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reviewtool.simulate.record import (
    CHANGES,
    ENDS,
    EVENTS,
    FIELD,
    RETURNS,
    SECONDS,
    SETTLED,
    SHIFTS,
    TOLD,
)

_RETURN_WORDS = {
    "void": "returns", "null": "NULL", "page": "the page", "head_page": "the head page",
    "zero_page": "the zero page", "huge_zero_page": "the huge zero page", "device_page": "the device page",
    "fresh_page": "the page that a fault brought in", "other_page": "another page", "garbage": "a wild pointer",
    "pointer": "a pointer", "true": "true", "false": "false", "positive": "a positive number",
    "negative": "a negative number that is no errno", "other_errno": "another errno",
    **{number: number for number in ("0", "1", "2", "64", "4032", "4096", "8128", "8192")},
}  # fmt: skip

_END_WORDS = {
    "bug": "BUG()", "null_pointer": "a null pointer dereference", "steps": "no end (step bound reached)",
    "trap": "an invalid memory access", "unmodelled": "unmodelled",
}  # fmt: skip

_EVENT_WORDS = {
    "warn": "WARN", "lock_misuse": "a lock taken twice or released when not held", "slept": "may sleep",
    "slept_atomic": "sleeps in atomic context", "fault_numa": "a NUMA hinting fault", "fault_write": "a write fault",
    "fault_unshare": "an unshare fault", "fault_read": "a fault on an entry that is not present",
    "wait_migration": "waits for a migration", "accessed": "the page marked accessed",
    "set_dirty": "the page marked dirty", "mmap_lock_dropped": "the mmap_lock dropped on the way",
    "split": "the huge PMD split", "isolated": "the page isolated", "unlocked_assert": "a lock assertion that fails",
    "used_after_put": "a page used after its reference was given back",
    "lock_order": "locks taken in the wrong order", "put_too_many": "a reference dropped that is not its own",
}  # fmt: skip

_CHANGE_WORDS = {
    "dirty": "the entry made dirty", "young": "the entry made young", "writable": "the entry made writable",
    "replaced": "the entry replaced",
}  # fmt: skip

_TOLD_WORDS = {
    "retry_allowed": "a fault with FAULT_FLAG_ALLOW_RETRY", "nowait": "a fault with FAULT_FLAG_RETRY_NOWAIT",
    "killable": "a fault with FAULT_FLAG_KILLABLE", "interruptible": "a fault with FAULT_FLAG_INTERRUPTIBLE",
    "tried": "a fault with FAULT_FLAG_TRIED", "remote": "a fault with FAULT_FLAG_REMOTE",
    "accessible": "the page made accessible", "mask": "a page_mask of no mapping's size",
}  # fmt: skip

# Events that are wrong whatever the function is for.
HAZARDS = (
    "warn", "lock_misuse", "slept_atomic", "unlocked_assert", "used_after_put", "lock_order", "put_too_many",
)  # fmt: skip

_SETTLED_WORDS = {
    "leak": "a reference or pin leaked that no caller gives back",
    "short": "references missing once the caller has given back its own",
}
_LEFT_WORDS = (
    "the page table lock left held",
    "an RCU read section left open",
    "interrupts left off",
    "the mmap_lock left held once more",
    "the mmap_lock left released",
    "the lock of a hugetlb VMA left held",
)
_SECOND_WORDS = {
    "page": "pages[1] is the page that follows",
    "fresh": "pages[1] is the page that a fault brought in",
    "wrong": "pages[1] is a wrong page",
}

_OUT_STATS = ("resident", "anonymous", "anonymous_thp", "referenced", "dirty", "swap")


@dataclass(frozen=True)
class Outcome:
    """One record, field by field; `unmodelled` numbers Module.unmodelled from 1.

    mmap_lock: how often it is held more than before; 2: the lock of a hugetlb VMA is left held.
    """

    end: str
    unmodelled: int
    ret: str
    refs: int
    pins: int
    entry: tuple[str, ...]
    events: tuple[str, ...]
    ptl: bool
    rcu: bool
    mmap_lock: int
    pgmap: int
    page_mask: bool
    out: int
    told: tuple[str, ...] = ()
    second: str = "none"
    settled: str = "even"
    irqs: bool = False


def _get(record: int, name: str) -> int:
    return (record >> SHIFTS[name]) & ((1 << FIELD[name].width) - 1)


def read_outcome(record: int) -> Outcome:
    """Return the fields of one 64-bit RECORD."""
    end = ENDS[_get(record, "end")]
    if end != "returned":
        return Outcome(end, _get(record, "unmodelled"), "void", 0, 0, (), (), ptl=False, rcu=False, mmap_lock=0,
                       pgmap=0, page_mask=False, out=0)  # fmt: skip
    entry, events = _get(record, "entry"), _get(record, "events")
    told = _get(record, "told")
    return Outcome(
        end=end,
        unmodelled=0,
        ret=RETURNS[_get(record, "ret")],
        refs=_get(record, "refs") - FIELD["refs"].bias,
        pins=_get(record, "pins") - FIELD["pins"].bias,
        entry=tuple(name for bit, name in enumerate(CHANGES) if entry >> bit & 1),
        events=tuple(name for bit, name in enumerate(EVENTS) if events >> bit & 1),
        ptl=bool(_get(record, "ptl")),
        rcu=bool(_get(record, "rcu")),
        mmap_lock=_get(record, "mmap_lock") - FIELD["mmap_lock"].bias,
        pgmap=_get(record, "pgmap") - FIELD["pgmap"].bias,
        page_mask=bool(_get(record, "page_mask")),
        out=_get(record, "out"),
        told=tuple(name for bit, name in enumerate(TOLD) if told >> bit & 1),
        second=SECONDS[_get(record, "second")],
        settled=SETTLED[_get(record, "settled")],
        irqs=bool(_get(record, "irqs")),
    )


def result_words(outcome: Outcome, unmodelled: tuple[str, ...] = ()) -> str:
    """Say what the caller gets: a value, or how the run ended."""
    if outcome.end == "unmodelled":
        number = outcome.unmodelled - 1
        return (
            f"unmodelled: {unmodelled[number]}()" if 0 <= number < len(unmodelled) else "unmodelled"
        )
    if outcome.end != "returned":
        return _END_WORDS[outcome.end]
    return return_words(outcome.ret)


def return_words(ret: str) -> str:
    """Say a returned value: an errno with its sign, a page by what it is."""
    return _RETURN_WORDS.get(ret, f"-{ret}")


def out_words(outcome: Outcome, kind: str) -> str:
    """Say what was handed out through a pointer; KIND is Binding.out."""
    if outcome.end != "returned" or not kind:
        return ""
    if kind == "stats":
        named = [name for bit, name in enumerate(_OUT_STATS) if outcome.out >> bit & 1]
        return "accounts " + (", ".join(named) or "nothing")
    word = return_words(RETURNS[outcome.out]) if outcome.out < len(RETURNS) else "?"
    return f"status {word}" if kind == "status" else f"pages[0] is {word}"


def hazard_words(outcome: Outcome) -> tuple[str, ...]:
    """Say what is wrong with OUTCOME whatever the function is for, worst first."""
    words = [_EVENT_WORDS[name] for name in HAZARDS if name in outcome.events]
    if outcome.ptl:
        words.append(_LEFT_WORDS[0])
    if outcome.rcu:
        words.append(_LEFT_WORDS[1])
    if outcome.irqs:
        words.append(_LEFT_WORDS[2])
    if outcome.mmap_lock:
        words.append(_LEFT_WORDS[{1: 3, -1: 4}.get(outcome.mmap_lock, 5)])
    if outcome.settled != "even":
        words.append(_SETTLED_WORDS[outcome.settled])
    return tuple(words)


def effect_words(outcome: Outcome, kind: str = "") -> tuple[str, ...]:
    """Say everything besides result and hazards, in a fixed order."""
    words: list[str] = []
    if outcome.refs:
        words.append(
            f"{_count(outcome.refs, 'reference')} {'taken' if outcome.refs > 0 else 'dropped too many'}"
        )
    if outcome.pins:
        words.append(
            f"{_count(outcome.pins, 'pin')} {'taken' if outcome.pins > 0 else 'dropped too many'}"
        )
    if outcome.pgmap:
        words.append(
            "a dev_pagemap reference " + ("kept" if outcome.pgmap > 0 else "dropped too many")
        )
    words += [_CHANGE_WORDS[name] for name in outcome.entry]
    words += [_EVENT_WORDS[name] for name in outcome.events if name not in HAZARDS]
    words += [_TOLD_WORDS[name] for name in outcome.told]
    if outcome.page_mask:
        words.append("page_mask set for a huge mapping")
    if kind == "stats":
        words += [
            f"{name} accounted" for bit, name in enumerate(_OUT_STATS) if outcome.out >> bit & 1
        ]
    else:
        handed = out_words(outcome, kind)
        words += [handed] if handed else []
        words += [_SECOND_WORDS[outcome.second]] if outcome.second != "none" else []
    return tuple(words)


def is_hazard(part: str) -> bool:
    """Tell whether PART, a part of describe()'s line, is wrong whatever the function is for."""
    return part in _HAZARD_PARTS


_HAZARD_PARTS = frozenset(
    {
        *(_EVENT_WORDS[name] for name in HAZARDS),
        *(words for end, words in _END_WORDS.items() if end != "unmodelled"),
        *_SETTLED_WORDS.values(),
        *_LEFT_WORDS,
    }
)


def _count(number: int, what: str) -> str:
    return f"a {what}" if abs(number) == 1 else f"{abs(number)} {what}s"


def describe(outcome: Outcome, unmodelled: tuple[str, ...] = (), kind: str = "") -> str:
    """Say the whole outcome in one line."""
    parts = [
        result_words(outcome, unmodelled),
        *hazard_words(outcome),
        *effect_words(outcome, kind),
    ]
    return ", ".join(parts)


def read_outcomes(records: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> tuple[Outcome, ...]:
    """Return each of RECORDS as an Outcome, in order."""
    return tuple(read_outcome(int(record)) for record in records)
