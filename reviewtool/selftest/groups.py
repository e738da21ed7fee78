# SPDX-License-Identifier: GPL-2.0-only
"""The findings of a review that a selftest can be about: groups of changed scenarios, numbered from 1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.behaviour.userspace import ROUTE, STATE, Route, State
from reviewtool.errors import InputError
from reviewtool.review import ChangeReview, PatchReview, Review
from reviewtool.selftest.outcome import Sight, see
from reviewtool.selftest.reach import Obstacle, find_obstacles

MOST_CASES = 60


@dataclass(frozen=True)
class Case:
    """One test of a program: a state, a route to the code, and what is seen there.

    options: the scenario, as `simulate` takes it.  said_before, said_after: its outcomes in words.
    """

    state: State
    route: Route
    options: str
    before: Sight
    after: Sight
    said_before: str
    said_after: str


@dataclass(frozen=True)
class Group:
    """A group of scenarios that a patch changes.

    number:    from 1, in the order of the review: patch by patch, entry by entry.
    cases:     what a program can try of it, the first MOST_CASES; none: no program can be written.
    obstacles: where there is none, why.
    """

    number: int
    label: str
    subject: str
    function: str
    change: ChangeReview
    cases: tuple[Case, ...]
    obstacles: tuple[Obstacle, ...]


def number_groups(review: Review, source: str) -> tuple[Group, ...]:
    """Return the groups of all patches of REVIEW, then of its proposals; SOURCE names it in errors.

    Raises: InputError for a state or a route that this version does not know.
    """
    patches = (*review.patches, *review.proposals)
    found = [group for patch in patches for group in _groups_of(patch)]
    return tuple(_group(at, *group, source) for at, group in enumerate(found, 1))


def _groups_of(patch: PatchReview) -> Iterator[tuple[PatchReview, str, ChangeReview]]:
    for entry in patch.entries:
        for change in entry.changes:
            yield patch, entry.name, change


def _group(
    number: int, patch: PatchReview, function: str, change: ChangeReview, source: str
) -> Group:
    cases: list[Case] = []
    alike = False
    for one in change.reached:
        state, route = STATE.get(one.state), ROUTE.get(one.route)
        if state is None or route is None:
            named = one.state if state is None else one.route
            raise InputError(source, f"{named[:60]!r} is no state or route that is known")
        before = see(function, route.name, one.before)
        after = see(function, route.name, one.after)
        if before is None or after is None:
            continue
        if before == after or (not before.value and not after.value):
            alike = True
            continue
        case = Case(state, route, one.options, before, after, one.before, one.after)
        # The review has a scenario for each node that the page may be on; a program has one page.
        if not any(_is_same(case, other) for other in cases):
            cases.append(case)
    obstacles = () if cases else find_obstacles(function, change.witness_options, alike=alike)
    kept = tuple(cases[:MOST_CASES])
    return Group(number, patch.label, patch.subject, function, change, kept, obstacles)


def _is_same(one: Case, other: Case) -> bool:
    sights = one.before == other.before and one.after == other.after
    return sights and one.state is other.state and one.route is other.route
