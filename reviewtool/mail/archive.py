# SPDX-License-Identifier: GPL-2.0-only
"""Web-archive copies of mails: plain text with a title in place of a header.

    page  = *blank title *blank 1*(field *blank) text
    title = the subject, on a line of its own
    field = ("From" / "Date" / "To" / "Cc" / "Message-ID" / "Subject") ":" text

Such pages keep no quote marks and no leading white space, so a patch in them is a fragment.
"""

from __future__ import annotations

import re
from dataclasses import replace

from reviewtool.mail.header import Field, Header
from reviewtool.mail.message import Mail, check_controls

_FIELD = re.compile(r"(From|Date|To|Cc|Message-ID|Subject|In-Reply-To):\s+(\S.*)", re.IGNORECASE)
_TITLE_LINES_MAX = 12


def read_archived(mail: Mail) -> Mail | None:
    """Return the mail whose archived page is the bare text MAIL; None where it is no such page."""
    if mail.has_header:
        return None
    lines = mail.body.lines
    start = next((index for index, line in enumerate(lines) if line.strip()), None)
    if start is None or lines[start].startswith(("diff ", "--- ", "Index: ", "@@ ")):
        return None
    fields = [Field("subject", lines[start].strip(), mail.body.number(start))]
    end = start + 1
    for index in range(start + 1, min(start + 1 + _TITLE_LINES_MAX, len(lines))):
        match = _FIELD.match(lines[index])
        if match is None:
            if lines[index].strip():
                break
            continue
        fields.append(Field(match[1].lower(), match[2].strip(), mail.body.number(index)))
        end = index + 1
    if not {"from", "date"} <= {field.name for field in fields}:
        return None
    body = mail.body.part(end, len(lines))
    header = Header(tuple(fields), 0)
    said = (*mail.diagnostics, *check_controls(header, mail.source))
    return replace(mail, header=header, body=body, diagnostics=said, has_header=True)
