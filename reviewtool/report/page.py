# SPDX-License-Identifier: GPL-2.0-only
"""A Review as one HTML file: nothing is loaded from anywhere, and only our own script may run.

Everything from a mail or a tree is escaped by the template, or lies in the maps' data, which is
compressed and put into the page by a script that makes text nodes only.

Source: Content Security Policy Level 3 (W3C), hash-source; RFC 1950 (the data's format).
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from dataclasses import dataclass

from reviewtool.behaviour.grid import Difference, EntryMap, Kind
from reviewtool.picture import DiffLine, PatchPicture
from reviewtool.report.map import MAPPED, MEANINGS, SYMBOLS, access_label, kind_label, leading_map
from reviewtool.report.render import read_asset, render_markup
from reviewtool.review import NOTICE, Finding, PatchReview, Review, Severity

VERDICT_SIGNS = {"semantic change": "≠", "no semantic change": "=", "could not tell": "?"}
_SHADES = 5


@dataclass(frozen=True)
class ShownLine:
    """A line of a diff as it is shown.

    shade: 0 for a statement that never ran to 5 for the one that ran most; -1 where nothing is counted.
    runs:  that number, short.  anchor: where the list of findings points, "" if nowhere.
    """

    line: DiffLine
    shade: int
    runs: str
    findings: tuple[Finding, ...]
    anchor: str


@dataclass(frozen=True)
class ShownHunk:
    """A hunk as it is shown."""

    header: str
    lines: tuple[ShownLine, ...]


@dataclass(frozen=True)
class ShownFile:
    """A file of a diff as it is shown."""

    title: str
    binary: bool
    hunks: tuple[ShownHunk, ...]


@dataclass(frozen=True)
class ShownPatch:
    """A patch as the template wants it: findings each with the anchor of their line ("" if none)."""

    number: int
    patch: PatchReview
    sign: str
    errors: int
    warnings: int
    findings: tuple[tuple[Finding, str], ...]
    log: tuple[str, ...]
    files: tuple[ShownFile, ...]
    has_maps: bool


def render_page(review: Review) -> str:
    """Return REVIEW, made with pictures, as an HTML page; lone surrogates are for the writer to replace."""
    style, script = read_asset("page.css"), read_asset("page.js")
    patches = (*review.patches, *review.proposals)
    return render_markup(
        "page.html.j2",
        review=review,
        patches=[_shown(number, patch) for number, patch in enumerate(patches)],
        signs=VERDICT_SIGNS,
        notice=NOTICE,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=_pack([_patch_data(patch) for patch in patches]),
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _pack(data: object) -> str:
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def short_number(value: int) -> str:
    """Return VALUE in at most four characters."""
    for unit, name in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if value >= unit:
            share = value / unit
            return f"{share:.0f}{name}" if share >= 9.95 else f"{share:.1f}{name}"
    return str(value)


def _shown(number: int, patch: PatchReview) -> ShownPatch:
    picture = patch.picture or PatchPicture((), ())
    placed: dict[int, str] = {}
    most = max((line.runs for file in picture.files for hunk in file.hunks for line in hunk.lines), default=0)  # fmt: skip

    def shown(path: str, line: DiffLine, anchor: str) -> ShownLine:
        found = [
            (at, finding)
            for at, finding in enumerate(patch.findings)
            if at not in placed and _is_at(finding, path, line)
        ]
        placed.update((at, anchor) for at, _ in found)
        return ShownLine(
            line, _shade(line.runs, most), "" if line.runs < 0 else short_number(line.runs),
            tuple(finding for _, finding in found), anchor if found else "",
        )  # fmt: skip

    files = []
    for at_file, file in enumerate(picture.files):
        hunks = []
        for at_hunk, hunk in enumerate(file.hunks):
            lines = tuple(
                shown(file.path_after or file.path_before, line, f"p{number}-{at_file}-{at_hunk}-{at}")
                for at, line in enumerate(hunk.lines)
            )  # fmt: skip
            hunks.append(ShownHunk(hunk.header, lines))
        names = [name for name in (file.path_before, file.path_after) if name]
        files.append(
            ShownFile(f"{' → '.join(dict.fromkeys(names))}"
                      + (f" ({file.change})" if file.change != "modified" else ""), file.binary, tuple(hunks))
        )  # fmt: skip
    return ShownPatch(
        number=number,
        patch=patch,
        sign=VERDICT_SIGNS.get(patch.verdict, "?"),
        errors=sum(finding.severity is Severity.ERROR for finding in patch.findings),
        warnings=sum(finding.severity is Severity.WARNING for finding in patch.findings),
        findings=tuple((f, placed.get(at, "")) for at, f in enumerate(patch.findings)),
        log=picture.log,
        files=tuple(files),
        has_maps=bool(picture.maps),
    )


def _is_at(finding: Finding, path: str, line: DiffLine) -> bool:
    if finding.source_line:
        return finding.source_line == line.source_line
    return bool(finding.line) and finding.path == path and line.new == finding.line


def _shade(runs: int, most: int) -> int:
    """Return how dark a line is: by the length of its count, as counts span many sizes."""
    if runs <= 0:
        return runs
    return min(_SHADES, 1 + (_SHADES - 1) * runs.bit_length() // max(1, most.bit_length()))


# What the script gets.  Lists, not objects: the keys would be most of it.


def _patch_data(patch: PatchReview) -> object:
    picture = patch.picture or PatchPicture((), ())
    leading = leading_map(patch)
    return {
        "lines": [
            [[line.path, line.line, line.text] for line in lines]
            for lines in (picture.lines_before, picture.lines_after)
        ],
        "leading": picture.maps.index(leading) if leading else 0,
        "maps": [_map_data(patch, drawn) for drawn in picture.maps],
    }


def _map_data(patch: PatchReview, drawn: EntryMap) -> object:
    entry = next(entry for entry in patch.entries if entry.name == drawn.entry)
    kinds, differences = list(Kind), list(Difference)
    return {
        "entry": drawn.entry,
        "verdict": entry.verdict,
        "changed": entry.changed,
        "scenarios": entry.scenarios,
        "flags": drawn.flags,
        "shown": drawn.shown,
        "others": drawn.others,
        "idle": drawn.idle,
        "axes": [[axis.name, axis.subject, [_value_data(axis.name, *value) for value in axis.values]] for axis in drawn.axes],
        "mapped": MAPPED,
        "kinds": [kind.value for kind in kinds],
        "differences": [[kind.value, SYMBOLS[kind], MEANINGS[kind]] for kind in differences],
        "results": [[result.letters, result.words, kinds.index(result.kind)] for result in drawn.results],
        "outcomes": [[outcome.words, outcome.result] for outcome in drawn.outcomes],
        "pairs": [[pair.before, pair.after, differences.index(pair.difference)] for pair in drawn.pairs],
        "nodes": drawn.nodes,
        "rests": drawn.rests,
        "groups": [
            [group.codes, group.node, group.states, group.rest, [n for traced in group.traced for n in traced]]
            for group in drawn.groups
        ],
        "paths": [drawn.paths_before, drawn.paths_after],
    }  # fmt: skip


def _value_data(axis: str, name: str, words: str) -> tuple[str, str, str]:
    """Return a value's name, its words, and the short form for a row or a choice."""
    if axis == "access":
        return name, words, access_label(name)
    return name, words, kind_label(name)
