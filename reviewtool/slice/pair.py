# SPDX-License-Identifier: GPL-2.0-only
"""Slices of a kernel tree before and after a patch, through the entries that show what it changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from reviewtool.simulate.cache import Cache
from reviewtool.slice.chunks import Chunk, CutFile, Kind, cut_active
from reviewtool.slice.conditionals import read_everything
from reviewtool.slice.definitions import WALK, Definitions
from reviewtool.slice.names import ModelNames, model_names
from reviewtool.slice.taking import Slice, find_root, take_slice
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources

# What reviewers know GUP by, in the order in which entries are taken for a change.
ENTRIES = (
    "follow_page", "folio_walk_start", "get_user_pages", "get_user_pages_fast", "pin_user_pages", "pin_user_pages_fast",
    "get_user_pages_remote", "get_user_pages_unlocked", "pin_user_pages_unlocked", "get_user_pages_fast_only", "fixup_user_fault",
    "populate_vma_page_range", "faultin_page_range", "faultin_vma_page_range", "get_dump_page", "unpin_user_pages",
    "unpin_user_pages_dirty_lock", "unpin_user_page_range_dirty_lock", "unpin_user_page",
)  # fmt: skip
_USER_SPACE = ("tools/", "samples/", "scripts/", "usr/", "Documentation/")
# Built in its own configuration only, and named like what is built here.
_NOT_BUILT = frozenset({"mm/nommu.c"})
_MOST_ENTRIES = 4
_MOST_STEPS = 6  # calls between a changed function and an entry that nobody knows by name


@dataclass(frozen=True)
class SlicedPair:
    """What a patch changes of a tree, in slices that can be built.

    changed: names of functions, macros, types and data whose code differs.
    unseen:  (name, why) of what changes and is not in the slices: nothing can be said of it.
    looked_at: paths of C files that were compared.
    new, gone: functions for others that one version has and the other has not, renamed ones apart.
    inert: calls that the change makes more or less often, and that do nothing in the model.
    """

    before: Slice
    after: Slice
    changed: tuple[str, ...]
    unseen: tuple[tuple[str, str], ...]
    looked_at: frozenset[str]
    inert: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def is_kernel_tree(snapshot: Snapshot) -> bool:
    """Whether SNAPSHOT is a kernel's tree, and not a variant of the bundled model."""
    return (
        "mm/gup.c" in snapshot.files
        and "include/linux/mm.h" in snapshot.files
        and "include/linux/other_cpu.h" not in snapshot.files
    )


