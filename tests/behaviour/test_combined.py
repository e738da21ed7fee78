# SPDX-License-Identifier: GPL-2.0-only
"""What shows only with flags together that a sweep passes one at a time."""

from __future__ import annotations

from dataclasses import replace

from reviewtool.behaviour.combined import Combined, combined_domain, compare_combined
from reviewtool.behaviour.entries import entry_domain
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import Snapshot, bundled_model
from reviewtool.tree.source import index_sources

ENTRY = "can_follow_write_pte"
HEAD = "if (pte_write(pte))\n\t\treturn true;\n\n\tif (!(flags & FOLL_FORCE))"


def _model(text: str = HEAD) -> Snapshot:
    texts = dict(bundled_model().sources())
    assert texts["mm/gup.c"].count(HEAD) == 1
    return Snapshot({**texts, "mm/gup.c": texts["mm/gup.c"].replace(HEAD, text)})


def _compare(after: Snapshot) -> Combined:
    before = _model()
    indexes = index_sources(before), index_sources(after)
    bindings = [bind(index.functions[ENTRY]) for index in indexes]
    bound = [b for b in bindings if isinstance(b, Binding)]
    domain = entry_domain(ENTRY, *indexes, bound, 1 << 20)
    flags = ("FOLL_FORCE", "FOLL_NOWAIT", "FOLL_HWPOISON", "FOLL_TRIED")
    domain = combined_domain(replace(domain, flags=flags[:1], also=(), cut=flags[1:]))
    assert domain.flags == flags
    modules = [
        build(BuildRequest(snapshot, (binding,), flags, index.constants, lazy=ENTRY), open_cache())
        for snapshot, binding, index in zip((before, after), bound, indexes, strict=True)
    ]
    first, second = (module for module in modules if isinstance(module, Module))
    return compare_combined(ENTRY, domain, first, second, (bound[0].out, bound[1].out))


def test_the_same_code_in_other_words_changes_nothing() -> None:
    combined = _compare(_model("if (!(flags & FOLL_FORCE) && !pte_write(pte))\n\t\treturn false;\n\tif (pte_write(pte))\n\t\treturn true;\n\tif (!(flags & FOLL_FORCE))"))  # fmt: skip  # noqa: E501
    assert combined.change is None
    assert not combined.gave_up
    assert combined.behaviours < combined.scenarios / 8


def test_a_change_with_three_flags_together_is_found_with_its_condition() -> None:
    both = "(flags & FOLL_NOWAIT) && (flags & FOLL_HWPOISON) && !(flags & FOLL_TRIED)"
    combined = _compare(_model(f"if ({both})\n\t\treturn pte_write(pte);\n\n\t{HEAD}"))
    change = combined.change
    assert change is not None
    assert {"FOLL_FORCE", "FOLL_NOWAIT", "FOLL_HWPOISON"} <= set(change.witness.flags)
    assert change.conditions
    for condition in change.conditions:
        assert "FOLL_NOWAIT" in condition.words
        assert "FOLL_HWPOISON" in condition.words
    assert change.before == (("true", change.count),)
    assert change.after == "false"
