# SPDX-License-Identifier: GPL-2.0-only
"""A tree to a module."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, CompileError, Module, build
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.simulate.record import ENDS, field
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

Patched = Callable[[str, int], Snapshot]
Ran = Callable[[Snapshot, str, Domain], Swept]

FORGOTTEN = """
long follow_forgotten(struct vm_area_struct *vma, int a, unsigned long b);

int unfinished(struct vm_area_struct *vma);
int unfinished(struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_WRITE ? (int)follow_forgotten(vma, 1, 2) : 0;
}
"""


def extended(text: str) -> Snapshot:
    files = dict(bundled_model().files)
    files["mm/gup.c"] = files["mm/gup.c"] + text
    return Snapshot(files)


def test_a_function_that_nobody_defines_becomes_a_stub_with_its_name(objects: Cache) -> None:
    tree = extended(FORGOTTEN)
    index = index_sources(tree)
    binding = bind(index.functions["unfinished"])
    assert isinstance(binding, Binding)
    module = build(BuildRequest(tree, (binding,), (), index.constants), objects)
    assert isinstance(module, Module)
    assert "follow_forgotten" in module.unmodelled
    domain = lay_out(frozenset({"prot"}), ())
    swept = sweep(module, "unfinished", domain)
    ended = field(swept.records, "end")[swept.rows[swept.row_of]][:, 0]
    number = field(swept.records, "unmodelled")[swept.rows[swept.row_of]][:, 0]
    writable = np.isin(domain.columns["prot"], [0, 2])
    assert np.array_equal(ended == ENDS.index("unmodelled"), writable)
    assert {module.unmodelled[n - 1] for n in number[writable]} == {"follow_forgotten"}


def test_an_error_names_file_line_and_message(objects: Cache, patched: Patched) -> None:
    tree = patched("does-not-compile.patch", 1)
    errors = build(BuildRequest(tree, (), (), frozenset()), objects)
    assert isinstance(errors, tuple)
    text = tree.read("mm/gup.c")
    assert text is not None
    line = 1 + text[: text.index("no_page_table(vma, gup_flags)")].count("\n")
    assert errors == (CompileError("mm/gup.c", line, "use of undeclared identifier 'gup_flags'"),)


def test_a_second_build_comes_from_the_cache_and_is_the_same(tmp_path: Path) -> None:
    kept = open_cache(tmp_path / "cache")
    request = BuildRequest(bundled_model(), (), ("FOLL_GET",), frozenset({"FOLL_GET"}))
    first = build(request, kept)
    files = sorted((tmp_path / "cache").iterdir())
    second = build(request, kept)
    assert isinstance(first, Module)
    assert first == second
    assert sorted((tmp_path / "cache").iterdir()) == files


def test_a_function_whose_parameter_cannot_be_made_is_not_bound() -> None:
    index = index_sources(extended("\nint odd(struct file *file)\n{\n\treturn 0;\n}\n"))
    unbound = bind(index.functions["odd"])
    assert isinstance(unbound, Unbound)
    assert "struct file *file" in unbound.reason


def test_every_sample_builds_but_those_that_must_not(objects: Cache, patched: Patched) -> None:
    for name, count in (
        ("follow-page-v1.mbox", 2),
        ("no-flags.mbox", 2),
        ("honor-numa-fault.mbox", 1),
    ):
        module = build(BuildRequest(patched(name, count), (), (), frozenset()), objects)
        assert isinstance(module, Module), module
