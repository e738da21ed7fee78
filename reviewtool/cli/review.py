# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool review`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from reviewtool.cli.configuration import config_option
from reviewtool.cli.options import (
    format_option,
    jobs_option,
    no_cache_option,
    output_option,
    quiet_option,
)
from reviewtool.cli.status import exit_status, fail_on_option
from reviewtool.report.formats import FORMATS

if TYPE_CHECKING:
    from reviewtool.review import Review
    from reviewtool.series.series import Series


@click.command("review")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--range", "revisions", metavar="A..B", help="Review commits of the git tree.")
@click.option(
    "--message-id", metavar="ID", help="Which series, where an input holds several, or an inbox."
)
@click.option(
    "--tree",
    type=click.Path(),
    help="Git repository or directory to apply the patches to; default: the bundled mm model.",
)
@click.option(
    "--base",
    metavar="REV",
    help="Commit of the tree to apply to; default: the one that the patches were made from.",
)
@config_option
@click.option(
    "--configs",
    metavar="LIST",
    help="Review in each configuration: all, or KSM=off,ZONE_DEVICE=off.",
)
@click.option("--entry", "entries", multiple=True, metavar="NAME", help="Drive this function too.")
@format_option(FORMATS)
@output_option
@click.option("--html", metavar="FILE", help="Write a page to look at, in one file, to FILE too.")
@click.option("--svg", metavar="FILE", help="Write the behaviour map as a picture to FILE too.")
@click.option("--map", "maps", is_flag=True, help="Put the behaviour maps into --format json.")
@click.option(
    "--repair", is_flag=True, help="Mend damaged diffs against the tree; each repair is listed."
)
@click.option(
    "--vocabulary",
    "vocabularies",
    multiple=True,
    type=click.Path(),
    metavar="FILE",
    help="Read sentences of the log by the phrases of this TOML file too.",
)
@click.option(
    "--budget", type=click.IntRange(1024, 1 << 31), metavar="N", help="Most scenarios per entry."
)
@jobs_option
@click.option(
    "--sensitivity", "mutants", type=click.IntRange(1, 10_000), metavar="N",
    help="Try N small wrong versions of the changed functions of each patch, and tell how many would be reported.",
)  # fmt: skip
@no_cache_option
@quiet_option
@fail_on_option
def review(  # noqa: PLR0917  (click passes them by name)
    inputs: tuple[str, ...], revisions: str | None, message_id: str | None, tree: str | None, base: str | None,
    entries: tuple[str, ...], form: str, output: str | None, repair: bool, budget: int | None, jobs: int, no_cache: bool, quiet: bool,
    html: str | None, svg: str | None, maps: bool, fail_on: str, mutants: int | None, vocabularies: tuple[str, ...],
    config: tuple[str, ...], configs: str | None,
) -> None:  # fmt: skip
    """Review the series in INPUT: mails, an mbox, a diff, a directory of patches, or - for standard input.

    Each patch is applied, its code run before and after over every state of the model, and what
    differs is told with the exact condition, a count and an example.

    \b
    Examples:
      reviewtool review series.mbox
      cat mail | reviewtool review -
      reviewtool review --format json -o review.json v2-0001-mm-gup.patch
      reviewtool review --vocabulary phrases.toml series.mbox
      reviewtool review --html review.html --svg map.svg series.mbox
      reviewtool review --format sarif --fail-on contradiction -o review.sarif series.mbox
      reviewtool review series.mbox --tree ~/linux --base v6.5-rc3
      reviewtool review --tree ~/linux --range v6.4..topic

    Exit status: 0 nothing found that --fail-on names, 1 findings, 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.report.formats import render_review  # noqa: PLC0415
    from reviewtool.review import without_pictures  # noqa: PLC0415

    if [output or "-", html, svg].count("-") > 1:
        raise InputError("-", "only one of --output, --html and --svg can be standard output")
    made, _ = make_review(
        inputs,
        tree,
        entries,
        repair=repair,
        budget=budget,
        jobs=jobs,
        cached=not no_cache,
        quiet=quiet,
        revisions=revisions,
        message_id=message_id,
        pictures=bool(html or svg or maps),
        base=base,
        mutants=mutants or 0,
        vocabularies=vocabularies,
        config=config,
        configs=configs,
    )
    if html:
        from reviewtool.report.page import render_page  # noqa: PLC0415

        write_result(render_page(made).encode("utf-8", "replace"), html)
    if svg:
        from reviewtool.report.map import render_svg  # noqa: PLC0415

        write_result(render_svg(made).encode("utf-8", "replace"), svg)
    made = made if maps else without_pictures(made)
    write_result(render_review(made, form).encode("utf-8", "replace"), output)
    sys.exit(exit_status(made, fail_on))


def make_review(
    inputs: tuple[str, ...], tree: str | None, entries: tuple[str, ...], *, repair: bool, budget: int | None, jobs: int,
    cached: bool, quiet: bool, revisions: str | None = None, message_id: str | None = None, base: str | None = None,
    pictures: bool = False, mutants: int = 0, vocabularies: tuple[str, ...] = (),
    config: tuple[str, ...] = (), configs: str | None = None,
) -> tuple[Review, Series]:  # fmt: skip
    """Return the review of INPUTS on TREE (None: the bundled model), and the series.

    revisions: commits of the git repository at TREE, or in the current directory.
    pictures:  whether to make what a page shows beside the review.
    mutants:   how many small wrong versions of each patch's functions to try.
    base: the revision of TREE to apply to; None: the one that fits.
    vocabularies: files with phrases of the user's.
    config, configs: kernel options; the second names configurations to review in besides.
    """
    from dataclasses import replace  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.behaviour.facts import PROPERTIES  # noqa: PLC0415
    from reviewtool.behaviour.vocabulary import load_vocabulary  # noqa: PLC0415
    from reviewtool.cli.output import show_progress  # noqa: PLC0415
    from reviewtool.cli.series import input_sources  # noqa: PLC0415
    from reviewtool.cli.trees import fixes_checker, open_base  # noqa: PLC0415
    from reviewtool.configurations import review_configurations  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.execution import Settings  # noqa: PLC0415
    from reviewtool.series.read import read_series  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.simulate.configuration import choose_configurations  # noqa: PLC0415
    from reviewtool.simulate.domain import DEFAULT_BUDGET  # noqa: PLC0415
    from reviewtool.slice.pair import has_function  # noqa: PLC0415

    sources = input_sources(inputs, revisions, Path(tree or "."), message_id)
    configurations = choose_configurations(config, configs)
    series = read_series(sources, repair=repair, message_id=message_id)
    with open_base(tree, series, base, revisions if not inputs else None) as chosen:
        settings = Settings(
            entries=entries, budget=budget or DEFAULT_BUDGET, workers=jobs, base_name=chosen.name, find_blob=chosen.find_blob,
            pictures=pictures, mutants=mutants,
            vocabulary=load_vocabulary(vocabularies, PROPERTIES) if vocabularies else None,
        )  # fmt: skip
        for entry in entries:
            if not has_function(chosen.snapshot, entry):
                raise InputError(f"--entry {entry}", "the tree has no such function")
        with show_progress(quiet=quiet) as progress:
            settings = replace(settings, tell=progress.tell)
            cache = open_cache() if cached else Cache(None)
            if chosen.git is not None and chosen.commit is not None:
                checker = fixes_checker(chosen.git, chosen.commit, cache, settings, progress)
                settings = replace(settings, check_fixes=checker)
            made, series = review_configurations(
                series, chosen.snapshot, settings, cache, progress, configurations
            )
    return replace(made, diagnostics=(*chosen.notes, *made.diagnostics)), series
