# SPDX-License-Identifier: GPL-2.0-only
"""Which statements ran: of each scenario its own, whatever the ones before it did."""

from __future__ import annotations

import pytest

from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import lay_out
from reviewtool.simulate.paths import NOT_RUN, Paths
from reviewtool.simulate.sweep import MOST_STALLS
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

DOMAIN = lay_out(frozenset({"prot", "access", "maywrite"}), ())
WORDS = [(int(word), 0) for word in DOMAIN.words]
BAD = [code == 4 for code in DOMAIN.columns["prot"].tolist()]


def traced(objects: Cache, body: str) -> tuple[Module, Snapshot]:
    files = dict(bundled_model().files)
    files["mm/gup.c"] += (
        "\nstatic void spin(void)\n{\n\tstatic volatile int on = 1;\n\n\twhile (on)\n\t\t;\n}\n"
        "\nint misbehave(struct vm_area_struct *vma);\n"
        "int misbehave(struct vm_area_struct *vma)\n{\n\tif (!vma_is_accessible(vma)) {\n"
        f"\t\tvma->vm_flags |= 0;\n\t\t{body}\n\t\tvma->vm_flags |= 0;\n\t}}\n\treturn 7;\n}}\n"
    )
    tree = Snapshot(files)
    index = index_sources(tree)
    binding = bind(index.functions["misbehave"])
    assert isinstance(binding, Binding)
    request = BuildRequest(
        tree, (binding,), (), index.constants, frozenset({"misbehave"}), trace=True
    )
    module = build(request, objects)
    assert isinstance(module, Module), module
    return module, tree


def texts(module: Module, tree: Snapshot, paths: Paths, number: int) -> list[str]:
    lines = (tree.read("mm/gup.c") or "").split("\n")
    trail = list(paths.numbers)[number]
    return [lines[module.lines[line].number - 1].strip() for line in trail]


@pytest.mark.parametrize(
    "body", ["__builtin_trap();", "*(volatile long *)0x123456789000UL = 1;", "BUG();"]
)
def test_a_run_that_ends_badly_shows_its_lines_until_then(objects: Cache, body: str) -> None:
    module, tree = traced(objects, body)
    paths = Paths(module)
    done: list[int] = []
    found = paths.run("misbehave", (), WORDS, done.append)
    assert done == [len(WORDS)]
    for number, is_bad in zip(found, BAD, strict=True):
        ran = texts(module, tree, paths, number)
        if is_bad:
            assert ran == ["if (!vma_is_accessible(vma)) {", "vma->vm_flags |= 0;", body]
        else:
            assert ran == ["if (!vma_is_accessible(vma)) {", "return 7;"]


def test_runs_that_do_not_end_are_given_up_soon_and_said_to_be_left(objects: Cache) -> None:
    module, _ = traced(objects, "spin();")
    found = Paths(module, time_s=0.3).run("misbehave", (), WORDS * 3, lambda _: None)
    ended = [number for number, is_bad in zip(found, BAD * 3, strict=True) if is_bad]
    assert NOT_RUN in ended
    assert sum(number != NOT_RUN for number in ended) <= MOST_STALLS
