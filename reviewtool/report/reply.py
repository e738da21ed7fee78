# SPDX-License-Identifier: GPL-2.0-only
"""The reply to a patch mail: what a kernel list expects, for git send-email and mutt -H.

    reply  = header blank attribution blank 1*(quote blank remark blank) [closing]
    quote  = "> " lines of the mail, each verbatim; what is left out between them is "[ ... ]"
    remark = our words, at 72 columns, below the lines that they are about

Date and Message-ID are left to the program that sends: the same review gives the same bytes.

Source: RFC 5322, section 3.6.4 (In-Reply-To, References); RFC 3676, section 4.5 (quoting);
Documentation/process/email-clients.rst of the kernel.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from reviewtool.mail.address import Address, parse_addresses
from reviewtool.mail.log import read_log
from reviewtool.mail.message import Mail
from reviewtool.mail.words import encode_words, readable
from reviewtool.report.wrap import wrap_text

CONTEXT_LINES = 5
GAP = "[ ... ]"
_REFERENCES_MAX = 30
_FOLD = 76
_CONTROL = re.compile(
    "[\\x00-\\x08\\x0a-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u200e\\u200f"
    "\\u202a-\\u202e\\u2066-\\u2069\\ufeff]+"
)
_ATOM = r"[^\s<>()\[\],;:\\\"\x00-\x1f\x7f-\uffff]+"
_ADDRESS = re.compile(rf"{_ATOM}@{_ATOM}")
# What an archive's page shows in place of a domain.
_MASKED = re.compile(r"[^@]*@(?:x{3,}|\*+)(?:\.(?:x+|\*+))*", re.IGNORECASE)
_ID = re.compile(r"[!-;=?-~]+")
_HUNK = re.compile(r"@@ -\d")
_FILE = re.compile(r"diff --git |\+\+\+ |--- \S")


@dataclass(frozen=True)
class Remark:
    """Something to say.

    text:       our words; indented lines are kept as they are.
    line:       1-based input line of the mail below which they stand; None: at the end.
    first_line: where the lines that they are about begin; LINE where there is only that one.
    """

    text: str
    line: int | None = None
    first_line: int | None = None


@dataclass(frozen=True)
class Attachment:
    """A text that goes with the reply, when it was asked for."""

    name: str
    text: str


def write_reply(
    mail: Mail,
    remarks: Sequence[Remark],
    identity: Address,
    *,
    author: Address | None = None,
    closing: str = "",
    attachment: Attachment | None = None,
) -> bytes:
    """Return the reply of IDENTITY to MAIL that makes REMARKS, as the bytes of a message.

    author:  of the patch, where it is not the sender (gets a copy).
    closing: last paragraph, such as that this was a model run.
    """
    headers = _headers(mail, identity, author)
    body = "".join(f"{line}\n" for line in _body(mail, remarks, closing))
    plain = "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
    if attachment is None:
        text = f"{headers}MIME-Version: 1.0\n{plain}\n{body}"
        return text.encode("utf-8", "replace")
    import hashlib  # noqa: PLC0415  (rarely needed)

    mark = hashlib.sha256(f"{body}{attachment.text}".encode("utf-8", "replace")).hexdigest()[:32]
    name = re.sub(r"[^\w.-]", "_", attachment.name, flags=re.ASCII)
    parts = (
        f"--{mark}\n{plain}\n{body}\n"
        f'--{mark}\n{plain}Content-Disposition: attachment; filename="{name}"\n\n'
        f"{attachment.text}\n--{mark}--\n"
    )
    kind = f'Content-Type: multipart/mixed; boundary="{mark}"\nContent-Transfer-Encoding: 8bit\n'
    return f"{headers}MIME-Version: 1.0\n{kind}\n{parts}".encode("utf-8", "replace")


def reply_recipients(
    mail: Mail, identity: Address, author: Address | None = None
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return whom the reply goes To and Cc: everybody once, IDENTITY left out.

    To is Reply-To, or the mail's sender; answering one's own mail goes to its recipients.
    """
    own = identity.address.lower()
    seen = {own}
    to = _fresh(mail.addresses("reply-to") or (mail.sender,), seen)
    if not to:
        to = _fresh(mail.addresses("to"), seen)
    others = (mail.sender, *((author,) if author else ()))
    cc = _fresh((*others, *mail.addresses("to"), *mail.addresses("cc")), seen)
    return to, cc


def is_mailbox(text: str) -> bool:
    """Whether TEXT is one mailbox that a reply may be sent to."""
    found = parse_addresses(text)
    return len(found) == 1 and _can_be_sent_to(found[0])


def _can_be_sent_to(address: Address) -> bool:
    whole = _ADDRESS.fullmatch(address.address)
    return whole is not None and not _MASKED.fullmatch(address.address)


def is_message_id(text: str) -> bool:
    """Whether TEXT may stand between the angle brackets of a message-id."""
    return "@" in text and _ID.fullmatch(text) is not None


def _fresh(addresses: Sequence[Address], seen: set[str]) -> tuple[Address, ...]:
    found: list[Address] = []
    for address in addresses:
        key = address.address.lower()
        if key in seen or not _can_be_sent_to(address):
            continue
        seen.add(key)
        found.append(address)
    return tuple(found)


