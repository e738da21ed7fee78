# SPDX-License-Identifier: GPL-2.0-only
"""That no scenario differs is no answer where no scenario asked the question."""

from __future__ import annotations

from difflib import unified_diff

import pytest

from reviewtool.behaviour.combined import combined_domain
from reviewtool.behaviour.entries import entry_domain
from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.review import PatchReview
from reviewtool.series.read import read_series
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import open_cache
from reviewtool.simulate.decisions import Decision
from reviewtool.simulate.instrument import Line
from reviewtool.simulate.lazy import GaveUp, run_lazily
from reviewtool.tree.changed import changed_lines
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources


def edited(old: str, new: str, path: str = "mm/gup.c") -> tuple[str, str]:
    """Return the file at PATH of the model, as it is and with OLD, which it has once, replaced by NEW."""
    text = bundled_model().read(path) or ""
    assert text.count(old) == 1
    return text, text.replace(old, new)


def review(old: str, new: str, path: str = "mm/gup.c") -> PatchReview:
    """Return the review of the patch that replaces OLD by NEW."""
    before, after = edited(old, new, path)
    diff = "".join(
        unified_diff(before.splitlines(True), after.splitlines(True), f"a/{path}", f"b/{path}")
    )
    mail = f"From: Ann Example <ann@example.org>\nSubject: [PATCH] mm: try\n\n---\ndiff --git a/{path} b/{path}\n{diff}"
    series = read_series([InputSource("patch", data=mail.encode())])
    settings = Settings(budget=1 << 16, combine=False)
    made, _ = review_series(series, bundled_model(), settings, open_cache())
    return made.patches[0]


GRAB = "\tif (WARN_ON_ONCE(folio_ref_count(folio) <= 0))\n\t\treturn -ENOMEM;\n\n\tif (unlikely(!(flags & FOLL_PCI"
PRESENT = "\tpte = ptep_get(ptep);\n\tif (!pte_present(pte))\n\t\tgoto no_page;\n\tif (pte_protnone"


@pytest.mark.parametrize(
    ("old", "new", "question"),
    [
        (PRESENT, PRESENT.replace("!pte_present(pte)", "!pte_present(pte) || address == 0x5000"),
         "`address == 0x5000` was never true"),
        (GRAB, GRAB.replace("<= 0)", "<= 0 || folio_ref_count(folio) > 5000)"),
         "`folio_ref_count(folio) > 5000` was never true"),
        ("\t\ti += page_increm;\n", "\t\ti += page_increm;\n\t\tif (i == 7)\n\t\t\tbreak;\n",
         "`i == 7` was never true"),
    ],
    ids=["an-address", "a-count", "a-statement"],
)  # fmt: skip
def test_what_no_scenario_tries_is_not_called_unchanged(old: str, new: str, question: str) -> None:
    found = review(old, new)
    assert found.verdict == "could not tell"
    assert question in found.verdict_why
    (finding,) = [one for one in found.findings if one.id == "open-question"]
    assert any(question in detail for detail in finding.details)
    assert not any(entry.changed for entry in found.entries)


def test_a_removed_check_that_no_scenario_needed_is_an_open_question_too() -> None:
    text = "\tif (!nr_pages)\n\t\treturn 0;\n\n\tstart = untagged_addr(start);\n"
    found = review(text, "\tstart = untagged_addr(start);\n")
    assert found.verdict == "could not tell"
    assert "removed `nr_pages` was never false" in found.verdict_why


def test_an_assertion_that_does_not_fail_and_a_condition_asked_both_ways_leave_nothing_open() -> (
    None
):
    new = PRESENT.replace(
        "\tif (!pte_present(pte))\n\t\tgoto no_page;\n",
        "\tVM_BUG_ON(address == 0x5000);\n\tif (pte_present(pte) == 0)\n\t\tgoto no_page;\n",
    )
    found = review(PRESENT, new)
    assert found.verdict == "no semantic change", found.verdict_why


def test_a_renamed_variable_in_moved_code_is_no_question() -> None:
    old = GRAB.replace("\n\n\tif (unlikely(!(flags & FOLL_PCI", "")
    new = "\tstruct folio *whole = folio;\n\n" + old.replace("(folio)", "(whole)")
    before = "\tstruct folio *folio = page_folio(page);\n\n"
    found = review(before + GRAB, before + GRAB.replace(old, new))
    assert found.verdict == "no semantic change", found.verdict_why


def test_lazy_runs_tell_which_answers_they_met() -> None:
    entry, head = (
        "can_follow_write_pte",
        "\tif (pte_write(pte))\n\t\treturn true;\n\n\tif (!(flags & FOLL_FORCE))",
    )
    extra = "\tif ((flags & FOLL_NOWAIT) && vma->vm_pgoff == 77)\n\t\treturn false;\n"
    texts = dict(bundled_model().sources())
    before = Snapshot(texts)
    after = Snapshot({**texts, "mm/gup.c": edited(head, extra + head)[1]})
    _, added = changed_lines(before, after)
    assert {path for path, _ in added} == {"mm/gup.c"}
    assert len(added) == 2
    index = index_sources(after)
    bound = bind(index.functions[entry])
    assert isinstance(bound, Binding)
    domain = combined_domain(entry_domain(entry, index, index, [bound], 1 << 16))
    request = BuildRequest(
        after, (bound,), domain.flags, index.constants, frozenset({entry}),
        frozenset(Line(*place) for place in added), lazy=entry,
    )  # fmt: skip
    module = build(request, open_cache())
    assert isinstance(module, Module)
    tree = run_lazily(module, entry, domain.words, domain.flags, most_leaves=100_000)
    assert not isinstance(tree, GaveUp)
    answers = {(one.text, one.answer) for one in tree.met if isinstance(one, Decision)}
    assert answers == {
        ("flags & FOLL_NOWAIT", True), ("flags & FOLL_NOWAIT", False), ("vma->vm_pgoff == 77", False),
    }  # fmt: skip
    assert {one.number for one in tree.met if isinstance(one, Line)} == {min(n for _, n in added)}


def test_changed_lines_are_those_without_a_partner() -> None:
    before = Snapshot({"a.c": "1\n2\n3\n4\n", "b.c": "x\n", "c.txt": "1\n", "gone.c": "g\n"})
    after = Snapshot({"a.c": "1\n3\n2\n4\n5\n", "b.c": "x\n", "c.txt": "2\n", "new.h": "n\n"})
    removed, added = changed_lines(before, after)
    assert ("b.c", 1) not in removed | added
    assert not any(path == "c.txt" for path, _ in removed | added)
    assert ("gone.c", 1) in removed
    assert ("new.h", 1) in added
    assert {number for path, number in added if path == "a.c"} in ({2, 5}, {3, 5})
