# SPDX-License-Identifier: GPL-2.0-only
"""A sweep is the same however it is cut up."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reviewtool.behaviour.compare import Side, Verdict, compare
from reviewtool.simulate.build import Module
from reviewtool.simulate.domain import Domain
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.snapshot import Snapshot, bundled_model

Built = Callable[[Snapshot, tuple[str, ...], tuple[str, ...]], Module]
Patched = Callable[[str, int], Snapshot]
WalkDomain = Callable[[tuple[str, ...]], Domain]
FLAGS = ("FOLL_WRITE", "FOLL_GET", "FOLL_FORCE", "FOLL_DUMP", "FOLL_SPLIT_PMD")


def table(swept: Swept) -> np.ndarray[tuple[int, int], np.dtype[np.uint64]]:
    """Return the record of every scenario."""
    records: np.ndarray[tuple[int, int], np.dtype[np.uint64]] = swept.records[
        swept.rows[swept.row_of]
    ]
    return records


@pytest.mark.parametrize("workers", [2, 3, 7])
def test_the_result_does_not_depend_on_the_number_of_workers(
    built: Built, walk_domain: WalkDomain, workers: int
) -> None:
    module = built(bundled_model(), ("follow_page",), FLAGS)
    domain = walk_domain(FLAGS)
    alone = sweep(module, "follow_page", domain, workers=1)
    shared = sweep(module, "follow_page", domain, workers=workers)
    assert np.array_equal(table(alone), table(shared))
    assert np.array_equal(alone.records, shared.records)
    assert alone.lines == shared.lines


def test_two_runs_are_equal(built: Built, walk_domain: WalkDomain) -> None:
    module = built(bundled_model(), ("follow_page",), FLAGS)
    first, second = (sweep(module, "follow_page", walk_domain(FLAGS)) for _ in range(2))
    for name in ("records", "rows", "row_of"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_no_scenario_sees_what_another_left_behind(built: Built, walk_domain: WalkDomain) -> None:
    module = built(bundled_model(), ("get_user_pages",), FLAGS)
    whole = walk_domain(FLAGS)
    some = np.random.default_rng(1).choice(len(whole.words), 40, replace=False)
    swept = table(sweep(module, "get_user_pages", whole))
    for state in some:
        alone = Domain(whole.factors, whole.flags, whole.words[state : state + 1])
        assert np.array_equal(
            table(sweep(module, "get_user_pages", alone, workers=1))[0], swept[state]
        )


def test_an_entry_or_flag_that_was_not_built_is_an_error(
    built: Built, walk_domain: WalkDomain
) -> None:
    module = built(bundled_model(), ("follow_page",), FLAGS)
    with pytest.raises(ValueError, match="not in"):
        sweep(module, "nothing", walk_domain(FLAGS))
    with pytest.raises(ValueError, match="not in"):
        sweep(module, "follow_page", walk_domain(("FOLL_NOWAIT",)))


@pytest.mark.parametrize(
    ("sample", "before", "verdict"),
    [
        ("true-refactoring.patch", 0, Verdict.NO_CHANGE),
        ("false-refactoring.patch", 0, Verdict.CHANGE),
        ("factor-out-protnone.patch", 1, Verdict.CHANGE),
        ("honor-numa-fault.mbox", 0, Verdict.NO_CHANGE),
        ("honor-numa-fault.mbox", 1, Verdict.CHANGE),
        ("follow-page-v1.mbox", 0, Verdict.NO_CHANGE),
        ("follow-page-v1.mbox", 1, Verdict.CHANGE),
    ],
)
def test_samples_change_what_they_change_and_nothing_else(
    built: Built,
    patched: Patched,
    walk_domain: WalkDomain,
    sample: str,
    before: int,
    verdict: Verdict,
) -> None:
    domain = walk_domain(FLAGS)

    def side(count: int) -> Side:
        module = built(patched(sample, count), ("follow_page",), FLAGS)
        return Side(sweep(module, "follow_page", domain), module.unmodelled, "")

    assert compare("follow_page", domain, side(before), side(before + 1)).verdict is verdict
