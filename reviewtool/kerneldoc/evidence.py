# SPDX-License-Identifier: GPL-2.0-only
"""What a function's body shows by itself: what it returns, locks, asserts, and whether it sleeps.

Only what stands in the body counts, never what a called function might do, so that a statement
made from it is right although it may not be the whole truth.

Source: include/linux/lockdep.h, mmap_lock.h, mutex.h, rwsem.h, spinlock.h, kernel.h of Linux 6.12
for the names.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from reviewtool.kerneldoc.functions import Function

_A = re.ASCII
_RETURN = re.compile(r"\breturn\b([^;]*);", _A)
_ERROR = re.compile(r"-(E[A-Z][A-Z0-9]+)\b", _A)
_ASSIGNED_ERROR = re.compile(r"\b(\w+)\s*=\s*-(E[A-Z][A-Z0-9]+)\s*;", _A)
_LEAVES = re.compile(r"\s*(?:goto\b|return\b|break\b)", _A)
_COMPARED = re.compile(r"[=!<>]=\s*-E\w+", _A)
_CONDITION_BYTES = 400
_ASSERT = re.compile(
    r"\b(lockdep_assert_held(?:_read|_write|_once)?|assert_spin_locked|mmap_assert_(?:write_)?locked"
    r"|vma_assert_(?:write_)?locked|lockdep_assert_in_rcu_read_lock|lockdep_assert_irqs_disabled"
    r"|mmap_assert_locked)\s*\(([^;]{0,200})\)\s*;",
    _A,
)
_TAKES = re.compile(
    r"\b(mutex_lock(?:_\w+)?|spin_lock(?:_irqsave|_irq|_bh)?|read_lock|write_lock|down_read|"
    r"down_write|mmap_read_lock|mmap_write_lock(?:_killable)?|mmap_read_lock_killable)"
    r"\s*\(\s*&?([^;,()]+)",
    _A,
)
_SLEEPS = re.compile(
    r"\b(might_sleep|mutex_lock(?:_killable|_interruptible)?|down_read(?:_killable)?"
    r"|down_write(?:_killable)?|mmap_read_lock(?:_killable)?|mmap_write_lock(?:_killable)?"
    r"|msleep|schedule|schedule_timeout\w*|wait_event\w*|wait_for_completion\w*|cond_resched"
    r"|synchronize_rcu|synchronize_srcu|flush_work|flush_workqueue|lock_page|folio_lock"
    r"|folio_wait_\w+|copy_from_user|copy_to_user|vmalloc|vzalloc)\s*\("
    r"|\b(?:kv?[mzc]alloc|kv?malloc_array|kmem_cache_z?alloc|alloc_pages?|kstrdup|kmemdup)(?:_node)?"
    r"\s*\([^;]{0,200}\bGFP_KERNEL(?:_ACCOUNT)?\b",
    _A,
)
_LINE_FEED = re.compile(r"\n")
_WORD = re.compile(r"\w+", _A)


@dataclass(frozen=True, slots=True)
class Return:
    """One return statement: its expression on one line, the condition right before it, its line."""

    value: str
    condition: str
    line: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a body shows.

    errors:   (code without sign, line) that the function itself makes and returns.
    asserted: (assertion, its argument, line).
    taken:    (function, lock) for each lock that the body takes.
    sleeps:   (function, line) that may sleep.
    words:    every identifier of the body, for "is this parameter used?".
    written:  names through which the body stores ("*name = ").
    """

    returns: tuple[Return, ...]
    errors: tuple[tuple[str, int], ...]
    asserted: tuple[tuple[str, str, int], ...]
    taken: tuple[tuple[str, str], ...]
    sleeps: tuple[tuple[str, int], ...]
    words: frozenset[str]
    written: frozenset[str]


def gather_evidence(function: Function) -> Evidence:
    """Read the body of FUNCTION."""
    body = function.body

    feeds = [match.start() for match in _LINE_FEED.finditer(body)]

    def line_of(at: int) -> int:
        return function.line + bisect_left(feeds, at)

    returns = tuple(
        Return(" ".join(match[1].split()), _condition(body, match.start()), line_of(match.start()))
        for match in _RETURN.finditer(body)
    )
    return Evidence(
        returns,
        _errors(body, returns, line_of),
        tuple(
            (match[1], " ".join(match[2].split()), line_of(match.start()))
            for match in _ASSERT.finditer(body)
        ),
        tuple(dict.fromkeys((match[1], match[2].strip()) for match in _TAKES.finditer(body))),
        tuple(
            (match[0].split("(")[0].strip(), line_of(match.start()))
            for match in _SLEEPS.finditer(body)
        ),
        frozenset(_WORD.findall(body)),
        frozenset(re.findall(r"(?:^|[;{}]|\))\s*\*(\w+)\s*=[^=]", body, _A)),
    )


def _errors(
    body: str, returns: tuple[Return, ...], line_of: Callable[[int], int]
) -> tuple[tuple[str, int], ...]:
    """Find the codes in return statements, and those assigned to what is returned right after."""
    found: dict[str, int] = {}
    returned = {name for part in returns for name in _WORD.findall(part.value)}
    for part in returns:
        for match in _ERROR.finditer(_COMPARED.sub("", part.value)):
            found.setdefault(match[1], part.line)
    for match in _ASSIGNED_ERROR.finditer(body):
        if match[1] in returned and _LEAVES.match(body, match.end()):
            found.setdefault(match[2], line_of(match.start()))
    return tuple(sorted(found.items(), key=lambda item: item[1]))


def _condition(body: str, at: int) -> str:
    """Return what is asked right before the statement at AT; "" where that is no plain "if"."""
    start = max(0, at - _CONDITION_BYTES)
    before = body[start:at].rstrip().removesuffix("{").rstrip()
    if not before.endswith(")"):
        return ""
    level = 0
    for offset in range(len(before) - 1, -1, -1):
        level += {")": 1, "(": -1}.get(before[offset], 0)
        if level == 0:
            if re.search(r"\bif\s*$", before[:offset]):
                return " ".join(before[offset + 1 : -1].split())
            return ""
    return ""
