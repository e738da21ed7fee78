# SPDX-License-Identifier: GPL-2.0-only
"""Whether the behaviour maps of a stored review can be drawn: their numbers must name what is there.

A map that was made here always can; one from a file may have been written by hand.
"""

from __future__ import annotations

from collections.abc import Iterable

from reviewtool.behaviour.grid import MOST_SHOWN, EntryMap
from reviewtool.errors import InputError
from reviewtool.picture import PatchPicture
from reviewtool.review import PatchReview, Review

_MOST_FLAGS = 16
_MOST_CODES = 16  # the page's script numbers rows by 16 * kind + access


def check_maps(review: Review, source: str) -> None:
    """Return if every map of REVIEW can be drawn.

    Raises: InputError naming SOURCE, the patch, the entry, and what does not fit.
    """
    for patch in (*review.patches, *review.proposals):
        for drawn in patch.picture.maps if patch.picture else ():
            fault = _fault(patch, patch.picture or PatchPicture((), ()), drawn)
            if fault:
                where = f"patch {patch.label}, map of {drawn.entry}()"
                raise InputError(source, f"{where}: {fault}")


def _fault(patch: PatchReview, picture: PatchPicture, drawn: EntryMap) -> str:
    names = [axis.name for axis in drawn.axes]
    if drawn.entry not in {entry.name for entry in patch.entries}:
        return "the review has no such entry"
    if not {"entry", "access"} <= set(names) or len(set(names)) != len(names):
        return "its axes are not those of a map"
    if any(len(axis.values) > _MOST_CODES for axis in drawn.axes):
        return "an axis has too many values"
    if len(drawn.flags) > _MOST_FLAGS or len(set(drawn.flags)) != len(drawn.flags):
        return "its flags are too many, or not distinct"
    if len(set(drawn.shown)) > MOST_SHOWN or not {*drawn.shown, *drawn.idle} <= set(drawn.flags):
        return "it shows flags that it does not have"
    if drawn.others not in ("off", "any"):
        return "what it shows of other flags is neither off nor any"
    return _numbers_fault(drawn) or _groups_fault(drawn) or _paths_fault(picture, drawn)


def _outside(numbers: Iterable[int], of: int) -> bool:
    return any(not 0 <= number < of for number in numbers)


def _numbers_fault(drawn: EntryMap) -> str:
    if _outside((outcome.result for outcome in drawn.outcomes), len(drawn.results)):
        return "an outcome names a result that is not there"
    if _outside((side for pair in drawn.pairs for side in (pair.before, pair.after)), len(drawn.outcomes)):  # fmt: skip
        return "a pair names an outcome that is not there"
    for number, (bit, *branches) in enumerate(drawn.nodes):
        # a node stands behind its branches, and tests a higher flag: so no walk is endless
        inner = [branch for branch in branches if branch >= 0]
        leaves = [-1 - branch for branch in branches if branch < 0]
        if not 0 <= bit < len(drawn.flags) or _outside(leaves, len(drawn.pairs)):
            return f"node {number} names what is not there"
        if any(branch >= number or drawn.nodes[branch][0] >= bit for branch in inner):
            return f"node {number} is not behind its branches"
    return ""


def _groups_fault(drawn: EntryMap) -> str:
    if not drawn.groups:
        return "it has no groups"
    for number, group in enumerate(drawn.groups):
        if len(group.codes) != len(drawn.axes):
            return f"group {number} has not a value for each axis"
        if any(_outside((code,), len(axis.values)) for code, axis in zip(group.codes, drawn.axes, strict=True)):  # fmt: skip
            return f"group {number} has a value that its axis has not"
        is_node = 0 <= group.node < len(drawn.nodes)
        if not is_node and not 0 <= -1 - group.node < len(drawn.pairs):
            return f"group {number} names outcomes that are not there"
        if _outside((group.rest,), len(drawn.rests)) or group.states < 1:
            return f"group {number} names settings that are not there, or no state"
    return ""


def _paths_fault(picture: PatchPicture, drawn: EntryMap) -> str:
    traced = [one for group in drawn.groups for one in group.traced]
    if _outside((subset for subset, _, _ in traced), 1 << len(drawn.flags)):
        return "a traced scenario has flags that are not there"
    for at, paths, lines in (
        (1, drawn.paths_before, picture.lines_before),
        (2, drawn.paths_after, picture.lines_after),
    ):
        if _outside((one[at] for one in traced), len(paths)):
            return "a traced scenario names a path that is not there"
        if _outside((line for path in paths for line in path), len(lines)):
            return "a path names a line that is not there"
    return ""
