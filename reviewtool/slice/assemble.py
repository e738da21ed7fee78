# SPDX-License-Identifier: GPL-2.0-only
"""A selection of chunks put in an order that C can read.

    prelude = hide what the tree brings, the model's headers, show again
              forward declarations; macros; types; prototypes; functions of headers
    unit    = prelude; macros, types and prototypes of one .c file; its data and functions in order

Source: C17 6.2.1 (scopes), 6.7.2.3 (tags).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reviewtool.slice.chunks import Chunk, Kind
from reviewtool.slice.closure import Selection
from reviewtool.slice.configuration import CONFIGURATION
from reviewtool.slice.definitions import Definitions, parameter_count
from reviewtool.slice.names import ModelNames, tree_conditions
from reviewtool.tree.layout import Extent, Layout
from reviewtool.tree.snapshot import Snapshot

PRELUDE = "_slice/prelude.h"

# Annotations that say nothing to the model, and that a C grammar stumbles over: blanked, so that
# every column keeps its place.
_ANNOTATIONS = re.compile(
    r"\b(?:__must_check|__weak|__user|__init|__meminit|__maybe_unused|__always_unused|__ref|__cold|__read_mostly"
    r"|__sched|asmlinkage|__force|__rcu|__ro_after_init|__always_inline|noinline_for_stack"
    r"|(?:__releases|__acquires|__must_hold|__printf|__cond_acquires)\s*\([^()\n]*\))(?!\w)"
)
_TYPE_EXPRESSION = re.compile(r"\b(struct|union)\s+([A-Za-z_]\w*)")


def _plain(line: str) -> str:
    return _ANNOTATIONS.sub(
        lambda m: "inline".ljust(len(m[0])) if m[0] == "__always_inline" else " " * len(m[0]), line
    )


def cut_out(definitions: Definitions, chunks: Iterable[Chunk]) -> dict[str, str]:
    """Return the files of CHUNKS by path, blank outside of them; the comment before a function stays."""
    wanted: dict[str, set[int]] = {}
    whole: dict[str, set[int]] = {}
    for chunk in chunks:
        numbers = range(chunk.first_line, chunk.last_line + 1)
        wanted.setdefault(chunk.path, set()).update(numbers)
        # A comment that begins behind a macro may end lines below it: only functions keep theirs.
        if chunk.kind is Kind.FUNCTION:
            kept = whole.setdefault(chunk.path, set())
            kept.update(numbers, _comment_before(definitions, chunk))
    files: dict[str, str] = {}
    for path, numbers_wanted in wanted.items():
        file = definitions.file(path)
        if file is None:
            continue
        kept = whole.get(path, set())
        files[path] = "\n".join(
            _plain(line) if number in kept else _plain(code) if number in numbers_wanted else ""
            for number, (line, code) in enumerate(zip(file.lines, file.code, strict=True), 1)
        )
    return files


def _comment_before(definitions: Definitions, chunk: Chunk) -> range:
    file = definitions.file(chunk.path)
    last = chunk.first_line - 1
    if file is None or last < 1 or not file.lines[last - 1].rstrip().endswith("*/"):
        return range(0)
    first = last
    while first > 1 and "/*" not in file.lines[first - 1]:
        first -= 1
    return range(first, last + 1) if file.lines[first - 1].lstrip().startswith("/*") else range(0)


def _prototype(chunk: Chunk, *, local: bool) -> str:
    """Return CHUNK's head as a declaration; LOCAL: it is defined in the same unit."""
    head = _plain(" ".join(chunk.head.split())).strip()
    if not local:
        head = re.sub(r"\b(?:static|inline|__inline__|__inline|extern)\b", "", head)
    return f"{' '.join(head.split())};"


def _in_order(types: list[Chunk]) -> list[Chunk]:
    """Return TYPES so that each stands behind what it uses."""
    by_name = {name: chunk for chunk in types for name in chunk.names}
    done: dict[Chunk, None] = {}
    open_: set[Chunk] = set()

    def visit(chunk: Chunk) -> None:
        if chunk in done or chunk in open_:
            return
        open_.add(chunk)
        for name in sorted(chunk.uses):
            if name in by_name:
                visit(by_name[name])
        done[chunk] = None

    for chunk in types:
        visit(chunk)
    return list(done)


