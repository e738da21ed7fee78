# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool reply`."""

from __future__ import annotations

import sys

import click


@click.command("reply")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--output", "-o", metavar="FILE", help="Write to FILE, which is replaced whole.")
@click.option(
    "--patch",
    "number",
    type=int,
    metavar="N",
    help="Answer patch N; default: the one that changes most.",
)
@click.option(
    "--lint", is_flag=True, help="Check the reply in INPUT instead, against nothing else."
)
@click.option("--attach-summary", is_flag=True, help="Attach the whole report.")
@click.option(
    "--from",
    "sender",
    metavar="ADDRESS",
    help='Who replies; default: git config ("NAME <user@host>").',
)
@click.option(
    "--tree",
    type=click.Path(),
    help="Directory to apply the patches to; default: the bundled mm model.",
)
@click.option("--quiet", "-q", is_flag=True, help="No progress bars.")
def reply(
    inputs: tuple[str, ...], output: str | None, number: int | None, lint: bool, attach_summary: bool, sender: str | None,
    tree: str | None, quiet: bool,
) -> None:  # fmt: skip
    r"""Review INPUT and write what was found as a reply to the patch's mail.

    The reply quotes the lines that matter and says what the sweep found below them.  It never says
    Reviewed-by or Tested-by: that is yours to add.

    \b
    Examples:
      reviewtool reply series.mbox -o reply.eml && mutt -H reply.eml
      reviewtool reply --patch 2 series.mbox | less
      reviewtool reply --lint reply.eml

    Exit status: 0 a reply was written (or the lint found nothing), 1 nothing to say (or lint
    findings), 2 the input cannot be used.
    """
    from reviewtool.cli.output import write_result  # noqa: PLC0415

    if lint:
        sys.exit(_lint(inputs))
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.cli.review import make_review  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.mail.address import parse_addresses  # noqa: PLC0415
    from reviewtool.report.identity import read_identity  # noqa: PLC0415
    from reviewtool.report.remarks import closing, write_remarks  # noqa: PLC0415
    from reviewtool.report.reply import Attachment, write_reply  # noqa: PLC0415
    from reviewtool.report.summary import render_text  # noqa: PLC0415

    given = parse_addresses(sender) if sender else ()
    if sender and len(given) != 1:
        raise InputError("--from", f"not an address: {sender}")
    identity = given[0] if given else read_identity(Path())
    review, series = make_review(
        inputs, tree, (), repair=False, budget=None, jobs=2, cached=True, quiet=quiet
    )
    pairs = list(zip(series.patches, review.patches, strict=True))
    if number is not None:
        pairs = [pair for pair in pairs if pair[0].number == number]
        if not pairs:
            raise InputError(inputs[0], f"there is no patch {number}")
    chosen = max(
        pairs,
        key=lambda pair: sum(entry.changed for entry in pair[1].entries) or len(pair[1].findings),
        default=None,
    )
    if chosen is None or (mail := chosen[0].mail) is None:
        raise InputError(inputs[0], "there is no mail to answer")
    patch, reviewed = chosen
    remarks = write_remarks(reviewed)
    if not remarks:
        click.echo("reviewtool: nothing to say: no finding", err=True)
        sys.exit(1)
    others = [p.label for _, p in pairs if p is not reviewed and p.findings]
    if others and number is None:
        click.echo(
            f"reviewtool: this answers {reviewed.label}; there are findings on {', '.join(others)} too (--patch N)",
            err=True,
        )
    attachment = Attachment("review.txt", render_text(review)) if attach_summary else None
    body = write_reply(
        mail,
        remarks,
        identity,
        author=patch.author,
        closing=closing(reviewed),
        attachment=attachment,
    )
    write_result(body, output)


def _lint(inputs: tuple[str, ...]) -> int:
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.errors import InputError, visible  # noqa: PLC0415
    from reviewtool.report.lint import lint_reply  # noqa: PLC0415

    found = 0
    for name in inputs:
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise InputError(name, error.strerror or "cannot be read") from error
        for problem in lint_reply(data, name):
            click.echo(visible(str(problem)))
            found += 1
    return 1 if found else 0
