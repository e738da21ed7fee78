# SPDX-License-Identifier: GPL-2.0-only
"""Each thing that is wrong whatever a function is for: planted in the model, and found.

One tree has all of the faults, each in a function of its own; the bundled model has none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from reviewtool.behaviour.outcome import Outcome, describe, hazard_words, read_outcomes
from reviewtool.simulate.build import Module
from reviewtool.simulate.domain import Domain, lay_out
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model

Built = Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module]


@dataclass(frozen=True)
class Fault:
    """In FILE, OLD (which occurs once) becomes NEW; ENTRY then says HAZARD, with flags and factors in play."""

    file: str
    old: str
    new: str
    entry: str
    hazard: str
    factors: str = ""
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.entry}: {self.hazard}"


FAULTS = (
    Fault("mm/ksm.c", "ksm_page = PageKsm(page);\n\t\tput_page(page);", "put_page(page);\n\t\tksm_page = PageKsm(page);",
          "break_ksm", "a page used after its reference was given back"),
    Fault("mm/migrate.c", "\t\tput_page(page);\nset_status:", "set_status:",
          "do_pages_stat_array", "a reference or pin leaked that no caller gives back"),
    Fault("mm/ksm.c", "\tflush_dcache_page(page);\nout:", "\tput_page(page);\nout:",
          "get_mergeable_page", "references missing once the caller has given back its own"),
    Fault("mm/migrate.c", "\t/* what was isolated has a reference of its own */\n\tput_page(page);",
          "\tput_page(page);\n\tput_page(page);",
          "add_page_for_migration", "a reference dropped that is not its own"),
    Fault("fs/proc/task_mmu.c", "\tpte_unmap_unlock(pte, ptl);", "\tcond_resched();\n\tpte_unmap_unlock(pte, ptl);",
          "smaps_pte_range", "sleeps in atomic context"),
    Fault("mm/hugetlb.c", "\tif (try_grab_page(page, flags))\n\t\t\tpage = NULL;",
          "\tif (try_grab_page(page, flags))\n\t\t\tpage = NULL;\n\t\tmmap_read_lock(mm);\n\t\tmmap_read_unlock(mm);",
          "hugetlb_follow_page_mask", "locks taken in the wrong order"),
    Fault("mm/gup.c", "\tlocal_irq_restore(flags);\n", "\tif (nr_pinned)\n\t\tlocal_irq_restore(flags);\n",
          "get_user_pages_fast_only", "interrupts left off"),
    Fault("mm/gup.c", "\t\tmmap_read_lock(mm);\n\t\t*unlocked = true;\n\t\tfault_flags |= FAULT_FLAG_TRIED;",
          "\t\t*unlocked = true;\n\t\tfault_flags |= FAULT_FLAG_TRIED;",
          "fixup_user_fault", "the mmap_lock left released", "fault"),
    Fault("mm/gup.c", "\t\tgup_put_folio(folio, nr, FOLL_PIN);\n\t}\n}\nEXPORT_SYMBOL(unpin_user_pages);",
          "\t\tgup_put_folio(folio, 1, FOLL_PIN);\n\t}\n}\nEXPORT_SYMBOL(unpin_user_pages);",
          "unpin_user_pages", "a reference or pin leaked that no caller gives back", "range"),
    Fault("mm/gup.c", "unlikely(pte_val(pte) != pte_val(ptep_get(ptep)))) {\n\t\t\tgup_put_folio(folio, 1, flags);\n",
          "unlikely(pte_val(pte) != pte_val(ptep_get(ptep)))) {\n",
          "get_user_pages_fast", "a reference or pin leaked that no caller gives back", "lockless", ("FOLL_WRITE",)),
)  # fmt: skip
ENTRIES = tuple(dict.fromkeys(fault.entry for fault in FAULTS))
PLAIN = "level entry access vma prot page folio"


@pytest.fixture(scope="module")
def modules(built: Built) -> tuple[Module, Module]:
    """Return the model as it is, and with every fault."""
    sound = bundled_model()
    files = dict(sound.files)
    for fault in FAULTS:
        assert files[fault.file].count(fault.old) == 1, fault
        files[fault.file] = files[fault.file].replace(fault.old, fault.new)
    flags = tuple({flag for fault in FAULTS for flag in fault.flags})
    return built(sound, ENTRIES, flags), built(Snapshot(files), ENTRIES, flags)


def domain_of(fault: Fault) -> Domain:
    """Return a small domain that has what FAULT needs; no page has a wrong count."""
    return lay_out(frozenset(f"{PLAIN} {fault.factors}".split()), fault.flags)


def outcomes(module: Module, entry: str, domain: Domain) -> tuple[Outcome, ...]:
    """Return every distinct outcome of ENTRY."""
    return read_outcomes(sweep(module, entry, domain).records)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_found_and_the_model_has_none(
    modules: tuple[Module, Module], fault: Fault
) -> None:
    domain = domain_of(fault)
    sound, faulty = (outcomes(module, fault.entry, domain) for module in modules)
    ours = [describe(outcome) for outcome in sound if set(hazard_words(outcome)) - {"WARN"}]
    assert not ours
    assert any(fault.hazard in hazard_words(outcome) for outcome in faulty)


def test_pages_of_two_vmas_are_found_until_the_range_leaves_them(built: Built) -> None:
    domain = lay_out(frozenset({"level", "range", "access", "prot"}), ())
    module = built(bundled_model(), ("get_user_pages",), ())
    swept = sweep(module, "get_user_pages", domain)
    found = read_outcomes(swept.records)

    def at(value: str) -> set[tuple[str, str]]:
        plain = [
            state
            for state in range(len(domain.words))
            if all(codes[state] == 0 for name, codes in domain.columns.items() if name != "range")
        ]
        code = [v.name for v in domain.factors[-1].values].index(value)
        rows = [
            found[swept.rows[swept.row_of[s], 0]]
            for s in plain
            if domain.columns["range"][s] == code
        ]
        return {(outcome.ret, outcome.second) for outcome in rows}

    assert domain.factors[-1].name == "range"
    assert at("one") == {("1", "none")}
    assert at("next_present") == {("2", "page")}
    assert at("next_none") == {("2", "fresh")}
    assert at("next_vma") == {("2", "page")}
    assert at("denied") == {("1", "none")}
    assert at("hole") == {("1", "none")}
    assert np.all(swept.left == 0)
