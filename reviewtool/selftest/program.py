# SPDX-License-Identifier: GPL-2.0-only
"""A selftest in C, in the manner of tools/testing/selftests/mm: TAP on standard output, 4 for "skipped".

Source: Documentation/dev-tools/kselftest.rst and ktap.rst of the kernel for what is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reviewtool.report.render import number, render
from reviewtool.review import NOTICE
from reviewtool.selftest.groups import Case, Group
from reviewtool.selftest.literal import c_comment, c_string
from reviewtool.selftest.outcome import Sight


class Side(Enum):
    """Which side of a patch a kernel has to be on for a test to pass."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class _Setting:
    """A file of the kernel's that is set for the time of the tests, and the least that it is to hold."""

    path: str
    value: int


@dataclass(frozen=True)
class _Test:
    """One row of the program's table; every text is a C string literal, the rest C of our own."""

    name: str
    kind: str
    prot: str
    route: str
    scenario: str
    side: str
    other_side: str
    expected: str
    other: str
    may_warn: str
    expected_words: str
    other_words: str


_WHAT_IT_DOES = (
    "Each test makes one of these scenarios out of memory of its own, sees by pagemap and smaps that the"
    " kernel has it, and looks what comes of it. A state that cannot be made here is skipped. What is"
    " expected is what the review computed, by the code of one side of the patch."
)
_PROT = {"rw": "PROT_READ | PROT_WRITE", "r": "PROT_READ", "none": "PROT_NONE"}
_KSM_ROUTES = frozenset({"ksm_merge", "ksm_unmerge"})


def write_program(group: Group, demand: Side = Side.AFTER) -> str:
    """Return the C source of a program that tries the cases of GROUP on a kernel.

    It passes where the kernel is as on the side DEMAND; a case where that side has a hazard (a warning, a
    lock left held, no end) and the other has none demands the other.
    """
    tests = tuple(_test(case, demand) for case in group.cases)
    kinds = frozenset(case.state.kind for case in group.cases)
    routes = frozenset(case.route.name for case in group.cases)
    return render(
        "selftest.c.j2", tests=tests, kinds=kinds, routes=routes, heading=_heading(group),
        settings=_settings(kinds, routes), notes=tuple(c_string(note) for note in _notes(group)),
    )  # fmt: skip


def _test(case: Case, demand: Side) -> _Test:
    sides = {
        Side.BEFORE: (case.before, case.said_before),
        Side.AFTER: (case.after, case.said_after),
    }
    other = Side.BEFORE if demand is Side.AFTER else Side.AFTER
    if _is_worse(sides[demand][0], sides[other][0]):
        demand, other = other, demand
    return _Test(
        name=c_string(f"{case.state.words}: {case.route.words}"),
        kind=case.state.kind,
        prot=_PROT[case.state.name.rpartition("-")[2]],
        route=case.route.name,
        scenario=c_string(case.options),
        side=demand.value,
        other_side=other.value,
        expected=sides[demand][0].value or "HAZARD",
        other=sides[other][0].value or "HAZARD",
        may_warn="true" if "WARN" in sides[demand][0].hazards else "false",
        expected_words=c_string(sides[demand][1]),
        other_words=c_string(sides[other][1]),
    )


def _is_worse(one: Sight, other: Sight) -> bool:
    return bool(one.hazards) and not other.hazards


def _settings(kinds: frozenset[str], routes: frozenset[str]) -> tuple[_Setting, ...]:
    found = []
    if "ksm" in kinds or routes & _KSM_ROUTES:
        found.append(_Setting(c_string("/sys/kernel/mm/ksm/run"), 1))
    if any(kind.startswith("hugetlb") for kind in kinds):
        found.append(_Setting(c_string("/proc/sys/vm/nr_hugepages"), 2))
    return tuple(found)


def _heading(group: Group) -> tuple[str, ...]:
    change = group.change
    before = ", or ".join(words for words, _ in change.before[:3])
    texts = (
        f"Finding {group.number} of a review by reviewtool: {group.function}() changes.",
        "",
        f"Patch {group.label}: {group.subject}",
        f"Before: {before}",
        f"After: {change.after}",
        f"In {number(change.count)} scenarios of the model, for example: {change.witness}",
        "",
        _WHAT_IT_DOES,
        "",
        NOTICE + " This program asks the kernel that it runs on.",
        "",
        "Build: gcc -Wall -Wextra -O2 -o selftest selftest.c",
    )
    return tuple(line for text in texts for line in c_comment(text))


def _notes(group: Group) -> tuple[str, ...]:
    return (
        f"finding {group.number}: {group.function}(), patch {group.label}: {group.subject}",
        "what is expected was computed on a model of mm; the kernel that runs this decides",
    )
