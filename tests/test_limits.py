# SPDX-License-Identifier: GPL-2.0-only
"""What docs/limits.md says of the tool is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model

TOP = Path(__file__).parents[1]
ROWS = re.findall(r"(?m)^\| `([\w-]+)` \| ([\w ]+) \|", (TOP / "docs/limits.md").read_text())


def test_every_example_is_on_the_page_and_has_a_patch() -> None:
    patches = {path.stem for path in (TOP / "tests/limits").glob("*.patch")}
    assert patches == {name for name, _ in ROWS}
    assert len(ROWS) == len(patches) >= 8


@pytest.mark.parametrize(("name", "verdict"), ROWS, ids=[name for name, _ in ROWS])
def test_the_verdict_is_the_one_on_the_page(name: str, verdict: str) -> None:
    path = TOP / f"tests/limits/{name}.patch"
    series = read_series([InputSource(path.name, path)])
    settings = Settings(budget=1 << 15, combine=False)
    review, _ = review_series(series, bundled_model(), settings, open_cache())
    assert review.patches[0].verdict == verdict, review.patches[0].verdict_why