def _headers(mail: Mail, identity: Address, author: Address | None) -> str:
    to, cc = reply_recipients(mail, identity, author)
    lines = [
        _field("From", [_mailbox(identity)]),
        _field("To", [_mailbox(address) for address in to], ","),
        _field("Cc", [_mailbox(address) for address in cc], ","),
        _field("Subject", _words(reply_subject(mail))),
    ]
    identity_of = mail.message_id if _ID.fullmatch(mail.message_id) else ""
    if identity_of:
        above = [one for one in mail.references or (mail.in_reply_to,) if _ID.fullmatch(one)]
        thread = [*(one for one in dict.fromkeys(above) if one != identity_of), identity_of]
        if len(thread) > _REFERENCES_MAX:  # The first and the nearest, as RFC 5537 would have it.
            thread = [thread[0], *thread[-_REFERENCES_MAX + 1 :]]
        lines.append(_field("In-Reply-To", [f"<{identity_of}>"]))
        lines.append(_field("References", [f"<{one}>" for one in thread]))
    return "".join(line for line in lines if line)


def reply_subject(mail: Mail) -> str:
    """Return the subject of a reply to MAIL, with one "Re: "."""
    raw = _one_line(mail.subject.raw)
    bare = re.sub(r"(?:(?:re|aw|sv)\s*(?:\[\d+\])?\s*:\s*)+", "", raw, count=1, flags=re.IGNORECASE)
    starts = re.match(r"(?:re|aw|sv)\b", raw, re.IGNORECASE)
    return f"Re: {bare if starts else raw}"


def _field(name: str, pieces: Sequence[str], separator: str = "") -> str:
    """Return the field NAME with its PIECES folded, "" without any; a piece is never broken."""
    if not pieces:
        return ""
    text = f"{name}:"
    column = len(text)
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        part = piece if last else piece + separator
        if index and column + 1 + len(part) > _FOLD:
            text += "\n"
            column = 0
        text += f" {part}"
        column += 1 + len(part)
    return f"{text}\n"


def _words(text: str) -> list[str]:
    return text.split(" ") if text.isascii() else encode_words(text)


def _mailbox(address: Address) -> str:
    name = _one_line(address.name)
    if not name.isascii():
        return f"{' '.join(encode_words(name))} <{address.address}>"
    return str(Address(name, address.address))


def harmless(line: str) -> str:
    """Return LINE as a reply may have it: no bytes of another set, nothing that moves a cursor."""
    return _CONTROL.sub("", readable(line))


def _one_line(text: str) -> str:
    """Return TEXT without anything that could end a header line or move a cursor."""
    return re.sub(r"\s+", " ", _CONTROL.sub(" ", readable(text))).strip()


def _body(mail: Mail, remarks: Sequence[Remark], closing: str) -> list[str]:
    lines = mail.body.lines
    places = _indices(mail, remarks)
    anchored = sorted(
        ((place, index) for index, place in enumerate(places) if place is not None),
    )
    out = [_attribution(mail), ""]
    done = -1
    floor = read_log(mail.body).start - 1  # what an in-body header says is not worth a quote
    for (first, last), index in anchored:
        out += _quote(lines, first, last, max(done, floor) if last > floor else done)
        done = max(done, last)
        if out[-1]:
            out.append("")
        out += [*wrap_text(remarks[index].text), ""]
    free = [remark for remark, place in zip(remarks, places, strict=True) if place is None]
    for text in (*(remark.text for remark in free), closing):
        if text:
            out += [*wrap_text(text), ""]
    while out and not out[-1]:
        out.pop()
    return [harmless(line) for line in out]


def _indices(mail: Mail, remarks: Sequence[Remark]) -> list[tuple[int, int] | None]:
    """Return for each remark the indices of the body lines that it is about."""
    index_of: dict[int, int] = {}
    for index, number in enumerate(mail.body.numbers):
        index_of.setdefault(number, index)
    found: list[tuple[int, int] | None] = []
    for remark in remarks:
        last = index_of.get(remark.line) if remark.line is not None else None
        first = index_of.get(remark.first_line) if remark.first_line is not None else last
        if last is None:
            found.append(None)
        else:
            found.append((min(first if first is not None else last, last), last))
    return found


def _quote(lines: Sequence[str], first: int, last: int, done: int) -> list[str]:
    """Return the quote of lines FIRST to LAST with context, those up to DONE being quoted."""
    headings = _headings(lines, first)
    # Context ends at the hunk's own header: what is above that is another place of the file.
    start = max(first - CONTEXT_LINES, done + 1, headings[-1] if headings else 0)
    if start > last:
        return []
    wanted = [index for index in headings if done < index < start]
    wanted += range(start, last + 1)
    while wanted and not lines[wanted[0]].strip():
        wanted.pop(0)
    out: list[str] = []
    before = done
    for index in wanted:
        if index != before + 1 and before >= 0 and [before] != headings[:1]:
            out.append(GAP)
        out.append(quote_line(lines[index]))
        before = index
    return out


def quote_line(line: str) -> str:
    """Return LINE with a quote mark; an empty one gets no blank."""
    return f"> {harmless(line)}" if line else ">"


def _headings(lines: Sequence[str], index: int) -> list[int]:
    """Return the indices of the hunk header and the file header that INDEX stands below."""
    hunk = next((at for at in range(index, -1, -1) if _HUNK.match(lines[at])), None)
    if hunk is None:
        return []
    start = next((at for at in range(hunk, -1, -1) if lines[at].startswith("diff --git ")), hunk)
    between = [at for at in range(start, hunk) if _FILE.match(lines[at])]
    return [*between[:1], hunk]


def _attribution(mail: Mail) -> str:
    name = _one_line(mail.sender.name or mail.sender.address) or "somebody"
    date = _one_line(mail.date)
    return f"On {date}, {name} wrote:" if date else f"{name} wrote:"
