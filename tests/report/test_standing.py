# SPDX-License-Identifier: GPL-2.0-only
"""Pass, warn, fail; and Patchwork's rows made of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.report.patchwork import render_checks
from reviewtool.report.standing import Standing, summarize
from reviewtool.review import FileReview, Review
from reviewtool.series.series import Series
from tests.report.hostile import hostile_review

Reviews = Callable[[str], tuple[Review, Series]]


@pytest.mark.parametrize(
    ("name", "standings"),
    [
        ("lock-leak.patch", ["fail"]),
        ("true-refactoring.patch", ["pass"]),
        ("does-not-apply.patch", ["fail"]),
        ("follow-page-v1.mbox", ["warn", "warn", "warn", "pass"]),
    ],
)
def test_samples_stand_as_they_should(
    review_sample: Reviews, name: str, standings: list[str]
) -> None:
    patches = review_sample(name)[0].patches
    assert [summarize(patch).standing.value for patch in patches] == standings


def test_what_could_not_be_told_is_no_pass_unless_it_is_no_code(review_sample: Reviews) -> None:
    patch = review_sample("true-refactoring.patch")[0].patches[0]
    unknown = replace(patch, verdict="could not tell", verdict_why="x", findings=())
    page = FileReview("Documentation/mm/x.rst", 1, 0, simulated=False, why="x")
    assert summarize(unknown).standing is Standing.WARN
    assert summarize(replace(unknown, files=(page,))).standing is Standing.PASS
    assert "no code" in summarize(replace(unknown, files=(page,))).text
    assert summarize(replace(unknown, files=(page, *patch.files))).standing is Standing.WARN
    assert summarize(replace(unknown, files=())).standing is Standing.WARN


def test_a_check_of_patchwork_is_an_object_a_line(review_sample: Reviews) -> None:
    review = review_sample("follow-page-v1.mbox")[0]
    rows = [json.loads(line) for line in render_checks(review).splitlines()]
    assert [row["state"] for row in rows] == ["warning", "warning", "warning", "success"]
    for row in rows:
        assert list(row) == ["state", "context", "description", "target_url"]
        assert re.fullmatch(r"[-a-zA-Z0-9_]+", row["context"])
        assert row["target_url"] is None


def test_hostile_text_in_a_check_stays_one_short_line(review_sample: Reviews) -> None:
    text = render_checks(hostile_review(review_sample("lock-leak.patch")[0]))
    (line,) = text.splitlines()
    row = json.loads(line)
    assert row["state"] == "fail"
    assert len(row["description"]) <= 250
    assert row["description"].isprintable() or "\ud800" in row["description"]
    assert not set(row["description"]) & set("\n\r\x1b\u202e")
