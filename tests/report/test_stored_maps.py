# SPDX-License-Identifier: GPL-2.0-only
"""Maps that come from a file: what was made here passes, what was tampered with is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.behaviour.grid import EntryMap, Group
from reviewtool.errors import InputError
from reviewtool.report.stored_maps import check_maps
from reviewtool.review import Review

PATCH = 1


def test_maps_that_were_made_here_can_be_drawn(pictured: Review) -> None:
    check_maps(pictured, "review.json")


def first(drawn: EntryMap, **changed: object) -> EntryMap:
    group: Group = replace(drawn.groups[0], **changed)  # type: ignore[arg-type]
    return replace(drawn, groups=(group, *drawn.groups[1:]))


TAMPERED: dict[str, tuple[Callable[[EntryMap], EntryMap], str]] = {
    "a node that is its own branch": (lambda m: replace(m, nodes=((0, 0, 0), *m.nodes[1:])), "node 0 is not behind"),
    "a node's pair": (lambda m: replace(m, nodes=((0, -9999, -1), *m.nodes[1:])), "node 0 names"),
    "a node's flag": (lambda m: replace(m, nodes=((63, -2, -1), *m.nodes[1:])), "node 0 names"),
    "a million columns": (lambda m: replace(m, flags=tuple(f"F{n}" for n in range(40))), "flags are too many"),
    "flags that it shows": (lambda m: replace(m, shown=("FOLL_NOT",)), "flags that it does not have"),
    "other flags": (lambda m: replace(m, others="on"), "neither off nor any"),
    "no axis": (lambda m: replace(m, axes=m.axes[:1]), "axes"),
    "another entry": (lambda m: replace(m, entry="exit"), "no such entry"),
    "no groups": (lambda m: replace(m, groups=()), "no groups"),
    "a group's codes": (lambda m: first(m, codes=(99,) * len(m.axes)), "group 0 has a value"),
    "too few codes": (lambda m: first(m, codes=()), "group 0 has not a value"),
    "a group's node": (lambda m: first(m, node=-99999), "group 0 names outcomes"),
    "a group's rest": (lambda m: first(m, rest=-1), "group 0 names settings"),
    "a traced path": (lambda m: first(m, traced=((0, 9999, 0),)), "path that is not there"),
    "a traced subset": (lambda m: first(m, traced=((1 << 40, 0, 0),)), "flags that are not there"),
    "a line of a path": (lambda m: replace(m, paths_before=((99999,), *m.paths_before[1:])), "line that is not there"),
    "an outcome's result": (lambda m: replace(m, results=m.results[:1]), "result that is not there"),
    "a pair's outcome": (lambda m: replace(m, outcomes=m.outcomes[:1]), "outcome that is not there"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_map_that_was_tampered_with_is_refused_in_one_line(pictured: Review, name: str) -> None:
    change, reason = TAMPERED[name]
    patch = pictured.patches[PATCH]
    assert patch.picture
    maps = [change(drawn) if drawn.entry == "follow_page" else drawn for drawn in patch.picture.maps]  # fmt: skip
    hostile = replace(patch, picture=replace(patch.picture, maps=tuple(maps)))
    review = replace(pictured, patches=(pictured.patches[0], hostile))
    with pytest.raises(InputError, match=rf"review\.json: patch 2/4, map of \w+\(\): .*{reason}"):
        check_maps(review, "review.json")