def _extent(chunk: Chunk) -> Extent:
    return Extent(chunk.path, chunk.first_line, chunk.last_line)


def _conditions(definitions: Definitions) -> list[str]:
    """Return what tree.h asks of the tree, as macros."""
    lines: list[str] = []
    for name in sorted(tree_conditions()):
        chunk = definitions.declaration(name)
        lines.append(f"#define TREE_HAS_{name} {int(chunk is not None)}")
        count = parameter_count(chunk) if chunk else 0
        lines.append(f"#define TREE_PARAMETERS_{name} {count}")
        lines.append(
            f"#define TREE_MACRO_{name} {int(chunk is not None and chunk.kind is Kind.MACRO)}"
        )
        is_bool = chunk is not None and re.search(rf"\bbool\s+{name}\s*\(", chunk.tokens)
        lines.append(f"#define TREE_BOOL_{name} {int(bool(is_bool))}")
    return lines


def assemble(definitions: Definitions, model: ModelNames, selection: Selection) -> Snapshot:
    """Return SELECTION as a tree of its own, with the layout by which it is compiled."""
    taken = list(selection.taken)
    headers = [chunk for chunk in taken if chunk.path.endswith(".h")]
    names = {name for chunk in taken for name in chunk.names} | set(selection.declared)
    hidden = sorted((names & model.declared) - model.fixed)
    pieces: dict[str, tuple[Extent | str, ...]] = {}
    prelude: list[Extent | str] = ["#ifndef SLICE_PRELUDE_H", "#define SLICE_PRELUDE_H"]
    prelude += [f"#define {name} model_{name}" for name in hidden]
    prelude += [f"#define {name} 1" for name in sorted(CONFIGURATION)]
    prelude += _conditions(definitions)
    prelude += [f'#include "{path.removeprefix("include/")}"' for path in model.order]
    prelude += ['#include "_slice/tree.h"']
    prelude += [f"#undef {name}" for name in hidden]
    tags = sorted(
        {
            (m[1], m[2])
            for text in (*(c.tokens for c in taken), *(c.head for c in selection.declared.values()))
            for m in _TYPE_EXPRESSION.finditer(text)
        }
    )
    prelude += [f"{kind} {tag};" for kind, tag in tags]
    prelude += [_extent(chunk) for chunk in headers if chunk.kind is Kind.MACRO]
    prelude += [_extent(chunk) for chunk in _in_order([c for c in headers if c.kind is Kind.TYPE])]
    local = {chunk.name for chunk in taken if chunk.kind is Kind.FUNCTION and chunk.static}
    for name, chunk in sorted(selection.declared.items()):
        if name not in local and _is_public(chunk):
            prelude.append(_prototype(chunk, local=False))
    functions = [chunk for chunk in taken if chunk.kind is Kind.FUNCTION]
    prelude += [
        _prototype(chunk, local=True)
        for chunk in functions
        if chunk.path.endswith(".h") or not chunk.static
    ]
    prelude += [_extent(chunk) for chunk in headers if chunk.kind in (Kind.DATA, Kind.FUNCTION)]
    prelude.append("#endif")
    pieces[PRELUDE] = tuple(prelude)
    units = sorted({chunk.path for chunk in taken if chunk.path.endswith(".c")})
    for path in units:
        own = sorted((c for c in taken if c.path == path), key=lambda c: c.first_line)
        first = [f'#include "{PRELUDE}"']
        body: list[Extent | str] = [*first]
        body += [_extent(c) for c in own if c.kind is Kind.MACRO]
        body += [_extent(c) for c in _in_order([c for c in own if c.kind is Kind.TYPE])]
        body += [
            _prototype(c, local=False)
            for _, c in sorted(selection.declared.items())
            if c.path == path and not _is_public(c)
        ]
        body += [_prototype(c, local=True) for c in own if c.kind is Kind.FUNCTION and c.static]
        body += [_extent(c) for c in own if c.kind in (Kind.DATA, Kind.FUNCTION)]
        pieces[path] = tuple(body)
    layout = Layout(model.headers, pieces, tuple(units), PRELUDE)
    return Snapshot(cut_out(definitions, taken), layout)


def _is_public(chunk: Chunk) -> bool:
    return chunk.path.endswith(".h") or not chunk.static
