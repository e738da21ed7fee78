# SPDX-License-Identifier: GPL-2.0-only
"""Slice, compile and sweep the functions and entries of mm/gup.c of each kernel tree, and tell how far that went.

    python benchmarks/trees.py [--budget N] DIR...

DIR holds mm/, include/ and arch/x86/include/ of a kernel.  For each: functions of
mm/gup.c that compile as a slice; each entry's scenarios, and the share of them that met a stub; seconds; and
what follow_page(FOLL_GET) (folio_walk_start() where there is none) comes to on a PROT_NONE entry.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from reviewtool.behaviour.entries import entry_domain
from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.errors import ReviewtoolError, visible
from reviewtool.simulate.binding import Unbound, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.record import ENDS, field
from reviewtool.simulate.sweep import sweep
from reviewtool.simulate.trace import Trace, trace
from reviewtool.slice.chunks import Kind
from reviewtool.slice.definitions import Definitions
from reviewtool.slice.taking import take_slice
from reviewtool.tree.snapshot import Snapshot, read_directory
from reviewtool.tree.source import index_sources

ENTRIES = (
    "follow_page", "folio_walk_start", "get_user_pages", "get_user_pages_fast", "pin_user_pages", "pin_user_pages_fast",
)  # fmt: skip
_PATH = "mm/gup.c"


def compiled(tree: Snapshot) -> str:
    """Return how many functions of mm/gup.c compile as one slice, and which do not."""
    file = Definitions(tree.read).file(_PATH)
    found = file.chunks if file else ()
    names = tuple(dict.fromkeys(chunk.name for chunk in found if chunk.kind is Kind.FUNCTION))
    taken = take_slice(tree.read, names)
    missing = [name for name, _ in taken.missing]
    count = 0 if taken.errors else len(names) - len(missing)
    return f"{count}/{len(names)} functions compiled" + (
        f" (not {', '.join(missing)})" if missing else ""
    )


def swept(tree: Snapshot, name: str, budget: int, cache: Cache) -> str | None:
    """Return what a sweep of entry NAME came to, None where the tree has no such function."""
    start = time.perf_counter()
    taken = take_slice(tree.read, (name,), cache=cache)
    if any("does not define" in why for missing, why in taken.missing if missing == name):
        return None
    if taken.missing or taken.errors:
        return f"{name}(): not compiled"
    index = index_sources(taken.snapshot)
    bound = bind(index.functions[name])
    if isinstance(bound, Unbound):
        return f"{name}(): not driven: {bound.reason}"
    domain = entry_domain(name, index, index, [bound], budget)
    flags = (*domain.flags, *domain.also)
    module = build(BuildRequest(taken.snapshot, (bound,), flags, index.constants), cache)
    if not isinstance(module, Module):
        return f"{name}(): not built: {module[0].message}"
    made = sweep(module, name, domain)
    stubs = np.flatnonzero(field(made.records, "end") == ENDS.index("unmodelled"))
    times = np.bincount(made.row_of, minlength=len(made.rows))
    met = int((np.isin(made.rows, stubs).sum(axis=1) * times).sum())
    return f"{name}(): {domain.scenarios:,} scenarios, stubs {met / domain.scenarios:.2%}, {time.perf_counter() - start:.1f} s"


def protnone(tree: Snapshot, cache: Cache) -> str:
    """Return what the lookup of a PROT_NONE entry comes to."""
    for name, flags in (("follow_page", ("flags=FOLL_GET",)), ("folio_walk_start", ())):
        taken = take_slice(tree.read, (name,), cache=cache)
        if taken.missing or taken.errors:
            continue
        made = trace(taken.snapshot, name, ("entry=present,protnone", *flags), cache)
        if isinstance(made, Trace):
            said = describe(read_outcome(made.record), made.unmodelled, made.out)
            return f"{name}({'FOLL_GET' if flags else ''}) on PROT_NONE: {said}"
    return "no lookup of one page"


def main() -> None:
    """Try each tree, and print."""
    words = sys.argv[1:]
    budget = 1 << 20
    if words[:1] == ["--budget"] and len(words) > 1 and words[1].isdigit():
        budget, words = int(words[1]), words[2:]
    if not words:
        sys.exit(__doc__)
    for where in words:
        start = time.perf_counter()
        cache = Cache(None)
        try:
            tree = read_directory(Path(where))
            lines = [compiled(tree)]
            lines += [said for name in ENTRIES if (said := swept(tree, name, budget, cache))]
            lines.append(protnone(tree, cache))
        except ReviewtoolError as problem:
            lines = [str(problem)]
        seconds = time.perf_counter() - start
        print(visible("\n    ".join([f"{where}  {seconds:.1f} s", *lines])), flush=True)


if __name__ == "__main__":
    main()
