# SPDX-License-Identifier: GPL-2.0-only
"""The log in a patch mail's text: in-body header, log lines, and where they end.

    text     = [above scissors] *blank [in-body] log [cut] rest
    in-body  = *("From:" / "Subject:" / "Date:" field) blank
    cut      = "---" / "--- " text / the first line that starts a diff
    scissors = a line of dashes, blanks and scissors (">8" or "8<"), by more than a third dashes

Source: git-mailinfo(1) and the behaviour of git's mailinfo.c, in our own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.mail.address import Address, parse_addresses
from reviewtool.mail.body import Text
from reviewtool.mail.words import decode_words, readable

_IN_BODY = re.compile(r">?(From|Subject|Date):[ \t]*(.*)", re.IGNORECASE)
_SCISSORS = re.compile(
    r"[-\s]*(?:(?:>8|8<|>%|%<)[-\s]*|cut here[-\s]*|this line[-\s]*)+$", re.IGNORECASE
)
_MAY_HOLD_SCISSORS = re.compile(r">8|8<|>%|%<|From [0-9a-f]{40}")
# A patch pasted into a mail with its own header, as git format-patch wrote it.
_EMBEDDED = re.compile(r"From [0-9a-f]{40}(?:[0-9a-f]{24})? Mon Sep 17 00:00:00 2001")
_CUT = re.compile(r"---\s*$")
# git takes "--- text" for the header of a diff, whatever follows it.
_NAMED_CUT = re.compile(r"--- \S")
_DIFF_START = re.compile(r"diff -|Index: \S")


@dataclass(frozen=True)
class Log:
    """What a mail's text says above its diff.

    author, subject: from the in-body header, None without one.
    lines:      the log, without blank lines at its ends.
    start:      index of the first log line in the text.
    cut:        index of the "---" line, or of the line where the diff starts, or the text's end.
    has_cut:    there is a "---" line.
    scissors:   index of the scissors line that was obeyed, None without one.
    """

    author: Address | None
    subject: str | None
    lines: tuple[str, ...]
    start: int
    cut: int
    has_cut: bool
    scissors: int | None


def read_log(text: Text, *, start: int = 0, diff_at: int | None = None) -> Log:
    """Split the log off TEXT, from index START on.

    diff_at: index where the patch's diff starts, where a diff above it is part of the log.
    """
    lines = text.lines
    scissors = _find_scissors(lines, start)
    index = start if scissors is None else scissors + 1
    while index < len(lines) and not lines[index].strip():
        index += 1
    author, subject, index = _read_in_body(lines, index)
    cut = index
    end = len(lines) if diff_at is None else diff_at
    while cut < end and not _CUT.match(lines[cut]):
        if diff_at is None and (_starts_diff(lines, cut) or _NAMED_CUT.match(lines[cut])):
            break
        cut += 1
    first, last = index, cut
    while first < last and not lines[first].strip():
        first += 1
    while last > first and not lines[last - 1].strip():
        last -= 1
    has_cut = cut < len(lines) and not _starts_diff(lines, cut) and lines[cut].startswith("---")
    log = tuple(readable(line.rstrip()) for line in lines[first:last])
    return Log(author, subject, log, first, cut, has_cut, scissors)


def _read_in_body(lines: tuple[str, ...], start: int) -> tuple[Address | None, str | None, int]:
    """Return author, subject and the index after the in-body header at START, if there is one."""
    author: Address | None = None
    subject: str | None = None
    at = start
    while at < len(lines) and (match := _IN_BODY.match(lines[at])):
        value = [match[2].strip()]
        at += 1
        while at < len(lines) and lines[at][:1] in (" ", "\t") and lines[at].strip():
            value.append(lines[at].strip())
            at += 1
        joined = readable(" ".join(value))
        if match[1].lower() == "from":
            found = parse_addresses(joined)
            author = found[0] if found and "@" in found[0].address else author
        elif match[1].lower() == "subject":
            subject = decode_words(joined)
    found_any = author is not None or subject is not None
    return author, subject, at if found_any else start


def is_cut(line: str) -> bool:
    """Whether LINE is the "---" that ends a log."""
    return _CUT.match(line) is not None


def _starts_diff(lines: tuple[str, ...], index: int) -> bool:
    line = lines[index]
    if _DIFF_START.match(line):
        return True
    following = lines[index + 1 : index + 2]
    return line.startswith("--- ") and bool(following) and following[0].startswith("+++ ")


def _find_scissors(lines: tuple[str, ...], start: int) -> int | None:
    whole = "\n".join(lines)
    if not _MAY_HOLD_SCISSORS.search(whole):
        return None
    for index in range(start, len(lines)):
        line = lines[index]
        if _starts_diff(lines, index):
            return None
        if _is_scissors(line) or _EMBEDDED.match(line):
            return index
    return None


def _is_scissors(line: str) -> bool:
    if len(line) < 4 or line.count("-") < 2 or not _SCISSORS.match(line):
        return False
    enough = line.count("-") * 3 >= len(line.strip())
    return enough and re.search(r">8|8<|>%|%<", line) is not None
