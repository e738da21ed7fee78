# SPDX-License-Identifier: GPL-2.0-only
"""A slice of a kernel tree: what some of its functions need, ready to be built with the model.

clang is the judge of what fits: a definition that it will not have here is declared only (its
callers then end as unmodelled), and the slice is made again, a bounded number of times.  The
functions under review themselves are never dropped; what is wrong with them is reported.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.simulate.build import CompileError, check, compiler_identity
from reviewtool.simulate.cache import Cache, key_of
from reviewtool.slice.assemble import assemble
from reviewtool.slice.chunks import Chunk, Kind
from reviewtool.slice.closure import Selection, select
from reviewtool.slice.definitions import Definitions, Read
from reviewtool.slice.names import ModelNames, model_names
from reviewtool.tree.snapshot import Snapshot

_MOST_ROUNDS = 8
_NOT_COMPILED = "it cannot be compiled with the model"


@dataclass(frozen=True)
class Slice:
    """A part of a tree that can be built, and where each of its names is from.

    taken:      (name, path, line) of the functions that are the tree's own.
    primitives: names that are the model's.
    stubs:      functions that are declared only; a scenario that calls one ends as unmodelled.
    missing:    roots that are not in it, with the reason.
    """

    snapshot: Snapshot
    taken: tuple[tuple[str, str, int], ...]
    primitives: tuple[str, ...]
    stubs: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]
    errors: tuple[CompileError, ...] = ()
    dropped: frozenset[tuple[str, str]] = frozenset()
    chunks: frozenset[tuple[str, str]] = frozenset()


def find_root(definitions: Definitions, model: ModelNames, name: str) -> Chunk | str:
    """Return the function NAME of the tree, or why it cannot be a root."""
    if name in model.fixed:
        return "it is a primitive of the model"
    found = (
        definitions.in_code(name)
        or [
            chunk
            for path in definitions.code
            for chunk in definitions.names(path).get(name, [])
            if chunk.kind is Kind.FUNCTION
        ]
        or [c for c in definitions.in_headers(name) if c.kind is not Kind.PROTOTYPE]
    )
    if not found:
        return "the tree does not define it under this configuration"
    if found[0].path.endswith(".h") and name in model.primitives:
        return "it is a primitive of the model"
    return found[0]


def take_slice(
    read: Read,
    roots: tuple[str, ...],
    extra: tuple[str, ...] = (),
    dropped: frozenset[tuple[str, str]] = frozenset(),
    cache: Cache | None = None,
    *,
    strict: bool = False,
) -> Slice:
    """Return the slice of the tree READ that ROOTS (names of functions) need.

    extra: paths that are looked at beside the usual ones.  dropped: what another slice had to leave out.
    strict: what is wrong with a root is an error; else it is left out as others are, and said to be missing.
    cache: knows what had to be left out of the same code before.
    Raises: ToolError when the compiler cannot be run.
    """
    cache = cache or Cache(None)
    definitions, model = Definitions(read, extra), model_names()
    chunks: list[Chunk] = []
    missing: list[tuple[str, str]] = []
    for name in roots:
        root = find_root(definitions, model, name)
        if isinstance(root, Chunk) and (root.path, root.name) in dropped:
            missing.append((name, _NOT_COMPILED))
        elif isinstance(root, Chunk):
            chunks.append(root)
        else:
            missing.append((name, root))
    errors: tuple[CompileError, ...] = ()
    key = ""
    for turn in range(_MOST_ROUNDS):
        selection = select(definitions, model, chunks, dropped)
        snapshot = assemble(definitions, model, selection)
        if not turn:
            key = _key(snapshot, dropped)
            known = _recall(cache, key)
            if known is not None:
                dropped = known
                chunks = _kept(chunks, dropped, missing)
                selection = select(definitions, model, chunks, dropped)
                snapshot = assemble(definitions, model, selection)
                break
        errors = check(snapshot)
        more = _blamed(errors, selection, frozenset(chunks) if strict else frozenset())
        if not errors or not more - dropped:
            break
        dropped |= more
        chunks = _kept(chunks, dropped, missing)
    if not errors:
        cache.put(key, "\n".join(f"{path}\t{name}" for path, name in sorted(dropped)).encode())
    functions = [c for c in selection.taken if c.kind is Kind.FUNCTION]
    return Slice(
        snapshot,
        tuple(sorted((c.name, c.path, c.first_line) for c in functions)),
        tuple(sorted(selection.primitives)),
        tuple(sorted(selection.declared.keys() - {c.name for c in functions})),
        tuple(missing),
        errors,
        dropped,
        frozenset((c.path, c.name) for c in selection.taken),
    )


def _kept(
    roots: list[Chunk], dropped: frozenset[tuple[str, str]], missing: list[tuple[str, str]]
) -> list[Chunk]:
    """Return ROOTS without those that were DROPPED, which are put into MISSING."""
    missing += [(c.name, _NOT_COMPILED) for c in roots if (c.path, c.name) in dropped]
    return [c for c in roots if (c.path, c.name) not in dropped]


def _key(snapshot: Snapshot, dropped: frozenset[tuple[str, str]]) -> str:
    layout = snapshot.layout
    files = layout.assemble(snapshot.files) if layout else {}
    return "d" + key_of(
        [compiler_identity(), *(f"{p}\0{t}" for p, t in sorted(files.items())), *map(repr, sorted(dropped))]
    )  # fmt: skip


def _recall(cache: Cache, key: str) -> frozenset[tuple[str, str]] | None:
    kept = cache.get(key)
    if kept is None:
        return None
    lines = (line.partition("\t") for line in kept.decode("utf-8", "replace").splitlines())
    return frozenset((path, name) for path, _, name in lines)


def _blamed(
    errors: tuple[CompileError, ...], selection: Selection, roots: frozenset[Chunk]
) -> frozenset[tuple[str, str]]:
    """Return the chunks that the compiler points at, roots apart."""
    # What is called and not there may be missing only because of another error: that one first.
    first = [
        e
        for e in errors
        if "undeclared function" not in e.message and "incompatible integer" not in e.message
    ]
    found: set[tuple[str, str]] = set()
    for error in first or errors:
        for chunk in selection.taken:
            if (
                chunk.path == error.path
                and chunk.first_line <= error.line <= chunk.last_line
                and chunk not in roots
            ):
                found.add((chunk.path, chunk.name))
    return frozenset(found)
