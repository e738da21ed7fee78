# SPDX-License-Identifier: GPL-2.0-only
"""What user space reaches: states that the domain has, flags exactly as passed, outcomes that do not hang on luck."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reviewtool.behaviour.userspace import (
    ROUTES,
    STATES,
    Candidate,
    find_candidates,
    find_reached,
    routes_to,
)
from reviewtool.report.stored import read_review_file
from reviewtool.simulate.domain import FACTOR, FACTORS, Domain, lay_out

TOP = Path(__file__).parents[2]
IN_PLAY = frozenset({factor.name for factor in FACTORS if not factor.readers} | {"node"})
STATE_SPACE = lay_out(IN_PLAY, ())


def _domain(flags: str, also: str = "", cut: str = "") -> Domain:
    return Domain(
        STATE_SPACE.factors,
        tuple(flags.split()),
        STATE_SPACE.words,
        tuple(also.split()),
        tuple(cut.split()),
    )


def test_names_are_names_of_factors_and_values_and_c_functions() -> None:
    sources = [state.values for state in STATES]
    sources += [variant for route in ROUTES for variant in route.variants]
    for values in sources:
        for name, own in values.items():
            assert own <= {value.name for value in FACTOR[name].values}
    made = (TOP / "templates" / "selftest_states.c.j2").read_text()
    looked = (TOP / "templates" / "selftest_routes.c.j2").read_text()
    for state in STATES:
        assert f"static void make_{state.kind}(" in made
    for route in ROUTES:
        assert f"static long {route.name}(" in looked
        assert route.kinds <= {state.kind for state in STATES}


def test_the_domain_has_every_state() -> None:
    candidates = find_candidates("do_pages_stat_array", _domain(""))
    assert {one.state.name for one in candidates} == {state.name for state in STATES}
    for one in candidates:
        for name in ("level", "entry", "vma", "prot", "page"):
            codes = set(STATE_SPACE.columns[name][one.states].tolist())
            assert len(codes) == 1, (one.state.name, name)


def test_a_route_passes_its_flags_and_no_others() -> None:
    found = find_candidates("follow_page", _domain("FOLL_GET FOLL_WRITE FOLL_DUMP"))
    subsets = {one.route.name: one.subset for one in found}
    assert subsets == {
        "move_pages_query": 0b101,
        "ksm_merge": 0b001,
        "ksm_unmerge": 0b001,
        "split_huge": 0b001,
    }
    # What the code never names makes no difference, what was never passed was not tried.
    assert {one.subset for one in find_candidates("follow_page", _domain("FOLL_DUMP"))} == {0, 1}
    without_get = find_candidates("follow_page", _domain("FOLL_DUMP", cut="FOLL_GET"))
    assert without_get == ()


def test_flags_passed_one_at_a_time_are_not_taken_for_passed_together() -> None:
    found = find_candidates("follow_page", _domain("", also="FOLL_GET FOLL_DUMP"))
    assert {one.route.name for one in found} == {"ksm_merge", "ksm_unmerge", "split_huge"}
    routes = {route.name for route, _ in routes_to("follow_page")}
    assert "move_pages_query" in routes


@pytest.mark.parametrize(
    ("inside", "after", "reached"),
    [
        ((True, True), ("the page", "the page"), True),
        ((True, True), ("the page", "the page, the entry made dirty"), True),
        ((True, True), ("the page", "NULL"), False),
        ((True, False), ("the page", "the page"), False),
    ],
)
def test_a_state_counts_as_reached_if_what_user_space_cannot_tell_makes_no_difference(
    inside: tuple[bool, bool], after: tuple[str, str], reached: bool
) -> None:
    domain = _domain("FOLL_GET")
    candidate = next(
        one for one in find_candidates("follow_page", domain) if one.state.name == "small-none"
    )
    assert len(candidate.states) > 1
    row_of = np.zeros(len(domain.words), np.int32)
    row_of[candidate.states[-1]] = 1
    said = [("NULL", words) for words in after]
    rows = np.array([[one] * 2 for one in inside])
    found = find_reached((candidate,), domain, rows, row_of, lambda row, _subset: said[row])
    assert [(one.state, one.before, one.after) for one in found] == (
        [("small-none", "NULL", "the page")] if reached else []
    )


def test_a_candidate_is_a_scenario_of_the_route() -> None:
    domain = _domain("FOLL_GET FOLL_DUMP")
    for one in find_candidates("follow_page", domain):
        assert isinstance(one, Candidate)
        assert not one.route.kinds or one.state.kind in one.route.kinds


def test_outcomes_of_what_is_reached_are_those_that_simulate_gives(tmp_path: Path) -> None:
    review = read_review_file(TOP / "tests" / "golden" / "follow-page-v1.mbox.json")
    entry = next(e for p in review.patches for e in p.entries if e.name == "follow_page")
    change = next(c for c in entry.changes if c.after == "the page")
    one = next(one for one in change.reached if one.state == "thp-none")
    done = subprocess.run(
        [
            sys.executable, "-m", "reviewtool", "simulate", "follow_page", *one.options.split(),
            "--both", str(TOP / "sample_patches" / "follow-page-v1.mbox"),
        ],
        env={"XDG_CACHE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = re.findall(r"^Outcome (before|after): (.*)$", done.stdout, re.MULTILINE)
    assert said == [("before", one.before), ("after", one.after)]
