# SPDX-License-Identifier: GPL-2.0-only
"""A Fixes: tag is held against the repository, and against what the commit and its parent do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewtool.gitdir import Commit
from reviewtool.history.fixes import Checker
from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.summary import render_markdown, render_text
from reviewtool.review import Answer, FixesReview, Review
from reviewtool.series.read import read_series
from reviewtool.series.series import Series
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.tree.base import choose_base
from reviewtool.tree.checkout import open_checkout
from reviewtool.tree.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.conftest import History

_MADE, _RESTORED = "it made the change", "its parent behaves as the patch restores"
_EXISTS, _SUBJECT = "the commit exists", "its subject is the one that is told"
_OLDER = "it is older than the base"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return open_cache(tmp_path_factory.mktemp("cache"))


def _fix(history: History, *tags: str) -> Series:
    """Return a patch on v2 that undoes "broken", with TAGS."""
    history.change(
        "include/linux/mm.h", "\treturn flags & FOLL_FORCE;\n", "\treturn flags != ~0u;\n"
    )
    lines = "\n".join(f"Fixes: {tag}" for tag in tags)
    history.commit(
        f"mm: follow PROT_NONE entries again\n\nAs before.\n\n{lines}\nSigned-off-by: A <a@example.org>"
    )
    series = read_series(
        [
            InputSource(
                "fix.patch", data=history.git("format-patch", "--stdout", "-1").encode() + b"\n"
            )
        ]
    )
    history.git("reset", "--quiet", "--hard", "v2")
    return series


def _review(
    path: Path, series: Series, cache: Cache, *, run: bool
) -> tuple[tuple[FixesReview, ...], Review | None]:
    with open_checkout(str(path)) as tree:
        base = choose_base(tree, series, None)

        def take(commit: Commit, _entry: str) -> Snapshot:
            return tree.at(commit)

        assert base.commit is not None
        checker = Checker(
            tree.repository(), base.commit, take, cache, 1, lambda _what, _done, _of: None
        )
        if not run:
            return checker.check(series.patches[0], None), None
        settings = Settings(budget=5_000, check_fixes=checker.check)
        review, _ = review_series(series, base.snapshot, settings, cache)
        return review.patches[0].fixes, review


def _answers(fixes: FixesReview) -> dict[str, str]:
    return {check.question: check.answer.value for check in fixes.checks}


def test_a_right_tag_is_told_from_a_wrong_one_by_what_the_code_does(
    history: History, cache: Cache
) -> None:
    right, wrong = (history.git("rev-parse", "--short=12", name) for name in ("broken", "broken~1"))
    series = _fix(
        history,
        f'{right} ("mm: stop at PROT_NONE entries unless forced")',
        f'{wrong} ("mm/ksm: say what the file is for")',
    )
    before = history.hash()
    (first, second), review = _review(history.path, series, cache, run=True)
    assert history.hash() == before
    assert review is not None
    assert _answers(first) == {
        _EXISTS: "yes",
        _OLDER: "yes",
        _SUBJECT: "yes",
        _MADE: "yes",
        _RESTORED: "yes",
    }
    assert _answers(second) == {
        _EXISTS: "yes",
        _OLDER: "yes",
        _SUBJECT: "yes",
        _MADE: "no",
        _RESTORED: "yes",
    }
    made = next(check for check in first.checks if check.question == _MADE)
    assert made.rules
    assert all("PROT_NONE" in rule for rule in made.rules if "conditions" not in rule)
    findings = [finding for finding in review.patches[0].findings if finding.id == "fixes-tag"]
    assert [finding.title for finding in findings] == [
        "Fixes: names a commit that did not change what the patch changes"
    ]
    assert findings[0].source_line == series.patches[0].trailers[1].line
    for text in (render_text(review), render_markdown(review)):
        assert "it made the change: yes" in " ".join(text.replace("*", "").split())


def test_what_is_wrong_with_a_tag_alone_is_told(history: History, cache: Cache) -> None:
    right = history.git("rev-parse", "--short=12", "broken")
    history.git("checkout", "--quiet", "-b", "side", "v1")
    history.add_line("mm/gup.c", "/* Of a side. */")
    side = history.commit("mm/gup: of a side")[:12]
    history.git("checkout", "--quiet", "main")
    series = _fix(history, f'{right} ("mm: something else")', f"{right}", '0123456789ab ("mm: gone")',
                  f'{side} ("mm/gup: of a side")', "the last one")  # fmt: skip
    fixes, _ = _review(history.path, series, cache, run=False)
    answers = [_answers(one) for one in fixes]
    assert answers[0][_SUBJECT] == answers[1][_SUBJECT] == "no"
    assert answers[2] == {_EXISTS: "no"}
    assert answers[3][_OLDER] == "no"
    assert answers[4] == {"names a commit": "no"}
    assert answers[0][_MADE] == Answer.UNKNOWN.value


def test_what_a_shallow_clone_cannot_tell_is_unknown(
    history: History, cache: Cache, tmp_path: Path
) -> None:
    right = history.git("rev-parse", "--short=12", "broken")
    series = _fix(history, f'{right} ("mm: stop at PROT_NONE entries unless forced")')
    history.git(
        "clone", "--quiet", "--depth=1", f"file://{history.path}", str(tmp_path / "shallow")
    )
    (tag,), _ = _review(tmp_path / "shallow", series, cache, run=False)
    assert _answers(tag) == {_EXISTS: "unknown"}
