# SPDX-License-Identifier: GPL-2.0-only
"""Mails → the ordered series that is reviewed."""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.mail.message import Mail
from reviewtool.series.patch import Patch


@dataclass(frozen=True)
class Proposal:
    """A change that a reply proposes, kept apart from the series.

    patch: the change, where the reply carries a diff that can be read as it stands.
    """

    mail: Mail
    patch: Patch | None


@dataclass(frozen=True)
class Series:
    """The patches to review, in order.

    version:  of "[PATCH v2 ...]"; 1 without one.
    cover:    the cover letter, None without one.
    total:    how many patches the subjects promise (the number of patches where they do not say).
    missing:  the numbers that are promised and not there.
    """

    version: int
    cover: Mail | None
    patches: tuple[Patch, ...]
    total: int
    missing: tuple[int, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    proposals: tuple[Proposal, ...] = ()
