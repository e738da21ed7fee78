# SPDX-License-Identifier: GPL-2.0-only
"""The replies to a series: one for each patch with something to say, and one to the cover letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.mail.address import Address
from reviewtool.report.b4 import ReviewFile, b4_files
from reviewtool.report.remarks import closing, write_remarks
from reviewtool.report.reply import Attachment, Remark, write_reply
from reviewtool.review import NOTICE, PatchReview, Review, Severity, WholeReview
from reviewtool.series.patch import Patch
from reviewtool.series.series import Series


@dataclass(frozen=True)
class NamedReply:
    """A reply and the name of its file: the number of the patch that it answers, 0000 for all."""

    name: str
    data: bytes


def replies_to_patches(
    review: Review, series: Series, identity: Address, attachment: Attachment | None = None
) -> tuple[NamedReply, ...]:
    """Return a reply to each patch mail of SERIES that REVIEW has remarks on, in order."""
    found = []
    for patch, reviewed in _pairs(review, series):
        remarks = write_remarks(reviewed)
        if patch.mail is None or not remarks:
            continue
        data = write_reply(
            patch.mail,
            remarks,
            identity,
            author=patch.author,
            closing=closing(reviewed),
            attachment=attachment,
        )
        found.append(NamedReply(f"{patch.number:04}.reply.eml", data))
    return tuple(found)


def reply_to_cover(
    review: Review, series: Series, identity: Address, attachment: Attachment | None = None
) -> NamedReply | None:
    """Return the reply to the cover letter, about the series; None without a cover letter."""
    if series.cover is None:
        return None
    remark = Remark(series_note(review))
    data = write_reply(series.cover, [remark], identity, closing=NOTICE, attachment=attachment)
    return NamedReply("0000.reply.eml", data)


def series_note(review: Review) -> str:
    """Return what there is to say about the series: a list of verdicts and findings."""
    lines = []
    for patch in review.patches:
        why = f" ({patch.verdict_why})" if patch.verdict_why else ""
        lines.append(f"- {patch.label} {patch.subject}: {patch.verdict}{why}")
        lines += [
            f"  {finding.severity.value}: {finding.title}"
            for finding in patch.findings
            if finding.severity is not Severity.NOTE
        ]
    if review.whole is not None:
        lines += ["", *_whole_lines(review.whole)]
    if review.missing:
        numbers = ", ".join(str(number) for number in review.missing)
        lines += ["", f"Not there, and not looked at: {numbers}."]
    return "\n".join(lines)


def _whole_lines(whole: WholeReview) -> list[str]:
    """Return what there is to say about all patches together: the verdict, and what is undone."""
    why = f" ({whole.verdict_why})" if whole.verdict_why else ""
    lines = [f"- The series as a whole, base to {whole.last}: {whole.verdict}{why}"]
    for one in whole.entries:
        for undone in one.undone:
            part = "" if undone.count == undone.of else f" of {undone.of:,}"
            what = f"{undone.count:,}{part} scenarios changed by {undone.changed_by}"
            stay = f"; {undone.left:,} stay changed" if undone.left else ""
            lines.append(
                f"- {one.entry.name}(): {what}, restored by {undone.restored_by}{stay}; "
                f"for example {undone.witness}: {undone.before} -> {undone.between} -> {undone.before}"
            )
    return lines


def review_for_b4(review: Review, series: Series, identity: Address) -> tuple[ReviewFile, ...]:
    """Return the same remarks as the files that `b4 review` reads."""
    pairs = [(patch, write_remarks(reviewed)) for patch, reviewed in _pairs(review, series)]
    return b4_files(identity, f"{series_note(review)}\n\n{NOTICE}", pairs)


def _pairs(review: Review, series: Series) -> Sequence[tuple[Patch, PatchReview]]:
    return list(zip(series.patches, review.patches, strict=True))
