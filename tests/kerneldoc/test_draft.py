# SPDX-License-Identifier: GPL-2.0-only
"""Drafts are complete, pass every check, and change nothing else."""

from __future__ import annotations

from reviewtool.kerneldoc import parse_source
from reviewtool.kerneldoc.compare import diagnose
from reviewtool.kerneldoc.draft import draft_comment, draft_comments, insert_drafts
from reviewtool.kerneldoc.functions import find_functions

TEXT = """\
#include <linux/mm.h>

/* no kernel-doc */
static int helper(int a)
{
	return a;
}

int alloc_thing(struct mm_struct *mm, unsigned long addr, gfp_t gfp, struct page **pagep)
{
	lockdep_assert_held(&mm->lock);
	if (!addr)
		return -EINVAL;
	mutex_lock(&thing_lock);
	*pagep = make(mm, gfp);
	mutex_unlock(&thing_lock);
	return 0;
}
EXPORT_SYMBOL(alloc_thing);

/**
 * documented - has one
 */
void documented(void)
{
}

bool page_is_nice(struct page *page)
{
	return true;
}
"""


def test_draft_says_what_the_code_shows() -> None:
    (draft,) = draft_comments(parse_source(TEXT, "x.c"), TEXT, frozenset({"alloc_thing"}))
    assert draft.comment == (
        "/**\n"
        " * alloc_thing() - allocate thing\n"
        " * @mm: address space\n"
        " * @addr: virtual address\n"
        " * @gfp: allocation flags\n"
        " * @pagep: where to store the page\n"
        " *\n"
        " * Context: Caller must hold ``& mm->lock``. Takes ``thing_lock``. May sleep,\n"
        " *   in mutex_lock().\n"
        " *\n"
        " * Return:\n"
        " * * %-EINVAL - if ``!addr``\n"
        " * * 0 - on success\n"
        " */\n"
    )


def test_drafts_are_for_what_others_can_call_and_has_no_comment() -> None:
    drafts = draft_comments(parse_source(TEXT, "x.c"), TEXT)
    assert [draft.name for draft in drafts] == ["alloc_thing", "page_is_nice"]


def test_drafted_file_has_no_warnings_and_loses_no_line() -> None:
    inserted = insert_drafts(TEXT, draft_comments(parse_source(TEXT, "x.c"), TEXT))
    assert [one for one in diagnose(inserted, "x.c") if one.name != "documented"] == []
    left = [line for line in inserted.split("\n") if line in TEXT.split("\n")]
    assert [line for line in left if line not in {" */", "/**"}] == [
        line for line in TEXT.split("\n") if line not in {" */", "/**"}
    ]
    assert draft_comments(parse_source(inserted, "x.c"), inserted) == ()


def test_facts_become_marked_paragraphs() -> None:
    function = find_functions(TEXT)[1]
    comment = draft_comment(function, ("never returns the zero page.",))
    assert " * In the model run: never returns the zero page.\n" in comment


def test_functions_are_found_with_their_lines() -> None:
    found = {one.name: (one.start, one.line, one.end) for one in find_functions(TEXT)}
    assert found["alloc_thing"] == (9, 10, 18)
    assert list(found) == ["helper", "alloc_thing", "documented", "page_is_nice"]
