# SPDX-License-Identifier: GPL-2.0-only
"""What this stage hands on: the series, and what was found besides it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from reviewtool.mail.address import Address
from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.mail.message import Mail
from reviewtool.series.patch import Patch

if TYPE_CHECKING:
    from reviewtool.mail.fragments import Fragments


class Role(Enum):
    """What became of a message."""

    COVER = "cover letter"
    PATCH = "patch"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    PROPOSAL = "proposal"
    REPLY = "reply"
    NOTICE = "notice"
    FRAGMENTS = "fragments"
    OTHER = "no patch"


@dataclass(frozen=True, slots=True)
class Entry:
    """A message of the input, what became of it, and why (in words for a reader).

    source, line: the input's name and the 1-based line in it where the message begins.
    """

    source: str
    line: int
    subject: str
    sender: Address
    message_id: str
    role: Role
    why: str = ""


@dataclass(frozen=True)
class Proposal:
    """A change that a reply proposes, kept apart from the series.

    patch: the change; its author is the reply's sender.
    """

    mail: Mail
    patch: Patch


@dataclass(frozen=True)
class Recovery:
    """A mail with pieces of patches in it, which reviewtool.tree.recover fits to the tree.

    fragments.patches are of the patch that the mail carries or quotes; fragments.functions are
    what a reply proposes.  is_reply: the mail's sender is not the patch's author.
    """

    mail: Mail
    fragments: Fragments
    is_reply: bool


@dataclass(frozen=True)
class Series:
    """The patches to review, in order.

    version:    of "[PATCH v2 ...]"; 1 without one.
    cover:      the cover letter, None without one.
    total:      how many patches the subjects promise; the number of patches where they do not.
    missing:    the numbers that are promised and not there.
    proposals:  diffs in replies.
    recoveries: mails that must be fitted to a tree first; without patches, all there is.
    entries:    every message of the input and what became of it, in input order.
    diagnostics: about the series; those about a patch are the patch's.
    repair:     patches that do not apply as they are may be mended.
    """

    version: int
    cover: Mail | None
    patches: tuple[Patch, ...]
    total: int
    missing: tuple[int, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    entries: tuple[Entry, ...] = ()
    repair: bool = False

    @property
    def all_diagnostics(self) -> tuple[Diagnostic, ...]:
        """What there is to say about the series, and about each of its patches, in order."""
        return (*self.diagnostics, *(item for patch in self.patches for item in patch.diagnostics))
