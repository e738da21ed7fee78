# SPDX-License-Identifier: GPL-2.0-only
"""What a review says of its own reach: statements that never ran, mutants that it would not report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.summary import render_markdown, render_text
from reviewtool.review import Review
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model

SAMPLES = Path(__file__).parent.parent / "sample_patches"
SETTINGS = Settings(budget=1 << 18, mutants=4)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Review:
    cache = open_cache(tmp_path_factory.mktemp("cache"))
    series = read_series([InputSource("lock-leak.patch", SAMPLES / "lock-leak.patch")])
    return review_series(series, bundled_model(), SETTINGS, cache)[0]


def test_a_review_lists_the_statements_of_changed_functions_that_never_ran(review: Review) -> None:
    (covered,) = review.patches[0].coverage
    assert (covered.function, covered.path) == ("follow_page_pte", "mm/gup.c")
    assert covered.statements > 40
    # with FOLL_PIN the page is made accessible, which nothing in the model can keep it from
    text = bundled_model().files["mm/gup.c"].split("\n")
    fails = next(n for n, line in enumerate(text, 1) if "arch_make_page_accessible" in line)
    assert any(fails < line < fails + 10 for line in covered.silent)
    for said in (render_text(review), render_markdown(review)):
        assert "statements ran; no scenario reached line" in " ".join(said.split())


def test_sensitivity_is_told_with_its_own_figures(review: Review) -> None:
    (measured,) = review.patches[0].sensitivity
    assert measured.tried == SETTINGS.mutants
    assert measured.reported + len(measured.missed) == measured.different <= measured.tried
    assert measured.reported > 0
    said = " ".join(render_text(review).split())
    assert f"sensitivity: of {measured.different} small wrong versions of follow_page_pte()" in said


def test_no_sensitivity_is_told_where_none_was_measured(review: Review) -> None:
    without = replace(review, patches=(replace(review.patches[0], sensitivity=()),))
    assert "sensitivity" not in render_text(without)
