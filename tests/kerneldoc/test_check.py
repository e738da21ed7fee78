# SPDX-License-Identifier: GPL-2.0-only
"""Each check against the code fires on its smallest input, and is silent where the text speaks."""

from __future__ import annotations

import pytest

from reviewtool.kerneldoc import Rule, parse_source
from reviewtool.kerneldoc.check import CODE_RULES, check_code
from reviewtool.kerneldoc.compare import compare_diagnostics, diagnose


def _found(comment: str, code: str) -> list[Rule]:
    lines = "".join(f" * {line}\n" for line in comment.split("\n"))
    text = f"/**\n{lines} */\n{code}\n"
    return [one.rule for one in check_code(parse_source(text, "x.c"), text)]


CASES = [
    (
        Rule.UNDOCUMENTED_ERROR,
        "f - p\n\nReturn: 0 or -EINVAL",
        "int f(void)\n{\n\tif (x)\n\t\treturn -ENOMEM;\n\treturn 0;\n}",
        "f - p\n\nReturn: 0 or a negative error code such as -EINVAL",
    ),
    (
        Rule.UNDOCUMENTED_NULL,
        "f - p\n\nReturn: the page",
        "struct page *f(void)\n{\n\tif (x)\n\t\treturn NULL;\n\treturn p;\n}",
        "f - p\n\nReturn: the page or %NULL",
    ),
    (
        Rule.RETURN_OF_VOID,
        "f - p\n\nReturn: the page",
        "void f(void)\n{\n\tg();\n}",
        "f - p\n\nReturn: none",
    ),
    (
        Rule.UNDOCUMENTED_LOCK,
        "f - p",
        "void f(void)\n{\n\tlockdep_assert_held(&m);\n}",
        "f - p\n\nContext: Caller must hold m, a mutex.",
    ),
    (
        Rule.UNCHECKED_LOCK,
        "f - p\n\nThe caller must hold the lock.",
        "void f(void)\n{\n\tg();\n\th();\n}",
        "f - p\n\nThe caller must not hold the lock.",
    ),
    (
        Rule.UNDOCUMENTED_SLEEP,
        "f - p",
        "void f(void)\n{\n\tmight_sleep();\n}",
        "f - p\n\nContext: May sleep.",
    ),
    (
        Rule.UNUSED_PARAMETER,
        "f - p\n@a: x",
        "void f(int a)\n{\n\tg();\n\th();\n}",
        "f - p\n@a: unused",
    ),
]


@pytest.mark.parametrize(("rule", "comment", "code", "better"), CASES)
def test_check_fires_until_the_comment_says_it(
    rule: Rule, comment: str, code: str, better: str
) -> None:
    assert _found(comment, code) == [rule]
    assert _found(better, code) == []


def test_every_check_is_tested_and_has_its_own_switch() -> None:
    assert {case[0] for case in CASES} == CODE_RULES
    rule, comment, code, _ = CASES[0]
    text = f"/**\n * {comment.replace(chr(10), chr(10) + ' * ')}\n */\n{code}\n"
    assert check_code(parse_source(text, "x.c"), text, CODE_RULES - {rule}) == ()


def test_comments_and_strings_are_no_code() -> None:
    code = 'void f(void)\n{\n\t/* might_sleep(); */\n\tg("might_sleep();");\n\th();\n}'
    assert _found("f - p", code) == []


def test_only_new_problems_are_added_however_lines_move() -> None:
    old = "/**\n * f - p\n * @b: x\n */\nvoid f(int a);\n"
    new = "\n\n\n" + old + "/**\n * g - p\n */\nvoid g(int c);\n"
    change = compare_diagnostics(diagnose(old, "x.c"), diagnose(new, "x.c"))
    assert [(one.rule, one.line) for one in change.added] == [(Rule.MISSING_PARAMETER, 12)]
    assert change.removed == ()
    fixed = compare_diagnostics(diagnose(new, "x.c"), diagnose(old, "x.c"))
    assert [one.name for one in fixed.removed] == ["g"]
