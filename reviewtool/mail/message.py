# SPDX-License-Identifier: GPL-2.0-only
"""One message: bytes → Mail.

Any bytes give a Mail: one without a header (has_header is false) is a bare text, such as a
.diff file, and its whole input is the body.

Source: RFC 5322.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from reviewtool.errors import visible
from reviewtool.mail.address import Address, parse_addresses
from reviewtool.mail.body import Text, split_lines
from reviewtool.mail.diagnostic import Diagnostic, error, warning
from reviewtool.mail.header import Field, Header, read_header
from reviewtool.mail.mime import read_contents
from reviewtool.mail.subject import Subject, parse_subject

FORWARDS_MAX = 5
_HEAD_BYTES = (1 << 11, 1 << 14)
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_MESSAGE_ID = re.compile(r"<([^<>\s]+)>")
# One of these makes the lines above the first empty one a header; DEP-3 names are Debian's.
_SHOWN_FIELDS = frozenset(
    {"from", "to", "cc", "reply-to", "sender", "subject", "date", "message-id", "in-reply-to"}
    | {"references"}
)
_MAIL_FIELDS = frozenset(
    {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "received"}
    | {"description", "origin", "author", "last-update", "forwarded", "return-path", "in-reply-to"}
)


@dataclass(frozen=True)
class Mail:
    """A message, decoded.

    source, line: the input's name and the 1-based line in it where the message begins.
    sender:       the From field.  An author named in the body is the patch's, not the mail's.
    body:         the text to read, without attachments; attachments: patches attached to it.
    forwarded:    messages that are attached whole (message/rfc822), in order.
    """

    source: str
    line: int
    header: Header
    body: Text
    attachments: tuple[Text, ...]
    diagnostics: tuple[Diagnostic, ...]
    has_header: bool
    forwarded: tuple[Mail, ...] = ()

    @cached_property
    def subject(self) -> Subject:
        """The subject, taken apart; that of a DEP-3 file is the first line of Description."""
        raw = self.header.get("subject") or self.header.get("description")
        return parse_subject(raw)

    @cached_property
    def sender(self) -> Address:
        """The From field's first mailbox; empty without one."""
        found = self.addresses("from") or self.addresses("sender") or self.addresses("author")
        return found[0] if found else Address("", "")

    @cached_property
    def message_id(self) -> str:
        """The Message-ID without its angle brackets; "" without one."""
        raw = self.header.get("message-id")
        match = _MESSAGE_ID.search(raw)
        return match[1] if match else raw.strip("<> ")

    @cached_property
    def in_reply_to(self) -> str:
        """The message-id that this mail answers; "" without one."""
        match = _MESSAGE_ID.search(self.header.get("in-reply-to"))
        return match[1] if match else (self.references[-1] if self.references else "")

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The message-ids of References, the thread's first one first."""
        return tuple(_MESSAGE_ID.findall(self.header.all_raw("references")))

    @property
    def date(self) -> str:
        """The Date field as the mail has it."""
        return self.header.get("date")

    @cached_property
    def sent(self) -> datetime | None:
        """The Date field as a time with its own zone; None where it cannot be read."""
        from email.utils import parsedate_to_datetime  # noqa: PLC0415  (slow to import)

        try:
            return parsedate_to_datetime(self.date)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the mailboxes of all fields NAME ("to", "cc", "reply-to")."""
        return parse_addresses(self.header.all_raw(name))

    def fields(self, name: str) -> tuple[Field, ...]:
        """Return the fields NAME (lower case), in the mail's order."""
        return tuple(field for field in self.header.fields if field.name == name)


def parse_mail(raw: bytes, source: str, line: int = 1) -> Mail:
    """Return the message in RAW, which begins at 1-based LINE of SOURCE."""
    return _parse(raw, source, line, 0)


def _parse(raw: bytes, source: str, line: int, depth: int) -> Mail:
    for size in (*_HEAD_BYTES, len(raw)):  # most headers are short, and most bodies are not
        lines = split_lines(raw[:size])
        header = read_header(lines, line)
        if size >= len(raw) or header.body_index < len(lines) - 1:
            break
    said: list[Diagnostic] = []
    has_header = any(field.name in _MAIL_FIELDS for field in header.fields)
    if header.fatal:
        said.append(
            error("header-limit", source, line + header.problem_index, header.problem or "")
        )
        return Mail(source, line, header, Text(), (), tuple(said), has_header=True)
    if not has_header:
        header = Header((), 0)
    elif header.problem is not None:
        where = line + header.problem_index
        said.append(warning("header-end", source, where, header.problem))
    said.extend(check_controls(header, source))
    body = raw[sum(map(len, lines[: header.body_index])) :]
    contents = read_contents(header, body, line + header.body_index, source)
    said.extend(contents.diagnostics)
    if not has_header:
        said = [item for item in said if item.code != "charset"]
    forwarded: list[Mail] = []
    for inner, number in contents.forwarded:
        if depth >= FORWARDS_MAX:
            what = f"messages forwarded {FORWARDS_MAX} times"
            said.append(error("mime-limit", source, number, what))
        else:
            forwarded.append(_parse(inner, source, number, depth + 1))
    return Mail(
        source,
        line,
        header,
        contents.text,
        contents.attachments,
        tuple(said),
        has_header,
        tuple(forwarded),
    )


def check_controls(header: Header, source: str) -> list[Diagnostic]:
    """Return what is hidden in the fields that are shown or copied into a reply.

    Control characters are refused: no program writes one, raw or encoded, but to forge a field or
    to move a terminal's cursor.  What changes the direction of text is only named: names of some
    languages come with it; nothing shows it raw.
    """
    found = []
    for field in header.fields:
        if field.name not in _SHOWN_FIELDS:
            continue
        text, name = field.text, field.name.capitalize()
        if "\r" in text or "\n" in text:
            what = f"a line break hidden in {name}"
            found.append(error("header-break", source, field.line, what))
        elif CONTROL.search(text):
            what = f"a control character in {name}: {visible(text)[:80]}"
            found.append(error("header-control", source, field.line, what))
        elif visible(text) != text:
            what = f"an invisible character in {name}: {visible(text)[:80]}"
            found.append(warning("header-invisible", source, field.line, what))
    return found
