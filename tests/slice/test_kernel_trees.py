# SPDX-License-Identifier: GPL-2.0-only
"""Kernels as Debian ships them, sliced and run; each test is skipped where its tree is not there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.series.read import read_series
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.trace import Trace, trace
from reviewtool.slice.chunks import Kind
from reviewtool.slice.definitions import Definitions
from reviewtool.slice.pair import slice_pair
from reviewtool.slice.taking import take_slice
from reviewtool.tree.snapshot import Snapshot

SAMPLES = Path(__file__).parents[2] / "sample_patches"
Kernel = Callable[[str], Snapshot]


def outcome(tree: Snapshot, cache: Cache, entry: str, *settings: str) -> str:
    """Return what ENTRY of TREE comes to in one scenario, in words."""
    taken = take_slice(tree.read, (entry,), cache=cache)
    assert not taken.errors
    assert not taken.missing
    made = trace(taken.snapshot, entry, settings, cache)
    assert isinstance(made, Trace), made
    return describe(read_outcome(made.record), made.unmodelled, made.out)


def changed(tree: Snapshot, path: str, old: str, new: str) -> Snapshot:
    """Return TREE with OLD, which stands once in the file at PATH, replaced."""
    text = tree.files[path]
    assert text.count(old) == 1, (path, old, text.count(old))
    return tree.with_files({path: text.replace(old, new)})


def test_on_6_1_follow_page_misses_a_prot_none_page(kernel: Kernel, objects: Cache) -> None:
    tree = kernel("6.1")
    assert (
        outcome(tree, objects, "follow_page", "entry=present,protnone", "flags=FOLL_GET") == "NULL"
    )
    forced = outcome(
        tree, objects, "follow_page", "entry=present,protnone", "flags=FOLL_GET,FOLL_FORCE"
    )
    assert forced == "the page, a reference taken"


def test_on_6_1_the_second_patch_of_the_sample_fits_and_finds_the_page(
    kernel: Kernel, objects: Cache
) -> None:
    source = InputSource.named(str(SAMPLES / "follow-page-v1.mbox"))
    series = read_series([source], repair=True)
    series = replace(series, patches=tuple(p for p in series.patches if p.number == 2), cover=None)
    settings = Settings(budget=1 << 17, base_name="linux-source-6.1")
    review, _ = review_series(series, kernel("6.1"), settings, objects)
    (patch,) = review.patches
    assert any(
        "the tree has another line where this one is removed" in what for _, what in patch.repairs
    )
    assert patch.verdict == "semantic change"
    assert patch.origin is not None
    assert any(
        "mm/gup.c" in taken and taken.endswith("follow_page_mask") for taken in patch.origin.taken
    )
    (entry,) = (entry for entry in patch.entries if entry.name == "follow_page")
    found = [c for c in entry.changes if c.witness_before == "NULL" and c.after == "the page"]
    assert found
    assert "PROT_NONE" in found[0].witness
    assert not entry.unmodelled


def test_on_6_12_folio_walk_start_finds_a_prot_none_page(kernel: Kernel, objects: Cache) -> None:
    said = outcome(kernel("6.12"), objects, "folio_walk_start", "entry=present,protnone")
    assert "pages[0] is the page" in said
    assert "fault" not in said


@pytest.mark.parametrize("flag", ["", "FOLL_HONOR_NUMA_FAULT"])
def test_on_6_12_only_those_who_ask_take_the_numa_hinting_fault(
    kernel: Kernel, objects: Cache, flag: str
) -> None:
    said = outcome(
        kernel("6.12"), objects, "get_user_pages", "entry=present,protnone", f"flags={flag}"
    )
    assert "pages[0] is the page" in said
    assert ("a NUMA hinting fault" in said) == bool(flag)


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_every_function_of_gup_c_but_one_is_compiled(kernel: Kernel, version: str) -> None:
    tree = kernel(version)
    file = Definitions(tree.read).file("mm/gup.c")
    assert file is not None
    names = tuple(chunk.name for chunk in file.chunks if chunk.kind is Kind.FUNCTION)
    taken = take_slice(tree.read, names)
    assert taken.errors == ()
    assert {name for name, _ in taken.missing} <= {"memfd_pin_folios"}


def test_a_change_of_what_the_model_replaces_is_told_and_not_called_none(
    kernel: Kernel, objects: Cache
) -> None:
    tree = kernel("6.1")
    path = "include/linux/mm.h"
    after = changed(
        tree, path, "static inline bool is_zero_page(", "static inline int is_zero_page("
    )
    pair = slice_pair(tree, after, (path,), (), (), objects)
    assert pair.unseen == (("is_zero_page", f"the model has its own in its place ({path})"),)


def test_a_change_outside_of_the_configuration_is_told(kernel: Kernel, objects: Cache) -> None:
    tree = kernel("6.1")
    path = "mm/gup.c"
    after = tree.with_files({path: tree.files[path] + "#ifdef CONFIG_NEVER\nint never;\n#endif\n"})
    pair = slice_pair(tree, after, (path,), (), (), objects)
    assert pair.changed == ()
    assert pair.unseen == ((path, "code changes that the chosen configuration leaves out"),)


def test_a_move_and_a_comment_change_nothing(kernel: Kernel, objects: Cache) -> None:
    tree = kernel("6.1")
    path = "mm/gup.c"
    text = tree.files[path]
    start = text.index("static struct page *no_page_table(")
    end = text.index("\n}\n", start) + 3
    moved = f"{text[:start]}{text[end:]}/* moved */\n{text[start:end]}"
    pair = slice_pair(tree, tree.with_files({path: moved}), (path,), (), (), objects)
    assert (pair.changed, pair.unseen) == ((), ())
