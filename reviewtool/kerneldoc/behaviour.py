# SPDX-License-Identifier: GPL-2.0-only
"""kernel-doc out of behaviour: what a sweep found, said as a comment.

Every sentence follows from a fact; where the facts say nothing, the comment says nothing.  The
words for parameters come from their types and names, as in draft.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.entries import entry_domain
from reviewtool.behaviour.facts import PAGES, Fact, Facts, Result, find_facts
from reviewtool.kerneldoc.write import write_comment
from reviewtool.simulate.binding import Unbound, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import DEFAULT_BUDGET
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import Function, SourceIndex, index_sources

MOST_CONDITIONS = 3
_MARK = "This text follows from running the code over {scenarios:,} scenarios of a model; it was not tried on a kernel."


@dataclass(frozen=True)
class NotDriven:
    """Why there is no comment: the function is unknown, cannot be driven, or does not compile."""

    name: str
    reason: str


def draft_from_behaviour(
    snapshot: Snapshot,
    name: str,
    cache: Cache,
    configuration: Configuration = DEFAULT_CONFIGURATION,
) -> str | NotDriven:
    """Return a kernel-doc comment for function NAME of SNAPSHOT, made from a sweep of it."""
    snapshot = configuration.built(snapshot)
    index = index_sources(snapshot)
    function = index.functions.get(name)
    if function is None:
        return NotDriven(name, "no such function in the tree")
    bound = bind(function)
    if isinstance(bound, Unbound):
        return NotDriven(name, bound.reason)
    domain = entry_domain(name, index, index, [bound], DEFAULT_BUDGET, configuration)
    request = BuildRequest(
        snapshot,
        (bound,),
        (*domain.flags, *domain.also),
        index.constants,
        configuration=configuration,
    )
    module = build(request, cache)
    if not isinstance(module, Module):
        return NotDriven(name, f"{module[0].path}:{module[0].line}: {module[0].message}")
    side = Side(sweep(module, name, domain), module.unmodelled, bound.out)
    return write_from_facts(function, index, find_facts(name, domain, side, explain=True))


def write_from_facts(function: Function, index: SourceIndex, facts: Facts) -> str:
    """Return the comment for FUNCTION that FACTS support."""
    parameters = tuple(
        (p.name, _parameter_words(p.type, p.name, function)) for p in function.parameters
    )
    return write_comment(
        function.name, _purpose(function, facts), parameters,
        (*_paragraphs(function, facts), _MARK.format(scenarios=facts.scenarios)), _context(facts, index, function), _returns(facts),
    )  # fmt: skip


def _when(fact: Fact | None) -> str:
    return fact.when if fact else "never"


def _purpose(function: Function, facts: Facts) -> str:
    if function.return_type == "struct page *":
        taken = _when(facts.get("references"))
        if taken == "always":
            return "look up and reference the page behind a user address"
        return "look up the page behind a user address"
    words = function.name.strip("_").replace("_", " ")
    return words if words != "get user pages" else "find the pages behind user addresses"


def _parameter_words(type_: str, name: str, function: Function) -> str:
    address = next(
        (p.name for p in function.parameters if p.name in ("address", "addr", "start")), ""
    )
    known = {
        "struct vm_area_struct *": f"VMA that maps @{address}" if address else "VMA to look in",
        "struct mm_struct *": "address space to look in",
        "struct page **": "takes the pages; %NULL if they are not wanted",
        "struct page *": "page",
        "struct folio *": "folio",
        "pte_t": "entry",
        "pte_t *": "entry, its page table lock held",
        "pmd_t *": "entry, or the page table that it points to",
        "struct follow_page_context *": "takes what the walk found besides the page",
        "int *": f"takes the {name}",
        "bool": f"whether to {name.replace('_', ' ')}",
    }
    if "flags" in name:
        return "FOLL_* flags"
    if name in ("address", "addr", "start"):
        return "user address to look up"
    if name in ("nr_pages", "npages"):
        return "how many pages"
    return known.get(type_, name.replace("_", " "))


def _paragraphs(function: Function, facts: Facts) -> list[str]:
    said = [
        _references(facts),
        _special(facts),
        _protection(facts),
        _faults(function, facts),
        _marks(facts),
    ]
    return [text for text in said if text]


def _references(facts: Facts) -> str:
    references, pins = facts.get("references"), facts.get("pins")
    if references is None:
        return ""
    text = ""
    if references.when == "always":
        text = "A reference on the page is taken, to be dropped with put_page()."
    elif references.when == "never":
        text = (
            "No reference on the page is taken: it is good only as long as something else keeps it."
        )
    elif references.when.startswith("exactly with"):
        text = f"{_flag(references.when)} takes a reference on the page, to be dropped with put_page(); without it none is taken."
    else:
        text = "A reference on the page is taken in some cases only."
    if pins and pins.when.startswith("exactly with"):
        text += f" {_flag(pins.when)} pins it, to be released with unpin_user_page()."
    return text


def _flag(when: str) -> str:
    return "%" + when.rpartition(" ")[2]


def _special(facts: Facts) -> str:
    zero, special = facts.get("zero_page"), facts.get("special")
    said = []
    if zero:
        said.append(
            "never returns the zero page"
            if not zero.count
            else "may return the zero page, small or huge"
        )
    if special and not special.count:
        said.append("never a page for a frame that no struct page describes")
    secret = facts.get("secretmem")
    if secret and not secret.count:
        said.append("finds nothing in a secretmem VMA")
    return (
        f"{facts.entry}() {', '.join(said[:-1]) + (' and ' if len(said) > 1 else '')}{said[-1]}."
        if said
        else ""
    )


def _protection(facts: Facts) -> str:
    protnone, readonly = facts.get("protnone"), facts.get("readonly")
    if protnone is None or readonly is None:
        return ""
    kinds = [words for fact, words in ((protnone, "PROT_NONE"), (readonly, "R/O")) if fact.count]
    text = (
        f"The page may be mapped {', '.join([*kinds, 'R/W'])}."
        if kinds
        else "The page is always mapped R/W."
    )
    if not protnone.count:
        text += " A page that is mapped PROT_NONE is never returned."
    elif "only with" in protnone.when or "exactly with" in protnone.when:
        text += f" One that is mapped PROT_NONE is returned only with {_flag(protnone.when)}."
    return text


def _faults(function: Function, facts: Facts) -> str:
    fault, numa = facts.get("faults"), facts.get("fault_numa")
    if fault is None:
        return ""
    if not fault.count:
        return f"{function.name}() never triggers a page fault, and so no NUMA hinting fault."
    numa_words = (
        ", NUMA hinting faults included" if numa and numa.count else ", but no NUMA hinting fault"
    )
    return f"Page faults are triggered where needed{numa_words}."


def _marks(facts: Facts) -> str:
    accessed = facts.get("accessed")
    if accessed and accessed.count and "with" in accessed.when:
        return f"The page is marked accessed only with {_flag(accessed.when)}."
    return ""


def _context(facts: Facts, index: SourceIndex, function: Function) -> str:
    sleeps = facts.get("slept")
    held = "" if "mmap_read_lock" in index.identifiers(index.closure(function.name)) and function.static else (
        "The caller holds the mmap_lock. " if any(p.type.startswith("struct vm_area_struct") for p in function.parameters) else ""
    )  # fmt: skip
    if sleeps is None or not sleeps.count:
        return f"{held}Does not sleep."
    return f"{held}May sleep."


def _returns(facts: Facts) -> tuple[tuple[str, str], ...]:
    return tuple(
        (_value(result), _conditions(result)) for result in facts.results if result.ret != "void"
    )


def _value(result: Result) -> str:
    if result.ret in PAGES:
        return result.words
    if result.ret == "null":
        return "%NULL"
    return (
        f"%{result.words}"
        if result.words.startswith("-") or result.ret in ("true", "false")
        else result.words
    )


def _conditions(result: Result) -> str:
    if not result.rules:
        return f"only when another CPU interferes or a count is wrong; for example when {result.witness.words}"
    shown = "; or ".join(result.rules[:MOST_CONDITIONS])
    more = len(result.rules) - MOST_CONDITIONS
    return f"when {shown}" + (f"; and in {more} rarer cases" if more > 0 else "")
