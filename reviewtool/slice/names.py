# SPDX-License-Identifier: GPL-2.0-only
"""Which names are the model's: what a slice stops at, and what it may replace.

A name that the model's headers define is a *primitive*: it touches the model's page tables, locks,
counts or events, and the tree's own version could not run here.  The exceptions are listed: code of
the model that is under review itself, and that a tree brings along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reviewtool.slice.chunks import Kind, cut, identifiers
from reviewtool.slice.conditionals import Settings
from reviewtool.tree.snapshot import MODEL_ROOT

PRIMITIVES_ROOT = Path(__file__).resolve().parent / "primitives"

_TYPES = "include/linux/mm_types.h"

# Written in the model's headers, and yet code that a tree is reviewed for.
REVIEWED = frozenset(
    """vma_is_anonymous vma_is_accessible is_cow_mapping vma_soft_dirty_enabled vm_fault_to_errno
    gup_can_follow_protnone gup_must_unshare follow_page_context userfaultfd_pte_wp userfaultfd_pmd_wp
    NR_ISOLATED_ANON folio_is_longterm_pinnable is_longterm_pinnable_page vma_migratable mm_walk mm_walk_ops page_walk_action""".split()
)  # fmt: skip


# What orders accesses to memory, of which the model knows nothing: a scenario runs on one CPU.
_ORDER = frozenset(
    """READ_ONCE WRITE_ONCE barrier smp_mb smp_rmb smp_wmb smp_mb__after_atomic smp_mb__before_atomic
    smp_load_acquire smp_store_release pmd_read_atomic pgdp_get p4dp_get pudp_get pmdp_get ptep_get
    pmdp_get_lockless ptep_get_lockless gup_get_pte""".split()
)
# Functions of the model that give a constant.
_CONSTANT = frozenset({"vma_is_fsdax", "in_gate_area", "get_gate_vma", "hugetlbfs_pagecache_present"})  # fmt: skip
# What is nothing, or a constant, on every x86-64 machine with four levels of page tables in use.
_NOTHING_THERE = frozenset(
    """pgd_leaf p4d_leaf pgd_huge p4d_huge pgd_devmap p4d_devmap pud_protnone BUILD_BUG BUILD_BUG_ON_MSG
    page_pgdat static_assert notrace __percpu __must_hold __acquires __releases EXPORT_SYMBOL EXPORT_SYMBOL_GPL
    flush_cache_page""".split()
)  # fmt: skip
_INERT_BODY = re.compile(
    r"(do \{ \} while \(0\)|\(?(0|0u|0UL|1|true|false|NULL)\)?|model_step\(\)|might_sleep\(\)|\((\w+)\)|)"
)

# A flag that nothing has here.
_ZERO = re.compile(r"^#define[ \t]+(VM_\w+)[ \t]+\(?(?:0|0UL|VM_NONE)\)?[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class ModelNames:
    """Names by what the model does with them.

    primitives: defined by the model's headers or harness, and never taken from a tree.
    fixed:      of these, functions that the harness defines: not even a file's own version is taken.
    declared:   every name that the model's headers know: a tree's version of it must hide it.
    inert:      calls that do nothing in the model, or give a constant: no run shows them, or what they are passed.
    ordering:   what orders accesses to memory: no run shows how often.
    headers:    the headers to lay out beside a slice, by path.
    order:      what a unit includes, in order.
    """

    primitives: frozenset[str]
    fixed: frozenset[str]
    declared: frozenset[str]
    inert: frozenset[str]
    ordering: frozenset[str]
    headers: Mapping[str, str]
    order: tuple[str, ...]


def _is_reviewed(name: str) -> bool:
    return name in REVIEWED or name.startswith("FOLL_")


_CALL = re.compile(r"^[ \t]*([A-Z_][A-Z0-9_]*)\(([^()]*)\)[ \t]*$", re.MULTILINE)
_MACRO = re.compile(r"^#define[ \t]+(\w+)\(([^)]*)\)((?:[^\n]*\\\n)*[^\n]*)", re.MULTILINE)


def _expand(text: str) -> str:
    """Return TEXT with what its own defining macros expand to at its end; only names matter."""
    macros = {m[1]: (re.split(r"\s*,\s*", m[2].strip()), m[3]) for m in _MACRO.finditer(text)}
    made: list[str] = []
    for call in _CALL.finditer(text):
        if call[1] not in macros:
            continue
        parameters, body = macros[call[1]]
        for parameter, argument in zip(
            parameters, re.split(r"\s*,\s*", call[2].strip()), strict=False
        ):
            body = re.sub(rf"\b{parameter}\b", argument, body)
        made.append(re.sub(r"\s*##\s*", "", body.replace("\\\n", "\n")))
    return "\n".join([text, *made])


def _with_folio_members(text: str) -> str:
    """Return TEXT with the members of struct page in struct folio, too: trees read folio->flags and such."""
    page = re.search(r"^struct page \{\n(.*?)^\};$", text, re.MULTILINE | re.DOTALL)
    plain = "struct folio {\n\tstruct page page;\n};"
    if page is None or plain not in text:
        raise ValueError(f"{_TYPES} of the model has another struct page or struct folio")
    members = f"struct folio {{\n\tunion {{\n\t\tstruct page page;\n\t\tstruct {{\n{page[1]}\t\t}};\n\t}};\n}};"
    return text.replace(plain, members)


def _inert_macros(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the macros whose bodies do nothing, or give a constant or their argument; VM_* flags that are 0."""
    found: set[str] = set()
    active: set[str] = set()
    for name, text in headers.items():
        if name.endswith(".h"):
            found.update(match[1] for match in _ZERO.finditer(text))
            for macro in _MACRO.finditer(text):
                body = re.sub(r"/\*.*?\*/", "", macro[3].replace("\\\n", " "))
                (found if _INERT_BODY.fullmatch(" ".join(body.split())) else active).add(macro[1])
    return frozenset(found - active)


