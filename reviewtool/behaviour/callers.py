# SPDX-License-Identifier: GPL-2.0-only
"""Who calls a function with which FOLL_* flags, and which of its changes can reach that call.

A change reaches a caller if some changed scenario passes flags that the caller may pass.  What the
caller does to the state before (which VMAs it looks at) is not considered: that errs on the side of
"reached".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.behaviour.compare import Change, Comparison
from reviewtool.behaviour.flags import Possibility, Value, passed_flags
from reviewtool.simulate.domain import Domain
from reviewtool.tree.source import SourceIndex

_NO_FLAGS: Value = frozenset([Possibility()])
_MOST_SAID = 4


@dataclass(frozen=True)
class Call:
    """One place where a function is used.

    name:    the function, macro or variable that uses it.
    flags:   what may be passed.
    through: how, where that is no call.
    """

    name: str
    path: str
    flags: Value
    through: str = ""

    @property
    def words(self) -> str:
        """The flags that may be passed, "" where nothing is known of them."""
        said = sorted((_spell(one) for one in self.flags), key=lambda text: (len(text), text))
        known = [text for text in dict.fromkeys(said) if text]
        if len(known) > _MOST_SAID:
            known = [*known[:_MOST_SAID], f"{len(known) - _MOST_SAID} other combinations"]
        return " or ".join(known)

    @property
    def why(self) -> str:
        """What keeps the flags from being told, "" where they are known."""
        reasons = dict.fromkeys(
            one.why for one in sorted(self.flags, key=lambda p: p.why) if one.why
        )
        return "; ".join(reasons)


def _spell(one: Possibility) -> str:
    given = "|".join(sorted(one.given))
    if one.exact:
        return given or "0"
    parts = [f"{given} and others" if given else ""]
    parts += [f"without {', '.join(sorted(one.clear))}"] if one.clear else []
    return " ".join(part for part in parts if part)


def find_calls(index: SourceIndex, name: str) -> tuple[Call, ...]:
    """Return the uses of function NAME, by user's name, each place of its own."""
    callee = index.functions.get(name)
    if callee is None:
        return ()
    position = next((n for n, p in enumerate(callee.parameters) if "flags" in p.name), None)
    found: list[Call] = []
    for caller_name in index.callers.get(name, ()):
        caller = index.functions[caller_name]
        passed = passed_flags(index, caller, name, -1 if position is None else position)
        found += [
            Call(caller.name, caller.path, _NO_FLAGS if position is None else value)
            for value in passed
        ]
        if not passed:
            found.append(Call(caller.name, caller.path, _anything(), "takes its address"))
    found += _addresses(index, name)
    return tuple(found)


def _anything() -> Value:
    return frozenset([Possibility(exact=False, why="who calls through the pointer is not known")])


def _addresses(index: SourceIndex, name: str) -> Iterator[Call]:
    """Yield the variables that hold the address of NAME from the start."""
    for file in index.files:
        for line in file.other_tokens.split("\n"):
            head, equals, value = line.partition(" = ")
            if equals and re.search(rf"\b{re.escape(name)}\b", value):
                variable = re.search(r"(\w+)(?: \[[^\]]*\])?$", head)
                said = variable[1] if variable else "an initializer"
                yield Call(said, file.path, _anything(), "holds its address")


@dataclass(frozen=True)
class Reach:
    """What of a change a call can meet.

    count:   changed scenarios with flags that may be passed; -1 where that cannot be told.
    sure:    whether one set of flags is passed, and was swept: then the change does reach it.
    changes: the groups that it can meet, with how many of their scenarios.
    """

    count: int
    sure: bool
    changes: tuple[tuple[Change, int], ...]


def reach_of(call: Call, comparison: Comparison) -> Reach:
    """Return what of COMPARISON can reach CALL."""
    domain = comparison.domain
    places, complete = _places(call.flags, domain)
    changes = []
    for change in comparison.changes:
        count = sum(change.by_flags[alone][subset] for alone, subset in places)
        if count:
            changes.append((change, count))
    total = sum(count for _, count in changes)
    sure = complete and len(call.flags) == 1 and all(one.exact for one in call.flags)
    return Reach(total if total or complete else -1, sure, tuple(changes))


def _places(value: Value, domain: Domain) -> tuple[set[tuple[int, int]], bool]:
    """Return the (flag passed alone, flag subset) that may be passed, and whether all of it was swept."""
    complete = True
    places: set[tuple[int, int]] = set()
    for one in value:
        if one.exact:
            found = _exact_place(one.given, domain)
            complete &= found is not None
            places |= {found} if found is not None else set()
            continue
        # Flags that were not all combined with one another may make a difference together.
        complete &= not domain.also and not domain.cut
        must = _subset(one.given, domain)
        never = _subset(one.clear, domain)
        alone = {at + 1 for at, flag in enumerate(domain.also) if flag in one.given}
        if len(alone) > 1 or any(flag in domain.cut for flag in one.given):
            continue
        choices = alone or {0, *(n + 1 for n, f in enumerate(domain.also) if f not in one.clear)}
        places |= {
            (choice, subset)
            for subset in range(1 << len(domain.flags))
            if subset & must == must and not subset & never
            for choice in choices
        }
    return places, complete


def _subset(flags: frozenset[str], domain: Domain) -> int:
    return sum(1 << bit for bit, flag in enumerate(domain.flags) if flag in flags)


def _exact_place(flags: frozenset[str], domain: Domain) -> tuple[int, int] | None:
    """Return the place of exactly FLAGS; None where the sweep did not pass them together.

    A flag that the code reached never names makes no difference.
    """
    alone = [n + 1 for n, flag in enumerate(domain.also) if flag in flags]
    if len(alone) > 1 or any(flag in domain.cut for flag in flags):
        return None
    return (alone[0] if alone else 0), _subset(flags, domain)
