# SPDX-License-Identifier: GPL-2.0-only
"""Edits that change no behaviour, each as a patch through the whole review: it must say so.

The domain is reduced (fewer flags are combined): a review that is wrong here would be wrong about
what it has run, not about what it left out.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.review import Severity
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.simulate.domain import DEFAULT_BUDGET
from reviewtool.tree.snapshot import bundled_model

PATCHES = tuple(sorted((Path(__file__).parent / "refactorings").glob("*.patch")))
BUDGET = 1 << 18
# What they change is told apart by flags that a small budget leaves out.
WHOLE = frozenset({"if-from-ternary", "helper-extracted-both", "unshare-nested", "unshare-switch"})
# What they write in other words is not run in any scenario, so nothing can be said of it.
UNSEEN = {
    "goto-to-return-hugetlb": "removed `goto out_unlock;` never ran",
    "if-from-ternary": "`return ERR_PTR(-ENOMEM);` never ran",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return open_cache(tmp_path_factory.mktemp("modules"))


def test_there_are_at_least_fifty_of_many_kinds() -> None:
    assert len(PATCHES) - len(UNSEEN) >= 50
    kinds = {"helper-extracted", "helper-inlined", "conditions-merged", "conditions-reordered",
             "goto-to-return", "retry-to-while", "renamed", "folio", "switch-from-if-chain", "de-morgan"}  # fmt: skip
    assert all(any(path.name.startswith(kind) for path in PATCHES) for kind in kinds)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda path: path.stem)
def test_a_refactoring_is_no_semantic_change(patch: Path, modules: Cache) -> None:
    series = read_series([InputSource(patch.name, patch)])
    settings = Settings(budget=DEFAULT_BUDGET if patch.stem in WHOLE else BUDGET, combine=False)
    review, _ = review_series(series, bundled_model(), settings, modules)
    (found,) = review.patches
    if patch.stem in UNSEEN:
        assert found.verdict == "could not tell"
        assert found.verdict_why == f"no scenario differs, but {UNSEEN[patch.stem]}"
        assert not any(entry.changed for entry in found.entries)
        return
    assert (found.applied, found.verdict) == ("cleanly", "no semantic change"), found.verdict_why
    assert found.entries
    assert not [f for f in found.findings if f.severity is not Severity.NOTE]
    (claim,) = [claim for claim in found.claims if claim.where == "log"]
    assert claim.judgement == "supported"