@cache
def inert_names() -> frozenset[str]:
    """Return the calls that do nothing in the model, or give a constant: how often they are made shows in no run."""
    paths = (*sorted((MODEL_ROOT / "include").rglob("*.h")), MODEL_ROOT / "mm/internal.h")
    headers = {path.as_posix(): path.read_text() for path in paths}
    return _ORDER | _CONSTANT | (_inert_macros(headers) - _NOTHING_THERE)


@cache
def model_names() -> ModelNames:
    """Return the names of the bundled model and of the primitives that only trees need."""
    settings = Settings(frozenset(), {})
    headers: dict[str, str] = {}
    for path in sorted((MODEL_ROOT / "include").rglob("*.h")):
        headers[path.relative_to(MODEL_ROOT).as_posix()] = path.read_text()
    headers[_TYPES] = _with_folio_members(headers[_TYPES])
    headers["mm/internal.h"] = (MODEL_ROOT / "mm/internal.h").read_text()
    order = tuple(headers)
    own = (PRIMITIVES_ROOT / "tree.h").read_text()
    headers["_slice/tree.h"] = own
    headers["_slice/aside.h"] = (PRIMITIVES_ROOT / "aside.h").read_text()
    headers["_slice/tree.c"] = (PRIMITIVES_ROOT / "tree.c").read_text()
    primitives: set[str] = set()
    declared: set[str] = set()
    for name, text in headers.items():
        if name.endswith(".c"):
            continue
        for chunk in cut(name, _expand(text), settings).chunks:
            declared.update(chunk.names)
            if chunk.kind is not Kind.PROTOTYPE:
                primitives.update(chunk.names)
    fixed: set[str] = set()
    for path in (*sorted((MODEL_ROOT / "harness").glob("*.c")), PRIMITIVES_ROOT / "tree.c"):
        for chunk in cut(path.name, path.read_text(), settings).chunks:
            if chunk.kind in (Kind.FUNCTION, Kind.DATA) and not chunk.static:
                fixed.update(chunk.names)
    fixed &= declared
    for name in ("_slice/tree.h", "_slice/aside.h"):
        for chunk in cut(name, headers[name], settings).chunks:
            fixed.update(chunk.names)
    return ModelNames(
        frozenset(name for name in primitives | fixed if name and not _is_reviewed(name)),
        frozenset(fixed),
        frozenset(declared),
        (_CONSTANT | _inert_macros(headers)) - _NOTHING_THERE - _ORDER,
        _ORDER,
        headers,
        order,
    )


def tree_conditions() -> frozenset[str]:
    """Return the names that tree.h asks TREE_HAS_* and TREE_PARAMETERS_* for."""
    text = (PRIMITIVES_ROOT / "tree.h").read_text()
    words = identifiers(text)
    found = {w.removeprefix("TREE_HAS_") for w in words if w.startswith("TREE_HAS_")}
    found |= {w.removeprefix("TREE_PARAMETERS_") for w in words if w.startswith("TREE_PARAMETERS_")}
    found |= {w.removeprefix("TREE_BOOL_") for w in words if w.startswith("TREE_BOOL_")}
    return frozenset(
        found | {w.removeprefix("TREE_MACRO_") for w in words if w.startswith("TREE_MACRO_")}
    )
