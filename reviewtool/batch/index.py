# SPDX-License-Identifier: GPL-2.0-only
"""A message in short: what is needed to know which series it is of, from its header alone.

Whether there is a patch in it, and a good one, is for a worker to find out.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import Enum

from reviewtool.execution import is_simulated
from reviewtool.mail.archive import read_archived
from reviewtool.mail.mailbox import RawMail
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.series.listing import MAY_HOLD_DIFF
from reviewtool.tree.snapshot import Snapshot, bundled_model

_PATHS = re.compile(
    rb"^(?:diff --git \"?a/|[-+]{3} \"?[ab]/|[-+]{3} |Index: )([^\s\"]+)", re.MULTILINE
)
_MOST_TEXT = 1000
_KERNEL_FOLDERS = ("mm/", "include/", "fs/proc/", "arch/", "kernel/")


class Part(Enum):
    """What a message is to a series."""

    PATCH = "patch"
    COVER = "cover letter"
    REPLY = "reply"
    NOTICE = "notice"
    OTHER = "no patch"
    BROKEN = "broken"


@dataclass(frozen=True)
class Indexed:
    """A message in short.

    digest: of its bytes.  heavy: whether a diff in it names a file that would be run.
    root:   the message-id of the thread that it says it is in, or its own; "" for neither.
    sent:   the Date field in seconds since 1970, 0 where it has none.
    """

    digest: bytes
    part: Part
    heavy: bool
    message_id: str
    parent: str
    root: str
    sender: str
    subject: str
    version: int
    number: int | None
    total: int | None
    sent: int


class Indexer:
    """Tells what a message is; on_tree: patches are for a kernel's tree, and not for the bundled model."""

    def __init__(self, *, on_tree: bool = False) -> None:
        self._base = bundled_model()
        self._on_tree = on_tree

    def index(self, raw: RawMail) -> Indexed:
        """Return RAW in short; any bytes give a value."""
        data = raw.data
        mail = _head(raw)
        subject = mail.subject
        may_hold = MAY_HOLD_DIFF.search(data) is not None
        if subject.is_notice:
            part = Part.NOTICE
        elif subject.is_reply:
            part = Part.REPLY
        elif subject.is_cover and subject.total:
            part = Part.COVER
        else:
            part = Part.PATCH if may_hold or subject.is_patch else Part.OTHER
        parents = [*mail.references, *([mail.in_reply_to] if mail.in_reply_to else [])]
        return Indexed(
            digest=hashlib.sha256(data).digest(),
            part=part,
            heavy=part is Part.PATCH and may_hold and self._names_code(data),
            message_id=mail.message_id[:_MOST_TEXT],
            parent=(mail.in_reply_to or (parents[-1] if parents else ""))[:_MOST_TEXT],
            root=(parents[0] if parents else mail.message_id)[:_MOST_TEXT],
            sender=str(mail.sender)[:_MOST_TEXT],
            subject=subject.raw[:_MOST_TEXT],
            version=min(subject.version, 1 << 31),
            number=subject.number,
            total=subject.total,
            sent=_sent(mail),
        )

    def _names_code(self, data: bytes) -> bool:
        adds = b"\n--- /dev/null" in data
        for match in _PATHS.finditer(data):
            path = match[1].decode("utf-8", "replace").removeprefix("a/").removeprefix("b/")
            if self._on_tree and is_kernel_code(path):
                return True
            if path in self._base.files or (adds and is_new_code(path, self._base)):
                return True
        return False


def is_kernel_code(path: str) -> bool:
    """Whether PATH lies where a kernel's tree has what slices are taken of."""
    return path.endswith((".c", ".h")) and path.startswith(_KERNEL_FOLDERS)


def is_new_code(path: str, base: Snapshot) -> bool:
    """Whether a new file at PATH would be compiled with BASE."""
    return path.endswith((".c", ".h")) and is_simulated(path, base)


def _head(raw: RawMail) -> Mail:
    """Return the message without its body; all of it where it has no header of its own."""
    data = raw.data
    end = min((at for at in (data.find(b"\n\n"), data.find(b"\r\n\r\n")) if at >= 0), default=-1)
    mail = parse_mail(data[: end + 1] if end >= 0 else data, raw.source, raw.line)
    if mail.has_header:
        return mail
    whole = parse_mail(data, raw.source, raw.line)
    return read_archived(whole) or whole


def _sent(mail: Mail) -> int:
    try:
        return int(mail.sent.timestamp()) if mail.sent is not None else 0
    except (ValueError, OverflowError):
        return 0
