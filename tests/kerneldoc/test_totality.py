# SPDX-License-Identifier: GPL-2.0-only
"""Any text gives a value, and in time linear in its size."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtool.kerneldoc import (
    Options,
    parse_source,
    render_man,
    render_rst,
)
from reviewtool.kerneldoc.batch import read_source
from reviewtool.kerneldoc.check import check_code
from reviewtool.kerneldoc.compare import diagnose
from reviewtool.kerneldoc.draft import draft_comments, insert_drafts

PIECES = [
    *("/**\n", " */\n", " * ", "*/", "/*", "//", "\\\n", "\n", "\t", " ", "\r", "\xa0", "\x85"),
    *("@a", "@...", ":", "-", "f", "f()", "struct ", "union ", "enum ", "typedef ", "DOC:", "s"),
    *("{", "}", "(", ")", "[", "]", ";", ",", "*", "#define ", "#if X\n", "...", "int ", "void "),
    *("__attribute__((", "))", "struct_group(", "DECLARE_BITMAP(", "SYSCALL_DEFINE2(", "TP_PROTO("),
    *("TRACE_EVENT(", "/* private: */", "/* public: */", "Return:", "Context:", "::", "%C", "&s.m"),
    *('"', "'", "return -EINVAL;", "lockdep_assert_held(&l);", "if (", "static ", "_noprof"),
]
ALL = Options(returns=True, purposes=True, unterminated=True, verbose=True)
SOURCES = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300).map(lambda data: data.decode("latin-1")),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=60).map(
        lambda pieces: "/**\n * struct s - p\n" + "".join(pieces)
    ),
    st.lists(st.sampled_from(PIECES), max_size=60).map(
        lambda pieces: "/**\n * f - p\n */\nint f(" + "".join(pieces)
    ),
)


@given(SOURCES)
@settings(max_examples=400, deadline=None)
def test_any_text_gives_a_document(text: str) -> None:
    document = parse_source(text, "x.c", ALL)
    last = text.count("\n") + 1
    assert all(1 <= found.line <= last for found in document.diagnostics)
    assert all(block.start <= block.end <= block.declaration_end for block in document.blocks)
    assert render_rst(document).count("\x00") <= text.count("\x00") * 2
    render_man(document)
    check_code(document, text)


@given(SOURCES)
@settings(max_examples=200, deadline=None)
def test_diagnostics_do_not_depend_on_whether_blocks_are_built(text: str) -> None:
    whole = parse_source(text, "x.c", ALL)
    bare = parse_source(text, "x.c", _without_blocks())
    assert bare.diagnostics == whole.diagnostics


def _without_blocks() -> Options:
    return Options(returns=True, purposes=True, unterminated=True, verbose=True, blocks=False)


@given(SOURCES)
@settings(max_examples=200, deadline=None)
def test_inserting_drafts_only_adds_lines(text: str) -> None:
    drafts = draft_comments(parse_source(text, "x.c"), text)
    inserted = insert_drafts(text, drafts).split("\n")
    kept = iter(inserted)
    assert all(line in kept for line in text.split("\n"))


HEAD = "/**\n * f - p\n * @a: x\n */\n"
STRUCT = "/**\n * struct s - p\n * @a: x\n */\nstruct s {"
BOMBS = {
    "name line of blanks": lambda n: "/**\n * foo" + " " * n + "$\n */\nint f(void);",
    "words without parenthesis": lambda n: HEAD + "a " * n + ";",
    "asterisks": lambda n: HEAD + "a *" * n + ";",
    "comment openings": lambda n: HEAD + "/*" * n + ";",
    "open parentheses": lambda n: HEAD + "int f(" + "(" * n + ";)",
    "nested parentheses": lambda n: HEAD + "int f(" + "(" * n + ")" * n + ";",
    "attribute openings": lambda n: HEAD + "__attribute__((" * n + " int f(int a);",
    "function pointers": lambda n: HEAD + "int f(int (*" + "[a] " * n + "b)[3]);",
    "nested structs": lambda n: STRUCT + "struct {" * n + "int a;" + "} x;" * n + "};",
    "names that multiply": lambda n: (
        STRUCT + "struct {" * 40 + "int a;" + "} x, y;" * 40 + "};" + " " * n
    ),
    "member attributes": lambda n: STRUCT + "__aligned(" * n + ";};",
    "struct groups": lambda n: STRUCT + "struct_group(" * n + "a;};",
    "bitmaps": lambda n: STRUCT + "DECLARE_BITMAP(" * n + "a;};",
    "blanks in a member": lambda n: STRUCT + "int a" + " " * n + "b" + " " * n + ":3;};",
    "ten thousand members": lambda n: STRUCT + "int a;\n" * n + "};",
    "enum parentheses": lambda n: "/**\n * enum e - p\n */\nenum e { A " + "(" * n + "};",
    "typedef of a function": lambda n: "/**\n * typedef t - p\n */\ntypedef a (" + "b(" * n + ");",
    "opening marks": lambda n: "/**\n" * n,
    "continuations": lambda n: HEAD + "#define f(a) \\\n" + "  a \\\n" * n + "\n",
    "one long line": lambda n: "x" * (n * 100),
    "references": lambda n: "/**\n * f - @" + "a->" * n + " &" + "a." * n + "\n */\nint f(void);",
    "asserts": lambda n: (
        "/**\n * f - x\n */\nint f(int a)\n{ " + "lockdep_assert_held(" * n + "; return 0; }\n"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_time_grows_no_faster_than_the_text(name: str) -> None:
    """Ten times the text takes nowhere near a hundred times as long."""

    def seconds(count: int) -> float:
        text = BOMBS[name](count)
        start = time.process_time()
        document = parse_source(text, "x.c", ALL)
        render_rst(document)
        render_man(document)
        check_code(document, text)
        return time.process_time() - start

    small = min(seconds(2000) for _ in range(3))
    assert seconds(20000) < 40 * small + 0.5


def test_unterminated_comment_is_told_with_its_line() -> None:
    found = diagnose("int a;\n/**\n * f - x\n * y\n", "x.c")
    assert [(one.rule.identifier, one.line) for one in found] == [("KD023", 3)]


def test_ten_thousand_members_are_all_there() -> None:
    members = "".join(f"\tint m{number};\n" for number in range(10000))
    text = f"/**\n * struct s - p\n */\nstruct s {{\n{members}}};\n"
    block = parse_source(text, "x.c").blocks[0]
    assert [one.name for one in block.parameters] == [f"m{number}" for number in range(10000)]


def test_bytes_survive(tmp_path: Path) -> None:
    data = bytes(range(256)) * 2
    path = tmp_path / "all.c"
    path.write_bytes(data)
    assert read_source(str(path)).encode("latin-1") == data
