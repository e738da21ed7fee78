# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool check`: reviewtool as a check command of b4."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reviewtool.report.b4_checks import CheckResult

_MOST_BYTES = 64 << 20
_PASSED = (
    "PATH",
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "B4_TRACKING_FILE",
)


@click.command("check")
@click.option(
    "--b4",
    "mode",
    type=click.Choice(["review", "series", "am"]),
    required=True,
    help="Which of b4's check commands this is: review-perpatch, review-series, or am- and prep-perpatch.",
)
@click.option(
    "--time-limit",
    type=click.IntRange(0, 86_400),
    metavar="S",
    default=600,
    show_default=True,
    help="Seconds after which it says that it could not tell; 0: none.",
)
@click.option(
    "--tree", type=click.Path(), help="What to apply it to; default: the bundled mm model."
)
def check(mode: str, time_limit: int, tree: str | None) -> None:
    """Check the mail on standard input for b4; nothing is applied, nothing is written.

    \b
    Examples:
      git config b4.review-perpatch-check-cmd "reviewtool check --b4 review"
      git config b4.review-series-check-cmd "reviewtool check --b4 series"
      git config b4.am-perpatch-check-cmd "reviewtool check --b4 am --time-limit 120"
      git config b4.prep-perpatch-check-cmd "reviewtool check --b4 am"

    Exit status: 0 all is well, 1 findings, or it could not tell, 2 the mail cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415

    mail = sys.stdin.buffer.read(_MOST_BYTES)
    if not time_limit:
        from reviewtool.cli.check_run import check_mail  # noqa: PLC0415

        named = os.environ.get("B4_TRACKING_FILE")
        tracking = Path(named) if named else None
        result = check_mail(mail, tracking, whole=mode == "series", folder=Path(), tree=tree)
        out, status = _render(result, mode)
    else:
        out, status = _bounded(mail, mode, time_limit, tree)
    write_result(out, None)
    sys.exit(status)


def _bounded(mail: bytes, mode: str, time_limit: int, tree: str | None) -> tuple[bytes, int]:
    """Check MAIL in a program of its own, which is stopped with all that it started."""
    from reviewtool.process import run_bounded  # noqa: PLC0415
    from reviewtool.report.b4_checks import SERIES_TOOL, TOOL, not_told  # noqa: PLC0415
    from reviewtool.scratch import scratch_folder  # noqa: PLC0415

    with scratch_folder("check") as scratch:
        environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
        # -P: the current directory is somebody's tree, and no place to load modules from.
        program = [sys.executable, "-P", "-m", "reviewtool", "check"]
        program += [f"--tree={tree}"] if tree is not None else []
        done = run_bounded(
            [*program, "--b4", mode, "--time-limit", "0"],
            cwd=Path.cwd(),
            stdin=mail,
            environment=environment | {"TMPDIR": str(scratch)},
            time_s=time_limit,
        )
    if done is None:
        why = f"stopped after {time_limit} s"
    elif (
        done.status not in (0, 1, 2) or _complaint(done.stderr) or (done.status and not done.stdout)
    ):
        why = f"the check itself failed with status {done.status}"
    else:
        return done.stdout, done.status
    return _render(not_told(SERIES_TOOL if mode == "series" else TOOL, why), mode)


def _complaint(said: bytes) -> bytes:
    """Return what the check SAID on standard error, but for warnings, after which it went on."""
    return b"".join(
        line for line in said.splitlines() if not line.startswith(b"reviewtool: warning: ")
    )


def _render(result: CheckResult, mode: str) -> tuple[bytes, int]:
    """Return the output for RESULT, and the exit status."""
    from reviewtool.report.b4_checks import render_lines, render_rows  # noqa: PLC0415
    from reviewtool.report.standing import Standing  # noqa: PLC0415

    text = render_lines([result]) if mode == "am" else render_rows([result])
    status = 0 if result.summary.standing is Standing.PASS else 1
    unusable = result.summary.standing is Standing.FAIL and not result.details
    return text.encode("utf-8", "replace"), 2 if unusable else status
