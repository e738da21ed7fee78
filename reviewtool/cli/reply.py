# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool reply`."""

from __future__ import annotations

import sys

import click

from reviewtool.cli.options import quiet_option


@click.command("reply")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--range", "revisions", metavar="A..B", help="Review commits of the git tree.")
@click.option("--message-id", metavar="ID", help="Which series, where an input holds several.")
@click.option("--output", "-o", metavar="FILE", help="Write to FILE; a folder for --per-patch.")
@click.option(
    "--patch",
    "number",
    type=int,
    metavar="N",
    help="Answer patch N; default: the one that changes most.",
)
@click.option("--per-patch", is_flag=True, help="A file for each reply, in the folder -o.")
@click.option("--cover-only", is_flag=True, help="Only the reply to the cover letter.")
@click.option("--edit", is_flag=True, help="Open the reply in $EDITOR, and check it again.")
@click.option(
    "--b4", "b4_tree", type=click.Path(), metavar="TREE", help="Write files for b4 review to TREE."
)
@click.option("--lint", is_flag=True, help="Check the reply in INPUT instead.")
@click.option("--against", multiple=True, metavar="INPUT", help="With --lint: what it answers.")
@click.option("--attach-summary", is_flag=True, help="Attach the whole report.")
@click.option(
    "--from",
    "sender",
    metavar="ADDRESS",
    help='Who replies; default: git config ("NAME <user@host>").',
)
@click.option(
    "--to",
    multiple=True,
    metavar="ADDRESS",
    help="Whom to answer, where the input shows no address (a web archive's page).",
)
@click.option(
    "--in-reply-to",
    metavar="ID",
    help="The message-id to answer, where the input shows none.",
)
@click.option(
    "--tree",
    type=click.Path(),
    help="Git repository or directory to apply the patches to; default: the bundled mm model.",
)
@click.option("--base", metavar="REV", help="Commit of the tree to apply to; see `review`.")
@quiet_option
def reply(  # noqa: PLR0917  (click passes them by name)
    inputs: tuple[str, ...], revisions: str | None, message_id: str | None, output: str | None, number: int | None,
    per_patch: bool, cover_only: bool, edit: bool, b4_tree: str | None, lint: bool, against: tuple[str, ...],
    attach_summary: bool, sender: str | None, to: tuple[str, ...], in_reply_to: str | None, tree: str | None,
    base: str | None, quiet: bool,
) -> None:  # fmt: skip
    """Review INPUT and write what was found as a reply to the patch's mail.

    The reply quotes the lines that matter and says what the sweep found below them.  It never says
    Reviewed-by or Tested-by: that is yours to add.

    \b
    Examples:
      reviewtool reply series.mbox -o reply.eml && mutt -H reply.eml
      reviewtool reply --patch 2 series.mbox | less
      reviewtool reply --per-patch series.mbox -o replies && git send-email replies/*.eml
      reviewtool reply --edit series.mbox -o reply.eml
      reviewtool reply --lint reply.eml --against series.mbox
      reviewtool reply page.txt --to 'Ann <ann@host>' --in-reply-to ID -o reply.eml
      reviewtool reply --b4 ~/linux series.mbox && b4 review

    Exit status: 0 a reply was written (or the lint found nothing), 1 nothing to say (or lint
    findings), 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.cli.replies import ReplyRequest, edit_reply, lint_files, make_replies  # noqa: PLC0415

    if lint:
        sys.exit(lint_files(inputs, against))
    request = ReplyRequest(
        inputs=inputs,
        revisions=revisions,
        message_id=message_id,
        number=number,
        per_patch=per_patch,
        cover_only=cover_only,
        b4_tree=b4_tree,
        attach_summary=attach_summary,
        sender=sender,
        to=to,
        in_reply_to=in_reply_to,
        tree=tree,
        base=base,
        quiet=quiet,
    )
    made = make_replies(request, output)
    status = 0
    for target, data in made.files:
        if edit:
            data, status = edit_reply(data, made.originals, status)  # noqa: PLW2901
        write_result(data, target)
    sys.exit(status)
