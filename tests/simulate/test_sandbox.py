# SPDX-License-Identifier: GPL-2.0-only
"""Code of strangers: whatever it does ends, is recorded, and leaves the process as it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reviewtool.behaviour.outcome import Outcome, read_outcomes
from reviewtool.errors import ToolError
from reviewtool.simulate.build import MEMORY_BYTES, BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.simulate.sandbox import Sandbox, TrapError
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model

Patched = Callable[[str, int], Snapshot]
Ran = Callable[[Snapshot, str, Domain], Swept]

DOMAIN = lay_out(frozenset({"prot", "access", "maywrite"}), ())
assert (DOMAIN.columns["prot"] == 4).any()

# Each acts only in an inaccessible VMA, so that what comes after shows whether the run went on.
FUNCTIONS = {
    "loops": "static volatile int on = 1; while (on) ;",
    "reads_wildly": "return *(volatile int *)0x7fff00000000UL;",
    "writes_wildly": "*(volatile long *)0x123456789000UL = 1;",
    "divides": "static volatile int zero; return 7000 / zero;",
    "recurses": "volatile long a[64]; a[0] = 1; return misbehave(vma) + (int)a[0];",
    "traps": "__builtin_trap();",
    "reads_null": "return ((struct mm_struct *)vma->vm_private_data)->flags;",
    "bugs": "BUG();",
    "spins_on_a_primitive": "for (;;) cond_resched();",
}
ENDS = {
    "reads_null": "null_pointer",
    "bugs": "bug",
    "spins_on_a_primitive": "steps",
    "loops": "steps",
}


def misbehaving(body: str) -> Snapshot:
    files = dict(bundled_model().files)
    files["mm/gup.c"] += (
        "\nint misbehave(struct vm_area_struct *vma);\n"
        "int misbehave(struct vm_area_struct *vma)\n{\n"
        f"\tif (!vma_is_accessible(vma)) {{ {body} }}\n\treturn 7;\n}}\n"
    )
    return Snapshot(files)


def outcomes(swept: Swept) -> list[Outcome]:
    known = read_outcomes(swept.records)
    return [known[number] for number in swept.rows[swept.row_of][:, 0]]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "loops"])
def test_a_run_that_ends_badly_is_recorded_and_the_next_one_runs(ran: Ran, name: str) -> None:
    swept = ran(misbehaving(FUNCTIONS[name]), "misbehave", DOMAIN)
    ends = [outcome.end for outcome in outcomes(swept)]
    bad = DOMAIN.columns["prot"] == 4
    wanted = ENDS.get(name, "trap")
    assert ends == [wanted if is_bad else "returned" for is_bad in bad]
    assert swept.left == 0


def test_an_instrumented_loop_ends_at_the_step_bound(objects: Cache) -> None:
    from reviewtool.simulate.binding import Binding, bind  # noqa: PLC0415
    from reviewtool.tree.source import index_sources  # noqa: PLC0415

    tree = misbehaving(FUNCTIONS["loops"].replace(" ;", " on = 1;"))
    index = index_sources(tree)
    binding = bind(index.functions["misbehave"])
    assert isinstance(binding, Binding)
    request = BuildRequest(tree, (binding,), (), index.constants, frozenset({"misbehave"}))
    module = build(request, objects)
    assert isinstance(module, Module)
    ends = [outcome.end for outcome in outcomes(sweep(module, "misbehave", DOMAIN))]
    assert ends.count("steps") == (DOMAIN.columns["prot"] == 4).sum()


def test_a_loop_that_nothing_counts_is_stopped_by_the_clock(
    built: Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module],
) -> None:
    module = built(misbehaving(FUNCTIONS["loops"]), ("misbehave",), ())
    sandbox = Sandbox(module.wasm)
    states = sandbox.array("harness_states", len(DOMAIN.words), np.uint64)
    states[:] = DOMAIN.words
    with pytest.raises(TrapError) as trap:
        sandbox.call("harness_sweep", 0, 0, len(DOMAIN.words), 0, 0, time_s=0.5)
    assert trap.value.stalled
    at = sandbox.call("harness_progress")
    assert DOMAIN.columns["prot"][at] == 4
    # the instance is still good for what comes before
    assert sandbox.call("harness_sweep", 0, 0, 1, 0, 0) == 0


def test_memory_is_what_the_build_says_and_no_more(
    built: Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module],
) -> None:
    body = "return (long)__builtin_wasm_memory_grow(0, 1) < 0 ? -1 : 7;"
    module = built(misbehaving(body), ("misbehave",), ())
    swept = sweep(module, "misbehave", DOMAIN)
    refused = [outcome.ret for outcome in outcomes(swept)]
    assert refused.count("EPERM") == (DOMAIN.columns["prot"] == 4).sum()
    sandbox = Sandbox(module.wasm)
    with pytest.raises(ToolError):
        sandbox.array("harness_outcomes", MEMORY_BYTES, np.uint16)
    assert sandbox.text(MEMORY_BYTES + 1) == ""


def test_a_module_has_no_imports(
    built: Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module],
) -> None:
    from reviewtool.simulate.sandbox import compiled  # noqa: PLC0415

    assert not list(compiled(built(bundled_model(), ("follow_page",), ()).wasm).imports)


def test_what_is_no_module_is_refused() -> None:
    with pytest.raises(ToolError):
        Sandbox(b"not wasm")


@pytest.mark.parametrize(
    ("sample", "ends"),
    [("endless-retry.patch", "steps"), ("null-deref.patch", "null_pointer")],
)
def test_samples_end_as_they_say(
    patched: Patched,
    ran: Ran,
    walk_domain: Callable[[tuple[str, ...]], Domain],
    sample: str,
    ends: str,
) -> None:
    swept = ran(patched(sample, 1), "follow_page", walk_domain(("FOLL_WRITE", "FOLL_FORCE")))
    assert {outcome.end for outcome in read_outcomes(swept.records)} == {"returned", ends}


def test_the_lock_leak_leaves_lock_and_rcu_section(patched: Patched, ran: Ran) -> None:
    domain = lay_out(frozenset({"entry", "access", "refcount"}), ("FOLL_GET",))
    leaking = [
        o
        for o in read_outcomes(ran(patched("lock-leak.patch", 1), "follow_page", domain).records)
        if o.ptl
    ]
    assert leaking
    assert all(outcome.rcu and outcome.ret == "ENOMEM" for outcome in leaking)
