# SPDX-License-Identifier: GPL-2.0-only
"""Conditions are found where code asks for a truth, and counted by both answers."""

from __future__ import annotations

import re

import pytest

from reviewtool.simulate.decisions import Decision
from reviewtool.simulate.instrument import LineTable, instrument


def decided(statement: str, *, lines: frozenset[int] = frozenset(range(1, 99))) -> list[str]:
    """Return the conditions that are counted in STATEMENT, in the order of their places."""
    table = LineTable()
    text = f"int f(int flags, struct page *page)\n{{\n{statement}\n}}\n"
    out = instrument("a.c", text, frozenset({"f"}), table, lines)
    assert re.sub(r"model_decided\(\d+, !!\((.*?)\)\)", r"\1", out).count("\n") == text.count("\n")
    found = [one for one in table.lines if isinstance(one, Decision)]
    assert len(found) == 2 * len({(one.number, one.column, one.text) for one in found})
    places = sorted({(one.number, one.column, one.text) for one in found})
    return [text for _, _, text in places]


@pytest.mark.parametrize(
    ("statement", "conditions"),
    [
        ("if (page) g();", ["page"]),
        ("if (!page || flags & FOLL_GET) g();", ["page", "flags & FOLL_GET"]),
        ("if (unlikely(!(ret))) g();", ["ret"]),
        ("while (a && (b || !c)) g();", ["a", "b", "c"]),
        ("do g(); while (x > 3);", ["x > 3"]),
        ("for (i = 0; i < n; i++) g();", ["i < n"]),
        ("return page ? 1 : 0;", ["page"]),
        ("return a == b;", ["a == b"]),
        ("x = h(a < b, c);", ["a < b"]),
        ("if (WARN_ON_ONCE(n <= 0 || !page)) return 1;", ["n <= 0", "page"]),
        ("switch (x) {\ncase 1:\n\tif (page) g();\n}", ["page"]),
        ("if (a)\n\tif (b) g();", ["a", "b"]),
        ("if (f(a) == g(b, c ? 1 : 2)) h();", ["f(a) == g(b, c ? 1 : 2)", "c"]),
    ],
)
def test_each_condition_is_counted_once(statement: str, conditions: list[str]) -> None:
    assert decided(statement) == conditions


@pytest.mark.parametrize(
    "statement",
    [
        "VM_BUG_ON(!page || x > 3);",
        "BUILD_BUG_ON(sizeof(x) != 8);",
        "_Static_assert(A == B, \"\");",
        "if (IS_ENABLED(CONFIG_KSM)) g();",
        "while (1) g();",
        "do g(); while (0);",
        "if (PAGE_SHIFT > 12) g();",
        "if (sizeof(x) > 4) g();",
        "static int x = A == 3;",
        "switch (x) {\ncase A == B:\n\tg();\n}",
        "int x[N > 3 ? 3 : N];",
        "g();",
    ],
)  # fmt: skip
def test_what_cannot_come_out_otherwise_and_assertions_are_left_alone(statement: str) -> None:
    assert decided(statement) == []


def test_only_the_lines_asked_for_are_counted() -> None:
    text = "if (a)\n\tg();\nif (b &&\n    c)\n\tg();"
    assert decided(text, lines=frozenset({6})) == ["c"]
    assert decided(text, lines=frozenset({3})) == ["a"]
    assert decided(text, lines=frozenset()) == []
