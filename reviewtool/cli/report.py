# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool report`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reviewtool.errors import InputError, visible

if TYPE_CHECKING:
    from reviewtool.review import PatchReview, Review


@click.command("report")
@click.argument("stored", metavar="REVIEW.json", type=click.Path(path_type=Path))
@click.option("--patchwork", metavar="URL", required=True, help="The Patchwork to report to.")
@click.option(
    "--patch",
    "numbers",
    multiple=True,
    required=True,
    metavar="[N=]ID",
    help="Patchwork's number of patch N of the review; N= may be left out of a single patch.",
)
@click.option("--target-url", metavar="URL", help="Where the whole report can be read.")
@click.option("--dry-run", is_flag=True, help="Print the checks, connect to nothing.")
def report(
    stored: Path, patchwork: str, numbers: tuple[str, ...], target_url: str | None, dry_run: bool
) -> None:
    """Post a stored review as checks to a Patchwork.

    The token is taken from the environment, REVIEWTOOL_PATCHWORK_TOKEN, and is never shown.  A check
    that is there already is not posted again.

    \b
    Examples:
      reviewtool review --format json -o review.json series.mbox
      reviewtool report --patchwork https://patchwork.example.org --patch 1=1201 --patch 2=1202 review.json
      reviewtool report --patchwork https://patchwork.example.org --patch 1201 --dry-run review.json

    Exit status: 0 all checks are there, 2 the input cannot be used or the server refuses.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.report.checks_api import TOKEN_VARIABLE, Token, parse_server, post_check  # noqa: PLC0415
    from reviewtool.report.patchwork import check_of, write_check  # noqa: PLC0415
    from reviewtool.report.stored import read_review_file  # noqa: PLC0415

    server = parse_server(patchwork)
    if target_url is not None and not target_url.startswith(("https://", "http://")):
        raise InputError("--target-url", "neither https:// nor http://")
    review = read_review_file(stored)
    chosen = [_choose(review, number, stored) for number in numbers]
    if dry_run:
        for number, patch in chosen:
            click.echo(f"{number} {write_check(check_of(patch, target_url))}")
        return
    text = os.environ.get(TOKEN_VARIABLE, "")
    if not text:
        raise InputError(TOKEN_VARIABLE, "not set: Patchwork's page on your user shows the token")
    token = Token(text)
    for number, patch in chosen:
        check = check_of(patch, target_url)
        posted = post_check(server, token, number, check)
        what = check.state if posted else f"{check.state}, which was there already"
        click.echo(f"{visible(patch.label)}: patch {number} of {server.name}: {what}", err=True)


def _choose(review: Review, number: str, stored: Path) -> tuple[int, PatchReview]:
    """Return Patchwork's number and the patch that [N=]ID names."""
    place, equals, identifier = number.rpartition("=")
    digits = identifier.isascii() and identifier.isdigit() and len(identifier) < 12
    number_of_patch = place.isascii() and place.isdigit() and len(place) < 6
    if not digits or (equals and not number_of_patch):
        raise InputError(f"--patch {visible(number)}", "not ID or N=ID with numbers")
    if not place:
        if len(review.patches) != 1:
            count = len(review.patches)
            raise InputError(f"--patch {number}", f"{stored} has {count} patches: write N={number}")
        return int(identifier), review.patches[0]
    for patch in review.patches:
        if patch.label.partition("/")[0] == str(int(place)):
            return int(identifier), patch
    raise InputError(f"--patch {number}", f"{stored} has no patch {int(place)}")
