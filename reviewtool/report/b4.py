# SPDX-License-Identifier: GPL-2.0-only
"""The remarks as files that `b4 review` reads: .git/b4-review/<tip>/ of the branch under review.

    identity.txt   "Name <address>", one line
    series.txt     what is said about the series, plain text
    NNNN.txt       of patch N: a note, then its diff, each line behind "> ", our words below the
                   lines that they are about

Source: b4 0.16, "agent reviews"; the test reads the files with b4 itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reviewtool.mail.address import Address
from reviewtool.report.reply import Remark, harmless, quote_line
from reviewtool.report.wrap import wrap_text
from reviewtool.series.patch import Patch


@dataclass(frozen=True)
class ReviewFile:
    """A file's name and its text."""

    name: str
    text: str


def b4_files(
    identity: Address, note: str, reviews: Sequence[tuple[Patch, Sequence[Remark]]]
) -> tuple[ReviewFile, ...]:
    """Return the files: NOTE on the series, and the remarks on each patch.

    A remark that is anchored to a line of the log, or to none, goes into the patch's note.
    Patches without remarks have no file.
    """
    files = [ReviewFile("identity.txt", f"{harmless(identity.name)} <{identity.address}>\n")]
    if note:
        files.append(ReviewFile("series.txt", _text(wrap_text(note))))
    for patch, remarks in reviews:
        if remarks:
            files.append(ReviewFile(f"{patch.number:04}.txt", _text(_patch_lines(patch, remarks))))
    return tuple(files)


def write_b4_review(git_directory: Path, tip: str, files: Sequence[ReviewFile]) -> Path:
    """Write FILES where b4 looks for reviews of the branch whose tip is the commit TIP."""
    folder = git_directory / "b4-review" / tip
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        (folder / file.name).write_text(file.text, encoding="utf-8")
    return folder


def _patch_lines(patch: Patch, remarks: Sequence[Remark]) -> list[str]:
    lines = patch.diff_text.split("\n")[:-1]
    below: dict[int, list[Remark]] = {}
    notes: list[Remark] = []
    last_index = {number: index for index, number in enumerate(patch.diff_source_lines)}
    for remark in remarks:
        index = last_index.get(remark.line) if remark.line is not None else None
        if index is None:
            notes.append(remark)
        else:
            below.setdefault(index, []).append(remark)
    out: list[str] = []
    for remark in notes:
        out += [*wrap_text(remark.text), ""]
    if not below:
        return out
    for index, line in enumerate(lines):
        out.append(quote_line(line))
        for remark in below.get(index, ()):
            out += ["", *wrap_text(remark.text), ""]
    return out


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{harmless(line)}\n" for line in lines)
