# SPDX-License-Identifier: GPL-2.0-only
"""The map as a picture, and its witnesses held against runs of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

from reviewtool.behaviour.grid import Difference
from reviewtool.picture import SourceLine
from reviewtool.report.map import render_svg
from reviewtool.review import Review, without_pictures
from reviewtool.simulate.cache import open_cache
from reviewtool.simulate.trace import Trace, trace
from reviewtool.tree.snapshot import bundled_model

SVG = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_one_drawing_per_patch_that_changes_something(pictured: Review) -> None:
    root = ET.fromstring(render_svg(pictured))  # noqa: S314  (our own)
    heads = [text.text or "" for text in root.iter(f"{SVG}text") if text.get("class") == "head"]
    assert heads == ["smaps_pte_range(): semantic change", "follow_page(): semantic change"]
    rows = {text.text for text in root.iter(f"{SVG}text") if text.get("class") == "row"}
    assert {"present PROT_NONE", "zero page R/O", "swap"} <= rows


def test_a_hostile_subject_stays_text_in_the_picture(pictured: Review) -> None:
    evil = "</text><script>alert(1)</script>]]>&\x1b"
    hostile = replace(
        pictured,
        title=evil,
        patches=tuple(replace(patch, subject=evil) for patch in pictured.patches),
    )
    text = render_svg(hostile)
    root = ET.fromstring(text)  # noqa: S314  (this is what is tested)
    assert [element.tag for element in root.iter() if "script" in element.tag] == []
    assert "\x1b" not in text
    assert evil[:-1] in (root.findtext(f"{SVG}title") or "")


def test_the_path_of_a_witness_is_the_one_that_simulate_shows(
    pictured: Review, tmp_path: Path
) -> None:
    picture = pictured.patches[1].picture
    assert picture
    drawn = next(one for one in picture.maps if one.entry == "follow_page")
    modules = open_cache(tmp_path)
    checked = 0
    for group in drawn.groups[:: len(drawn.groups) // 6]:
        subset, path, _ = group.traced[-1]
        values = [
            (axis.name, axis.values[code][0])
            for axis, code in zip(drawn.axes, group.codes, strict=True)
        ]
        values += [(name, value) for name, value, _ in drawn.rests[group.rest]]
        flags = ",".join(flag for bit, flag in enumerate(drawn.flags) if subset >> bit & 1)
        options = [f"{name}={value}" for name, value in values] + ([f"flags={flags}"] if flags else [])  # fmt: skip
        run = trace(bundled_model(), "follow_page", options, modules)
        assert isinstance(run, Trace)
        shown = [picture.lines_before[number] for number in drawn.paths_before[path]]
        ran = dict.fromkeys(SourceLine(step.path, step.line, step.text) for step in run.steps)
        assert shown == list(ran)
        checked += 1
    assert checked > 4


def test_each_pair_of_outcomes_has_a_witness_that_was_traced(pictured: Review) -> None:
    for patch in pictured.patches:
        assert patch.picture
        for drawn in patch.picture.maps:
            traced = {
                pair_at(drawn.nodes, group.node, subset)
                for group in drawn.groups
                for subset, _, _ in group.traced
            }
            assert traced == set(range(len(drawn.pairs)))


def pair_at(nodes: tuple[tuple[int, int, int], ...], node: int, subset: int) -> int:
    while node >= 0:
        bit, low, high = nodes[node]
        node = high if subset >> bit & 1 else low
    return -1 - node


def test_the_map_counts_what_the_review_counts(pictured: Review) -> None:
    for patch in pictured.patches:
        assert patch.picture
        for entry, drawn in zip(patch.entries, patch.picture.maps, strict=True):
            every = sum(group.states for group in drawn.groups) << len(drawn.flags)
            assert every == entry.scenarios
            same = {n for n, pair in enumerate(drawn.pairs) if pair.difference in (Difference.SAME, Difference.UNKNOWN)}  # fmt: skip
            changed = 0
            for group in drawn.groups:
                for subset in range(1 << len(drawn.flags)):
                    changed += group.states * (pair_at(drawn.nodes, group.node, subset) not in same)
            assert changed == entry.changed


def test_pictures_can_be_taken_off(pictured: Review) -> None:
    assert all(patch.picture is None for patch in without_pictures(pictured).patches)
