# SPDX-License-Identifier: GPL-2.0-only
"""The messages of the inputs, each with what is needed to choose among them, and no more.

A list's mbox is larger than the memory that a review may take: a message's text is let go once
more than a MiB is held, and read again where the message is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from reviewtool.errors import InputError
from reviewtool.mail.address import Address
from reviewtool.mail.archive import read_archived
from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.mail.inputs import InputSource, Message, read_messages
from reviewtool.mail.mailbox import RawMail, unescape
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.mail.subject import Subject
from reviewtool.series.patch import NotAPatch, Patch, parse_patch
from reviewtool.series.series import Recovery

Reading = Patch | NotAPatch | Recovery
_HELD_BYTES = 1 << 20
# Without one of these there is no diff in a message, nor anything that could hide one.
MAY_HOLD_DIFF = re.compile(
    rb"^(?:diff -|--- |@@|\*\*\* |Index: )"
    rb"|^content-(?:transfer-encoding:\s*(?:base64|quoted)|type:.*(?:multipart|flowed))",
    re.IGNORECASE | re.MULTILINE,
)
# Errors that the tree can mend; everything else stays refused.
_DAMAGE = frozenset({"hunk-line", "hunk-count", "cut-short", "hunk-without-file"})


class Kind(Enum):
    """What a message holds."""

    PATCH = "patch"
    FRAGMENTS = "fragments"
    BAD = "bad"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Listed:
    """A message in short.

    digest: of its diff, for this process only; 0 without one.
    errors: what keeps it from being a patch, the first few; has_diff: there would be one.
    mail, read: the message and its reading, read again where they were let go.
    """

    source: str
    line: int
    subject: Subject
    sender: Address
    message_id: str
    parents: tuple[str, ...]
    kind: Kind
    digest: int
    errors: tuple[Diagnostic, ...]
    has_header: bool
    has_diff: bool
    load: Callable[[], tuple[Mail, Reading]]

    @property
    def mail(self) -> Mail:
        """The message, whole."""
        return self.load()[0]

    @property
    def name(self) -> str:
        """What a reader would call it."""
        return self.subject.raw or self.source


def list_messages(inputs: Sequence[InputSource], *, repair: bool = False) -> Iterator[Listed]:
    """Yield the messages of INPUTS in order.

    Raises: InputError for an input that cannot be read or holds nothing.
    """
    held = 0
    for source in inputs:
        some = False
        for message in read_messages(source):
            held += len(message.raw.data)
            listed, has_text, forwarded = _list(message, repair=repair, keep=held <= _HELD_BYTES)
            some = some or has_text
            yield listed
            yield from forwarded
        if not some:
            raise InputError(source.name, "empty: there is no mail and no patch in it")


def list_mails(mails: Iterable[Mail], *, repair: bool = False) -> Iterator[Listed]:
    """Yield MAILS, which are in memory, as a list."""
    for mail in mails:
        yield _listed(mail, _read(mail, repair=repair), None)
        for inner in _forwarded(mail):
            yield _listed(inner, _read(inner, repair=repair), None)


def _list(message: Message, *, repair: bool, keep: bool) -> tuple[Listed, bool, list[Listed]]:
    """Return MESSAGE in short, whether there is anything in it, and the messages forwarded in it."""
    data = message.raw.data
    if not keep and not MAY_HOLD_DIFF.search(data):
        end = data.find(b"\n\n") + 1 or len(data)
        mail = parse_mail(data[:end], message.raw.source, message.raw.line)
        if mail.has_header:
            again = _reader(message.reread, None, repair=repair)
            return _listed(mail, NotAPatch(mail), again), True, []
    mail = parse_message(message.raw)
    has_text = mail.has_header or any(line.strip() for line in mail.body.lines)
    found = [
        _listed(
            one,
            _read(one, repair=repair),
            None if keep else _reader(message.reread, place, repair=repair),
        )
        for place, one in [(None, mail), *enumerate(_forwarded(mail))]
    ]
    return found[0], has_text, found[1:]


def _reader(
    reread: Callable[[], RawMail], place: int | None, *, repair: bool
) -> Callable[[], tuple[Mail, Reading]]:
    """Return what reads a message again; PLACE is of the one that is forwarded in it, if any."""

    def load() -> tuple[Mail, Reading]:
        mail = parse_message(reread())
        mail = mail if place is None else _forwarded(mail)[place]
        return mail, _read(mail, repair=repair)

    return load


def parse_message(raw: RawMail) -> Mail:
    """Return the message whose bytes are RAW: of an mboxrd unescaped, of a web archive as a mail."""
    mail = parse_mail(unescape(raw.data), raw.source, raw.line)
    return read_archived(mail) or mail


def _forwarded(mail: Mail) -> list[Mail]:
    """Return the messages that are attached to MAIL, and those attached to them, in order."""
    return [one for inner in mail.forwarded for one in (inner, *_forwarded(inner))]


def _read(mail: Mail, *, repair: bool) -> Reading:
    reading = parse_patch(mail)
    if isinstance(reading, NotAPatch) and repair and not mail.subject.is_reply:
        damaged = any(item.code in _DAMAGE for item in reading.errors)
        if damaged:
            from reviewtool.mail.fragments import find_fragments  # noqa: PLC0415

            fragments = find_fragments(mail.body, mail.source, loose=False)
            if fragments.patches:
                return Recovery(mail, fragments, is_reply=False)
    return reading


def _listed(
    mail: Mail, reading: Reading, again: Callable[[], tuple[Mail, Reading]] | None
) -> Listed:
    kind, digest = Kind.NOTHING, 0
    errors: tuple[Diagnostic, ...] = ()
    if isinstance(reading, Patch):
        kind = Kind.PATCH
        digest = hash(reading.diff_bytes)
    elif isinstance(reading, Recovery):
        kind = Kind.FRAGMENTS
    else:
        errors = reading.errors[:5]
        kind = Kind.BAD if errors else Kind.NOTHING
    parents = dict.fromkeys((*mail.references, *((mail.in_reply_to,) if mail.in_reply_to else ())))
    return Listed(
        source=mail.source,
        line=mail.line,
        subject=mail.subject,
        sender=mail.sender,
        message_id=mail.message_id,
        parents=tuple(parents),
        kind=kind,
        digest=digest,
        errors=errors,
        has_header=mail.has_header,
        has_diff=not isinstance(reading, NotAPatch) or reading.has_diff,
        load=again or (lambda: (mail, reading)),
    )
