# SPDX-License-Identifier: GPL-2.0-only
"""Which commit a series is applied to, and what is said of the choice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reviewtool.errors import InputError
from reviewtool.mail.inputs import InputSource
from reviewtool.series.read import read_series
from reviewtool.series.series import Series
from reviewtool.tree.base import choose_base, wanted_blobs
from reviewtool.tree.checkout import open_checkout
from reviewtool.tree.repository import Applied, Conflict, open_repository

if TYPE_CHECKING:
    from tests.conftest import History


def _series_of(history: History, *options: str, commits: str = "-1") -> Series:
    text = history.git("format-patch", "--stdout", *options, commits)
    return read_series([InputSource("topic.mbox", data=text.encode() + b"\n")])


def _topic(history: History, start: str, *options: str) -> Series:
    """Return a patch to mm/gup.c made on START; main is checked out again."""
    history.git("checkout", "--quiet", "--detach", start)
    history.change("mm/gup.c", "\tpte = ptep_get(ptep);\n", "\tpte = ptep_get(ptep); /* once */\n")
    history.commit("mm/gup: say that it is read once")
    series = _series_of(history, *options)
    history.git("checkout", "--quiet", "main")
    return series


def _name(
    history: History, series: Series, revision: str | None = None
) -> tuple[str, str, tuple[str, ...]]:
    with open_checkout(str(history.path)) as tree:
        base = choose_base(tree, series, revision)
        assert base.commit is not None
        tags = history.git("tag", "--points-at", base.commit.id)
        return tags or base.commit.subject, base.name, base.notes


def test_head_is_taken_where_it_has_the_versions(history: History) -> None:
    tag, name, notes = _name(history, _topic(history, "v2"))
    assert (tag, notes) == ("v2", ())
    assert name.endswith(", HEAD")


def test_the_newest_commit_with_the_versions_is_found(history: History) -> None:
    # mm/gup.c is the same in the four commits from v1 to "broken".
    series = _topic(history, "v1")
    history.git("gc", "--quiet")
    tag, name, notes = _name(history, series)
    assert (tag, notes) == ("broken", ())
    assert "the newest with the versions that the series names" in name


def test_versions_of_a_branch_are_found(history: History) -> None:
    history.git("checkout", "--quiet", "-b", "other", "v1")
    history.add_line("mm/gup.c", "/* Of a branch. */")
    history.commit("mm/gup: of a branch", "branch-1")
    series = _topic(history, "other")
    assert _name(history, series)[0] == "branch-1"


def test_a_series_wants_each_file_as_it_is_before_its_first_patch(history: History) -> None:
    gup, ksm = (history.git("rev-parse", f"HEAD:{path}") for path in ("mm/gup.c", "mm/ksm.c"))
    history.add_line("mm/gup.c", "/* One. */")
    history.commit("one")
    history.add_line("mm/gup.c", "/* Two. */")
    history.add_line("mm/ksm.c", "/* Two. */")
    (history.path / "mm/new.c").write_text("int two;\n")
    history.commit("two")
    wanted = wanted_blobs(_series_of(history, "--full-index", commits="-2").patches).blobs
    assert wanted == {"mm/gup.c": gup, "mm/ksm.c": ksm, "mm/new.c": ""}


def test_a_base_that_the_user_names_is_taken(history: History) -> None:
    tag, name, _ = _name(history, _topic(history, "v2"), "v1")
    assert tag == "v1"
    assert "named by --base v1" in name


def test_the_base_that_the_series_names_is_taken(history: History) -> None:
    tag, name, _ = _name(history, _topic(history, "v1", "--base=v1"))
    assert tag == "v1"
    assert "base-commit" in name


def test_a_named_base_that_is_not_there_is_told(history: History) -> None:
    text = history.git("format-patch", "--stdout", "--base=v1", "v1..v2")
    text = text.replace(
        f"base-commit: {history.git('rev-parse', 'v1')}", f"base-commit: {'4' * 40}"
    )
    series = read_series([InputSource("topic.mbox", data=text.encode())])
    tag, _, notes = _name(history, series)
    assert tag == "v1"  # by its versions
    assert any("no commit 444444444444" in note for note in notes)


def test_a_shallow_clone_without_the_base_says_which_version_is_needed(
    history: History, tmp_path: Path
) -> None:
    series = _topic(history, "v1")
    shallow = tmp_path / "shallow"
    history.git("clone", "--quiet", "--depth=1", f"file://{history.path}", str(shallow))
    with open_checkout(str(shallow)) as tree:
        base = choose_base(tree, series, None)
        blob = history.git("rev-parse", "v1:mm/gup.c")[:7]
        assert any(blob in note and "shallow clone" in note for note in base.notes), base.notes
        with pytest.raises(InputError, match=r"v1: .* has no such revision; it is a shallow clone"):
            choose_base(tree, series, "v1")


def test_a_version_that_no_commit_has_is_merged_where_the_repository_has_it(
    history: History,
) -> None:
    """The patch was made on a file that was only ever staged, and its context is elsewhere at HEAD."""
    history.change(
        "mm/gup.c", "\tpte = ptep_get(ptep);\n", "\tpte = ptep_get(ptep); /* staged */\n"
    )
    history.git("add", "--all")
    old = history.git("rev-parse", ":mm/gup.c")
    history.change(
        "mm/gup.c",
        "\tif (!pte_present(pte))\n\t\tgoto no_page;\n\tif (pte_protnone",
        "\tif (!pte_present(pte))\n\t\tgoto no_page; /* no */\n\tif (pte_protnone",
    )
    diff = history.git("diff") + "\n"
    assert old.startswith(diff.split("index ")[1].split("..")[0])
    mail = f"From: A <a@example.org>\nSubject: [PATCH] mm/gup: say no\n\nText.\n---\n{diff}"
    history.git("reset", "--quiet", "--hard")
    series = read_series([InputSource("x.eml", data=mail.encode())])
    with open_checkout(str(history.path)) as tree:
        base = choose_base(tree, series, None)
        assert any("for a three-way merge" in note for note in base.notes)
        with open_repository(base.snapshot) as repository:
            assert isinstance(repository.apply(series.patches[0]), Conflict)
        with open_repository(base.snapshot, base.find_blob) as repository:
            applied = repository.apply(series.patches[0])
            assert isinstance(applied, Applied)
            assert applied.how == "by three-way merge"
            assert "goto no_page; /* no */" in (applied.snapshot.read("mm/gup.c") or "")


def test_a_dirty_work_tree_is_told_and_not_reviewed(history: History) -> None:
    series = _topic(history, "v2")
    history.add_line("mm/gup.c", "/* Not committed. */")
    before = history.hash()
    with open_checkout(str(history.path)) as tree:
        base = choose_base(tree, series, None)
        assert any(
            "1 file of the work tree differ" in note and "mm/gup.c" in note for note in base.notes
        )
        assert "Not committed" not in (base.snapshot.read("mm/gup.c") or "")
    assert history.hash() == before


def test_a_plain_directory_has_no_bases(history: History) -> None:
    series = _topic(history, "v2")
    shutil.rmtree(history.path / ".git")
    with open_checkout(str(history.path)) as tree:
        assert choose_base(tree, series, None).snapshot.read("mm/gup.c")
        with pytest.raises(InputError, match="plain directory"):
            choose_base(tree, series, "v2")


def test_a_file_of_a_submodule_is_refused_by_its_name(history: History) -> None:
    history.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},mm/sub")
    history.git("commit", "--quiet", "-m", "submodule")
    diff = "--- a/mm/sub/x.c\n+++ b/mm/sub/x.c\n@@ -1 +1 @@\n-a\n+b\n"
    series = read_series([InputSource("x.diff", data=diff.encode())])
    with (
        open_checkout(str(history.path)) as tree,
        pytest.raises(InputError, match="in the submodule mm/sub"),
    ):
        choose_base(tree, series, None)
