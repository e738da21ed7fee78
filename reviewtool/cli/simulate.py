# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool simulate`."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from reviewtool.cli.configuration import config_option
from reviewtool.cli.options import format_option, no_cache_option, output_option

if TYPE_CHECKING:
    from reviewtool.simulate.cache import Cache
    from reviewtool.tree.snapshot import Snapshot


@click.command("simulate")
@click.argument("entry", required=False)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACTOR=VALUE",
    help="Set a factor, and more by name: entry=present,protnone; or flags=FOLL_A,FOLL_B.",
)
@config_option
@click.option(
    "--tree",
    type=click.Path(),
    help="Directory to take the code from; default: the bundled mm model.",
)
@click.option(
    "--base",
    "revision",
    metavar="REV",
    help="Commit of the git repository at --tree, not its work tree.",
)
@click.option("--before", metavar="PATCH", help="Run the tree that PATCH (any input) is made for.")
@click.option("--after", metavar="PATCH", help="Run the tree after PATCH.")
@click.option("--both", metavar="PATCH", help="Run both, and show them side by side.")
@click.option(
    "--patch", "number", type=int, metavar="N", help="Patch N of that series; default: all of it."
)
@click.option(
    "--list", "listing", is_flag=True, help="List the factors and their values, and stop."
)
@format_option(["text", "json"])
@output_option
@no_cache_option
def simulate(  # noqa: PLR0917  (click passes them by name)
    entry: str | None, settings: tuple[str, ...], tree: str | None, listing: bool, form: str, output: str | None,
    no_cache: bool, before: str | None, after: str | None, both: str | None, number: int | None,
    config: tuple[str, ...], revision: str | None,
) -> None:  # fmt: skip
    """Run ENTRY on one scenario of the model and tell each statement, each event, and the outcome.

    What is not set is as plain as it can be: an R/W PTE of an anonymous, exclusive page.

    \b
    Examples:
      reviewtool simulate follow_page --set entry=present,protnone --set flags=FOLL_GET
      reviewtool simulate get_user_pages --set entry=migration --format json
      reviewtool simulate follow_page --set entry=present,protnone --both series.mbox
      reviewtool simulate follow_page --set flags=FOLL_GET --after series.mbox --patch 2
      reviewtool simulate --list

    Exit status: 0 the scenario was run, 2 it cannot be.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.report.scenario import render_both, render_factors, render_trace  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.simulate.configuration import read_configuration  # noqa: PLC0415
    from reviewtool.simulate.deciders import find_deciders  # noqa: PLC0415
    from reviewtool.simulate.trace import Trace, trace  # noqa: PLC0415

    if revision is not None and tree is None:
        raise click.UsageError("--base needs --tree.")
    cache = Cache(None) if no_cache else open_cache()
    base = read_tree(tree, revision, None if listing else entry, cache)
    if listing:
        write_result(render_factors(base, form).encode(), output)
        return
    if entry is None:
        raise click.UsageError("Missing argument 'ENTRY' (or --list).")
    given = [name for name in (before, after, both) if name is not None]
    if len(given) > 1:
        raise click.UsageError("Only one of --before, --after and --both.")
    if number is not None and not given:
        raise click.UsageError("--patch needs --before, --after or --both.")
    trees: tuple[Snapshot, ...] = (base,)
    if given:
        pair = patched_trees(given[0], number, base)
        trees = pair if both is not None else (pair[0] if before is not None else pair[1],)
    configuration = read_configuration(config)
    runs = []
    for n, tree_run in enumerate(trees):
        second = trees[1 - n] if both is not None else None
        made = trace(tree_run, entry, settings, cache, second, configuration)
        if not isinstance(made, Trace):
            error = made[0]
            raise InputError(error.path, error.message, error.line)
        runs.append((made, find_deciders(tree_run, made, cache, configuration)))
    if both is None:
        said = render_trace(runs[0][0], form, runs[0][1])
    else:
        to_terminal = output in (None, "-") and sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if to_terminal else None
        said = render_both((runs[0][0], runs[1][0]), (runs[0][1], runs[1][1]), form, width)
    write_result(said.encode("utf-8", "replace"), output)
    sys.exit(0)


def read_tree(tree: str | None, revision: str | None, entry: str | None, cache: Cache) -> Snapshot:
    """Return what is run: the bundled model, or what ENTRY needs of TREE, or of its commit REVISION."""
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.cli.trees import runnable  # noqa: PLC0415
    from reviewtool.tree.checkout import open_checkout  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model, read_directory  # noqa: PLC0415

    if tree is None or (revision is not None and entry is None):
        return bundled_model()  # whatever the tree, the factors are the same
    if revision is None:
        base = read_directory(Path(tree), ("harness/",))
        return runnable(tree, base, (entry,), cache) if entry is not None else base
    # a commit is read while its repository is open
    with open_checkout(tree) as checkout:
        base = checkout.at(checkout.repository().resolve(revision))
        taken = runnable(f"{tree} at {revision}", base, (entry,), cache) if entry else base
        return replace(taken, files=dict(taken.files))


def patched_trees(name: str, number: int | None, base: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Return BASE before and after the series in input NAME, or before and after its patch NUMBER.

    Raises: InputError for an input without such a patch, and for a patch that does not apply.
    """
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.cli.series import input_sources  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.execution import Settings, is_simulated  # noqa: PLC0415
    from reviewtool.reroll import apply_all  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.tree.snapshot import Snapshot  # noqa: PLC0415

    series = read_series(input_sources((name,), None, Path(), None))
    applied = apply_all(series, base, Settings())
    wanted = [n for n, one in enumerate(applied) if number in (None, one.patch.number)]
    if not wanted:
        what = "no patch in it" if number is None else f"there is no patch {number}"
        raise InputError(name, what)
    for one in applied[: wanted[-1] + 1]:
        if one.trouble:
            raise InputError(name, f"{one.label} does not apply: {one.trouble}")
    first = applied[wanted[0] - 1].after if wanted[0] else base

    def simulated(snapshot: Snapshot) -> Snapshot:
        files = snapshot.files.items()
        kept = {
            path: text for path, text in files if path in base.files or is_simulated(path, base)
        }
        return Snapshot(kept)

    return simulated(first), simulated(applied[wanted[-1]].after)
