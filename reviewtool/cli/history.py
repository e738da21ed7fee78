# SPDX-License-Identifier: GPL-2.0-only
"""The commands `reviewtool diff` and `reviewtool bisect`, over the history of a tree."""

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


@click.command("diff")
@click.argument("before", metavar="REV1")
@click.argument("after", metavar="REV2")
@click.option("--tree", type=click.Path(), default=".", show_default=True, help="Git repository.")
@click.option("--entry", required=True, metavar="NAME", help="The function to drive.")
@format_option(["text", "markdown", "json"])
@output_option
@click.option("--budget", type=click.IntRange(1024, 1 << 31), metavar="N", help="Most scenarios.")
@jobs_option
@no_cache_option
@quiet_option
def diff(
    before: str, after: str, tree: str, entry: str, form: str, output: str | None, budget: int | None, jobs: int,
    no_cache: bool, quiet: bool,
) -> None:  # fmt: skip
    """Compare how a function behaves at REV1 and at REV2 of a git repository.

    The code of both is run over every state of the model; rules and facts are as in a review.
    Nothing is checked out, and the repository's configuration, hooks and filters are not used.

    \b
    Examples:
      reviewtool diff v6.0 v6.1 --tree ~/linux --entry follow_page
      reviewtool diff HEAD~3 HEAD --entry get_user_pages --format json

    Exit status: 0 no outcome differs, 1 some do, 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import show_progress, write_result  # noqa: PLC0415
    from reviewtool.cli.trees import runnable  # noqa: PLC0415
    from reviewtool.difference import compare_versions  # noqa: PLC0415
    from reviewtool.execution import Settings  # noqa: PLC0415
    from reviewtool.history.versions import read_version  # noqa: PLC0415
    from reviewtool.report.formats import render_review  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.simulate.domain import DEFAULT_BUDGET  # noqa: PLC0415
    from reviewtool.tree.checkout import open_checkout  # noqa: PLC0415

    with open_checkout(tree) as checkout:
        git = checkout.repository()
        versions = []
        for name in (before, after):
            commit = git.resolve(name)
            label = name if commit.id.startswith(name) else f"{name} ({commit.short})"
            snapshot = runnable(f"{tree} at {name}", checkout.at(commit), (entry,))
            versions.append(read_version(label, snapshot, entry))
        settings = Settings(budget=budget or DEFAULT_BUDGET, workers=jobs)
        cache = Cache(None) if no_cache else open_cache()
        with show_progress(quiet=quiet) as progress:
            made = compare_versions(versions[0], versions[1], tree, settings, cache, progress)
    write_result(render_review(made, form).encode("utf-8", "replace"), output)
    sys.exit(1 if made.findings else 0)


@click.command("bisect")
@click.option("--tree", type=click.Path(), default=".", show_default=True, help="Git repository.")
@click.option("--good", required=True, metavar="REV", help="Revision with the outcome before.")
@click.option("--bad", required=True, metavar="REV", help="Revision with another one.")
@click.option("--entry", required=True, metavar="NAME", help="The function to run.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FACTOR=VALUE",
    help="The scenario, as for `reviewtool simulate`; what is not set is as plain as it can be.",
)
@format_option(["text", "json"])
@output_option
@no_cache_option
@click.option("--quiet", "-q", is_flag=True, help="Do not tell each step.")
def bisect(
    tree: str, good: str, bad: str, entry: str, settings: tuple[str, ...], form: str, output: str | None,
    no_cache: bool, quiet: bool,
) -> None:  # fmt: skip
    """Find the commit at which the outcome of one scenario changes.

    Only commits that touch the files in play are looked at, each is read and never checked out, and
    those whose code cannot be run are skipped, as git-bisect does.

    \b
    Examples:
      reviewtool bisect --good v6.0 --bad v6.1 --entry follow_page --set entry=present,protnone
      reviewtool bisect --good HEAD~40 --bad HEAD --entry get_user_pages --set entry=migration

    Exit status: 0 the commit was found, 1 it is one of several, 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.cli.trees import runnable  # noqa: PLC0415
    from reviewtool.errors import visible  # noqa: PLC0415
    from reviewtool.gitdir import Commit  # noqa: PLC0415
    from reviewtool.history.bisection import Question  # noqa: PLC0415
    from reviewtool.history.bisection import bisect as search  # noqa: PLC0415
    from reviewtool.report.bisection import render_bisection  # noqa: PLC0415
    from reviewtool.simulate.cache import Cache, open_cache  # noqa: PLC0415
    from reviewtool.tree.checkout import open_checkout  # noqa: PLC0415
    from reviewtool.tree.snapshot import Snapshot  # noqa: PLC0415

    def say(text: str) -> None:
        if not quiet:
            click.echo(visible(text), err=True)

    with open_checkout(tree) as checkout:
        git = checkout.repository()

        def take(commit: Commit) -> Snapshot:
            return runnable(f"{tree} at {commit.short}", checkout.at(commit), (entry,))

        first, last = git.resolve(good), git.resolve(bad)
        paths = sorted({path for end in (first, last) for path, _ in take(end).sources()})
        cache = Cache(None) if no_cache else open_cache()
        question = Question(entry, settings, take, tuple(paths))
        made = search(git, first, last, question, cache, say)
    write_result(render_bisection(made, form).encode("utf-8", "replace"), output)
    sys.exit(0 if len(made.first) == 1 else 1)
