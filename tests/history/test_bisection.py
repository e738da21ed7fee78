# SPDX-License-Identifier: GPL-2.0-only
"""The commit that changes a scenario is found, past merges and commits that cannot be run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reviewtool.errors import InputError
from reviewtool.gitdir import Commit
from reviewtool.history.bisection import Bisection, Question, bisect
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.tree.checkout import open_checkout
from reviewtool.tree.snapshot import Snapshot

if TYPE_CHECKING:
    from tests.conftest import History

_SET = ("entry=present,protnone", "flags=FOLL_GET")
_BROKEN = "mm: stop at PROT_NONE entries unless forced"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return open_cache(tmp_path_factory.mktemp("cache"))


def _bisect(
    history: History, cache: Cache, good: str, bad: str, options: tuple[str, ...] = _SET, entry: str = "follow_page"
) -> tuple[Bisection, list[str]]:  # fmt: skip
    said: list[str] = []
    with open_checkout(str(history.path)) as tree:
        git = tree.repository()

        def take(commit: Commit) -> Snapshot:
            return tree.at(commit)

        first, last = git.resolve(good), git.resolve(bad)
        paths = tuple(path for path, _ in take(last).sources())
        question = Question(entry, options, take, paths)
        return bisect(git, first, last, question, cache, said.append), said


def test_the_commit_is_found_and_asking_again_compiles_nothing(
    history: History, cache: Cache
) -> None:
    before = history.hash()
    found, said = _bisect(history, cache, "v1", "v2")
    assert found.compiled == 2  # the other commits change comments
    again, _ = _bisect(history, cache, "v1", "v2")
    assert [commit.subject for commit in found.first] == [_BROKEN]
    assert (found.before, found.after) == ("the page, a reference taken", "NULL")
    assert found.touching == 3  # of four: one changes no C
    assert len(said) == len(found.steps) == 2
    assert again == replace(found, compiled=0)
    assert history.hash() == before


def test_commits_that_cannot_be_run_are_skipped_and_left_open(
    history: History, cache: Cache
) -> None:
    history.git("checkout", "--quiet", "-b", "skips", "broken~1")
    history.change("mm/gup.c", "\tpte = ptep_get(ptep);\n", "\tpte = ptep_get(ptep;\n")
    history.commit("mm/gup: does not compile")
    history.git("cherry-pick", "broken")
    history.change("mm/gup.c", "\tpte = ptep_get(ptep;\n", "\tpte = ptep_get(ptep);\n")
    history.commit("mm/gup: compiles again")
    found, said = _bisect(history, cache, "v1", "skips")
    assert [commit.subject for commit in found.first] == [
        "mm/gup: does not compile", _BROKEN, "mm/gup: compiles again",
    ]  # fmt: skip
    skipped = {step.commit.subject for step in found.skipped}
    assert skipped == {_BROKEN, "mm/gup: does not compile"}
    assert any("skipped: does not compile: mm/gup.c:" in line for line in said)


def test_a_commit_of_a_merged_branch_is_found(history: History, cache: Cache) -> None:
    history.git("checkout", "--quiet", "-b", "side", "v1")
    history.git("cherry-pick", "broken")
    side = history.git("rev-parse", "HEAD")
    history.git("checkout", "--quiet", "-b", "trunk", "broken~1")
    history.add_line("mm/migrate.c", "/* Moves pages. */")
    history.commit("mm/migrate: say what the file is for")
    history.git("merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    found, _ = _bisect(history, cache, "broken~1", "trunk")
    assert [commit.id for commit in found.first] == [side]


def test_an_outcome_that_is_the_same_at_both_ends_is_told(history: History, cache: Cache) -> None:
    with pytest.raises(InputError, match="the outcome is the same at both ends: the page"):
        _bisect(history, cache, "v1", "broken~1")


def test_ends_that_are_the_wrong_way_round_are_told(history: History, cache: Cache) -> None:
    with pytest.raises(InputError, match="--bad is older than --good"):
        _bisect(history, cache, "v2", "v1")


@pytest.mark.parametrize(
    ("entry", "options", "reason"),
    [
        ("no_such_function", _SET, "no such function"),
        ("follow_page", ("entry=nothing",), "entry is one of"),
        ("follow_page", ("flags=FOLL_NOTHING",), "no flag FOLL_NOTHING"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(
    history: History, cache: Cache, entry: str, options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        _bisect(history, cache, "v1", "v2", options, entry)
