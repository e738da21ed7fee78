# SPDX-License-Identifier: GPL-2.0-only
"""Trailers: the "Key: value" lines that close a log.

    trailers = the last paragraph of the log, when at least one of its lines is a trailer
    trailer  = key ":" blank value *(newline blank continuation)
    key      = letters, digits and "-"; or "Cc", "Link", "Fixes"

A comment in brackets of its own lines ("[akpm@...: fix typo]") and "# ..." may stand among them.  The
title in brackets of a Fixes that a mail program wrapped goes on in the next line, indented or not.

Source: git-interpret-trailers(1); Documentation/process/submitting-patches.rst in the kernel tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_TRAILER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]+(\S.*?)\s*$")
_OPEN_TITLE = re.compile(r'^[0-9a-f]{8,40} \("[^"]*$')
_KNOWN = re.compile(
    r"(?:[A-Za-z]+-)*(?:by|to|off-by)$|^(?:cc|link|fixes|closes|message-id|change-id|bugzilla|bug"
    r"|base-commit|buglink|references|depends-on|suggested-by|cherry-picked-from)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Trailer:
    """A trailer of a log.  line: 1-based, in the log that was given."""

    key: str
    value: str
    line: int


def parse_trailers(log: Sequence[str]) -> tuple[Trailer, ...]:
    """Return the trailers of LOG's last paragraph, in order, none if it is prose."""
    end = len(log)
    while end and not log[end - 1].strip():
        end -= 1
    start = end
    while start and log[start - 1].strip():
        start -= 1
    found: list[Trailer] = []
    in_comment = False
    for number, text in enumerate(log[start:end], start + 1):
        match = _TRAILER.match(text)
        is_own = match is not None and is_trailer_key(match[1])
        in_comment = (in_comment or text.startswith("[")) and not is_own
        if in_comment:
            in_comment = not text.rstrip().endswith("]")
        elif match and is_own:
            found.append(Trailer(match[1], match[2], number))
        elif found and (text[:1] in " \t" or _OPEN_TITLE.search(found[-1].value)):
            last = found[-1]
            found[-1] = Trailer(last.key, f"{last.value} {text.strip()}", last.line)
    return tuple(found)


def is_trailer_key(key: str) -> bool:
    """Whether KEY is one that kernel logs use, and not a word of prose before a colon."""
    return _KNOWN.search(key) is not None


def is_trailer(text: str) -> bool:
    """Whether the line TEXT alone reads as a trailer."""
    match = _TRAILER.match(text)
    return match is not None and is_trailer_key(match[1])
