# SPDX-License-Identifier: GPL-2.0-only
"""C that would make the compiler read outside the tree: each attack is refused at its line."""

from __future__ import annotations

import pytest

from reviewtool.simulate.build import BuildRequest, CompileError, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.vetting import vet_expanded, vet_source
from reviewtool.tree.snapshot import Snapshot, bundled_model

ATTACKS = {
    "absolute": ('int a;\n#include "/etc/passwd"\n', 2),
    "angle brackets": ("#include </etc/passwd>\n", 1),
    "parents": ('\n\n#include "../../../etc/passwd"\n', 3),
    "parents in the middle": ('#include "a/../../../etc/passwd"\n', 1),
    "home": ('#include "~/.ssh/id"\n', 1),
    "drive": ('#include "c:/boot.ini"\n', 1),
    "macro": ('#define F "/etc/passwd"\n#include F\n', 2),
    "indented": ('\t  #  include "/etc/passwd"\n', 1),
    "digraph": ('%: include "/etc/passwd"\n', 1),
    "splice inside the word": ('int a;\n#inc\\\nlude "/etc/passwd"\n', 2),
    "splice inside the name": ('#include "/etc/\\\npasswd"\n', 1),
    "comment before": ('/* a\n b */ #include "/etc/passwd"\n', 2),
    "comment inside": ('# /* x */ include /* y */ "/etc/passwd"\n', 1),
    "include_next": ('#include_next "/etc/passwd"\n', 1),
    "import": ('#import "linux/mm.h"\n', 1),
    "embed": ('char a[] = {\n#embed "/etc/passwd"\n};\n', 2),
    "has_include": ('#if __has_include("/etc/passwd")\n#endif\n', 1),
    "has_embed": ('int a;\n#if __has_embed("/etc/passwd")\n#endif\n', 2),
    "pragma": ('#pragma GCC dependency "/etc/passwd"\n', 1),
    "_Pragma": ('int a;\n_Pragma("GCC dependency \\"/etc/passwd\\"")\n', 2),
    "in a branch that is off": ('#if 0\n#include "/etc/passwd"\n#endif\n', 2),
    "splice with blanks": ('#inc\\ \t\nlude "/etc/passwd"\n', 1),
    "splice in a comment's beginning": ('/\\\n* */ #include "/etc/passwd"\n', 2),
    "carriage return as a line end": ('int a;\r#include "/etc/passwd"\n', 2),
    "a quote that hides no comment": ('#if 0\n\'  /*\n#endif\n#include "/etc/passwd"\n/* */\n', 4),
    "a string that hides no comment": ('#if 0\n"  /*\n#endif\n#include "/etc/passwd"\n/* */\n', 4),
    "carriage return": ('#include "/etc/passwd"\r\n', 1),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_at_its_line(name: str) -> None:
    text, line = ATTACKS[name]
    refusals = vet_source("mm/gup.c", text)
    assert [refusal.line for refusal in refusals] == [line]
    assert refusals[0].path == "mm/gup.c"


def test_a_raw_string_cannot_hide_where_a_comment_begins() -> None:
    text = 'int a;\nchar *s = R"(" /* )";\n#include "/etc/passwd"\n/* */\n'
    assert vet_source("mm/gup.c", text)[0].line == 2


@pytest.mark.parametrize(
    "text",
    [
        '#include "internal.h"\n',
        "#include <linux/mm.h>\n",
        '#include "../../mm/internal.h"\n',
        'const char *s = "\\n#include \\"/etc/passwd\\"";\n',
        '// #include "/etc/passwd"\n',
        '/*\n#include "/etc/passwd"\n*/\n',
        "#pragma once\n",
    ],
)
def test_what_stays_inside_passes(text: str) -> None:
    assert vet_source("fs/proc/task_mmu.c", text, {"mm/internal.h"}) == ()


@pytest.mark.parametrize(
    "text",
    [
        "#include <../../mm/internal.h>\n",
        '#include_next "../../mm/internal.h"\n',
        '#include "../../etc/passwd"\n',
        '#include "../../mm/other.h"\n',
        '#include "x/../../../mm/internal.h"\n',
    ],
)
def test_a_name_that_climbs_must_be_found_in_the_tree_first(text: str) -> None:
    """From an include folder, the same name would lead out of the tree."""
    refusals = vet_source("fs/proc/task_mmu.c", text, {"mm/internal.h"})
    assert [refusal.line for refusal in refusals] == [1]


@pytest.mark.parametrize(
    "text",
    [
        'asm(".incbin \\"/etc/passwd\\"");\n',
        '__asm__ volatile (".include \\"/etc/passwd\\"");\n',
        'void f(void)\n{\n\t__asm("nop");\n}\n',
        'int a asm("/etc/passwd");\n',
    ],
)
def test_assembly_is_refused(text: str) -> None:
    assert len(vet_expanded("mm/gup.c", text)) == 1


@pytest.mark.parametrize("name", ["/etc/passwd", "a/../../b.h"])
def test_a_file_that_was_read_all_the_same_shows_in_the_expanded_text(name: str) -> None:
    expanded = f'# 1 "<stdin>"\n# 1 "./mm/gup.c" 1\n# 1 "{name}" 1\nint a;\n'
    assert [name in refusal.reason for refusal in vet_expanded("mm/gup.c", expanded)] == [True]


def test_an_empty_barrier_is_no_assembly() -> None:
    assert vet_expanded("a.c", '__asm__ __volatile__("" ::: "memory"); char *s = "asm(1)";') == ()


def with_line(text: str) -> Snapshot:
    files = dict(bundled_model().files)
    files["mm/gup.c"] = files["mm/gup.c"] + text
    return Snapshot(files)


@pytest.mark.parametrize(
    "text",
    [
        '#include "/etc/passwd"\n',
        'asm(".incbin \\"/etc/passwd\\"");\n',
        '#define A a##sm\nA(".incbin \\"/etc/passwd\\"");\n',
    ],
)
def test_the_build_refuses_it_too(objects: Cache, text: str) -> None:
    errors = build(BuildRequest(with_line(text), (), (), frozenset()), objects)
    assert isinstance(errors, tuple)
    assert all(isinstance(error, CompileError) and error.path == "mm/gup.c" for error in errors)
    assert "root" not in " ".join(error.message for error in errors)
