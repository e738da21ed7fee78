# SPDX-License-Identifier: GPL-2.0-only
"""What goes to a worker and what comes back: values that any process or machine can read.

Job     = Options, 1*Unit        what one task does
Unit    = a series or a single patch: the mails of it
Outcome = the row that it costs
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from reviewtool.mail.mailbox import RawMail


class State(Enum):
    """What became of a series.

    REVIEWED:   there is a review.
    NOT_ABOUT:  it touches nothing that could be run; it was not compiled.
    NO_PATCH:   there is no patch in the mails, whatever their subjects promise.
    REFUSED:    it cannot be read, or must not be run.
    FAILED:     a program or library that the review stands on failed, or reviewtool did.
    DIED:       the process that reviewed it crashed, took too much memory, or too long.
    """

    REVIEWED = "reviewed"
    NOT_ABOUT = "not about the model"
    NO_PATCH = "no patch"
    REFUSED = "refused"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True)
class Options:
    """How each series is reviewed, the same for all in a database.

    tree, base: as review's --tree and --base; None for the bundled model and for the base that fits.
    config:     kernel options, "NAME=off".
    budget:     most scenarios per entry; 0 for the usual.
    time_limit_s, memory_bytes: what one series may take.
    """

    tree: str | None = None
    base: str | None = None
    config: tuple[str, ...] = ()
    budget: int = 0
    time_limit_s: float = 1800.0
    memory_bytes: int = 2 << 30


@dataclass(frozen=True)
class Unit:
    """A series or a single patch: KEY is its name in the database, MAILS are in the input's order.

    message_id: of one of its patches, where mails of earlier versions are there, too; else "".
    """

    key: str
    mails: tuple[RawMail, ...]
    message_id: str = ""


@dataclass(frozen=True)
class Job:
    """What one task does; tool is what the sender is, so that a worker that is another can say so."""

    units: tuple[Unit, ...]
    options: Options
    tool: str


@dataclass(frozen=True)
class Outcome:
    """What a series costs: one row.

    verdict: of the series, "" where there is none.  why: the reason for the state or the verdict.
    title:   the series' subject as the review has it.  patches: how many were reviewed.
    errors, warnings, notes: findings by severity.
    seconds, memory_bytes: of this run; the memory is the reviewing process's own peak, without the compiler.
    review:  the JSON of `review --format json`, compressed by zlib; empty without a review.
    """

    key: str
    state: State
    why: str = ""
    verdict: str = ""
    title: str = ""
    patches: int = 0
    errors: int = 0
    warnings: int = 0
    notes: int = 0
    seconds: float = 0.0
    memory_bytes: int = 0
    review: bytes = b""
