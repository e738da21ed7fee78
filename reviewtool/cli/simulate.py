# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool simulate`."""

from __future__ import annotations

import sys

import click


@click.command("simulate")
@click.argument("entry", required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACTOR=VALUE",
    help="Set a factor, and more by name: entry=present,protnone; or flags=FOLL_A,FOLL_B.",
)
@click.option(
    "--tree",
    type=click.Path(),
    help="Directory to take the code from; default: the bundled mm model.",
)
@click.option(
    "--list", "listing", is_flag=True, help="List the factors and their values, and stop."
)
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, which is replaced whole.")
@click.option("--no-cache", is_flag=True, help="Compile everything anew.")
def simulate(
    entry: str | None, settings: tuple[str, ...], tree: str | None, listing: bool, form: str, output: str | None,
    no_cache: bool,
) -> None:  # fmt: skip
    r"""Run ENTRY on one scenario of the model and tell each statement, each event, and the outcome.

    What is not set is as plain as it can be: an R/W PTE of an anonymous, exclusive page.

    \b
    Examples:
      reviewtool simulate follow_page --set entry=present,protnone --set flags=FOLL_GET
      reviewtool simulate get_user_pages --set entry=migration --format json
      reviewtool simulate --list

    Exit status: 0 the scenario was run, 2 it cannot be.
    """
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.cli.trees import runnable  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.report.scenario import render_factors, render_trace  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.simulate.trace import Trace, trace  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model, read_directory  # noqa: PLC0415

    base = bundled_model() if tree is None else read_directory(Path(tree), ("harness/",))
    if listing:
        write_result(render_factors(base, form).encode(), output)
        return
    if entry is None:
        raise click.UsageError("Missing argument 'ENTRY' (or --list).")
    cache = Cache(None) if no_cache else open_cache()
    if tree is not None:
        base = runnable(tree, base, (entry,), cache)
    made = trace(base, entry, settings, cache)
    if not isinstance(made, Trace):
        error = made[0]
        raise InputError(error.path, error.message, error.line)
    write_result(render_trace(made, form).encode("utf-8", "replace"), output)
    sys.exit(0)
