# SPDX-License-Identifier: GPL-2.0-only
"""The commands `reviewtool batch` and `reviewtool watch`: whole lists."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from reviewtool.cli.configuration import config_option
from reviewtool.cli.status import fail_on_option

if TYPE_CHECKING:
    from reviewtool.batch.progress import Reporter
    from reviewtool.batch.store import Store
    from reviewtool.batch.work import Options

Command = TypeVar("Command", bound=Callable[..., object])
_STATES = ("not about the model", "no patch", "refused", "failed", "died")
_INTERRUPTED = 130


def _options(command: Command) -> Command:
    """Give COMMAND what batch and watch have in common."""
    wanted = (
        click.option(
            "--db",
            type=click.Path(path_type=Path, dir_okay=False),
            default=Path("reviews.sqlite"),
            show_default=True,
            help="Database of the results; a run that was stopped goes on from it.",
        ),
        click.option(
            "--workers", "-w", type=click.IntRange(1, 256), help="Processes here; default: one for each CPU."
        ),
        click.option(
            "--scheduler", metavar="ADDRESS", help="Give the work to this Dask scheduler, tls://host:port."
        ),
        click.option(
            "--tree", type=click.Path(), help="What to apply patches to; default: the bundled mm model."
        ),
        click.option("--base", metavar="REV", help="Commit of the tree; default: the one that fits each series."),
        config_option,
        click.option(
            "--budget", type=click.IntRange(1024, 1 << 31), metavar="N", help="Most scenarios per entry."
        ),
        click.option(
            "--time-limit", type=click.IntRange(1, 86_400), metavar="S", default=1800, show_default=True,
            help="Seconds that one series may take.",
        ),
        click.option(
            "--memory", type=click.IntRange(256, 1 << 20), metavar="MIB", default=2048, show_default=True,
            help="MiB that the process which reviews a series may take.",
        ),
        click.option(
            "--again", type=click.Choice(_STATES), multiple=True, help="Do the series with this outcome again."
        ),
        click.option("--quiet", "-q", is_flag=True, help="Do not tell how far it is."),
        fail_on_option,
    )  # fmt: skip
    for option in reversed(wanted):
        command = option(command)
    return command


@click.command("batch")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@_options
def batch(  # noqa: PLR0917  (click passes them by name)
    inputs: tuple[str, ...], db: Path, workers: int | None, scheduler: str | None, tree: str | None, base: str | None,
    config: tuple[str, ...], budget: int | None, time_limit: int, memory: int, again: tuple[str, ...], quiet: bool,
    fail_on: str,
) -> None:  # fmt: skip
    """Review all series in INPUT: mboxes, maildirs, directories of patches, public-inbox repositories.

    Each version of each series costs one row of the database, and so does one that crashes, takes too
    long or cannot be read, with its reason; replies, notices and other mails are counted. Stopped in
    whatever way and started again, it goes on with what has no row.

    \b
    Examples:
      reviewtool batch linux-mm.mbox
      reviewtool batch --db mm.sqlite --workers 8 ~/lists/linux-mm/git/0.git
      reviewtool batch --scheduler tls://10.0.0.1:8786 --tree /srv/linux ~/Maildir/mm
      reviewtool batch --again died --time-limit 3600 linux-mm.mbox
      reviewtool results reviews.sqlite

    Exit status: 0 nothing found that --fail-on names, 1 findings, 2 an input or the database cannot
    be used or the scheduler went away, 130 interrupted.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.batch.group import group_mails  # noqa: PLC0415
    from reviewtool.batch.plan import find_left  # noqa: PLC0415
    from reviewtool.batch.run import Team, run_left  # noqa: PLC0415
    from reviewtool.batch.scan import Scanner  # noqa: PLC0415

    options = _read_options(tree, base, config, budget, time_limit, memory)
    with _opened(db, options, again, quiet=quiet) as (store, reporter):
        scanner = Scanner(store, reporter.tell, reporter.reading, on_tree=tree is not None)
        keys = [scanner.scan(name) for name in inputs]
        group_mails(store)
        left = find_left(store, keys)
        run_left(store, left, options, Team(workers or _cpus(), scheduler), reporter)
        for line in _summary(store, db, keys):
            click.echo(line)
        status = _status(store, keys, fail_on)
    sys.exit(status)