def _kernel_code(paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of PATHS that are C and run in the kernel, in order."""
    return tuple(
        sorted(
            path
            for path in set(paths)
            if path.endswith((".c", ".h"))
            and not path.startswith(_USER_SPACE)
            and path not in _NOT_BUILT
        )
    )


def has_function(snapshot: Snapshot, name: str) -> bool:
    """Whether the tree has a function NAME that could be an entry."""
    if not is_kernel_tree(snapshot):
        return name in index_sources(snapshot).functions
    return isinstance(find_root(Definitions(snapshot.read), model_names(), name), Chunk)


def slice_pair(
    before: Snapshot, after: Snapshot, paths: Iterable[str], wanted: tuple[str, ...], documented: tuple[str, ...],
    cache: Cache,
) -> SlicedPair:  # fmt: skip
    """Return the slices for the change from BEFORE to AFTER in the files PATHS.

    wanted: entries that the user names; documented: functions to drive though only their kernel-doc changes.
    Raises: ToolError when the compiler cannot be run.
    """
    paths = tuple(paths)
    touched = _kernel_code(paths)
    model = model_names()
    old, new = Definitions(before.read, touched), Definitions(after.read, touched)
    chunks, renamed = _changed_chunks(old, new, touched)
    names = tuple(sorted(chunks))
    functions = {
        name for name, found in chunks.items() if any(c.kind is Kind.FUNCTION for c in found)
    }
    entries = list(wanted) + list(documented)
    for definitions in (old, new):
        entries += _entries_for(definitions, model, names)
    # A header's function is in the slice where an entry reaches it; a .c file's is driven itself.
    own = [
        name
        for name in sorted(functions)
        if any(c.path.endswith(".c") for c in chunks[name] if c.kind is Kind.FUNCTION)
    ]
    roots = tuple(dict.fromkeys((*entries, *own)))
    first = take_slice(before.read, roots, touched, cache=cache)
    # What compiled before has to compile with the patch, too: if not, that is worth a finding.
    second = take_slice(after.read, roots, touched, first.dropped, cache, strict=True)
    if second.dropped != first.dropped:
        first = take_slice(before.read, roots, touched, second.dropped, cache)
    unseen = [
        *_unseen(chunks, first, second, model),
        *_hidden(before, after, old, new, touched, renamed),
    ]
    unseen += [
        (p, "the chosen configuration does not build it") for p in sorted(_NOT_BUILT & {*paths})
    ]
    inert = _inert_calls(old, new, frozenset(chunks), touched, model)
    return SlicedPair(
        first, second, names, tuple(unseen), frozenset(touched), inert,
        _only_in(new, old, names), _only_in(old, new, names),
    )  # fmt: skip


def slice_stages(
    stages: Sequence[Snapshot], entries: tuple[str, ...], paths: Iterable[str], cache: Cache
) -> tuple[Snapshot, ...]:
    """Return slices of the STAGES of one tree for the same ENTRIES, with the same left out of each.

    paths: files that differ between them.  Raises: ToolError when the compiler cannot be run.
    """
    touched = _kernel_code(paths)
    dropped: frozenset[tuple[str, str]] = frozenset()
    made: list[Slice] = []
    for _ in range(2):  # what a later stage leaves out, the earlier ones have to leave out, too
        made = []
        for stage in stages:
            made.append(take_slice(stage.read, entries, touched, dropped, cache))
            dropped = made[-1].dropped
        if all(one.dropped == dropped for one in made):
            break
    return tuple(one.snapshot for one in made)


def _changed_chunks(
    old: Definitions, new: Definitions, paths: tuple[str, ...]
) -> tuple[dict[str, list[Chunk]], dict[str, str]]:
    """Return what differs, by name, wherever it stands (a move is no difference), and what is only renamed."""

    def gather(definitions: Definitions) -> dict[str, list[Chunk]]:
        found: dict[str, list[Chunk]] = {}
        for path in paths:
            file = definitions.file(path)
            for chunk in file.chunks if file else ():
                if chunk.tokens.startswith(("EXPORT_SYMBOL", "MODULE_")):
                    continue
                if chunk.kind is Kind.PROTOTYPE and not chunk.static:
                    continue
                for name in chunk.names[:1] or (chunk.tokens,):
                    found.setdefault(name, []).append(chunk)
        return found

    first, second = gather(old), gather(new)
    renamed = _renamed(first, second)
    # What only has another name, and whoever calls it by that, is no difference.
    tokens = {
        name: sorted(_with_names(c.tokens, renamed) for c in found) for name, found in first.items()
    }
    known = {renamed.get(name, name): was for name, was in tokens.items()}
    changed = {
        name: [*first.get(name, ()), *second.get(name, ())]
        for name in (first.keys() - renamed.keys()) | second.keys()
        if known.get(name, []) != sorted(c.tokens for c in second.get(name, ()))
    }
    return changed, renamed


_NAME = re.compile(r"[A-Za-z_]\w*")


def _with_names(tokens: str, names: Mapping[str, str]) -> str:
    return _NAME.sub(lambda m: names.get(m[0], m[0]), tokens) if names else tokens


def _renamed(first: dict[str, list[Chunk]], second: dict[str, list[Chunk]]) -> dict[str, str]:
    """Return what of FIRST has a new name in SECOND, and is otherwise the same: old name to new name."""
    gone = {n: c[0] for n, c in first.items() if n not in second and len(c) == 1}
    come = {n: c[0] for n, c in second.items() if n not in first and len(c) == 1}
    found: dict[str, str] = {}
    for _ in range(len(gone)):  # what is renamed may call what is renamed
        more = [
            (old, new)
            for old, chunk in gone.items()
            for new, other in come.items()
            if chunk.kind is other.kind and _is_code(chunk) and old not in found
            and _with_names(chunk.tokens, {**found, old: new}) == other.tokens
        ]  # fmt: skip
        # two that could be the same are none
        more = [pair for pair in more if sum(p[1] == pair[1] or p[0] == pair[0] for p in more) == 1]
        if not more:
            break
        found.update(more)
    return found


def _is_code(chunk: Chunk) -> bool:
    return chunk.kind in (Kind.FUNCTION, Kind.MACRO)


def _inert_calls(
    old: Definitions, new: Definitions, changed: frozenset[str], paths: tuple[str, ...], model: ModelNames
) -> tuple[str, ...]:  # fmt: skip
    """Return the inert calls that the CHANGED chunks of the two versions make otherwise, by name."""
    counts: list[Counter[tuple[str, str]]] = []
    for definitions in (old, new):
        made: Counter[tuple[str, str]] = Counter()
        for path in paths:
            file = definitions.file(path)
            for chunk in file.chunks if file else ():
                if chunk.name in changed and chunk.kind is not Kind.PROTOTYPE:
                    made.update(_calls(chunk.tokens, model))
        counts.append(made)
    first, second = counts
    return tuple(sorted({name for name, _ in (first - second) + (second - first)}))


def _calls(tokens: str, model: ModelNames) -> Iterator[tuple[str, str]]:
    """Yield the inert calls in TOKENS: the name, and what is passed where that is never looked at."""
    for match in _NAME.finditer(tokens):
        if match[0] in model.ordering:
            yield match[0], ""
        elif match[0] in model.inert:
            depth, end = 0, match.end()
            while end < len(tokens) and (depth or tokens[end] in " ("):
                depth += (tokens[end] == "(") - (tokens[end] == ")")
                end += 1
            yield match[0], tokens[match.end() : end]


def _only_in(
    definitions: Definitions, other: Definitions, changed: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the CHANGED functions that .c files define for others, and that OTHER does not have at all."""
    return tuple(
        name
        for name in changed
        if definitions.in_code(name)
        and not other.in_headers(name)
        and not any(name in other.names(path) for path in other.code)
    )


def _users(definitions: Definitions) -> dict[str, set[str]]:
    """Return who names whom: used name to names of the functions, macros and types that use it."""
    users: dict[str, set[str]] = {}
    for path in dict.fromkeys((*WALK, *definitions.code[len(WALK) :], *definitions.headers)):
        file: CutFile | None = definitions.file(path)
        for chunk in file.chunks if file else ():
            if chunk.kind in (Kind.FUNCTION, Kind.MACRO, Kind.TYPE):
                for used in chunk.uses:
                    users.setdefault(used, set()).update(chunk.names[:1])
    return users


def _entries_for(
    definitions: Definitions, model: ModelNames, changed: tuple[str, ...]
) -> list[str]:
    """Return the entries through which the change of the names CHANGED shows best."""
    if not changed:
        return []
    users = _users(definitions)
    chosen: dict[str, None] = {}
    for name in changed:
        chunk = definitions.declaration(name)
        starts = {name}
        for other in chunk.names if chunk else ():
            starts.add(other)
        reached: dict[str, int] = dict.fromkeys(starts, 0)
        todo = list(starts)
        while todo:
            at = todo.pop(0)
            for user in users.get(at, ()):
                if user not in reached and user not in model.primitives:
                    reached[user] = reached[at] + 1
                    todo.append(user)
        known = [entry for entry in ENTRIES if entry in reached][:_MOST_ENTRIES]
        if not known:
            near = sorted((steps, user) for user, steps in reached.items() if steps <= _MOST_STEPS)
            public = [
                user
                for _, user in near
                if any(not c.static for c in definitions.in_code(user)) and user not in model.fixed
            ]
            known = public[:2]
        chosen.update(dict.fromkeys(known))
    return list(chosen)


def _unseen(
    chunks: dict[str, list[Chunk]], before: Slice, after: Slice, model: ModelNames
) -> list[tuple[str, str]]:
    """Return what changes and is not in the slices, each with the reason."""
    missing = dict(after.missing) | dict(before.missing)
    found: list[tuple[str, str]] = []
    for name, versions in sorted(chunks.items()):
        if any(
            (c.path, c.name) in before.chunks or (c.path, c.name) in after.chunks for c in versions
        ):
            continue
        path = versions[0].path
        if name in missing:
            why = missing[name]
        elif name in model.primitives:
            why = "the model has its own in its place"
        elif any((c.path, c.name) in after.dropped for c in versions):
            why = "it could not be compiled with the model"
        else:
            why = "no entry that can be run reaches it"
        shown = name if len(name) < 60 else f"{name[:57]}..."
        found.append((shown, f"{why} ({path})"))
    return found


def _hidden(
    before: Snapshot,
    after: Snapshot,
    old: Definitions,
    new: Definitions,
    paths: tuple[str, ...],
    renamed: Mapping[str, str],
) -> list[tuple[str, str]]:
    """Return the files whose code changes where this configuration does not compile it."""
    found: list[tuple[str, str]] = []
    for path in paths:
        first, second = before.read(path), after.read(path)
        if first is None or second is None or first == second:
            continue
        cut_first, cut_second = old.file(path), new.file(path)
        if cut_first is None or cut_second is None:
            continue
        first = _with_names(first, renamed)
        if _inactive(path, first, cut_first) != _inactive(path, second, cut_second):
            found.append((path, "code changes that the chosen configuration leaves out"))
        elif _conditions_differ(path, first, second):
            found.append((path, "the conditions change under which code is compiled"))
    return found


_Around = tuple[tuple[str, ...], ...]


def _conditions_of(path: str, text: str) -> dict[str, tuple[_Around, ...]]:
    """Return the conditions around the lines of each definition of TEXT, by the definition's code.

    Those around all of it matter only where the same name is defined once more, for other configurations.
    """
    everything, around = read_everything(text)
    chunks = cut_active(path, everything).chunks
    often = Counter(chunk.name for chunk in chunks if chunk.kind is not Kind.PROTOTYPE)
    found: dict[str, tuple[_Around, ...]] = {}
    for chunk in chunks:
        lines = [around[number] for number in range(chunk.first_line - 1, chunk.last_line)]
        shared = 0
        if chunk.kind is not Kind.DATA and often[chunk.name] <= 1:
            shared = min(
                sum(1 for _ in takewhile(lambda p: p[0] == p[1], zip(lines[0], line, strict=False)))
                for line in lines
            )
        inner = tuple(sorted({line[shared:] for line in lines}))
        found[chunk.tokens] = tuple(sorted((*found.get(chunk.tokens, ()), inner)))
    return found


def _conditions_differ(path: str, first: str, second: str) -> bool:
    """Return whether a definition that is the same in FIRST and SECOND is compiled under other conditions."""
    before, after = _conditions_of(path, first), _conditions_of(path, second)
    return any(before[tokens] != after[tokens] for tokens in before.keys() & after.keys())


def _inactive(
    path: str, text: str, file: CutFile
) -> Counter[tuple[tuple[tuple[str, ...], str], ...]]:
    """Return the definitions of TEXT of which FILE leaves out a line, each line with the conditions around it.

    Where they stand is no part of it: a move is no difference.  What is in no definition counts line by line.
    """
    everything, around = read_everything(text)
    left_out = [
        bool(line.strip()) and not active.strip()
        for line, active in zip(everything.code, file.code, strict=True)
    ]
    found: Counter[tuple[tuple[tuple[str, ...], str], ...]] = Counter()
    seen: set[int] = set()
    for chunk in cut_active(path, everything).chunks:
        numbers = range(chunk.first_line - 1, chunk.last_line)
        seen.update(numbers)
        if any(left_out[number] for number in numbers):
            lines = ((around[n], " ".join(everything.code[n].split())) for n in numbers)
            found[tuple(line for line in lines if line[1])] += 1
    for number, missing in enumerate(left_out):
        if missing and number not in seen:
            found[(around[number], " ".join(everything.code[number].split())),] += 1
    return found
