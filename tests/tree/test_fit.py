# SPDX-License-Identifier: GPL-2.0-only
"""Fragments fitted to tests/tree/base, a small tree of our own, and applied by git itself."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

import reviewtool
from reviewtool.mail.inputs import InputSource
from reviewtool.series.patch import Patch
from reviewtool.series.read import read_series
from reviewtool.tree.indent import Indenter
from reviewtool.tree.recover import Recovered, recover, recovery_of

HERE = Path(__file__).parent
BASE = HERE / "base"
MODEL = Path(reviewtool.__file__).parent / "model"
THREAD = HERE.parents[1].parent / "shared/thread/follow_page-archive.txt"


def fitted(mail: Path, base: Path = BASE) -> Recovered:
    def read(path: str) -> str | None:
        file = base / path
        return file.read_text() if file.is_file() else None

    series = read_series([InputSource.named(str(mail))], repair=True)
    if not series.recoveries:
        recovery = recovery_of(series.patches[0])
        assert recovery is not None
        series = replace(series, patches=(), recoveries=(recovery,))
    paths = sorted(str(file.relative_to(base)) for file in base.rglob("*.[ch]"))
    return recover(series, read, paths)


def applied(patch: Patch, tmp_path: Path, base: Path = BASE) -> str:
    """Return the file that the patch touches first, after git has applied it to the base."""
    shutil.copytree(base, tmp_path, dirs_exist_ok=True)
    subprocess.run(
        ["git", "apply", "--whitespace=error-all", "-"],
        cwd=tmp_path,
        input=patch.diff_bytes,
        check=True,
        env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent), "PATH": "/usr/bin:/bin"},
    )
    return (tmp_path / patch.paths[0]).read_text()


def repairs(found: Recovered) -> list[tuple[int, str]]:
    return [(item.source_line, item.what) for fit in found.patch_fits for item in fit.repairs]


WHOLE = HERE / "mails/whole.eml"


@pytest.mark.parametrize(
    "name",
    [
        "stripped-blanks.eml",
        "wrapped.eml",
        "tabs-to-spaces.eml",
        "quoted-reply.eml",
        "quoted-wrapped.eml",
    ],
)
def test_a_damaged_patch_is_repaired_to_what_was_sent(name: str, tmp_path: Path) -> None:
    (whole,) = fitted(WHOLE).series.patches
    (patch,) = fitted(HERE / "mails" / name).series.patches
    assert patch.diff_text == whole.diff_text
    assert "sum += weigh(tally, 1) + weigh_by_node(tally, address);" in applied(patch, tmp_path)


def test_every_repair_of_a_wrapped_line_is_listed_with_its_line() -> None:
    lines = (HERE / "mails/wrapped.eml").read_text().split("\n")
    (line,) = [
        line for line, what in repairs(fitted(HERE / "mails/wrapped.eml")) if "joined" in what
    ]
    assert lines[line - 1].endswith("weigh(tally, 1) +")


def test_tabs_that_were_made_blanks_are_tabs_again_and_are_listed() -> None:
    found = fitted(HERE / "mails/tabs-to-spaces.eml")
    assert (27, "added line indented: +        if (flags & TALLY_DOUBLE)") in repairs(found)
    (patch,) = found.series.patches
    assert "+\tif (flags & TALLY_DOUBLE)\n+\t\tsum +=" in patch.diff_text


def test_a_whole_patch_at_another_line_is_only_moved() -> None:
    assert repairs(fitted(WHOLE)) == [(18, "hunk moved from line 17 to line 18 of mm/tally.c")]


def test_an_archived_reply_gives_the_patch_that_it_quotes(tmp_path: Path) -> None:
    (patch,) = fitted(HERE / "mails/archived-reply.txt").series.patches
    text = applied(patch, tmp_path)
    assert "\t/*\n\t * Held pages count twice.\n\t */\n\tif (flags & TALLY_HELD) {\n\t\tsum" in text
    assert (patch.number, patch.total, patch.subject) == (
        2,
        3,
        "mm: let tally_pages() count held pages",
    )
    assert patch.author.address == "ann@xxxxxxxxxxx"


def test_context_that_the_remarks_cut_off_is_supplied_and_listed() -> None:
    found = repairs(fitted(HERE / "mails/archived-reply.txt"))
    assert (37, "context supplied from line 25 of mm/tally.c: if (flags & TALLY_NOTE)") in found
    assert (26, "3 lines left out as a remark: I have two remarks here:") in found


def test_a_function_in_plain_c_replaces_the_one_of_its_name(tmp_path: Path) -> None:
    (proposal,) = fitted(HERE / "mails/archived-reply.txt").series.proposals
    text = applied(proposal.patch, tmp_path)
    assert "/**\n * tally_pages - count the pages at an address\n" in text
    assert "\nint tally_pages(struct tally *tally, unsigned long address)\n{\n\tint sum;\n" in text
    assert text.count("int tally_pages(") == 1
    assert proposal.patch.author.name == "Rita Reviewer"


def test_the_declaration_in_a_header_follows_the_proposal(tmp_path: Path) -> None:
    (proposal,) = fitted(HERE / "mails/archived-reply.txt").series.proposals
    applied(proposal.patch, tmp_path)
    header = (tmp_path / "include/linux/tally.h").read_text()
    assert "int tally_pages(struct tally *tally, unsigned long address);\n" in header
    assert "flags" not in header


def test_callers_of_a_function_with_other_parameters_are_named() -> None:
    (fit,) = fitted(HERE / "mails/archived-reply.txt").proposal_fits
    assert fit.notes == (
        "the parameters of tally_pages() change; callers are as before: mm/tally.c:32",
    )


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("unknown-removed-line.txt", 22, "this removed line is not in mm/tally.c"),
        ("lost-added-line.txt", 36, "7 added and 1 removed lines are found"),
        ("perhaps-wrapped.txt", 36, "a remark, or the rest of the line above"),
        ("two-places.txt", 9, "fits at lines"),
    ],
)
def test_what_is_ambiguous_is_refused_with_its_line(name: str, line: int, reason: str) -> None:
    found = fitted(HERE / "mails" / name)
    assert found.series.patches == ()
    (ambiguity,) = found.ambiguities
    assert ambiguity.line == line
    assert reason in ambiguity.reason


def test_a_removed_line_that_the_tree_has_in_other_words_is_removed_and_told(
    tmp_path: Path,
) -> None:
    found = fitted(HERE / "mails/near-removed-line.txt")
    text = applied(found.series.patches[0], tmp_path)
    assert "\tif (WARN_ON_ONCE(flags & (TALLY_HELD | TALLY_NOTE)))\n" in text
    assert "if (WARN_ON_ONCE(flags & TALLY_HELD))" not in text
    what = (
        "the tree has another line where this one is removed, which is removed in its place "
        "(line 21): if (WARN_ON_ONCE(flags & TALLY_HELD))"
    )
    assert (22, what) in repairs(found)


def test_lines_of_a_recovered_patch_point_into_the_mail() -> None:
    (patch,) = fitted(HERE / "mails/archived-reply.txt").series.patches
    lines = (HERE / "mails/archived-reply.txt").read_text().split("\n")
    for line in patch.files[0].hunks[0].lines:
        if line.kind.value == "+" and line.text.strip():
            assert line.text.strip() in lines[line.source_line - 1]


@pytest.mark.skipif(not THREAD.exists(), reason="the archived thread is not part of the sources")
def test_the_archived_follow_page_thread_gives_both_patches(tmp_path: Path) -> None:
    found = fitted(THREAD, MODEL)
    assert found.ambiguities == ()
    (patch,) = found.series.patches
    (proposal,) = found.series.proposals
    assert (patch.number, patch.total) == (2, 4)
    assert (patch.files[0].added, patch.files[0].removed) == (9, 1)
    assert "\n\tif (!(foll_flags & FOLL_WRITE))\n\t\tfoll_flags |= FOLL_FORCE;\n" in applied(
        patch, tmp_path / "patch", MODEL
    )
    assert "follow_page(struct vm_area_struct *vma, unsigned long address)\n{" in applied(
        proposal.patch, tmp_path / "proposal", MODEL
    )
    assert proposal.patch.paths == ("mm/gup.c", "include/linux/mm.h")


def test_indentation_follows_from_the_code() -> None:
    code = (BASE / "mm/indent.c").read_text()
    indenter = Indenter()
    lines = [indenter.feed(line.strip()) + line.strip() for line in code.split("\n")]
    assert "\n".join(lines) == code


@pytest.mark.parametrize("name", ["mm/gup.c", "mm/ksm.c", "mm/migrate.c", "mm/huge_memory.c"])
def test_stripped_functions_of_the_model_get_their_indentation_back(name: str) -> None:
    lines = (MODEL / name).read_text().split("\n")
    wrong = []
    indenter = Indenter()
    inside = False
    for number, line in enumerate(lines, 1):
        if line == "{":
            indenter, inside = Indenter(), True
        if inside:
            aligned = bool(indenter.brackets) or indenter.continued is not None
            text = indenter.feed(line.strip()) + line.strip()
            if text != line and not aligned:
                wrong.append((number, line, text))
        inside = inside and line != "}"
    assert wrong == []