@click.command("watch")
@click.option(
    "--inbox", "inboxes", multiple=True, required=True, metavar="REPO", help="A public-inbox repository."
)  # fmt: skip
@click.option("--once", is_flag=True, help="Review what is new, and end.")
@click.option(
    "--interval", type=click.IntRange(1, 86_400), metavar="S", default=300, show_default=True,
    help="Look for new commits every S seconds.",
)  # fmt: skip
@click.option(
    "--hold", type=click.IntRange(0, 30 * 86_400), metavar="S", default=3600, show_default=True,
    help="Wait so long for the missing patches of a series.",
)  # fmt: skip
@_options
def watch(  # noqa: PLR0917  (click passes them by name)
    inboxes: tuple[str, ...], once: bool, interval: int, hold: int, db: Path, workers: int | None, scheduler: str | None,
    tree: str | None, base: str | None, config: tuple[str, ...], budget: int | None, time_limit: int, memory: int,
    again: tuple[str, ...], quiet: bool, fail_on: str,
) -> None:  # fmt: skip
    """Review what comes into a public-inbox repository: the commits since the last run.

    Nothing is fetched: let git fetch, or public-inbox-clone, bring the commits. What was seen last is
    kept in the database together with the mails, so that none is lost or reviewed twice. Each new
    row is printed.

    \b
    Examples:
      reviewtool watch --inbox ~/lists/linux-mm --db mm.sqlite
      reviewtool watch --inbox ~/lists/linux-mm/git/0.git --once
      git -C ~/lists/linux-mm/git/0.git fetch -q && reviewtool watch --inbox ~/lists/linux-mm --once

    Exit status of --once: 0 nothing found in what is new, 1 findings, 2 an inbox or the database cannot
    be used or the scheduler went away, 130 interrupted.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.batch.group import group_mails  # noqa: PLC0415
    from reviewtool.batch.plan import find_left  # noqa: PLC0415
    from reviewtool.batch.run import Team, run_left  # noqa: PLC0415
    from reviewtool.batch.scan import Scanner  # noqa: PLC0415
    from reviewtool.batch.table import write_table  # noqa: PLC0415

    options = _read_options(tree, base, config, budget, time_limit, memory)
    team = Team(workers or _cpus(), scheduler)
    keys = [str(Path(name).absolute()) for name in inboxes]
    with _opened(db, options, again, quiet=quiet) as (store, reporter):
        while True:
            scanner = Scanner(store, reporter.tell, reporter.reading, on_tree=tree is not None)
            came = sum(scanner.scan_inbox(name) for name in inboxes)
            if came:
                group_mails(store)
            left = find_left(store, keys, complete_since=int(time.time()) - hold)
            run_left(store, left, options, team, reporter)
            new = list(store.rows_of([one.key for one in left]))
            for line in write_table(
                row for row in new if row.verdict or row.state.value in _STATES[2:]
            ):
                click.echo(line, nl=False)
            if once:
                reporter.tell(f"{came:,} new mails, {len(new):,} series")
                status = int(any(_counts(row.errors, row.warnings, fail_on) for row in new))
                break
            del scanner, left, new
            time.sleep(interval)
    sys.exit(status)


def _read_options(
    tree: str | None, base: str | None, config: tuple[str, ...], budget: int | None, time_limit: int, memory: int
) -> Options:  # fmt: skip
    """Return the options, looked at before anything is begun.  Raises: InputError."""
    from reviewtool.batch.work import Options  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.simulate.configuration import choose_configurations  # noqa: PLC0415
    from reviewtool.tree.checkout import open_checkout  # noqa: PLC0415

    choose_configurations(config, None)
    if tree is not None:
        with open_checkout(tree) as checkout:
            if base is not None and checkout.git is not None:
                checkout.git.resolve(base)
    elif base is not None:
        raise InputError(f"--base {base}", "a revision of which tree? name it with --tree")
    return Options(
        tree=None if tree is None else str(Path(tree).absolute()),
        base=base,
        config=config,
        budget=budget or 0,
        time_limit_s=float(time_limit),
        memory_bytes=memory << 20,
    )


@contextmanager
def _opened(
    db: Path, options: Options, again: Sequence[str], *, quiet: bool
) -> Iterator[tuple[Store, Reporter]]:
    """Give the database and what tells how far it is; an interruption ends it all with its own status."""
    from reviewtool.batch.progress import Reporter  # noqa: PLC0415
    from reviewtool.batch.run import settings_of  # noqa: PLC0415
    from reviewtool.batch.store import open_store  # noqa: PLC0415
    from reviewtool.batch.work import State  # noqa: PLC0415

    reporter = Reporter(sys.stderr, quiet=quiet)
    # The same way out: workers end, nothing is left behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with open_store(db) as store:
            store.agree(settings_of(options))
            if again:
                store.forget([State(name) for name in again])
            yield store, reporter
    except KeyboardInterrupt:
        reporter.clear()
        click.echo(
            "reviewtool: interrupted; what is finished is kept, the same command goes on", err=True
        )
        sys.exit(_INTERRUPTED)
    finally:
        reporter.clear()


def _cpus() -> int:
    from os import sched_getaffinity  # noqa: PLC0415

    return len(sched_getaffinity(0))


def _summary(store: Store, db: Path, keys: Sequence[str]) -> Iterator[str]:
    """Yield what there is in the database of the inputs KEYS, in lines."""
    from reviewtool.errors import visible  # noqa: PLC0415

    kinds = store.mail_counts(keys)
    counted = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
    yield f"{sum(kinds.values()):,} mails ({counted})"
    counts = store.counts(keys)
    yield f"{sum(counts.values()):,} series:"
    for (state, verdict), count in counts.items():
        yield f"  {count:>8,}  {visible(verdict) or state.value}"
    yield f"reviewtool results {visible(str(db))} lists them"


def _status(store: Store, keys: Sequence[str], fail_on: str) -> int:
    errors, warnings = store.severities(keys)
    return int(_counts(errors, warnings, fail_on))


def _counts(errors: int, warnings: int, fail_on: str) -> bool:
    return bool({"change": errors + warnings, "contradiction": errors, "none": 0}[fail_on])
