# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool compare`."""

from __future__ import annotations

import sys

import click

from reviewtool.cli.options import (
    format_option,
    jobs_option,
    no_cache_option,
    output_option,
    quiet_option,
)


@click.command("compare")
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--tree",
    type=click.Path(),
    help="Git repository or directory to apply the patches to; default: the bundled mm model.",
)
@click.option("--base", metavar="REV", help="Commit of the tree to apply both versions to.")
@format_option(["text", "markdown", "json"])
@output_option
@click.option(
    "--budget", type=click.IntRange(1024, 1 << 31), metavar="N", help="Most scenarios per entry."
)
@jobs_option
@no_cache_option
@quiet_option
def compare(
    old: str, new: str, tree: str | None, base: str | None, form: str, output: str | None, budget: int | None, jobs: int,
    no_cache: bool, quiet: bool,
) -> None:  # fmt: skip
    """Tell what version NEW of a series changes in behaviour against version OLD.

    Patches are matched by subject, else by what they change.  The tree after each is run against the
    tree after the one that it was, and the same is done for all patches together.

    \b
    Examples:
      reviewtool compare v1.mbox v2.mbox
      reviewtool compare v1.mbox v2.mbox --format markdown -o reroll.md

    Exit status: 0 no behaviour differs, 1 some does, 2 an input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.cli.output import show_progress, write_result  # noqa: PLC0415
    from reviewtool.cli.series import input_sources  # noqa: PLC0415
    from reviewtool.cli.trees import open_base  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.execution import Settings  # noqa: PLC0415
    from reviewtool.report.reroll import render_reroll  # noqa: PLC0415
    from reviewtool.reroll import compare_series  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.simulate.domain import DEFAULT_BUDGET  # noqa: PLC0415

    if old == new == "-":
        raise InputError("-", "only one version can come from standard input")
    first, second = (
        read_series(input_sources((name,), None, Path(tree or "."), None)) for name in (old, new)
    )
    for name, series in ((old, first), (new, second)):
        if not series.patches and not series.recoveries:
            raise InputError(name, "no patch in it")
    with open_base(tree, first, base) as one, open_base(tree, second, base) as two:
        settings = Settings(
            budget=budget or DEFAULT_BUDGET, workers=jobs, base_name=two.name, find_blob=two.find_blob
        )  # fmt: skip
        cache = Cache(None) if no_cache else open_cache()
        with show_progress(quiet=quiet) as progress:
            snapshots = (one.snapshot, two.snapshot)
            made = compare_series(first, second, snapshots, settings, cache, progress)
    write_result(render_reroll(made, form).encode("utf-8", "replace"), output)
    sys.exit(1 if made.findings else 0)
