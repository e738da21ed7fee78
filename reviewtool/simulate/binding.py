# SPDX-License-Identifier: GPL-2.0-only
"""How the harness calls a function: each parameter gets what its type (and name) says.

Binding by type means that a patch may change a signature and the function is simply bound anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.tree.source import Function, Parameter


@dataclass(frozen=True)
class Binding:
    """A function that can be driven.

    code:        C that defines `enum value_kind harness_call_NAME(unsigned long *value)`.
    takes_flags: a parameter gets the scenario's FOLL_* flags.
    traits:      pseudo identifiers that put factors in play ("bool argument", "struct page **").
    out:         what the record's `out` field holds: "page", "status", "stats" or "".
    """

    function: Function
    code: str
    takes_flags: bool
    traits: frozenset[str]
    out: str


@dataclass(frozen=True)
class Unbound:
    """A function that cannot be driven, and the parameter (or return type) that stops it."""

    function: Function
    reason: str


@dataclass(frozen=True)
class _Argument:
    expression: str
    before: str = ""
    after: str = ""
    trait: str = ""
    out: str = ""


_STATS = _Argument(
    "&stats",
    "struct mem_size_stats stats = { 0 };",
    "world.out_used = true;\n\tworld.out_stats = !!stats.resident | !!stats.anonymous << 1 | !!stats.anonymous_thp << 2 |\n"
    "\t\t!!stats.referenced << 3 | !!stats.dirty << 4 | !!stats.swap << 5;",
    out="stats",
)

_BY_TYPE: dict[str, _Argument] = {
    "struct vm_area_struct *": _Argument("&world.vma"),
    "struct mm_struct *": _Argument("&world.mm"),
    "struct page **": _Argument(
        "world.pages_argument ? world.out_pages : NULL",
        "world.out_used = world.out_pages_used = true;",
        trait="struct page **",
        out="page",
    ),
    "struct page *": _Argument("world.mapped ? world.mapped : &model_pages[PFN_SMALL]"),
    "struct folio *": _Argument(
        "page_folio(world.mapped ? world.mapped : &model_pages[PFN_SMALL])"
    ),
    "pte_t": _Argument("model_tables.pte"),
    "pmd_t": _Argument("model_tables.pmd"),
    "pud_t": _Argument("model_tables.pud"),
    "p4d_t": _Argument("model_tables.p4d"),
    "pte_t *": _Argument("&model_tables.pte"),
    "pmd_t *": _Argument("&model_tables.pmd"),
    "pud_t *": _Argument("&model_tables.pud"),
    "p4d_t *": _Argument("&model_tables.p4d"),
    "pgd_t *": _Argument("&model_tables.pgd"),
    "bool": _Argument("world.argument", trait="bool argument"),
    "struct follow_page_context *": _Argument(
        "&context",
        "struct follow_page_context context = { .page_mask = 7 };",  # what an earlier lookup left
        "world.out_used = true;\n\tworld.page_mask = context.page_mask;",
    ),
    "struct vm_area_struct **": _Argument("NULL"),
    "struct folio_walk *": _Argument(
        "&walked",
        "struct folio_walk walked = { 0 };",
        "world.out_used = world.out_pages_used = true;\n\tworld.out_pages[0] = walked.page;",
        out="page",
    ),
    "folio_walk_flags_t": _Argument("world.argument ? FW_ZEROPAGE : 0", trait="bool argument"),
    # with a size of whole pages, one that is not aligned reaches into the next page
    "char *": _Argument("(char *)WORLD_ADDRESS + (world.argument ? 64 : 0)", trait="bool argument"),
    "bool *": _Argument("&told", "bool told = false;"),
    "spinlock_t *": _Argument("&world.mm.page_table_lock"),
    "spinlock_t **": _Argument("&ptl", "spinlock_t *ptl = NULL;"),
    "struct vm_fault *": _Argument(
        "&vmf",
        "struct vm_fault vmf = { .vma = &world.vma, .address = WORLD_ADDRESS };",
    ),
    "struct mem_size_stats *": _STATS,
    "struct task_struct *": _Argument("&model_task"),
    "struct dev_pagemap **": _Argument("&pgmap", "struct dev_pagemap *pgmap = NULL;"),
    "struct ksm_rmap_item *": _Argument(
        "&item", "struct ksm_rmap_item item = { .mm = &world.mm, .address = WORLD_ADDRESS };"
    ),
    "struct list_head *": _Argument("&list", "struct list_head list = { &list, &list };"),
    "struct mm_walk *": _Argument(
        "&walk",
        "struct mem_size_stats stats = { 0 };\n"
        "\tstruct mm_walk walk = { .mm = &world.mm, .vma = &world.vma, .private = &stats };",
        "world.out_used = true;\n\tworld.out_stats = !!stats.resident | !!stats.anonymous << 1 | !!stats.anonymous_thp << 2 |\n"
        "\t\t!!stats.referenced << 3 | !!stats.dirty << 4 | !!stats.swap << 5;",
        out="stats",
    ),
}

_ADDRESS = re.compile(r"addr(ess)?$|^start$|^haddr$")
_END = re.compile(r"^(end|next)$")
_COUNT = re.compile(r"^(nr|nr_pages|npages)$")
_INTEGERS = {
    "unsigned int",
    "unsigned long",
    "int",
    "long",
    "unsigned",
    "u32",
    "u64",
    "size_t",
    "ssize_t",
}


# Numbers whose name says more than the type.
_NUMBERS: dict[str, _Argument] = {
    "fault_flags": _Argument("world.argument ? FAULT_FLAG_WRITE : 0", trait="bool argument"),
    **dict.fromkeys(
        ("node", "nid", "nr_start", "index", "to_set", "i", "depth", "x"), _Argument("0")
    ),
    **dict.fromkeys(("refs", "pid"), _Argument("1")),
    **dict.fromkeys(
        ("size", "len"), _Argument("world.nr_pages * PAGE_SIZE", trait="number of pages")
    ),
    "write": _Argument("world.argument", trait="bool argument"),
    "vaddr_start": _Argument("WORLD_ADDRESS"),
    "vaddr_end": _Argument("WORLD_NEXT"),
    "pfn": _Argument("world.mapped ? page_to_pfn(world.mapped) : PFN_SMALL"),
}
# Pointers to what is handed back or passed on, by type and name.
_POINTERS: dict[tuple[str, str], _Argument] = {
    ("int *", "status"): _Argument(
        "world.out_status", "world.out_used = world.out_status_used = true;", out="status"
    ),
    # a lock that is said to be lost is the caller's to take again
    ("int *", "locked"): _Argument(
        "&locked", "int locked = 1;", "world.mm.mmap_lock.readers += !locked;"
    ),
    ("int *", "nonblocking"): _Argument(
        "&locked", "int locked = 1;", "world.mm.mmap_lock.readers += !locked;"
    ),
    ("int *", "nr"): _Argument("&world.out_nr", "world.out_used = world.out_nr_used = true;"),
    ("unsigned int *", "ntails"): _Argument("&ntails", "unsigned int ntails = 0;"),
    ("unsigned long *", "position"): _Argument(
        "&position", "unsigned long position = WORLD_ADDRESS;"
    ),
    ("unsigned long *", "nr_pages"): _Argument(
        "&remaining", "unsigned long remaining = world.nr_pages;", trait="number of pages"
    ),
    ("unsigned long *", "mm_flags"): _Argument("&world.mm.flags"),
    ("void **", "pages"): _Argument(
        "addresses", "const void *addresses[2] = { (void *)WORLD_ADDRESS, (void *)WORLD_NEXT };"
    ),
}


def _plain(type_: str) -> str:
    return " ".join(re.sub(r"\b(const|__user|volatile)\b", "", type_).split())


# Functions that are there to drop what their caller has.
_DROPS = re.compile(r"(^|_)(put|unpin|undo)_")
# Functions that may be asked for no pages, only to fault them in.
_MAY_PASS_NULL = re.compile(
    r"^_*(get|pin)_user_pages(_locked|_remote|_unlocked)?$|^follow_hugetlb_page$"
)
# Types that only one file knows.
_OWN_TYPES = {
    "struct mem_size_stats *": "fs/proc/task_mmu.c",
    "struct mm_walk *": "fs/proc/task_mmu.c",
}


def _argument(parameter: Parameter, function: Function) -> _Argument | None:
    plain = _plain(parameter.type)
    if _OWN_TYPES.get(plain, function.path) != function.path:
        return None
    if plain == "struct page **" and not _MAY_PASS_NULL.search(function.name):
        if _DROPS.search(function.name):
            return _Argument("world.out_pages", "world.out_used = true;")
        return _Argument(
            "world.out_pages", "world.out_used = world.out_pages_used = true;", out="page"
        )
    if plain in _INTEGERS:
        if parameter.name in _NUMBERS:
            return _NUMBERS[parameter.name]
        if "flags" in parameter.name:
            return _Argument("world.flags", trait="flags")
        if plain == "unsigned long" and _ADDRESS.search(parameter.name):
            return _Argument("WORLD_ADDRESS")
        if plain == "unsigned long" and _END.search(parameter.name):
            return _Argument("WORLD_ADDRESS + world.nr_pages * PAGE_SIZE", trait="number of pages")
        if _COUNT.search(parameter.name):
            return _Argument("world.nr_pages", trait="number of pages")
        return None
    if plain == "unsigned int *" and "flags" in parameter.name:
        return _Argument("&world.flags", trait="flags")
    return _POINTERS.get((plain, parameter.name)) or _BY_TYPE.get(plain)


def _owed(function: Function, kind: str) -> str:
    """Return what FUNCTION's caller gives back afterwards: see enum world_owes in harness/world.h."""
    types = {_plain(parameter.type) for parameter in function.parameters}
    flagged = any("flags" in parameter.name for parameter in function.parameters)
    if kind == "VALUE_PAGE":
        if flagged:
            return "OWES_PAGE"
        return "OWES_PAGE_GET" if function.name.startswith("get_") else "OWES_UNKNOWN"
    if _plain(function.return_type) == "struct folio *":
        return "OWES_UNKNOWN"
    if _DROPS.search(function.name):
        return "OWES_UNKNOWN" if flagged else "OWES_NOTHING"
    if "struct page **" in types and kind != "VALUE_VOID":
        public = {"pin_": "OWES_PAGES_PIN", "get_": "OWES_PAGES"}
        return public.get(function.name[:4], "OWES_PAGES_FLAGS")
    if types & {"struct page **", "struct page *", "struct folio *"}:
        return "OWES_UNKNOWN"
    return "OWES_NOTHING"


