# SPDX-License-Identifier: GPL-2.0-only
"""What a review says of changes to a small kernel tree of our own."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.review import PatchReview
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import lay_out_entry
from reviewtool.slice.pair import slice_pair
from reviewtool.tree.snapshot import Snapshot

HEADER = """\
#define FOLL_GET	0x04
#define FOLL_LONGTERM	0x10
struct page *look_up(struct mm_struct *mm, pte_t pte, unsigned int flags);
#ifdef CONFIG_PAPER
static inline bool may_stay(struct page *page) { return true; }
#else
static inline bool may_stay(struct page *page)
{
	return !is_zone_movable_page(page);
}
#endif
"""
CODE = """\
#include <linux/mm.h>

static struct page *take(struct mm_struct *mm, pte_t pte, unsigned int flags)
{
	struct page *page;

	if (!pte_present(pte))
		return NULL;
	page = pte_page(pte);
	if (flags & FOLL_GET)
		get_page(page);
	return page;
}

#ifdef CONFIG_ABACUS
static int beads(void)
{
	return 1;
}
#endif

#ifdef CONFIG_MMU
static int move_away(struct page *page)
{
	LIST_HEAD(moving);

	if (isolate_lru_page(page))
		return -EBUSY;
	list_add_tail(&page->lru, &moving);
	mod_node_page_state(NULL, 1, 1);
	if (!migrate_pages(&moving, moving_target, NULL, 0, 0, 0))
		return -EAGAIN;
	putback_movable_pages(&moving);
	return -ENOMEM;
}
#endif

static struct page *moving_target(struct page *page, unsigned long private)
{
	return __alloc_pages_node(0, GFP_USER, 0);
}

struct page *look_up(struct mm_struct *mm, pte_t pte, unsigned int flags)
{
	struct page *page = take(mm, pte, flags);

