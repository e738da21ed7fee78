# SPDX-License-Identifier: GPL-2.0-only
"""Preprocessor conditionals under one configuration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.slice.conditionals import Settings, evaluate, read_active

SETTINGS = Settings(frozenset({"CONFIG_A", "CONFIG_B"}), {"LEVELS": 5})


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("defined(CONFIG_A) && !defined(CONFIG_C)", True),
        ("defined CONFIG_C || IS_ENABLED(CONFIG_B)", True),
        ("LEVELS > 4", True),
        ("LEVELS << 1 == 0xa", True),
        ("UNKNOWN", False),
        ("CALL(1, (2)) + 1", True),
        ("1 ? 0 : 1", False),
        ("~0 & 6 % 4", True),
        ("1 / 0", False),
        ("(", False),
        ("", False),
    ],
)
def test_an_expression_is_what_the_preprocessor_makes_of_it(
    expression: str, *, holds: bool
) -> None:
    assert evaluate(expression, set(SETTINGS.defined), SETTINGS.values) is holds


def test_a_line_that_is_left_out_is_blank_and_keeps_its_number() -> None:
    text = "#ifdef CONFIG_A\nint a;\n#elif 1\nint b;\n#else\nint c;\n#endif\nint d;\n"
    assert read_active(text, SETTINGS).lines == ("", "int a;", "", "", "", "", "", "int d;", "")


def test_a_conditional_in_a_comment_decides_nothing() -> None:
    assert read_active("/*\n#if 0\n*/\nint a;\n", SETTINGS).lines[3] == "int a;"


def test_what_a_file_defines_decides_what_follows() -> None:
    text = (
        "#define X\n#ifndef X\nint a;\n#endif\n#undef X\n#ifdef X\nint b;\n#else\nint c;\n#endif\n"
    )
    lines = read_active(text, SETTINGS).lines
    assert [line for line in lines if line.startswith("int")] == ["int c;"]


def test_a_directive_goes_on_behind_a_backslash() -> None:
    text = "#if defined(CONFIG_A) && \\\n    defined(CONFIG_C)\nint a;\n#endif\nint b;\n"
    assert [line for line in read_active(text, SETTINGS).lines if line] == ["int b;"]


@given(st.text(alphabet="#ifdefelsendiftCONFIG_A ()&|!1\n\\/*\"'", max_size=200))
def test_any_text_gives_as_many_lines_as_it_has(text: str) -> None:
    active = read_active(text, SETTINGS)
    assert len(active.lines) == len(active.code) == text.count("\n") + 1
