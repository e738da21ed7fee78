# SPDX-License-Identifier: GPL-2.0-only
"""From some functions of a tree, all that they need to be compiled, down to the model's primitives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from reviewtool.slice.chunks import Chunk, Kind, identifiers
from reviewtool.slice.definitions import WALK, Definitions
from reviewtool.slice.names import ModelNames

_LONGEST_TYPE = 60  # lines: longer ones hold what no function under review looks at
_MOST_FUNCTIONS = 400

# Where code leaves the walk for another part of the kernel: never followed.
BOUNDARY = frozenset(
    """migrate_pages putback_movable_pages alloc_migration_target split_huge_page_to_list split_huge_page_to_list_to_order
    isolate_hugetlb folio_isolate_hugetlb isolate_huge_page putback_active_hugepage folio_putback_hugetlb
    free_huge_page free_huge_folio free_zone_device_page free_zone_device_folio __put_page __folio_put
    do_mmap mm_populate exit_mmap unmap_mapping_range zap_page_range lru_add_drain_all lru_cache_disable
    lru_cache_enable alloc_pages __alloc_pages folio_alloc kvmalloc_node kmem_cache_alloc""".split()
)  # fmt: skip


@dataclass
class Selection:
    """What a slice takes.

    taken:      chunks whose text is taken, in the order in which they were met.
    declared:   functions that are only declared: whoever calls one ends as unmodelled.
    primitives: names at which it stopped.
    """

    taken: dict[Chunk, None] = field(default_factory=dict)
    declared: dict[str, Chunk] = field(default_factory=dict)
    primitives: set[str] = field(default_factory=set)


def select(
    definitions: Definitions,
    model: ModelNames,
    roots: Iterable[Chunk],
    dropped: frozenset[tuple[str, str]],
) -> Selection:
    """Return what ROOTS need.

    dropped: (path, name) of chunks that could not be compiled here: functions of them are only
    declared, others are left out.
    """
    made = Selection()
    todo: list[Chunk] = list(roots)
    files = frozenset(WALK) | {chunk.path for chunk in todo}
    functions = 0
    while todo:
        chunk = todo.pop()
        if chunk in made.taken:
            continue
        if chunk.kind is Kind.FUNCTION:
            functions += 1
            if functions > _MOST_FUNCTIONS:
                _declare(made, definitions, model, chunk, todo)
                continue
        made.taken[chunk] = None
        for name in sorted(chunk.uses):
            _follow(made, definitions, model, name, chunk, todo, dropped, files)
    return made


def _follow(
    made: Selection,
    definitions: Definitions,
    model: ModelNames,
    name: str,
    user: Chunk,
    todo: list[Chunk],
    dropped: frozenset[tuple[str, str]],
    files: frozenset[str],
) -> None:
    if name in model.fixed:
        made.primitives.add(name)
        return
    own = definitions.names(user.path).get(name) if user.path.endswith(".c") else None
    if name in model.primitives and not own:
        made.primitives.add(name)
        return
    chunk = definitions.resolve(name, user.path)
    if chunk is None or chunk in made.taken or chunk is user:
        return
    if user.kind is Kind.TYPE and chunk.kind in (Kind.FUNCTION, Kind.PROTOTYPE, Kind.DATA):
        return
    if _is_left_out(chunk, model) or any((chunk.path, other) in dropped for other in chunk.names):
        if chunk.kind in (Kind.FUNCTION, Kind.PROTOTYPE):
            _declare(made, definitions, model, chunk, todo)
        return
    if (
        chunk.kind is Kind.PROTOTYPE
        or chunk.name in BOUNDARY
        or (chunk.path.endswith(".c") and chunk.path not in files)
    ):
        _declare(made, definitions, model, chunk, todo)
        return
    todo.append(chunk)


def _is_left_out(chunk: Chunk, model: ModelNames) -> bool:
    if chunk.kind is Kind.TYPE:
        if chunk.last_line - chunk.first_line >= _LONGEST_TYPE and not chunk.tokens.startswith(
            "enum"
        ):
            return True
        return any(name in model.primitives for name in chunk.names)
    if chunk.kind is Kind.DATA:
        return (
            "extern" in chunk.tokens.split(" ", 3)
            or re.match(r"(static )?[A-Z]", chunk.tokens) is not None
        )
    return False


def _declare(
    made: Selection, definitions: Definitions, model: ModelNames, chunk: Chunk, todo: list[Chunk]
) -> None:
    """Take CHUNK's declaration, and the types that it needs by value."""
    if chunk.name in made.declared:
        return
    made.declared[chunk.name] = chunk
    for name in sorted(identifiers(chunk.head) - {chunk.name}):
        if name in model.primitives:
            continue
        type_ = definitions.resolve(name, chunk.path)
        if (
            type_ is not None
            and type_.kind is Kind.TYPE
            and not re.match(r"(struct|union)\b", type_.tokens)
            and not _is_left_out(type_, model)
        ):
            todo.append(type_)
