# SPDX-License-Identifier: GPL-2.0-only
"""The command line: `reviewtool COMMAND`.  Only this package prints or exits.

Commands are imported when they are called, so that `--help` and completion answer at once.
"""

from __future__ import annotations

import signal
import sys
import threading
import warnings
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TextIO

import click

from reviewtool import __version__
from reviewtool.errors import ReviewtoolError, visible
from reviewtool.private import CacheWarning

_COMMANDS = {
    "review": (
        "reviewtool.cli.review",
        "review",
        "Review a patch or a series: what it changes, and when.",
    ),
    "reply": ("reviewtool.cli.reply", "reply", "Write the findings as a reply to the list."),
    "series": (
        "reviewtool.cli.series",
        "series",
        "List what is in mails, and what was dropped and why.",
    ),
    "kerneldoc": (
        "reviewtool.cli.kerneldoc",
        "kerneldoc",
        "Render, check and draft kernel-doc comments.",
    ),
    "compare": (
        "reviewtool.cli.compare",
        "compare",
        "Tell what a re-roll of a series changes in behaviour.",
    ),
    "diff": (
        "reviewtool.cli.history",
        "diff",
        "Compare how a function behaves at two revisions.",
    ),
    "bisect": (
        "reviewtool.cli.history",
        "bisect",
        "Find the commit that changes the outcome of a scenario.",
    ),
    "simulate": (
        "reviewtool.cli.simulate",
        "simulate",
        "Run one scenario and explain it step by step.",
    ),
    "render": ("reviewtool.cli.render", "render", "Write a stored review in another format."),
    "check": ("reviewtool.cli.check", "check", "Check a mail as a command of b4."),
    "report": ("reviewtool.cli.report", "report", "Post a stored review to a Patchwork."),
    "doctor": (
        "reviewtool.cli.doctor",
        "doctor",
        "Say what this machine offers: compiler, cache, confinement.",
    ),
    "batch": (
        "reviewtool.cli.batch",
        "batch",
        "Review whole lists with many workers, into a database.",
    ),
    "watch": ("reviewtool.cli.batch", "watch", "Review what is new in a public-inbox repository."),
    "results": ("reviewtool.cli.results", "results", "List what batch and watch have kept."),
    "selftest": (
        "reviewtool.cli.selftest",
        "selftest",
        "Write a program that tries a finding on a real kernel.",
    ),
    "schema": ("reviewtool.cli.render", "schema", "Write the JSON Schema of a stored review."),
    "config": ("reviewtool.cli.config", "config", "Show every setting, and where it comes from."),
    "completion": (
        "reviewtool.cli.manual",
        "completion",
        "Write what a shell needs to complete our options.",
    ),
    "manual": ("reviewtool.cli.manual", "manual", "Write the manual page."),
}
# These must work, and answer at once, whatever the files say.
_WITHOUT_FILES = frozenset({"config", "completion", "doctor", "manual", "schema"})


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name, _ = _COMMANDS[cmd_name]
        command = getattr(import_module(module), name)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name in _COMMANDS and command is not None and name not in _WITHOUT_FILES:
            from reviewtool.cli.defaults import as_default_map, choose_defaults, read_settings  # noqa: PLC0415

            try:
                chosen = choose_defaults(read_settings(Path.cwd()), name, self, ctx)
            except (ReviewtoolError, OSError):
                # Help and completion are there to mend the file with.
                if not ctx.resilient_parsing and not {"-h", "--help"} & set(rest):
                    raise
                chosen = {}
            ctx.default_map = {name: as_default_map(chosen, command)}
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """Review Linux mm patches by running their code before and after, over every state of a model.

    \b
    Examples:
      reviewtool review series.mbox
      reviewtool reply series.mbox -o reply.eml
      reviewtool kerneldoc mm/gup.c --function follow_page
      reviewtool simulate follow_page --set entry=present,protnone --set flags=FOLL_GET

    \b
    Shell completion (bash; zsh and fish likewise):
      eval "$(reviewtool completion bash)"

    Exit status: 0 nothing found, 1 findings, 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)


def main() -> None:
    """Run the command line; one clear line on standard error for whatever goes wrong."""
    _show_warnings()
    _end_cleanly()
    try:
        group(prog_name="reviewtool")
    except ReviewtoolError as error:
        click.echo(f"reviewtool: {visible(str(error))}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has seen enough
        sys.exit(0)
    except OSError as error:  # a disk that is full, a folder for temporary files that is not there
        from reviewtool.cli.output import give_up_output  # noqa: PLC0415

        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"reviewtool: {visible(f'{where}{error.strerror or error}')}", err=True)
        give_up_output()
        sys.exit(2)


def _show_warnings() -> None:
    """Make each warning about the cache one line, told once."""
    usual = warnings.showwarning
    told: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, CacheWarning):
            if str(message) not in told:
                told.add(str(message))
                click.echo(f"reviewtool: warning: {visible(str(message))}", err=True)
        else:
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    warnings.simplefilter("always", CacheWarning)


def _end_cleanly() -> None:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: what it made for itself is removed."""

    def end(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second one ends it at once
        sys.exit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # nohup(1) ignores SIGHUP
                signal.signal(number, end)
