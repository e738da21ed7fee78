# SPDX-License-Identifier: GPL-2.0-only
"""Counting calls before statements."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.instrument import MOST_LINES, Line, LineTable, instrument
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

CODE = """int f(int a)
{
	int b = a;
	int c;

	if (a)
		return 1;
	else if (b)
		a = 2;
	for (c = 0; c < 3; c++)
		b++;
	do
		a--;
	while (a > 0);
	switch (b) {
	case 1:
		return 2;
	}
again:
	if (b--)
		goto again;
	return 0;
}

int g(void)
{
	return 1;
}
"""


def counted(text: str, functions: frozenset[str]) -> tuple[str, list[int]]:
    table = LineTable()
    out = instrument("a.c", text, functions, table)
    return out, [line.number for line in table.lines]


def test_every_statement_is_counted_at_its_line_and_nothing_else_is() -> None:
    out, lines = counted(CODE, frozenset({"f"}))
    assert sorted(lines) == [3, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 20, 21, 22]
    assert "model_line" not in out[out.index("int g") :]


def test_without_the_calls_the_text_is_as_it_was() -> None:
    out, _ = counted(CODE, frozenset({"f", "g"}))
    bare = re.sub(r"\{ model_line\(\d+\); (.*?;) \}", r"\1", out, flags=re.DOTALL)
    bare = re.sub(r"model_line\(\d+\); ", "", bare)
    assert (
        bare.replace("{ ", "").replace(" }", "").split()
        == CODE.replace("{ ", "").replace(" }", "").split()
    )


@given(st.text(alphabet="{}();=ifelsdo\n\t/*\"'#ab12 ", max_size=200))
def test_any_text_keeps_its_line_feeds(text: str) -> None:
    out, _ = counted("int f(void) {" + text + "}", frozenset({"f"}))
    assert out.count("\n") == text.count("\n")


def test_every_function_of_the_model_compiles_instrumented(objects: Cache) -> None:
    model = bundled_model()
    index = index_sources(model)
    every = frozenset(
        name for name, function in index.functions.items() if function.path.endswith(".c")
    )
    module = build(BuildRequest(model, (), (), index.constants, instrumented=every), objects)
    assert isinstance(module, Module), module
    paths = {line.path for line in module.lines}
    assert {"mm/gup.c", "mm/huge_memory.c", "mm/ksm.c", "fs/proc/task_mmu.c"} <= paths
    for path in paths:
        text = model.read(path)
        assert text is not None
        assert max(line.number for line in module.lines if line.path == path) <= text.count("\n")


def test_lines_beyond_the_last_share_a_number() -> None:
    table = LineTable()
    numbers = [table.number(Line("a.c", number)) for number in range(MOST_LINES + 10)]
    assert max(numbers) == MOST_LINES - 1
    assert len(table.lines) < MOST_LINES
