# SPDX-License-Identifier: GPL-2.0-only
"""What the parser is asked for: which symbols, which optional warnings, which macros to drop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from reviewtool.kerneldoc.lines import SPACE

_EXPORT = re.compile(
    r"^\s*EXPORT_SYMBOL(?:(?:_GPL)?\s*\(\s*(\w+)\s*\)|_NS(?:_GPL)?\s*\(\s*(\w+)\s*,\s*\w+\))\s*;",
    re.ASCII,
)


class Wanted(Enum):
    """Which symbols are shown."""

    ALL = "all"
    NAMED = "named"
    EXPORTED = "exported"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Selection:
    """The symbols to show; `names` are the named or the exported ones, `hidden` never show."""

    wanted: Wanted = Wanted.ALL
    names: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    doc_sections: bool = True

    def shows(self, name: str, *, function: bool) -> bool:
        """Tell whether the declaration called NAME is shown."""
        if name in self.hidden:
            return False
        if self.wanted is Wanted.ALL:
            return True
        if self.wanted is Wanted.INTERNAL:
            return not (function and name in self.names)
        return name in self.names

    def shows_doc(self, title: str) -> bool:
        """Tell whether the DOC: section with this TITLE is shown."""
        if not self.doc_sections or title in self.hidden:
            return False
        if self.wanted is Wanted.ALL:
            return True
        return self.wanted is Wanted.NAMED and title in self.names


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class Options:
    """How to parse.

    returns:      warn where a value is returned and no section says which (-Wreturn).
    purposes:     warn where the short description is missing (-Wshort-desc).
    verbose:      tell which comments are read (-v).
    blocks:       build the blocks; False is faster and gives diagnostics only.
    unreadable:   keep a block, not shown, for a function whose prototype cannot be read.
    unterminated: warn about a comment that the file's end cuts off (the script does not).
    strip_macros: names of further macros to drop from prototypes, with their arguments.
    """

    selection: Selection = EVERYTHING
    returns: bool = False
    purposes: bool = False
    verbose: bool = False
    blocks: bool = True
    unreadable: bool = False
    unterminated: bool = False
    strip_macros: tuple[str, ...] = ()


def exported_symbols(text: str) -> frozenset[str]:
    """Return the names that TEXT exports, a line for each, as EXPORT_SYMBOL and its variants do."""
    if "EXPORT_SYMBOL" not in text:
        return frozenset()
    found = (_EXPORT.match(line) for line in text.split("\n") if line.lstrip(SPACE)[:6] == "EXPORT")
    return frozenset(match[1] or match[2] for match in found if match)
