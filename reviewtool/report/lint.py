# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel list would not accept in a reply, found before it is sent.

Works on any reply, ours or edited by hand.  Errors are what must not be sent; warnings are taste.

Source: Documentation/process/email-clients.rst and submitting-patches.rst of the kernel; RFC 5322.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewtool.mail.body import split_lines
from reviewtool.mail.diagnostic import Diagnostic, error, warning
from reviewtool.mail.header import parse_parameters, read_header
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.report.reply import GAP, harmless

_COLUMNS = 78
_ATTRIBUTION = re.compile(r"(?:On .*)?\bwrote:$")
_TAG = re.compile(r"(Reviewed|Tested|Acked|Signed-off|Co-developed)-by:", re.IGNORECASE)
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_LONG_WORD = re.compile(r"\S{60,}")


def lint_reply(
    raw: bytes, source: str, originals: Sequence[Mail] = (), *, edited: bool = False
) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the reply RAW.

    originals: messages among which the one is that it answers (by In-Reply-To); without it, the
    quotes cannot be checked, and a warning says so.
    edited: a person has gone over it, and may have given a tag of their own.
    """
    mail = parse_mail(raw, source)
    found = list(_bytes(raw, source))
    found += _header(raw, mail)
    answered = [one for one in originals if one.message_id and one.message_id == mail.in_reply_to]
    if not answered and len(originals) == 1 and not originals[0].message_id:
        answered = list(originals)
    if answered:
        found += _thread(mail, answered[0])
        found += _quotes(mail, answered[0])
    else:
        what = "the message that it answers is not there: quotes are not checked"
        found.append(warning("no-original", source, 1, what))
    found += _words(mail, edited=edited)
    return tuple(sorted(found, key=lambda item: item.line))


def _bytes(raw: bytes, source: str) -> list[Diagnostic]:
    found = []
    for number, whole in enumerate(split_lines(raw), 1):
        line = whole.removesuffix(b"\n").removesuffix(b"\r")
        if whole.endswith(b"\r\n"):
            found.append(error("line-end", source, number, "a carriage return at the line's end"))
        if _CONTROL_BYTES.search(line):
            found.append(error("control", source, number, "a control character"))
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            found.append(error("encoding", source, number, "not UTF-8"))
    if raw and not raw.endswith(b"\n"):
        found.append(warning("line-end", source, len(split_lines(raw)), "no line feed at the end"))
    return found


def _header(raw: bytes, mail: Mail) -> list[Diagnostic]:
    """Check the fields: each once, the format plain, nothing that hides another field."""
    found: list[Diagnostic] = []
    source = mail.source
    header = read_header(split_lines(raw), 1)
    names = [field.name for field in header.fields]
    missing = [name for name in ("from", "to", "subject") if name not in names]
    found += [error("header", source, 1, f"no {name.capitalize()} field") for name in missing]
    if "in-reply-to" not in names:
        found.append(warning("thread", source, 1, "no In-Reply-To: it starts a thread of its own"))
    for name in ("from", "to", "cc", "subject", "in-reply-to", "references", "message-id"):
        if names.count(name) > 1:
            line = [field.line for field in header.fields if field.name == name][1]
            found.append(error("header", source, line, f"a second {name.capitalize()} field"))
    if header.problem is not None:
        found.append(error("header", source, 1 + header.problem_index, header.problem))
    for field in header.fields:
        text = field.text
        if re.search(r"[\r\n\x00-\x08\x0b-\x1f\x7f]", text):
            found.append(error("header", source, field.line, f"a line break in {field.name}"))
    subject = mail.subject.raw
    if not re.match(r"Re: (?!re:)", subject, re.IGNORECASE):
        line = next((field.line for field in header.fields if field.name == "subject"), 1)
        found.append(error("subject", source, line, 'the subject has not "Re: " once'))
    found += _format(mail)
    return found


def _format(mail: Mail) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    for field in mail.header.fields:
        if field.name == "content-transfer-encoding" and field.raw.lower() not in {"8bit", "7bit"}:
            what = f"transfer encoding {field.raw}: lists take 8bit"
            found.append(error("encoding", mail.source, field.line, what))
        elif field.name == "content-type":
            kind, parameters = parse_parameters(field.raw)
            if kind not in {"text/plain", "multipart/mixed"}:
                found.append(error("type", mail.source, field.line, f"{kind}: not plain text"))
            charset = parameters.get("charset", "utf-8").lower()
            if charset not in {"utf-8", "us-ascii"}:
                found.append(error("charset", mail.source, field.line, f"charset {charset}"))
            if parameters.get("format", "").lower() == "flowed":
                found.append(error("flowed", mail.source, field.line, "format=flowed breaks diffs"))
    return found


def _thread(mail: Mail, original: Mail) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    if original.message_id and original.message_id not in mail.references:
        what = "References does not name the message that it answers"
        found.append(error("thread", mail.source, 1, what))
    own = mail.sender.address.lower()
    everybody = {a.address.lower() for name in ("to", "cc") for a in mail.addresses(name)}
    wanted = original.addresses("reply-to") or (original.sender,)
    for address in wanted:
        if address.address and address.address.lower() not in everybody | {own}:
            what = f"{address.address} does not get the reply"
            found.append(error("recipient", mail.source, 1, what))
    return found


def _quotes(mail: Mail, original: Mail) -> list[Diagnostic]:
    """Check that each quoted line stands in ORIGINAL, and below the one before it."""
    lines = [harmless(line).rstrip() for line in original.body.lines]
    found: list[Diagnostic] = []
    at = 0
    for text, number in zip(mail.body.lines, mail.body.numbers, strict=True):
        if not text.startswith(">"):
            continue
        quoted = (text[2:] if text.startswith("> ") else text[1:]).rstrip()
        place = next((i for i in range(at, len(lines)) if lines[i] == quoted), None)
        if place is not None:
            at = place + 1
        elif quoted in lines:
            found.append(warning("quote-order", mail.source, number, f"out of order: {text}"))
        else:
            found.append(error("quote", mail.source, number, f"not in the message: {text}"))
    return found


def _words(mail: Mail, *, edited: bool) -> list[Diagnostic]:
    """Check what we say ourselves: columns, tags, and that something is said below each quote."""
    found: list[Diagnostic] = []
    source = mail.source
    said, attributed = False, False
    last_quote = 0
    last_word = 0
    for text, number in zip(mail.body.lines, mail.body.numbers, strict=True):
        if text.startswith(">"):
            last_quote = number
            continue
        if _ATTRIBUTION.search(text):
            attributed = True
        elif text.strip() and text.strip() != GAP:
            said, last_word = True, number
            if len(text.expandtabs(8)) > _COLUMNS and not _LONG_WORD.search(text):
                what = f"{len(text.expandtabs(8))} columns"
                found.append(error("columns", source, number, what))
        tag = _TAG.match(text)
        if tag:
            make = warning if edited else error
            what = f"{tag[0]} is for a person to give"
            found.append(make("tag", source, number, what))
    if not said:
        found.append(error("empty", source, 1, "nothing is said"))
    if last_quote > last_word:
        found.append(error("trailing-quote", source, last_quote, "a quote below the last remark"))
    if last_quote and not attributed:
        found.append(warning("attribution", source, 1, "no line says who is quoted"))
    return found
