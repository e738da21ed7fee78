# SPDX-License-Identifier: GPL-2.0-only
"""format=flowed text put back on its lines.

    line = *">" [" "] text        a blank that starts the text was stuffed, and is taken off
    flowed line = text that ends in a blank and is not "-- "; the next line of the same quote
                  depth continues it; with delsp=yes the blank at its end is taken off

Inside a hunk two kinds of line end in a blank without being flowed: a context line that is blank
(" "), and one after which a new diff line begins.  Both stay as they are.

Source: RFC 3676, section 4.
"""

from __future__ import annotations

import re

from reviewtool.mail.body import Text

_QUOTE = re.compile(r"(>*)( ?)")
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@")
_DIFF_MARK = ("+", "-", " ", "@", "\\", "diff ")


def unflow(text: Text, *, delsp: bool) -> Text:
    """Return TEXT with its flowed lines joined and its stuffing removed."""
    lines: list[str] = []
    numbers: list[int] = []
    joining = False
    depth = 0
    in_hunk = False
    for raw, number in zip(text.lines, text.numbers, strict=True):
        match = _QUOTE.match(raw)
        quotes = len(match[1]) if match else 0
        content = raw[match.end() :] if match else raw
        in_hunk = (in_hunk or _HUNK.match(content) is not None) and content != "-- "
        starts_line = in_hunk and content.startswith(_DIFF_MARK)
        if joining and quotes == depth and content != "-- " and not starts_line:
            last = lines[-1]
            lines[-1] = (last[:-1] if delsp else last) + content
        else:
            prefix = ">" * quotes + (" " if quotes else "")
            lines.append(prefix + content)
            numbers.append(number)
        depth = quotes
        joining = content.endswith(" ") and content != "-- " and content.strip() != ""
    return Text(tuple(lines), tuple(numbers), open_ended=text.open_ended)