def _lent(function: Function) -> list[str]:
    """Return the statements that give FUNCTION the reference which it is there to drop."""
    if not _DROPS.search(function.name):
        return []
    pin = "false" if re.search(r"(^|_)put_", function.name) else "true"
    types = {_plain(parameter.type) for parameter in function.parameters}
    if "struct page **" in types:
        return [f"\tworld_fill_pages({pin});"]
    if types & {"struct page *", "struct folio *"}:
        return [f"\tworld_lend(world.mapped ? world.mapped : &model_pages[PFN_SMALL], {pin});"]
    return []


def _value_kind(type_: str) -> str | None:
    plain = re.sub(r"\b(const|volatile)\b", "", type_).strip()
    if plain == "void":
        return "VALUE_VOID"
    if plain == "bool":
        return "VALUE_BOOL"
    if plain == "struct page *":
        return "VALUE_PAGE"
    if plain.endswith("*"):
        return "VALUE_POINTER"
    if plain in _INTEGERS or plain == "vm_fault_t":
        return "VALUE_INTEGER"
    return None


def bind(function: Function) -> Binding | Unbound:
    """Return how FUNCTION is called, or what keeps it from being called."""
    if function.macro:
        return Unbound(function, "it is a macro")
    kind = _value_kind(function.return_type)
    if kind is None:
        return Unbound(function, f"its return type is {function.return_type}")
    arguments: list[_Argument] = []
    for parameter in function.parameters:
        argument = _argument(parameter, function)
        if argument is None:
            spelled = f"{parameter.type} {parameter.name}".replace("* ", "*").strip()
            return Unbound(function, f"the model cannot make its parameter '{spelled}'")
        arguments.append(argument)
    call = f"{function.name}({', '.join(argument.expression for argument in arguments)})"
    lines = [f"enum value_kind harness_call_{function.name}(unsigned long *value);",
             f"enum value_kind harness_call_{function.name}(unsigned long *value)", "{"]  # fmt: skip
    # declarations, each once, and then statements
    before = dict.fromkeys(argument.before for argument in arguments if argument.before)
    lines += [f"\t{text}" for text in sorted(before, key=lambda text: text.startswith("world."))]
    lines += [f"\tworld.owes = {_owed(function, kind)};", *_lent(function)]
    if kind == "VALUE_VOID":
        lines += [f"\t{call};", "\t*value = 0;"]
    else:
        lines += [f"\t*value = (unsigned long){call};"]
    lines += [f"\t{argument.after}" for argument in arguments if argument.after]
    lines += [f"\treturn {kind};", "}", ""]
    traits = frozenset(argument.trait for argument in arguments if argument.trait) - {"flags"}
    outs = [argument.out for argument in arguments if argument.out]
    return Binding(
        function,
        "\n".join(lines),
        any(a.trait == "flags" for a in arguments),
        traits,
        outs[0] if outs else "",
    )
