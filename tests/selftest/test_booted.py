# SPDX-License-Identifier: GPL-2.0-only
"""Selftests on a booted Linux 6.1, which has what the sample series mends (FOLL_NUMA dropped, v6.1).

REVIEWTOOL_KERNEL names its bzImage; .ci/booted-kernel gets Debian's.  Everything runs in one boot.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from reviewtool.behaviour.compare import Side as Outcomes
from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.behaviour.userspace import ROUTES, find_candidates
from reviewtool.behaviour.wording import scenario_at
from reviewtool.history.versions import read_version, shared_domain, sweep_version
from reviewtool.report.stored import read_review_file
from reviewtool.selftest.groups import Case, Group, number_groups
from reviewtool.selftest.outcome import Sight, see
from reviewtool.selftest.program import Side, write_program
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model
from tests.selftest.machine import Booted, boot

KERNEL = os.environ.get("REVIEWTOOL_KERNEL", "")
REVIEW = Path(__file__).parents[1] / "golden" / "follow-page-v1.mbox.json"
pytestmark = [
    pytest.mark.skipif(not KERNEL, reason="REVIEWTOOL_KERNEL names no kernel to boot"),
    pytest.mark.skipif(shutil.which("qemu-system-x86_64") is None, reason="there is no QEMU"),
]
_BUDGET = 1 << 21
_FUNCTIONS = sorted({name for route in ROUTES for name, _ in route.calls})
_NOT_IN_THE_MODEL = {"break_ksm", "get_user_pages_remote", "pin_user_pages_remote"}


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Booted:
    groups = number_groups(read_review_file(REVIEW), str(REVIEW))
    sources = {}
    for group in groups:
        if group.cases:
            sources[f"before-{group.number}"] = write_program(group, Side.BEFORE)
            sources[f"after-{group.number}"] = write_program(group, Side.AFTER)
    folder = tmp_path_factory.mktemp("machine")
    for function in _FUNCTIONS:
        if function not in _NOT_IN_THE_MODEL:
            sources[f"model-{function}"] = write_program(_predict(function, groups[0], folder))
    return boot(Path(KERNEL), sources, folder)


def _predict(function: str, like: Group, folder: Path) -> Group:
    """Return a group with every state and route to FUNCTION, and what the model as it is gives there."""
    version = read_version("the model", bundled_model(), function)
    domain = shared_domain((version, version), _BUDGET)
    cache = open_cache(folder / "cache")
    side = sweep_version(version, domain, cache, workers=1, progress=lambda *_: None)
    assert isinstance(side, Outcomes)
    swept = side.swept
    cases: dict[tuple[str, str], Case] = {}
    for one in find_candidates(function, domain):
        records = swept.records[swept.rows[swept.row_of[one.states], one.subset]]
        said = {
            describe(read_outcome(int(record)), side.unmodelled, side.out) for record in records
        }
        sights = {see(function, one.route.name, words) for words in said}
        assert len(sights) == 1, (one.state.name, one.route.name, said)
        sight = sights.pop()
        assert sight is not None, said
        options = scenario_at(domain, int(domain.words[one.states[0]]), one.subset).options
        case = Case(one.state, one.route, options, Sight("", ("none",)), sight, "", min(said))
        cases.setdefault((one.state.name, one.route.name), case)
    return replace(like, function=function, cases=tuple(cases.values()))


def test_the_model_gives_what_linux_does_in_every_state_that_user_space_makes(
    booted: Booted,
) -> None:
    assert booted.release.startswith("6.1.")
    tried = [tap for name, tap in booted.taps.items() if name.startswith("model-")]
    assert [tap.text for tap in tried if "fail" in tap.verdicts] == []
    passed = sum(tap.verdicts.count("pass") for tap in tried)
    skipped = sum(tap.verdicts.count("skip") for tap in tried)
    print(f"{passed} scenarios as in the model, {skipped} not made")  # noqa: T201
    assert passed > 500


def test_a_kernel_with_the_regression_is_on_the_side_before_the_patches(booted: Booted) -> None:
    before = [tap for name, tap in booted.taps.items() if name.startswith("before-")]
    after = [tap for name, tap in booted.taps.items() if name.startswith("after-")]
    assert sum(tap.verdicts.count("pass") for tap in before) > 40
    assert all("fail" not in tap.verdicts for tap in before)
    assert all("pass" not in tap.verdicts for tap in after)
    assert {verdict for tap in after for verdict in tap.verdicts} == {"fail"}
