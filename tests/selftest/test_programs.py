# SPDX-License-Identifier: GPL-2.0-only
"""Selftests out of reviews: they compile without a warning, run, and demand what the review computed.

What a kernel does is its own business: a test that fails on the machine's kernel is a result.
"""

from __future__ import annotations

import fcntl
import re
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtool.behaviour.userspace import ROUTES, STATES, State
from reviewtool.report.stored import read_review_file
from reviewtool.review import ChangeReview, ReachedReview, Review
from reviewtool.selftest.groups import MOST_CASES, Case, Group, number_groups
from reviewtool.selftest.literal import c_comment, c_string, plain
from reviewtool.selftest.outcome import Sight
from reviewtool.selftest.program import Side, write_program
from tests.report.hostile import EVIL
from tests.selftest.tap import compile_program, needs_gcc, run_program

GOLDEN = Path(__file__).parents[1] / "golden"
REVIEW = GOLDEN / "follow-page-v1.mbox.json"
KINDS = {state.kind: state for state in STATES}


@pytest.fixture(scope="module")
def groups() -> tuple[Group, ...]:
    return number_groups(read_review_file(REVIEW), str(REVIEW))


def _find(groups: tuple[Group, ...], function: str, after: str) -> Group:
    found = [one for one in groups if one.function == function and one.change.after == after]
    assert len(found) == 1
    return found[0]


def _with_cases(group: Group, states: tuple[State, ...], routes: tuple[str, ...]) -> Group:
    """Return GROUP, about each of STATES by each of ROUTES."""
    cases = [
        Case(state, route, "--set x=y", Sight("FAILED", ()), Sight("DONE", ()), "b", "a")
        for route in ROUTES
        for state in states
        if route.name in routes and (not route.kinds or state.kind in route.kinds)
    ]
    return replace(group, cases=tuple(cases))


@needs_gcc
def test_programs_for_every_state_that_follow_page_meets_compile_and_speak_tap(
    groups: tuple[Group, ...], tmp_path: Path
) -> None:
    for after in ("the page", "-EFAULT"):
        group = _find(groups, "follow_page", after)
        assert group.cases
        tap = run_program(compile_program(write_program(group), tmp_path))
        assert len(tap.verdicts) == len(group.cases)


@needs_gcc
@pytest.mark.parametrize("kind", KINDS)
def test_a_program_with_one_kind_of_state_has_nothing_unused(
    groups: tuple[Group, ...], tmp_path: Path, kind: str
) -> None:
    group = _with_cases(groups[0], (KINDS[kind],), ("move_pages_query",))
    compile_program(write_program(group), tmp_path, "-Wall", "-Wextra", "-Werror", "-c")


@needs_gcc
@pytest.mark.parametrize("route", [route.name for route in ROUTES])
def test_a_program_with_one_route_has_nothing_unused(
    groups: tuple[Group, ...], tmp_path: Path, route: str
) -> None:
    kinds = next(one.kinds for one in ROUTES if one.name == route) or {"small"}
    group = _with_cases(groups[0], (KINDS[min(kinds)],), (route,))
    compile_program(write_program(group), tmp_path, "-Wall", "-Wextra", "-Werror", "-c")


@needs_gcc
def test_every_state_is_made_or_skipped_with_a_reason(
    groups: tuple[Group, ...], tmp_path: Path
) -> None:
    routes = ("move_pages_query", "smaps", "vm_splice")
    group = _with_cases(groups[0], STATES, routes)
    program = compile_program(write_program(group), tmp_path)
    tap = run_program(program)
    # The plainest states exist on every kernel, and what is asked of them has an answer.
    made = [case.state.name for case in group.cases if case.route.name == "vm_splice"]
    seen = tap.verdicts[-len(made) :]
    assert seen[made.index("small-rw")] == "pass"
    assert seen[made.index("hole-rw")] == "pass"
    assert seen[made.index("small-none")] == "fail"  # DONE is demanded, PROT_NONE is in the way


@needs_gcc
def test_a_program_that_is_stopped_says_so_and_leaves_the_machine_as_it_was(
    groups: tuple[Group, ...], tmp_path: Path
) -> None:
    group = _with_cases(groups[0], tuple(s for s in STATES if s.kind == "ksm"), ("vm_readv",))
    program = compile_program(write_program(replace(group, cases=group.cases * 40)), tmp_path)
    was = _ksm_at_rest()
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "TAP version 13\n"
        running.send_signal(signal.SIGTERM)
        said = running.stdout.read()
    assert running.returncode == 1
    assert f"Bail out! stopped by signal {int(signal.SIGTERM)}" in said
    assert _ksm_at_rest() == was


def _ksm_at_rest() -> str:
    """Return whether ksmd runs while none of these programs is at work: they hold a lock."""
    path = Path("/sys/kernel/mm/ksm/run")
    if not path.exists():
        return ""
    with path.open() as run:
        fcntl.flock(run, fcntl.LOCK_EX)
        return run.read()


def test_what_is_demanded_comes_from_the_outcomes_of_the_review(groups: tuple[Group, ...]) -> None:
    group = _find(groups, "follow_page", "the page")
    case = next(case for case in group.cases if case.state.name == "small-none")
    assert (case.route.name, case.before.value, case.after.value) == (
        "move_pages_query",
        "-ENOENT",
        "NODE",
    )
    thp = next(case for case in group.cases if case.state.name == "thp-none")
    assert (thp.before.value, thp.after.value) == ("-EFAULT", "NODE")
    review = read_review_file(REVIEW)
    turned = number_groups(_turned(review), "turned")[group.number - 1]
    back = next(case for case in turned.cases if case.state.name == "small-none")
    assert (back.before.value, back.after.value) == ("NODE", "-ENOENT")


