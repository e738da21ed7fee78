# SPDX-License-Identifier: GPL-2.0-only
"""Slices of a small tree of our own, laid out as a kernel's."""

from __future__ import annotations

import pytest

from reviewtool.simulate.build import check
from reviewtool.simulate.cache import Cache, open_cache
from reviewtool.simulate.trace import Trace, trace
from reviewtool.slice.pair import is_kernel_tree, slice_pair
from reviewtool.slice.taking import Slice, take_slice
from reviewtool.tree.snapshot import Snapshot, bundled_model

HEADER = """\
#ifndef _LINUX_MM_H
#define _LINUX_MM_H
#define FOLL_WRITE	0x01	/* may it be
					written to */
#define FOLL_GET	0x04
enum look {
	LOOK_ONCE,
	LOOK_TWICE,
};
struct page *look_up(struct vm_area_struct *vma, unsigned long address, unsigned int flags);
int ask_firmware(struct firmware *firmware);

/* Whether an entry lets FLAGS through. */
static inline bool lets_through(pte_t pte, unsigned int flags)
{
	return !(flags & FOLL_WRITE) || pte_write(pte);
}

static inline int told_by(struct firmware *firmware)
{
	return firmware->said;
}
#endif
"""
CODE = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/mm.h>

#ifdef CONFIG_NEVER
#error "not this one"
#endif

static __must_check struct page *found(struct vm_area_struct *vma, pte_t *ptep, unsigned int flags)
{
	pte_t pte = *ptep;
	enum look look = LOOK_ONCE;

	if (!pte_present(pte) || !lets_through(pte, flags) || look != LOOK_ONCE)
		return NULL;
	if (flags & FOLL_GET)
		get_page(pte_page(pte));
	return pte_page(pte);
}

struct page *look_up(struct vm_area_struct *vma, unsigned long address, unsigned int flags)
{
	spinlock_t *ptl;
	struct page *page;
	pmd_t *pmd = pmd_offset(pud_offset(p4d_offset(pgd_offset(vma->vm_mm, address), address), address), address);
	pte_t *ptep = pte_offset_map_lock(vma->vm_mm, pmd, address, &ptl);

	if (!ptep)
		return ERR_PTR(ask_firmware(NULL) + told_by(NULL));
	page = found(vma, ptep, flags);
	pte_unmap_unlock(ptep, ptl);
	return page;
}
"""
TREE = Snapshot({"include/linux/mm.h": HEADER, "mm/gup.c": CODE})


def taken(tree: Snapshot, *roots: str) -> Slice:
    made = take_slice(tree.read, roots)
    assert made.errors == ()
    return made


def changed(old: str, new: str, path: str = "mm/gup.c") -> Snapshot:
    text = TREE.files[path]
    assert text.count(old) == 1
    return TREE.with_files({path: text.replace(old, new)})


def test_a_tree_of_the_model_is_no_kernel_tree() -> None:
    assert is_kernel_tree(TREE)
    assert not is_kernel_tree(bundled_model())


def test_a_slice_says_where_each_name_is_from() -> None:
    made = taken(TREE, "look_up")
    assert {(name, path) for name, path, _ in made.taken} == {
        ("look_up", "mm/gup.c"), ("found", "mm/gup.c"), ("lets_through", "include/linux/mm.h"),
    }  # fmt: skip
    assert {"pte_offset_map_lock", "get_page", "pte_present"} <= set(made.primitives)
    assert made.stubs == ("ask_firmware", "told_by")


def test_lines_of_a_slice_are_the_tree_s() -> None:
    files = taken(TREE, "look_up").snapshot.files
    for path in ("mm/gup.c", "include/linux/mm.h"):
        for number, line in enumerate(files[path].split("\n")):
            plain = TREE.files[path].split("\n")[number].replace("__must_check", " " * 12)
            assert not line.strip() or plain.startswith(line.rstrip()), (path, number + 1)


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (("entry=present", "flags=FOLL_GET"), {("mm/gup.c", 17)}),
        (("entry=present,ro", "flags=FOLL_WRITE"), {("mm/gup.c", 14), ("include/linux/mm.h", 16)}),
    ],
)
def test_a_slice_runs_and_names_the_tree_s_lines(
    settings: tuple[str, ...], lines: set[tuple[str, int]]
) -> None:
    made = trace(taken(TREE, "look_up").snapshot, "look_up", settings, Cache(None))
    assert isinstance(made, Trace), made
    assert lines <= {(step.path, step.line) for step in made.steps}


def test_what_a_slice_had_to_leave_out_is_known_the_next_time(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    cache = open_cache(tmp_path_factory.mktemp("objects"))
    first = take_slice(TREE.read, ("look_up",), cache=cache)
    assert first.dropped == {("include/linux/mm.h", "told_by")}
    assert take_slice(TREE.read, ("look_up",), cache=cache) == first


def test_a_root_that_the_model_cannot_compile_is_missing_and_one_that_a_patch_breaks_an_error() -> (
    None
):
    broken = changed("page = found(vma, ptep, flags);", "page = found(vma, ptep, nothing);")
    loose = take_slice(broken.read, ("look_up",))
    assert loose.missing == (("look_up", "it cannot be compiled with the model"),)
    strict = take_slice(broken.read, ("look_up",), strict=True)
    assert [(e.path, e.line) for e in strict.errors] == [("mm/gup.c", 29)]
    assert "nothing" in strict.errors[0].message


def test_a_changed_inline_function_is_shown_through_the_entry_that_reaches_it() -> None:
    after = changed("|| pte_write(pte)", "|| pte_dirty(pte)", "include/linux/mm.h")
    pair = slice_pair(TREE, after, ("include/linux/mm.h",), (), (), Cache(None))
    assert (pair.changed, pair.unseen) == (("lets_through",), ())
    assert any(name == "look_up" for name, _, _ in pair.after.taken)


def test_a_changed_primitive_is_unseen() -> None:
    header = "mm/internal.h"
    before = TREE.with_files(
        {header: "static inline int pte_young(pte_t pte)\n{\n\treturn 0;\n}\n"}
    )
    after = TREE.with_files({header: "static inline int pte_young(pte_t pte)\n{\n\treturn 1;\n}\n"})
    pair = slice_pair(before, after, (header,), (), (), Cache(None))
    assert pair.unseen == (("pte_young", "the model has its own in its place (mm/internal.h)"),)


@pytest.mark.parametrize(
    "line",
    [
        '#include "/etc/hostname"', "#\\\ninclude </etc/hostname>", '#import "/etc/hostname"',
        '%:include_next "/etc/hostname"', '#embed "/etc/hostname"', '__asm__(".incbin \\"/etc/hostname\\"");',
    ],
)  # fmt: skip
def test_nothing_outside_of_a_slice_is_read(line: str) -> None:
    tree = changed(
        "\tpage = found(vma, ptep, flags);", f"{line}\n\tpage = found(vma, ptep, flags);"
    )
    made = take_slice(tree.read, ("look_up",), strict=True)
    body = "\n".join(made.snapshot.files.values())
    refused = [error.message for error in made.errors]
    said = [e.message for e in check(made.snapshot)]
    # An include that is recognised is never taken; whatever else would read a file is refused.
    assert "/etc/hostname" not in body or refused or "asm" in line
    if "asm" in line:
        built = trace(made.snapshot, "look_up", (), Cache(None))
        assert not isinstance(built, Trace)
        assert "inline assembly" in built[0].message
    assert not any("localhost" in message for message in (*refused, *said))
