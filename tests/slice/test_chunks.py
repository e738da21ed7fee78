# SPDX-License-Identifier: GPL-2.0-only
"""A C file cut into what it defines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.slice.chunks import Chunk, Kind, cut
from reviewtool.slice.conditionals import Settings

SETTINGS = Settings(frozenset({"CONFIG_A"}), {})


def only(text: str) -> Chunk:
    chunks = cut("a.c", text, SETTINGS).chunks
    assert len(chunks) == 1, chunks
    return chunks[0]


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ("static inline int __weird f(int a)\n{\n\treturn a;\n}\n", Kind.FUNCTION, ("f",)),
        ("int f(void) __releases(x)\n{\n}\n", Kind.FUNCTION, ("f",)),
        ("__printf(1, 2) void f(const char *s, ...);\n", Kind.PROTOTYPE, ("f",)),
        ("struct page *f(struct page *, int);\n", Kind.PROTOTYPE, ("f",)),
        ("struct s {\n\tint a;\n} __packed;\n", Kind.TYPE, ("s",)),
        ("enum e {\n\tA = 1 << 0,\n\tB,\t/* b; */\n};\n", Kind.TYPE, ("e", "A", "B")),
        ("typedef int __bitwise t;\n", Kind.TYPE, ("t",)),
        ("typedef int (*call_t)(int a);\n", Kind.TYPE, ("call_t",)),
        ("typedef struct {\n\tint a;\n} t;\n", Kind.TYPE, ("t",)),
        ("static const int table[] = { 1, 2 };\n", Kind.DATA, ("table",)),
        ("static const struct ops o = {\n\t.call = f,\n};\n", Kind.DATA, ("o",)),
        ("struct s;\n", Kind.DATA, ()),
        ("#define M(a) \\\n\tdo { (a); } while (0)\n", Kind.MACRO, ("M",)),
    ],
)
def test_a_chunk_is_known_for_what_it_is(text: str, kind: Kind, names: tuple[str, ...]) -> None:
    chunk = only(text)
    assert (chunk.kind, chunk.names) == (kind, names)
    assert (chunk.first_line, chunk.last_line) == (1, text.count("\n"))


def test_a_call_without_a_semicolon_does_not_swallow_the_next_function() -> None:
    text = 'FLAG(Dirty, dirty)\nstatic int f(void)\n{\n\treturn "}"[0];\n}\nint g(void) { return 1; }\n'
    assert [(c.name, c.first_line) for c in cut("a.c", text, SETTINGS).chunks] == [
        ("f", 2),
        ("g", 6),
    ]


def test_conditionals_inside_of_a_body_leave_one_version() -> None:
    text = "int f(void)\n{\n#ifdef CONFIG_A\n\treturn 1;\n#else\n\treturn 2;\n#endif\n}\n"
    assert only(text).tokens == "int f(void) { return 1; }"


def test_members_and_strings_are_not_used_names() -> None:
    chunk = only('int f(struct s *p)\n{\n\treturn p->member + q.other + CALL("text", ... );\n}\n')
    assert {"member", "other", "text"} & chunk.uses == set()
    assert {"CALL", "q", "s"} <= chunk.uses


@given(st.text(alphabet="int f(){};=#define\n\"'/*, \\", max_size=200))
def test_any_text_is_cut_into_chunks_within_it(text: str) -> None:
    file = cut("a.c", text, SETTINGS)
    assert all(1 <= c.first_line <= c.last_line <= len(file.lines) for c in file.chunks)