	count_vm_event(3);
	if (page && flags & FOLL_LONGTERM && !may_stay(page))
		return ERR_PTR(move_away(page));
	return page;
}
"""
TOUCH = """
size_t touch_all(char *from, size_t size)
{
	char *at = from, c;

	for (; at < from + size; at = (char *)PAGE_ALIGN((unsigned long)at + 1))
		if (__get_user(c, at))
			return from + size - at;
	return 0;
}
"""
CODE += TOUCH
BOTH = {"include/linux/mm.h": HEADER, "mm/gup.c": CODE}
TREE = Snapshot(BOTH)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("objects"))


def review(after: dict[str, str], cache: Cache, folder: Path, budget: int = 1 << 16) -> PatchReview:
    """Return the review of what makes AFTER of the tree."""
    lines = ["From: A <a@example.org>\n", "Subject: [PATCH] gup\n", "\n", "Log.\n", "---\n"]
    for path, text in after.items():
        old, new = BOTH[path].splitlines(keepends=True), text.splitlines(keepends=True)
        if old != new:
            lines.append(f"diff --git a/{path} b/{path}\n")
            lines += difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")
    mail = folder / "one.patch"
    mail.write_text("".join(lines))
    series = read_series([InputSource.named(str(mail))], repair=False)
    made, _ = review_series(series, TREE, Settings(budget=budget, combine=False), cache)
    (patch,) = made.patches
    return patch


def edited(old: str, new: str, path: str = "mm/gup.c") -> dict[str, str]:
    assert BOTH[path].count(old) == 1, old
    return {path: BOTH[path].replace(old, new)}


def moved(part: str, behind: str) -> dict[str, str]:
    without = CODE.replace(part, "")
    assert behind in without
    return {"mm/gup.c": without.replace(behind, behind + part)}


BEADS = CODE[CODE.index("#ifdef CONFIG_ABACUS") : CODE.index("#ifdef CONFIG_MMU")]
NONE, CHANGE, UNKNOWN = "no semantic change", "semantic change", "could not tell"


@pytest.mark.parametrize(
    ("after", "verdict", "why"),
    [
        pytest.param(edited("!pte_present(pte)", "!pte_young(pte)"), CHANGE, "look_up()", id="behaviour"),
        pytest.param(
            edited("page = pte_page(pte);", "page = pfn_to_page(pte_pfn(pte));"), NONE, "scenarios", id="refactoring"
        ),
        pytest.param(
            {path: text.replace("take(", "obtain(") for path, text in BOTH.items()}, NONE, "place", id="rename"
        ),
        pytest.param(
            {path: text.replace("may_stay(", "is_at_home(") for path, text in BOTH.items()}, NONE, "place",
            id="rename of what another configuration has, too",
        ),
        pytest.param(moved(BEADS, "#include <linux/mm.h>\n"), NONE, "place", id="move of code that is not compiled"),
        pytest.param(edited("return 1;", "return 2;"), UNKNOWN, "mm/gup.c", id="code that is not compiled"),
        pytest.param(
            {"mm/gup.c": CODE.replace("#ifdef CONFIG_MMU\n", "").replace("ENOMEM;\n}\n#endif\n", "ENOMEM;\n}\n")},
            NONE, "place", id="move out of a condition",
        ),
        pytest.param(edited("count_vm_event(3)", "count_vm_event(4)"), UNKNOWN, "not modelled", id="another statistic"),
        pytest.param(
            edited("mod_node_page_state(NULL, 1, 1);", "mod_node_page_state(NULL, 1, 2);"), UNKNOWN, "not modelled",
            id="a statistic of a migration",
        ),
        pytest.param(edited("GFP_USER", "GFP_KERNEL"), UNKNOWN, "not modelled", id="allocation flags of a migration"),
        pytest.param(
            edited("	putback_movable_pages(&moving);\n", ""), CHANGE, "look_up()", id="a reference that a migration leaks"
        ),
        pytest.param(
            edited("if (flags & FOLL_GET)", "if (access_ok(page, 1) && flags & FOLL_GET)"), UNKNOWN, "access_ok",
            id="what is always true here",
        ),
        pytest.param(
            edited("if (!pte_present(pte))", "if (!pte_present(pte) || mm->flags & VM_SHADOW_STACK)"), UNKNOWN, "VM_SHADOW_STACK",
            id="a flag that nothing has here",
        ),
        pytest.param(edited("return from + size - at;", "return size;"), CHANGE, "touch_all()", id="bytes that are left"),
        pytest.param(edited("page = pte_page(pte);", "page = pte_page(READ_ONCE(pte));"), UNKNOWN, "READ_ONCE", id="order"),
        pytest.param(
            {"mm/gup.c": CODE + "\nstruct page *new_one(struct page *page)\n{\n	get_page(page);\n	return page;\n}\n"},
            CHANGE, "new_one() is new", id="a new function",
        ),
    ],
)  # fmt: skip
def test_a_verdict(
    after: dict[str, str], verdict: str, why: str, cache: Cache, tmp_path: Path
) -> None:
    patch = review(after, cache, tmp_path)
    assert (patch.verdict, why in patch.verdict_why) == (verdict, True), patch.verdict_why
    assert not any(entry.unmodelled for entry in patch.entries)


def test_a_page_that_may_not_stay_is_moved_or_is_not(cache: Cache, tmp_path: Path) -> None:
    patch = review(edited("return -ENOMEM;", "return -EINTR;"), cache, tmp_path)
    (entry,) = patch.entries
    (change,) = entry.changes
    assert [words for words, _ in change.before] == ["-ENOMEM"]
    assert change.after == "-EINTR"
    assert "the page is in ZONE_MOVABLE and CMA and cannot be moved" in change.witness
    assert "flags FOLL_LONGTERM" in change.witness


def test_a_function_that_is_gone_is_told() -> None:
    after = TREE.with_files({"mm/gup.c": CODE[: CODE.index("struct page *look_up")] + TOUCH})
    pair = slice_pair(TREE, after, ("mm/gup.c",), (), (), Cache(None))
    assert pair.gone == ()  # a header still declares it
    header = HEADER.replace(
        "struct page *look_up(struct mm_struct *mm, pte_t pte, unsigned int flags);\n", ""
    )
    after = after.with_files({"include/linux/mm.h": header})
    pair = slice_pair(TREE, after, ("include/linux/mm.h", "mm/gup.c"), (), (), Cache(None))
    assert (pair.gone, pair.new) == (("look_up",), ())


def test_flags_that_the_changed_lines_name_are_combined_first() -> None:
    flags = frozenset({"FOLL_WRITE", "FOLL_GET", "FOLL_ZEBRA"})
    plain = lay_out_entry(frozenset(), flags, 1 << 18)
    assert (
        lay_out_entry(frozenset(), flags, 1 << 18, (), frozenset({"FOLL_ZEBRA"})).flags[0]
        == "FOLL_ZEBRA"
    )
    assert plain.flags[0] == "FOLL_WRITE"


@pytest.mark.parametrize(
    ("budget", "verdict"), [(1 << 16, CHANGE), (1 << 10, UNKNOWN)], ids=["enough", "too small"]
)
def test_what_was_never_passed_is_not_said_to_change_nothing(
    budget: int, verdict: str, cache: Cache, tmp_path: Path
) -> None:
    after = edited("(flags & FOLL_GET)", "(flags & (FOLL_GET | FOLL_LONGTERM))")
    patch = review(after, cache, tmp_path, budget)
    assert patch.verdict == verdict
    assert verdict == CHANGE or "FOLL_LONGTERM was never passed" in patch.verdict_why
