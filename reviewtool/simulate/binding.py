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


_BY_TYPE: dict[str, _Argument] = {
    "struct vm_area_struct *": _Argument("&world.vma"),
    "struct mm_struct *": _Argument("&world.mm"),
    "struct page **": _Argument(
        "world.pages_argument ? world.out_pages : NULL",
        "world.out_used = world.out_pages_used = true;",
        "",
        "struct page **",
        "page",
    ),
    "struct page *": _Argument("world.mapped ? world.mapped : &model_pages[PFN_SMALL]"),
    "struct folio *": _Argument(
        "page_folio(world.mapped ? world.mapped : &model_pages[PFN_SMALL])"
    ),
    "pte_t": _Argument("model_tables.pte"),
    "pmd_t": _Argument("model_tables.pmd"),
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
    "char *": _Argument("(char *)WORLD_ADDRESS"),
    "bool *": _Argument("&unlocked", "bool unlocked = false;"),
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


# Values that a name says more of than the type.
_BY_NAME: dict[str, _Argument] = {
    "fault_flags": _Argument("world.argument ? FAULT_FLAG_WRITE : 0", trait="bool argument"),
    "refs": _Argument("1"),
    "len": _Argument("PAGE_SIZE"),
    "size": _Argument("PAGE_SIZE"),
}


def _argument(parameter: Parameter) -> _Argument | None:
    plain = re.sub(r"\b(const|__user|volatile)\b", "", parameter.type)
    plain = " ".join(plain.split())
    if plain in _INTEGERS:
        if "flags" in parameter.name:
            return _Argument("world.flags", trait="flags")
        if plain == "unsigned long" and _ADDRESS.search(parameter.name):
            return _Argument("WORLD_ADDRESS")
        if plain == "unsigned long" and _END.search(parameter.name):
            return _Argument("WORLD_ADDRESS + PAGE_SIZE")
        if _COUNT.search(parameter.name):
            return _Argument("1")
        if parameter.name in ("node", "nid"):
            return _Argument("0")
        return None
    if plain == "unsigned int *" and "flags" in parameter.name:
        return _Argument("&world.flags", trait="flags")
    if plain == "int *":
        if parameter.name == "status":
            return _Argument(
                "&world.out_status", "world.out_used = world.out_status_used = true;", out="status"
            )
        if parameter.name == "locked":
            # a lock that is said to be lost is the caller's to take again
            return _Argument("&locked", "int locked = 1;", "world.mm.mmap_lock.readers += !locked;")
        return None
    if plain == "void **" and parameter.name == "pages":
        return _Argument("addresses", "const void *addresses[1] = { (void *)WORLD_ADDRESS };")
    return _BY_TYPE.get(plain)


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
        named = None if "*" in parameter.type else _BY_NAME.get(parameter.name)
        argument = named or _argument(parameter)
        if argument is None:
            spelled = f"{parameter.type} {parameter.name}".replace("* ", "*").strip()
            return Unbound(function, f"the model cannot make its parameter '{spelled}'")
        arguments.append(argument)
    call = f"{function.name}({', '.join(argument.expression for argument in arguments)})"
    lines = [f"enum value_kind harness_call_{function.name}(unsigned long *value);",
             f"enum value_kind harness_call_{function.name}(unsigned long *value)", "{"]  # fmt: skip
    lines += [
        f"\t{argument.before}"
        for argument in arguments
        if argument.before.startswith(("struct", "int", "const", "bool"))
    ]
    lines += [f"\t{argument.before}" for argument in arguments
              if argument.before and not argument.before.startswith(("struct", "int", "const", "bool"))]  # fmt: skip
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
