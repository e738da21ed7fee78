# SPDX-License-Identifier: GPL-2.0-only
"""What of an outcome, in the words of a review, a program can see on a kernel."""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.behaviour.outcome import is_hazard
from reviewtool.simulate.record import RETURNS

_PAGES = frozenset(
    {"the page", "the head page", "the zero page", "the huge zero page", "the device page"}
    | {"the page that a fault brought in", "another page"}
)
_ERRNOS = frozenset(f"-{name}" for name in RETURNS if name.startswith("E"))
# Fields of smaps that are not 0, by bit: the template's SMAPS_*.
_SMAPS = (
    ("SMAPS_RSS", "resident accounted"), ("SMAPS_ANONYMOUS", "anonymous accounted"),
    ("SMAPS_HUGE", "anonymous_thp accounted"), ("SMAPS_SWAP", "swap accounted"),
)  # fmt: skip
_MOVES = ("move_pages_query", "move_pages_same", "move_pages_other")


@dataclass(frozen=True)
class Sight:
    """What a program sees of an outcome.

    value:   a C expression, "" where the outcome is not one that a program lives to tell.
    hazards: what is wrong with the outcome, in words.
    """

    value: str
    hazards: tuple[str, ...]


def see(function: str, route: str, words: str) -> Sight | None:
    """Return what ROUTE shows of the outcome WORDS of FUNCTION; None where it shows nothing that is known."""
    parts = words.split(", ")
    hazards = tuple(part for part in parts if is_hazard(part))
    if is_hazard(parts[0]):
        return Sight("", hazards)
    value = _value(function, route, parts)
    return None if value is None else Sight(value, hazards)


def _value(function: str, route: str, parts: list[str]) -> str | None:
    result = parts[0]
    # The callers of follow_page() that are routes do one thing with a page and another without.
    found = result in _PAGES if function == "follow_page" else None
    if found is False and result != "NULL" and result not in _ERRNOS:
        return None
    if route in _MOVES:
        return _status(function, parts)
    if route == "ksm_merge":
        return _either(_page_or_null(result), "MERGED", "APART")
    if route == "ksm_unmerge":
        broken = "an unshare fault" in parts or "a write fault" in parts
        return _either(broken if found is None else found, "APART", "MERGED")
    if route == "split_huge":
        split = "the huge PMD split" in parts
        return _either(split if found is None else found, "SPLIT", "WHOLE")
    if route == "smaps":
        bits = [name for name, words in _SMAPS if words in parts]
        return " | ".join(bits) or "0"
    # What is left moves bytes.
    if result == "1":
        return "DONE"
    return "FAILED" if result == "0" or result in _ERRNOS else None


def _status(function: str, parts: list[str]) -> str | None:
    """Return what move_pages() puts into its status array."""
    if function == "do_pages_stat_array":
        result = next((part.removeprefix("status ") for part in parts if part[:7] == "status "), "")
    else:
        result = parts[0]
    if result in _ERRNOS:
        return result
    if function == "follow_page" and result == "NULL":
        return "-ENOENT"
    node = result in _PAGES if function == "follow_page" else result in {"0", "1"}
    return "NODE" if node else None


def _page_or_null(result: str) -> bool | None:
    if result in _PAGES:
        return True
    return False if result == "NULL" or result in _ERRNOS else None


def _either(answer: bool | None, yes: str, no: str) -> str | None:  # noqa: FBT001
    return None if answer is None else yes if answer else no
