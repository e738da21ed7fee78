# SPDX-License-Identifier: GPL-2.0-only
"""What a review says about one patch, as remarks for a reply to its mail."""

from __future__ import annotations

from reviewtool.report.render import render
from reviewtool.report.reply import Remark
from reviewtool.review import NOTICE, EntryReview, Finding, PatchReview, Severity

MOST_CHANGES = 4
MOST_RULES = 2


def write_remarks(patch: PatchReview) -> tuple[Remark, ...]:
    """Return the remarks about PATCH, in the order of the lines that they concern.

    A finding with a line stands below that line; the others stand at the end.
    """
    remarks: list[Remark] = []
    semantic = [finding for finding in patch.findings if finding.id == "semantic-change"]
    if semantic:
        changed = [entry for entry in patch.entries if entry.differs]
        first, rest = changed[0], changed[1:]
        place = next((f for f in semantic if f.title.startswith(f"{first.name}()")), semantic[0])
        remarks.append(_place(render_changes(first, rest), place))
    for finding in patch.findings:
        if finding.id == "semantic-change" or finding.severity is Severity.NOTE:
            continue
        remarks.append(_place(render("remark.txt.j2", finding=finding), finding))
    return tuple(sorted(remarks, key=lambda remark: (remark.line is None, remark.line or 0)))


def render_changes(first: EntryReview, rest: list[EntryReview]) -> str:
    """Return the words on what changes in FIRST, and which others it reaches."""
    return render(
        "remark_changes.txt.j2",
        entry=first,
        rest=rest,
        most_changes=MOST_CHANGES,
        most_rules=MOST_RULES,
    ).strip("\n")


def _place(text: str, finding: Finding) -> Remark:
    return Remark(text.strip("\n"), finding.source_line or None)


def closing(patch: PatchReview) -> str:
    """Return the last paragraph of a reply: what was run, and that it was no kernel."""
    scenarios = sum(entry.scenarios for entry in patch.entries)
    ran = (
        f"{scenarios:,} scenarios of {', '.join(entry.name + '()' for entry in patch.entries)}, before and after. "
        if scenarios
        else ""
    )
    return f"{ran}{NOTICE}"
