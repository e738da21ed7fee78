# SPDX-License-Identifier: GPL-2.0-only
"""Every program that the reviews in a folder give compiles, and runs on this machine's kernel.

REVIEWTOOL_REVIEWS names the folder, as .ci/run does, which fills it with the reviews of all samples.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewtool.report.stored import read_review_file
from reviewtool.selftest.groups import number_groups
from reviewtool.selftest.program import Side, write_program
from tests.selftest.tap import compile_program, needs_gcc, run_program

FOLDER = os.environ.get("REVIEWTOOL_REVIEWS", "")
REVIEWS = sorted(Path(FOLDER).glob("*.json")) if FOLDER else []


@needs_gcc
@pytest.mark.skipif(not FOLDER, reason="REVIEWTOOL_REVIEWS names no folder of reviews")
@pytest.mark.parametrize("review", REVIEWS, ids=[path.stem for path in REVIEWS])
def test_all_programs_of_a_sample_compile_and_run(review: Path, tmp_path: Path) -> None:
    counts = {"pass": 0, "fail": 0, "skip": 0}
    groups = number_groups(read_review_file(review), str(review))
    programs = [group for group in groups if group.cases]
    for group in programs:
        compile_program(write_program(group, Side.BEFORE), tmp_path)
        tap = run_program(compile_program(write_program(group), tmp_path))
        assert len(tap.verdicts) == len(group.cases)
        for verdict in tap.verdicts:
            counts[verdict] += 1
    print(f"{review.stem}: {len(groups)} findings, {len(programs)} programs, tests {counts}")  # noqa: T201
