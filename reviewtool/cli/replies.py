# SPDX-License-Identifier: GPL-2.0-only
"""What the command `reviewtool reply` does once its options are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click

from reviewtool.cli.review import make_review
from reviewtool.cli.series import input_sources
from reviewtool.errors import InputError, visible
from reviewtool.mail.address import Address, parse_addresses
from reviewtool.mail.diagnostic import Severity
from reviewtool.mail.header import Field
from reviewtool.mail.inputs import read_messages
from reviewtool.mail.mailbox import unescape
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.report.b4 import write_b4_review
from reviewtool.report.identity import read_identity
from reviewtool.report.lint import lint_reply
from reviewtool.report.remarks import closing, write_remarks
from reviewtool.report.replies import replies_to_patches, reply_to_cover, review_for_b4
from reviewtool.report.reply import (
    Attachment,
    is_mailbox,
    is_message_id,
    reply_recipients,
    write_reply,
)
from reviewtool.report.summary import render_text
from reviewtool.review import Review
from reviewtool.series.series import Series


@dataclass(frozen=True)
class ReplyRequest:
    """The options of one call; see `reviewtool reply --help`."""

    inputs: tuple[str, ...]
    revisions: str | None
    message_id: str | None
    number: int | None
    per_patch: bool
    cover_only: bool
    b4_tree: str | None
    attach_summary: bool
    sender: str | None
    to: tuple[str, ...]
    in_reply_to: str | None
    tree: str | None
    quiet: bool
    base: str | None = None

    @property
    def name(self) -> str:
        """The input as an error names it."""
        return self.inputs[0] if self.inputs else self.revisions or "input"


@dataclass(frozen=True)
class Replies:
    """The replies that were asked for, each with the file that it goes to (None: stdout).

    originals: the messages that they answer.
    """

    files: tuple[tuple[str | None, bytes], ...] = ()
    originals: tuple[Mail, ...] = ()


def make_replies(request: ReplyRequest, output: str | None) -> Replies:
    """Review the series and write the replies that are asked for.

    Raises: InputError for options and inputs that cannot be used.
    """
    if request.per_patch and output in (None, "-"):
        raise InputError("--per-patch", "name the folder for the replies with -o")
    _check_addresses(request)
    identity = _identity(request.sender)
    review, series = make_review(
        request.inputs,
        request.tree,
        (),
        repair=False,
        budget=None,
        jobs=2,
        cached=True,
        quiet=request.quiet,
        revisions=request.revisions,
        message_id=request.message_id,
        base=request.base,
    )
    series = _addressed(series, request)
    if request.b4_tree is not None:
        _write_for_b4(request.b4_tree, review, series, identity)
        return Replies()
    mails = (series.cover, *(patch.mail for patch in series.patches))
    originals = tuple(mail for mail in mails if mail is not None)
    attachment = Attachment("review.txt", render_text(review)) if request.attach_summary else None
    if request.per_patch or request.cover_only:
        cover = reply_to_cover(review, series, identity, attachment)
        if request.cover_only:
            if cover is None or series.cover is None:
                raise InputError(request.name, "there is no cover letter to answer")
            _say_what_is_missing(series.cover, identity)
            return Replies(((output, cover.data),), originals)
        replies = replies_to_patches(review, series, identity, attachment)
        if not replies:
            click.echo("reviewtool: nothing to say: no finding", err=True)
            sys.exit(1)
        for original in originals[:1]:
            _say_what_is_missing(original, identity)
        folder = Path(output or ".")
        folder.mkdir(parents=True, exist_ok=True)
        found = [*([cover] if cover is not None else []), *replies]
        return Replies(tuple((str(folder / one.name), one.data) for one in found), originals)
    data = _one_reply(request, review, series, identity, attachment)
    return Replies(((output, data),), originals)


def _identity(sender: str | None) -> Address:
    given = parse_addresses(sender) if sender else ()
    if sender and len(given) != 1:
        raise InputError("--from", f"not an address: {sender}")
    return given[0] if given else read_identity(Path())


def _check_addresses(request: ReplyRequest) -> None:
    for text in request.to:
        if not is_mailbox(text):
            raise InputError("--to", f"not an address: {text}")
    if request.in_reply_to is not None and not is_message_id(request.in_reply_to.strip("<> ")):
        raise InputError("--in-reply-to", f"not a message-id: {request.in_reply_to}")


def _addressed(series: Series, request: ReplyRequest) -> Series:
    """Return SERIES with what the user says of its mails: whom to answer, and under which id."""
    identity = (request.in_reply_to or "").strip("<> ")
    fields = [Field("reply-to", text, 1) for text in request.to]
    if not fields and not identity:
        return series

    def amended(mail: Mail) -> Mail:
        own = [*fields]
        if identity and not mail.message_id:
            own.append(Field("message-id", f"<{identity}>", 1))
        kept = [one for one in mail.header.fields if not fields or one.name != "reply-to"]
        return replace(mail, header=replace(mail.header, fields=(*own, *kept)))

    return replace(
        series,
        cover=None if series.cover is None else amended(series.cover),
        patches=tuple(
            patch if patch.mail is None else replace(patch, mail=amended(patch.mail))
            for patch in series.patches
        ),
    )


def _say_what_is_missing(mail: Mail, identity: Address) -> None:
    """Tell what the user has to fill in before the reply to MAIL can be sent."""
    if not any(reply_recipients(mail, identity)):
        who = mail.sender.name or "the sender"
        what = f"{mail.source} shows no address of {who}: give --to, or fill in To by hand"
        click.echo(visible(f"reviewtool: {what}"), err=True)
    if not mail.message_id:
        what = f"{mail.source} shows no Message-ID: give --in-reply-to, or the reply starts a thread of its own"
        click.echo(visible(f"reviewtool: {what}"), err=True)


def _one_reply(
    request: ReplyRequest,
    review: Review,
    series: Series,
    identity: Address,
    attachment: Attachment | None,
) -> bytes:
    """Return the reply to one patch: the one asked for, or the one that changes most."""
    pairs = list(zip(series.patches, review.patches, strict=True))
    if request.number is not None:
        pairs = [pair for pair in pairs if pair[0].number == request.number]
        if not pairs:
            raise InputError(request.name, f"there is no patch {request.number}")
    chosen = max(
        pairs,
        key=lambda pair: sum(entry.changed for entry in pair[1].entries) or len(pair[1].findings),
        default=None,
    )
    if chosen is None or (mail := chosen[0].mail) is None:
        raise InputError(request.name, "there is no mail to answer")
    patch, reviewed = chosen
    remarks = write_remarks(reviewed)
    if not remarks:
        click.echo("reviewtool: nothing to say: no finding", err=True)
        sys.exit(1)
    others = [one.label for _, one in pairs if one is not reviewed and one.findings]
    if others and request.number is None:
        names = ", ".join(others)
        what = f"this answers {reviewed.label}; there are findings on {names} too (--per-patch)"
        click.echo(f"reviewtool: {what}", err=True)
    _say_what_is_missing(mail, identity)
    return write_reply(
        mail,
        remarks,
        identity,
        author=patch.author,
        closing=closing(reviewed),
        attachment=attachment,
    )


def _write_for_b4(tree: str, review: Review, series: Series, identity: Address) -> None:
    from reviewtool.mail.gitlog import read_tip  # noqa: PLC0415

    git_directory, tip = read_tip(Path(tree))
    folder = write_b4_review(git_directory, tip, review_for_b4(review, series, identity))
    click.echo(f"reviewtool: remarks for b4 review are in {folder}", err=True)


def edit_reply(data: bytes, originals: Sequence[Mail], status: int) -> tuple[bytes, int]:
    """Let the user go over a reply; return it, and 1 where the lint still finds an error.

    originals: the messages of the series, one of which is answered.
    """
    edited = click.edit(data.decode("utf-8"), extension=".eml")
    if edited is not None:
        data = edited.encode("utf-8", "replace")
    for problem in lint_reply(data, "reply", originals, edited=True):
        click.echo(visible(str(problem)), err=True)
        status = 1 if problem.severity is Severity.ERROR else status
    return data, status


def lint_files(names: Sequence[str], against: Sequence[str]) -> int:
    """Check replies; return the exit status: 1 where something is found."""
    originals: list[Mail] = []
    for source in input_sources(against, None, Path(), None) if against else ():
        originals += [
            parse_mail(unescape(one.raw.data), one.raw.source, one.raw.line)
            for one in read_messages(source)
        ]
    found = 0
    for name in names:
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            raise InputError(name, error.strerror or "cannot be read") from error
        for problem in lint_reply(data, name, originals):
            if problem.code == "no-original" and not against:
                continue
            click.echo(visible(str(problem)))
            found += 1
    return 1 if found else 0
