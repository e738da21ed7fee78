# SPDX-License-Identifier: GPL-2.0-only
"""Where the code that ran is from, in every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.report.formats import render_review
from reviewtool.report.page import render_page
from reviewtool.report.sarif import render_sarif
from reviewtool.review import Origin, Review
from reviewtool.series.series import Series

Reviews = Callable[[str], tuple[Review, Series]]
ORIGIN = Origin(("mm/gup.c:1 a", "mm/gup.c:9 b"), ("pte_present",), ("ask<b>", "told"))


def on_a_kernel(review: Review, met: int) -> Review:
    """Return REVIEW as if its patches were on a kernel tree, MET scenarios of whose first entry called a stub."""
    patches = []
    for patch in review.patches:
        first, *rest = patch.entries
        first = replace(first, unmodelled=(("told", met),) if met else ())
        patches.append(replace(patch, origin=ORIGIN, entries=(first, *rest)))
    return replace(review, patches=tuple(patches))


@pytest.mark.parametrize("form", ["text", "markdown", "sarif", "html"])
@pytest.mark.parametrize("met", [0, 7])
def test_stubs_and_how_many_scenarios_met_one_are_told(
    form: str, met: int, review_sample: Reviews
) -> None:
    review = on_a_kernel(review_sample("lock-leak.patch")[0], met)
    special = {"html": render_page, "sarif": render_sarif}
    said = special[form](review) if form in special else render_review(review, form)
    said = " ".join(said.split())
    assert "2 functions are the tree's own" in said.replace("&#39;", "'")
    scenarios = sum(entry.scenarios for entry in review.patches[0].entries)
    share = f"{met / scenarios:.2%} of the scenarios met a stub" if met else "no scenario met one"
    assert share in said
    assert ("ask<b>" in said) == (form in ("text", "sarif"))
