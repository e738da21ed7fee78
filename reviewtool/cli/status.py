# SPDX-License-Identifier: GPL-2.0-only
"""`--fail-on`: which findings make a command end with status 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reviewtool.review import Review

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(["change", "contradiction", "none"]),
    default="change",
    show_default=True,
    help="Status 1 at: a warning or an error (a semantic change is a warning); only an error (a "
    "contradicted claim, a new hazard, a conflict, C that does not compile); nothing.",
)


def exit_status(review: Review, fail_on: str) -> int:
    """Return 1 if REVIEW has a finding as severe as FAIL_ON names, else 0."""
    from reviewtool.review import Severity  # noqa: PLC0415

    failing = {
        "change": {Severity.WARNING, Severity.ERROR},
        "contradiction": {Severity.ERROR},
        "none": set[Severity](),
    }[fail_on]
    patches = (*review.patches, *review.proposals)
    return int(any(finding.severity in failing for patch in patches for finding in patch.findings))
