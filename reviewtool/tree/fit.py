# SPDX-License-Identifier: GPL-2.0-only
"""Fragments repaired against the base tree: what a reply quotes → a diff that git applies.

The tree is read through a function (path → text, None for no such file), so that any tree will
do.  Everything that was not in the mail as it stands is listed as a Repair, line by line; what
cannot be decided is an Ambiguity, and gives no diff.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reviewtool.mail.fragments import Candidate, HunkFragment, PatchFragment
from reviewtool.series.patch import Repair
from reviewtool.tree.align import (
    Alignment,
    Ambiguity,
    Place,
    Window,
    align,
    drop_false_removals,
    join_wrapped,
    mark_of,
    squeeze,
)
from reviewtool.tree.indent import Indenter
from reviewtool.tree.near import settle_removed

__all__ = ["Ambiguity", "Fit", "ReadFile", "Repair", "fit_patch"]

ReadFile = Callable[[str], str | None]
_CELLS_MAX = 4_000_000
_PLACES_MAX = 30
_WEIGHT = 10_000
_C_MARK = re.compile(r"[;{}=]|\(.*\)")


@dataclass(frozen=True)
class Fit:
    """A fitted fragment.

    diff_text: what git apply takes; None where ambiguity says why there is none.
    source_lines: for each line of diff_text, the 1-based input line that it comes from; for a
               line that was supplied, that of the line before it.
    notes:     what a reader should know and what is no repair (callers that are not adapted).
    """

    source: str
    paths: tuple[str, ...]
    diff_text: str | None
    repairs: tuple[Repair, ...] = ()
    ambiguity: Ambiguity | None = None
    notes: tuple[str, ...] = ()
    source_lines: tuple[int, ...] = ()


@dataclass(frozen=True)
class _FittedHunk:
    start: int
    alignment: Alignment
    text: str
    growth: int
    repairs: tuple[Repair, ...]
    source_lines: tuple[int, ...]


def fit_patch(fragment: PatchFragment, read: ReadFile) -> Fit:
    """Return the patch that FRAGMENT is a piece of, fitted to the tree that READ reads."""
    base = read(fragment.path)
    is_new = all(hunk.old_count == 0 and hunk.old_start == 0 for hunk in fragment.hunks)
    if base is None and not is_new:
        missing = Ambiguity(fragment.line, f"{fragment.path} is not in the tree")
        return Fit(fragment.source, (fragment.path,), None, ambiguity=missing)
    lines = split_text(base or "")
    header = [f"diff --git a/{fragment.path} b/{fragment.path}\n"]
    header.append("new file mode 100644\n--- /dev/null\n" if base is None else "")
    header.append("" if base is None else f"--- a/{fragment.path}\n")
    header.append(f"+++ b/{fragment.path}\n")
    texts: list[str] = []
    repairs: list[Repair] = []
    numbers = [fragment.line] * "".join(header).count("\n")
    growth, free = 0, 0
    for hunk in fragment.hunks:
        fitted = _fit_hunk(fragment, hunk, lines, free)
        if isinstance(fitted, Ambiguity):
            settled, swapped = settle_removed(hunk, lines)
            if swapped:
                fitted = _fit_hunk(fragment, settled, lines, free)
                repairs += () if isinstance(fitted, Ambiguity) else swapped
        if isinstance(fitted, Ambiguity):
            return Fit(fragment.source, (fragment.path,), None, tuple(repairs), ambiguity=fitted)
        old_start = fitted.start + 1 if hunk.old_count else fitted.start
        new_start = old_start + growth if hunk.old_count else old_start + growth + 1
        section = f" {hunk.section}" if hunk.section else ""
        ranges = f"-{old_start},{hunk.old_count} +{new_start},{hunk.new_count}"
        texts.append(f"@@ {ranges} @@{section}\n{fitted.text}")
        numbers += fitted.source_lines
        repairs.extend(fitted.repairs)
        growth += fitted.growth
        free = fitted.start + hunk.old_count
    repairs.sort(key=lambda repair: repair.source_line)
    return Fit(
        fragment.source,
        (fragment.path,),
        "".join(header) + "".join(texts),
        tuple(repairs),
        source_lines=tuple(numbers),
    )


def split_text(text: str) -> list[str]:
    """Return the lines of TEXT without their line feeds; only line feeds end a line."""
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _fit_hunk(
    fragment: PatchFragment, hunk: HunkFragment, lines: Sequence[str], free: int
) -> _FittedHunk | Ambiguity:
    """Fit one hunk at or after index FREE of the base LINES."""
    candidates = join_wrapped(hunk, lines, loose=fragment.loose)
    if isinstance(candidates, Ambiguity):
        return candidates
    if len(candidates) * (hunk.old_count + 1) > _CELLS_MAX:
        return Ambiguity(hunk.line, "too many lines to choose from")
    best: list[tuple[int, int, Alignment]] = []
    refused: Ambiguity | None = None
    for start in _starts(hunk, candidates, lines, free):
        window = lines[start : start + hunk.old_count]
        chosen = drop_false_removals(hunk, candidates, window) if fragment.loose else candidates
        found = align(
            hunk, chosen, Window(window, start == 0, start + hunk.old_count == len(lines))
        )
        if isinstance(found, Ambiguity):
            refused = refused or found
        else:
            best.append((found.score, start, found))
    if not best:
        unknown = _not_in_tree(hunk, candidates, lines)
        if unknown is not None:
            return Ambiguity(unknown.line, f"this removed line is not in {fragment.path}")
        return refused or Ambiguity(hunk.line, f"the hunk fits nowhere in {fragment.path}")
    best.sort(key=lambda item: (-item[0], abs(item[1] - hunk.old_start + 1)))
    score, start, alignment = best[0]
    if len(best) > 1 and best[1][0] == score and start != hunk.old_start - 1:
        other = f"{start + 1} and {best[1][1] + 1}"
        return Ambiguity(hunk.line, f"the hunk fits at lines {other} of {fragment.path}")
    if hunk.old_count and alignment.score <= 0:
        return Ambiguity(hunk.line, f"no line of the hunk is found in {fragment.path}")
    window = lines[start : start + hunk.old_count]
    added = _added_lines(alignment, window, lines, start)
    text = _hunk_text(alignment, window, added)
    repairs = _repairs(fragment, hunk, candidates, alignment, window, start, added)
    numbers = [hunk.line]
    for place in alignment.places:
        numbers.append(place.candidate.line if place.candidate else numbers[-1])
    return _FittedHunk(
        start, alignment, text, hunk.new_count - hunk.old_count, repairs, tuple(numbers)
    )


def _starts(
    hunk: HunkFragment, candidates: Sequence[Candidate], lines: Sequence[str], free: int
) -> list[int]:
    """Return the base indices worth trying, the header's own first."""
    if hunk.old_count == 0:
        return [min(hunk.old_start, len(lines))]
    last = len(lines) - hunk.old_count
    squeezed = [squeeze(line) for line in lines]
    seen = Counter(squeezed)
    known = {squeeze(c.text.lstrip("+-")) for c in candidates} - {""}
    gone = {squeeze(c.text[1:]) for c in candidates if mark_of(c, hunk) == "-"} - {""}
    # A line counts for as much as it is rare; a removed one that the tree has must be there.
    weights = [_WEIGHT // seen[line] if line in known else 0 for line in squeezed]
    must = [int(line in gone) for line in squeezed]
    needed = any(must)
    counts: list[tuple[int, int, int]] = []
    weight = sum(weights[free : free + hunk.old_count])
    musts = sum(must[free : free + hunk.old_count])
    for start in range(free, last + 1):
        if start > free:
            entering, going = start + hunk.old_count - 1, start - 1
            weight += weights[entering] - weights[going]
            musts += must[entering] - must[going]
        if weight and (musts or not needed):
            counts.append((-weight, abs(start - hunk.old_start + 1), start))
    counts.sort()
    found = [start for _, _, start in counts[:_PLACES_MAX]]
    own = hunk.old_start - 1
    if free <= own <= last and own in found:
        found.remove(own)
        found.insert(0, own)
    return found


def _not_in_tree(
    hunk: HunkFragment, candidates: Sequence[Candidate], lines: Sequence[str]
) -> Candidate | None:
    """Return the first removed line that is not in the tree, and reads as C, not as a list."""
    known = {squeeze(line) for line in lines}
    removed = (c for c in candidates if mark_of(c, hunk) == "-" and _C_MARK.search(c.text))
    return next((c for c in removed if squeeze(c.text[1:]) not in known), None)


def _added_lines(
    alignment: Alignment, window: Sequence[str], lines: Sequence[str], start: int
) -> dict[int, str]:
    """Return the text of each added line by its candidate's input line, indented as C is.

    Where the mail kept the white space of the lines that the tree has too, it kept that of the
    added ones; where it made blanks of tabs, tabs are made of blanks; where it lost them, they
    follow from the code around.
    """
    lost = _white_space(alignment, window)
    opening = start
    while opening > 0 and lines[opening] != "{" and start - opening < 1_000:
        opening -= 1
    indenter = Indenter()
    if lines[opening : opening + 1] == ["{"]:
        for line in lines[opening:start]:
            indenter.feed(line.strip(), leading(line))
    texts: dict[int, str] = {}
    for place in alignment.places:
        if place.base is not None:
            if place.mark == " ":
                line = window[place.base]
                indenter.feed(line.strip(), leading(line))
            continue
        if place.candidate is None:
            continue
        raw = place.candidate.text[1:].replace("\u00a0", " ")
        stripped = raw.strip()
        white = leading(raw)
        if not lost or "\t" in white:
            indenter.feed(stripped, white)
            texts[place.candidate.line] = raw.rstrip(" ") if lost else raw
        elif lost == "expanded":
            column = len(white)
            white = "\t" * (column // 8) + " " * (column % 8)
            indenter.feed(stripped, white)
            texts[place.candidate.line] = white + stripped
        else:
            texts[place.candidate.line] = indenter.feed(stripped) + stripped
    return texts


def _white_space(alignment: Alignment, window: Sequence[str]) -> str:
    """Return "" where white space was kept, "expanded" for tabs made blanks, "lost" else."""
    kinds = set()
    for place in alignment.places:
        if place.base is None or place.candidate is None or not window[place.base].strip():
            continue
        line = window[place.base]
        raw = _without_mark(place)
        if raw == line:
            continue
        if raw.rstrip() == line.expandtabs(8).rstrip():
            kinds.add("expanded")
        elif raw.strip() != raw or leading(line) or raw != line.strip():
            kinds.add("lost" if leading(raw) != leading(line) else "kept")
    if not kinds - {"kept"}:
        return ""
    return "expanded" if kinds == {"expanded"} else "lost"


def _without_mark(place: Place) -> str:
    text = place.candidate.text if place.candidate else ""
    return text[1:] if text[:1] in (" ", "-", "+") else text


def leading(text: str) -> str:
    """Return the white space that TEXT begins with."""
    return text[: len(text) - len(text.lstrip())]


def _hunk_text(alignment: Alignment, window: Sequence[str], added: dict[int, str]) -> str:
    texts = []
    for place in alignment.places:
        if place.base is not None:
            texts.append(f"{place.mark}{window[place.base]}\n")
        elif place.candidate is not None:
            texts.append(f"+{added[place.candidate.line]}\n")
    return "".join(texts)


def _repairs(
    fragment: PatchFragment,
    hunk: HunkFragment,
    candidates: Sequence[Candidate],
    alignment: Alignment,
    window: Sequence[str],
    start: int,
    added: dict[int, str],
) -> tuple[Repair, ...]:
    """List what is otherwise than in the mail."""
    found: list[Repair] = []
    if hunk.old_count and start != hunk.old_start - 1:
        moved = f"hunk moved from line {hunk.old_start} to line {start + 1} of {fragment.path}"
        found.append(Repair(hunk.line, moved))
    line = hunk.line
    used: set[int] = set()
    for place in alignment.places:
        if place.candidate is None:
            number = start + 1 + (place.base or 0)
            text = window[place.base or 0].strip()
            shown = f": {text}" if text else " (blank)"
            what = f"context supplied from line {number} of {fragment.path}{shown}"
            found.append(Repair(line, what))
            continue
        line = place.candidate.line
        used.add(line)
        if place.base is not None:
            if _without_mark(place) != window[place.base]:
                found.append(Repair(line, f"white space taken from the tree: {_shown(place)}"))
        elif place.candidate.text[1:] != added[line]:
            found.append(Repair(line, f"added line indented: {_shown(place)}"))
    joined = {candidate.line: candidate for candidate in hunk.candidates}
    for candidate in candidates:
        if candidate.text != joined[candidate.line].text:
            found.append(Repair(candidate.line, "a wrapped line joined with the next"))
            used.add(candidate.line + 1)
    found.extend(_left_out(hunk, used))
    return tuple(found)


def _shown(place: Place) -> str:
    return place.candidate.text.strip() if place.candidate else ""


def _left_out(hunk: HunkFragment, used: set[int]) -> list[Repair]:
    """Return one entry for each run of lines that are nobody's but a remark's."""
    last = max(used, default=hunk.line)
    found: list[Repair] = []
    run: list[Candidate] = []
    for candidate in (*hunk.candidates, Candidate("", 0, 0)):
        if candidate.line and candidate.line <= last and candidate.line not in used:
            run.append(candidate)
            continue
        if any(item.text.strip() for item in run):
            texts = [item for item in run if item.text.strip()]
            count = f"{len(texts)} lines" if len(texts) > 1 else "a line"
            first = re.sub(r"\s+", " ", texts[0].text.strip())
            found.append(Repair(texts[0].line, f"{count} left out as a remark: {first}"))
        run = []
    return found
