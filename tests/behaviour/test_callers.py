# SPDX-License-Identifier: GPL-2.0-only
"""Flags are folded along every path to a call; what cannot be folded is said, and left out of nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.behaviour.callers import Call, find_calls, reach_of
from reviewtool.behaviour.compare import Change, Comparison
from reviewtool.behaviour.flags import Possibility
from reviewtool.behaviour.wording import Scenario
from reviewtool.review import Review
from reviewtool.series.series import Series
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources

HEADER = """
enum { FOLL_WRITE = 1 << 0, FOLL_GET = 1 << 1, FOLL_DUMP = 1 << 2, FOLL_FORCE = 0x08, FOLL_PIN = BIT(4),
       FOLL_TOUCH, FOLL_BOTH = FOLL_GET | FOLL_DUMP };
#define KSM_FLAGS (FOLL_GET | FOLL_FORCE)
#define lookup_get(vma) lookup(vma, FOLL_GET)
struct vma;
int lookup(struct vma *vma, unsigned int flags);
"""


def calls(body: str, parameters: str = "struct vma *vma, int x, unsigned int given") -> list[Call]:
    text = f"{HEADER}int lookup(struct vma *vma, unsigned int flags)\n{{\n\treturn 0;\n}}\n"
    text += f"int caller({parameters})\n{{\n{body}\n}}\n"
    index = index_sources(Snapshot({"mm/a.c": text}))
    return [call for call in find_calls(index, "lookup") if call.name == "caller"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return lookup(vma, 0);", "0"),
        ("return lookup(vma, FOLL_GET | FOLL_DUMP);", "FOLL_DUMP|FOLL_GET"),
        ("return lookup(vma, FOLL_BOTH);", "FOLL_DUMP|FOLL_GET"),
        ("return lookup(vma, KSM_FLAGS);", "FOLL_FORCE|FOLL_GET"),
        ("return lookup(vma, (unsigned int)(0x2 | 4u));", "FOLL_DUMP|FOLL_GET"),
        ("return lookup(vma, FOLL_PIN);", "FOLL_PIN"),
        ("unsigned int f = FOLL_GET; return lookup(vma, f);", "FOLL_GET"),
        ("unsigned int f; f = FOLL_GET; f |= FOLL_WRITE; return lookup(vma, f);", "FOLL_GET|FOLL_WRITE"),
        ("unsigned int f = KSM_FLAGS; f &= ~FOLL_FORCE; return lookup(vma, f);", "FOLL_GET"),
        ("unsigned int f = KSM_FLAGS & FOLL_FORCE; return lookup(vma, f);", "FOLL_FORCE"),
        ("return lookup(vma, x ? FOLL_GET : FOLL_DUMP);", "FOLL_GET or FOLL_DUMP"),
        ("unsigned int f = FOLL_GET; if (x) f |= FOLL_WRITE; return lookup(vma, f);", "FOLL_GET or FOLL_GET|FOLL_WRITE"),
        ("unsigned int f; if (x) f = FOLL_GET; else f = 0; return lookup(vma, f);", "0 or FOLL_GET"),
        ("unsigned int f = 0; if (x) return 0; f = FOLL_GET; return lookup(vma, f);", "FOLL_GET"),
        ("unsigned int f = 0; if (x) { f = FOLL_WRITE; return 0; } return lookup(vma, f);", "0"),
        ("unsigned int f = 0; while (x--) { f |= FOLL_GET; } return lookup(vma, f);", "0 or FOLL_GET"),
        ("unsigned int f = 0; do { f |= FOLL_GET; } while (x--); return lookup(vma, f);", "FOLL_GET"),
        ("unsigned int f = 0; for (;;) { if (x) { f = FOLL_GET; break; } f = FOLL_DUMP; } return lookup(vma, f);", "FOLL_GET"),
        (("unsigned int f; switch (x) { case 1: f = FOLL_GET; break; case 2: f = FOLL_DUMP; break; default: return 0; }"
          " return lookup(vma, f);"),
         "FOLL_GET or FOLL_DUMP"),
        ("unsigned int f = FOLL_GET;\nretry:\nif (lookup(vma, f)) { f |= FOLL_WRITE; goto retry; }\nreturn 0;",
         "FOLL_GET or FOLL_GET|FOLL_WRITE"),
        ("unsigned int f = 0; if (x && (f = FOLL_GET)) x = 1; return lookup(vma, f);", "0 or FOLL_GET"),
        ("unsigned int f = given; f |= FOLL_GET; return lookup(vma, f);", "FOLL_GET and others"),
        ("unsigned int f = given & FOLL_WRITE; return lookup(vma, f | FOLL_GET);", "FOLL_GET or FOLL_GET|FOLL_WRITE"),
        ("unsigned int f = (given & ~FOLL_WRITE) | FOLL_GET; return lookup(vma, f);", "FOLL_GET and others without FOLL_WRITE"),
    ],
)  # fmt: skip
def test_flags_are_folded(body: str, words: str) -> None:
    (call,) = calls(body)
    assert call.words == words


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return lookup(vma, given);", "it passes on its own argument given"),
        ("unsigned int f = 0; prepare(&f); return lookup(vma, f);", "f is changed elsewhere"),
        ("unsigned int f = 0; f ^= x; return lookup(vma, f);", "^= is not folded"),
        ("return lookup(vma, compute(x));", "compute(x) is not folded"),
        ("return lookup(vma, 1 << 20);", "1 << 20 is not folded"),
        ("return lookup(vma, 0x100000);", "0x100000 is no flag"),
        ("return lookup(vma, elsewhere);", "elsewhere is no constant"),
        ("unsigned int f = FOLL_GET; if (x) { unsigned int f = FOLL_DUMP; x = f; } return lookup(vma, f);",
         "there are two variables f"),
        ("int (*p)(struct vma *, unsigned int) = lookup; return p(vma, 0);", "who calls through the pointer is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_folded_is_said(body: str, why: str) -> None:
    (call,) = calls(body)
    assert not all(one.exact for one in call.flags)
    assert call.why.replace(" ( ", "(").replace(" )", ")") == why


def test_each_call_of_a_function_is_one_of_its_own() -> None:
    found = calls("if (x) return lookup(vma, FOLL_GET); return lookup(vma, FOLL_DUMP);")
    assert [call.words for call in found] == ["FOLL_GET", "FOLL_DUMP"]


def test_macros_and_tables_that_use_a_function_are_among_its_callers() -> None:
    text = HEADER + "int lookup(struct vma *vma, unsigned int flags)\n{\n\treturn 0;\n}\n"
    text += "static const struct ops table = { .find = lookup };\n"
    found = {
        call.name: call for call in find_calls(index_sources(Snapshot({"mm/a.c": text})), "lookup")
    }
    assert found["lookup_get"].words == "FOLL_GET"
    assert found["table"].through == "holds its address"


STATES = lay_out(frozenset({"access"}), ())


def comparison(by_flags: tuple[tuple[int, ...], ...], also: tuple[str, ...] = ()) -> Comparison:
    domain = Domain(STATES.factors, ("FOLL_WRITE", "FOLL_GET"), STATES.words, also)
    witness = Scenario(0, 0, (), ())
    total = sum(map(sum, by_flags))
    change = Change((), "NULL", (), (), (), total, 0.5, witness, "", "", by_flags)
    return Comparison("lookup", domain, (change,), (), total, (), 0)


def test_a_change_reaches_exactly_the_callers_whose_flags_it_needs() -> None:
    only_with_get = comparison(((0, 0, 5, 5),))
    (with_get,) = calls("return lookup(vma, FOLL_GET);")
    (without,) = calls("return lookup(vma, FOLL_WRITE);")
    (perhaps,) = calls("return lookup(vma, x ? FOLL_GET : FOLL_WRITE);")
    (unknown,) = calls("return lookup(vma, given & ~FOLL_GET);")
    (anything,) = calls("return lookup(vma, given);")
    assert [(reach_of(c, only_with_get).count, reach_of(c, only_with_get).sure)
            for c in (with_get, without, perhaps, unknown, anything)] == [
        (5, True), (0, True), (5, False), (0, False), (10, False)]  # fmt: skip


def test_flags_that_were_never_swept_together_are_not_said_to_be_unreached() -> None:
    swept = comparison(((0, 0, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0)), ("FOLL_DUMP", "FOLL_FORCE"))
    (two,) = calls("return lookup(vma, FOLL_DUMP | FOLL_FORCE);")
    (one,) = calls("return lookup(vma, FOLL_DUMP);")
    (anything,) = calls("return lookup(vma, given);")
    assert [reach_of(c, swept).count for c in (two, one, anything)] == [-1, 0, -1]
    cut = replace(swept, domain=replace(swept.domain, also=(), cut=("FOLL_DUMP",)))
    assert reach_of(one, cut).count == -1


def test_an_open_possibility_holds_every_flag_that_it_does_not_exclude() -> None:
    numbers = ((1, 2, 4, 8),)
    for given, clear in itertools.product([(), ("FOLL_GET",)], [(), ("FOLL_WRITE",)]):
        one = Possibility(frozenset(given), frozenset(clear), exact=False, why="?")
        call = Call("caller", "mm/a.c", frozenset([one]))
        want = sum(
            count for subset, count in enumerate(numbers[0])
            if (not given or subset & 2) and (not clear or not subset & 1)
        )  # fmt: skip
        assert reach_of(call, comparison(numbers)).count == want


def test_a_review_says_of_each_caller_what_reaches_it(
    review_sample: Callable[[str], tuple[Review, Series]],
) -> None:
    review, _ = review_sample("follow-page-v1.mbox")
    changed = next(e for e in review.patches[1].entries if e.name == "follow_page")
    callers = {caller.name: caller for caller in changed.callers}
    assert callers["do_pages_stat_array"].flags == "FOLL_DUMP|FOLL_GET"
    for caller in callers.values():
        assert caller.reached == sum(count for _, count in caller.changes) > 0
        assert caller.sure
        # FOLL_FORCE is what makes it warn, and none of them passes that; others warn on a wrong count
        assert dict(caller.changes)["the page"] > 0