def _turned(review: Review) -> Review:
    """Return REVIEW with the outcomes before and after of what user space reaches in each other's place."""

    def turn(change: ChangeReview) -> ChangeReview:
        reached = (replace(one, before=one.after, after=one.before) for one in change.reached)
        return replace(change, reached=tuple(reached))

    return _each_change(review, turn)


def _each_change(review: Review, make: Callable[[ChangeReview], ChangeReview]) -> Review:
    return replace(
        review,
        patches=tuple(
            replace(
                patch,
                entries=tuple(
                    replace(entry, changes=tuple(map(make, entry.changes)))
                    for entry in patch.entries
                ),
            )
            for patch in review.patches
        ),
    )


def test_either_side_can_be_demanded_but_a_hazard_never_is(groups: tuple[Group, ...]) -> None:
    group = _find(groups, "follow_page", "-EFAULT")
    assert ".expected = -EFAULT, .other = -ENOENT" in write_program(group, Side.AFTER)
    assert ".expected = -ENOENT, .other = -EFAULT" in write_program(group, Side.BEFORE)
    bad = replace(group.cases[0], after=Sight("", ("no end (step bound reached)",)))
    for side in Side:
        text = write_program(replace(group, cases=(bad,)), side)
        assert ".expected = -ENOENT, .other = HAZARD" in text


def test_a_program_is_written_as_it_is_meant(
    groups: tuple[Group, ...], golden: Callable[[str, bytes], None]
) -> None:
    golden(
        "follow-page.selftest.c", write_program(_find(groups, "follow_page", "the page")).encode()
    )


def test_the_same_review_gives_the_same_program(groups: tuple[Group, ...]) -> None:
    again = number_groups(read_review_file(REVIEW), str(REVIEW))
    assert [write_program(one) for one in groups if one.cases] == [
        write_program(one) for one in again if one.cases
    ]


def test_what_cannot_be_reached_is_named_by_factor(groups: tuple[Group, ...]) -> None:
    for group in groups:
        assert bool(group.cases) != bool(group.obstacles)
    named = {one.factor for group in groups for one in group.obstacles}
    assert {"refcount=zero", "flags", "entry=devmap", "other_cpu=replaces"} <= named
    assert all(one.why for group in groups for one in group.obstacles)


def test_a_program_has_a_bounded_number_of_tests() -> None:
    review = read_review_file(REVIEW)

    def many(change: ChangeReview) -> ChangeReview:
        reached = (
            ReachedReview(state.name, "move_pages_query", "", "NULL", "the page")
            for state in STATES
            for _ in range(3)
        )
        return replace(change, reached=tuple(reached) if change.reached else ())

    for group in number_groups(_each_change(review, many), "many"):
        assert len(group.cases) <= MOST_CASES
        names = [case.state.name for case in group.cases]
        assert len(names) == len(set(names))


@needs_gcc
def test_texts_of_strangers_stay_texts(tmp_path: Path) -> None:
    evil = f'*/ #include "/etc/passwd" /* ??/\n" }}; int main(void) {{ /* \\ {EVIL}'

    def spoil(change: ChangeReview) -> ChangeReview:
        return replace(
            change, before=((evil, 1),), after=evil, effects=(evil,), hazards=(evil,), witness=evil,
            witness_before=evil, witness_after=evil, reached=tuple(
                replace(one, options=evil, before=f"{one.before}, {evil}", after=f"{one.after}, {evil}")
                for one in change.reached
            ),
        )  # fmt: skip

    review = _each_change(read_review_file(REVIEW), spoil)
    spoilt = tuple(replace(patch, label=evil, subject=evil) for patch in review.patches)
    found = [
        replace(group, function=evil)
        for group in number_groups(replace(review, patches=spoilt), "evil")
        if group.cases
    ]
    assert found
    source = write_program(found[0])
    assert source.isascii()
    assert "/etc/passwd" in source  # inside of a comment and of strings
    for flags in (("-std=gnu11",), ("-std=c99", "-trigraphs")):
        program = compile_program(source, tmp_path, *flags, "-Wall", "-Wextra", "-Werror")
    run_program(program)


_TEXT = st.text(
    st.characters() | st.sampled_from('*/\\"?%\n\r\t\0\x1b\u202e\u2028' + "??/*/"), max_size=40
)


@needs_gcc
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(_TEXT, min_size=150, max_size=300))
def test_the_compiler_reads_any_text_back(tmp_path: Path, texts: list[str]) -> None:
    lines = "".join(f"\tputs({c_string(text)});\n" for text in texts)
    comments = "".join(f"/* {line} */\n" for text in texts for line in c_comment(text))
    source = f"#include <stdio.h>\n{comments}int main(void)\n{{\n{lines}\treturn 0;\n}}\n"
    for standard in ("gnu11", "c99"):
        flags = (f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-O0")
        program = compile_program(source, tmp_path, *flags)
        said = subprocess.run([program], capture_output=True, check=True).stdout.decode("ascii")
        assert said.splitlines() == [plain(text) for text in texts]


def test_no_text_is_longer_than_a_line_of_tap_should_be() -> None:
    assert len(plain("x" * 10_000)) <= 300
    assert re.fullmatch(r"[ -~]*", plain(EVIL))
