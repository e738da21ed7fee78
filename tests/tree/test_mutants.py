# SPDX-License-Identifier: GPL-2.0-only
"""Each operator on the smallest function that shows it."""

from __future__ import annotations

import pytest

from reviewtool.tree.mutants import find_mutants
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

HEAD = "enum { FOLL_A, FOLL_B, FOLL_C };\nint near(int x) { return x; }\nint other(int x) { return x; }\n"


def edits(body: str) -> set[str]:
    """Return the lines that differ from BODY, each as it reads in one mutant of f()."""
    tree = Snapshot({"mm/f.c": f"{HEAD}int f(int a, int b)\n{{\n{body}\n}}\n"})
    made = set()
    for mutant in find_mutants(tree, index_sources(tree), frozenset({"f"})):
        text = mutant.apply(tree).files["mm/f.c"].split("{\n", 1)[1].removesuffix("\n}\n")
        assert text != body
        made.add(text)
    return made


@pytest.mark.parametrize(
    ("body", "some"),
    [
        ("return a == b;", {"return a != b;", ";"}),
        ("return a < b;", {"return a <= b;", "return a >= b;"}),
        ("return a && !b;", {"return a || !b;", "return a && b;"}),
        ("return a & FOLL_C;", {"return a | FOLL_C;", "return a & FOLL_A;"}),
        ("return near(a);", {"return other(a);"}),
        ("a |= b;", {"a &= b;", "a = b;", ";"}),
        ("if (a) b++;", {"if ((!(a))) b++;".replace("((", "(").replace("))", ")"), "if (a) ;", "if (a) b--;", ";"}),
        ("return 0;", {"return 1;"}),
        ("return a ? true : false;", {"return a ? false : false;", "return a ? true : true;"}),
        ("x: goto x; y: goto y;", {"x: goto y; y: goto y;", "x: goto x; y: goto x;"}),
        ("while (a) break;", {"while (a) continue;"}),
        ("if (a) b = 1; else b = 2;", {"if (a) b = 1; "}),
        ("switch (a) { case 1: case 2: return b; }", {"switch (a) {  case 2: return b; }"}),
    ],
)  # fmt: skip
def test_an_operator_makes_the_edits_that_its_description_says(body: str, some: set[str]) -> None:
    assert some <= edits(body)


def test_comments_and_strings_are_left_alone() -> None:
    assert edits('/* a == b */ return "a == b" != 0;') == {
        '/* a == b */ return "a == b" == 0;', '/* a == b */ return "a == b" != 1;', "/* a == b */ ;",
    }  # fmt: skip


def test_every_function_of_the_walk_has_mutants_with_names_of_their_own() -> None:
    model = bundled_model()
    names = frozenset({"try_grab_page", "follow_page_pte", "__get_user_pages", "faultin_page"})
    mutants = find_mutants(model, index_sources(model), names)
    assert {mutant.function for mutant in mutants} == names
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    assert len({mutant.apply(model).files[mutant.path] for mutant in mutants}) == len(mutants)
