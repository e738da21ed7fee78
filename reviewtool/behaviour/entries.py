# SPDX-License-Identifier: GPL-2.0-only
"""What differs between two trees, and through which entries that is best seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import Domain, lay_out_entry
from reviewtool.simulate.possible import rules_of, traits_of
from reviewtool.tree.source import Function, SourceIndex

# Entries that are reported of their own, though others reach them: reviewers ask for them.
PREFERRED_ENTRIES = frozenset(
    {"follow_page", "follow_page_mask", "get_user_pages", "pin_user_pages"}
)

# Entries that take any flags where those around them refuse some; each is of use only for what it
# does besides the entry named here, which is driven with any flags itself.
_INNER_ENTRIES = {"__get_user_pages": "follow_page_mask"}

# A function that asserts a lock is driven through those who take it.
_LOCK_ASSERTIONS = frozenset({"assert_spin_locked", "lockdep_assert_held", "mmap_assert_locked"})


@dataclass(frozen=True)
class Delta:
    """Functions whose code differs, and the names that changed declarations declare."""

    functions: frozenset[str]
    declared: frozenset[str]


def compare_trees(before: SourceIndex, after: SourceIndex) -> Delta:
    """Return what differs between two trees, comments and white space apart."""
    names = before.functions.keys() | after.functions.keys()
    changed = frozenset(
        name
        for name in names
        if _tokens(before.functions.get(name)) != _tokens(after.functions.get(name))
    )
    old = {file.path: file.other_tokens for file in before.files}
    new = {file.path: file.other_tokens for file in after.files}
    declared: set[str] = set()
    for path in old.keys() | new.keys():
        differing = set(old.get(path, "").split("\n")) ^ set(new.get(path, "").split("\n"))
        for declaration in differing:
            declared |= _declared_names(declaration)
    return Delta(changed, frozenset(declared))


def telling_flags(before: SourceIndex, after: SourceIndex, delta: Delta) -> frozenset[str]:
    """Return the FOLL_* flags that the changed functions and declarations name more or less often than before."""
    counts: list[Counter[str]] = []
    for index in (before, after):
        known = (index.functions.get(name) for name in delta.functions)
        tokens = [function.tokens for function in known if function is not None]
        counts.append(Counter(re.findall(r"\bFOLL_\w+", " ".join(tokens))))
    declared = {name for name in delta.declared if name.startswith("FOLL_")}
    return frozenset((counts[0] - counts[1]) + (counts[1] - counts[0])) | declared


def _declared_names(declaration: str) -> set[str]:
    """Return what code that DECLARATION matters to must name: the function of a prototype, else any word."""
    prototype = re.fullmatch(r"[\w *]*?(\w+) \( .* \) ;", declaration)
    return {prototype[1]} if prototype else set(re.findall(r"[A-Za-z_]\w*", declaration))


def _tokens(function: Function | None) -> str:
    return "" if function is None else function.tokens


def _is_affected(name: str, index: SourceIndex, delta: Delta) -> bool:
    reached = index.closure(name)
    return bool(reached & delta.functions) or bool(
        delta.declared and index.identifiers(reached) & delta.declared
    )


def _is_affected_besides(name: str, below: str, index: SourceIndex, delta: Delta) -> bool:
    """Return whether NAME reaches a changed function otherwise than through BELOW."""
    own = index.closure(name) - index.closure(below)
    return bool(own & delta.functions)


@dataclass(frozen=True)
class Choice:
    """What is swept for a patch.

    entries:   names, in the order in which a reader looks for them.
    unchanged: preferred entries whose code is the same before and after.
    undriven:  (changed function that no entry reaches, why it cannot be driven).
    """

    entries: tuple[str, ...]
    unchanged: tuple[str, ...]
    undriven: tuple[tuple[str, str], ...]


def choose_entries(
    before: SourceIndex, after: SourceIndex, delta: Delta, wanted: tuple[str, ...]
) -> Choice:
    """Return the entries to sweep, WANTED among them.

    Entries are the functions that a reader knows (those that are public and changed, and the
    preferred ones) and the outermost ones that reach the change; where an outermost one cannot be
    driven, what it calls takes its place.
    """
    affected: set[str] = set()
    unchanged: list[str] = []
    stopped: dict[str, str] = {}
    for name, function in after.functions.items():
        if function.macro or not function.path.endswith(".c") or name not in before.functions:
            continue
        if _is_affected(name, after, delta) or _is_affected(name, before, delta) or name in wanted:
            affected.add(name)
            for bound in (bind(before.functions[name]), bind(function)):
                if isinstance(bound, Unbound):
                    stopped.setdefault(name, bound.reason)
        elif name in PREFERRED_ENTRIES:
            unchanged.append(name)
    chosen = {
        name
        for name in affected - stopped.keys()
        if name in PREFERRED_ENTRIES
        or name in wanted
        or _is_public(after.functions[name], name, delta)
    }
    chosen |= {
        name
        for name, below in _INNER_ENTRIES.items()
        if name in affected - stopped.keys() and _is_affected_besides(name, below, after, delta)
    }
    left = set(affected)
    while left:
        outermost = {
            name
            for name in left
            if not any(c in left and c != name for c in after.callers.get(name, ()))
        }
        chosen |= (outermost or left) - stopped.keys()
        left -= _reached(chosen, before, after) | outermost | (set() if outermost else left)
    missed = delta.functions - _reached(chosen, before, after)
    undriven = (
        (name, reason) for name, reason in stopped.items() if name in missed or name in wanted
    )
    # What the patch changes itself is what a reader looks for first, public functions before others.
    order = sorted(
        chosen, key=lambda name: (name not in delta.functions, after.functions[name].static, name)
    )
    return Choice(tuple(order), tuple(sorted(unchanged)), tuple(sorted(undriven)))


def _reached(names: set[str], before: SourceIndex, after: SourceIndex) -> frozenset[str]:
    return frozenset().union(*(after.closure(name) | before.closure(name) for name in names))


def _is_public(function: Function, name: str, delta: Delta) -> bool:
    return (
        name in delta.functions
        and not function.static
        and not function.identifiers & _LOCK_ASSERTIONS
    )


def entry_domain(
    name: str,
    before: SourceIndex,
    after: SourceIndex,
    bindings: Iterable[Binding],
    budget: int,
    configuration: Configuration = DEFAULT_CONFIGURATION,
    telling: frozenset[str] = frozenset(),
) -> Domain:
    """Return the domain of entry NAME: all that either version of its code can tell apart.

    telling: flags that are to be combined before all others.
    """
    versions = (before, after)
    return domain_of_versions(name, versions, bindings, budget, configuration, telling)


def domain_of_versions(
    name: str,
    versions: Iterable[SourceIndex],
    bindings: Iterable[Binding],
    budget: int,
    configuration: Configuration = DEFAULT_CONFIGURATION,
    telling: frozenset[str] = frozenset(),
) -> Domain:
    """Return the domain of entry NAME: all that any of VERSIONS of its code can tell apart."""
    identifiers: frozenset[str] = frozenset()
    constants: frozenset[str] = frozenset()
    for index in versions:
        identifiers |= index.identifiers(index.closure(name))
        constants |= index.constants
    flags: frozenset[str] = frozenset()
    traits = traits_of(configuration)
    for binding in bindings:
        traits |= binding.traits
        if binding.takes_flags:
            flags |= {
                word for word in identifiers if word.startswith("FOLL_") and word in constants
            }
    return lay_out_entry(identifiers | traits, flags, budget, rules_of(configuration), telling)
