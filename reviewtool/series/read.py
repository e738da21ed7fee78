# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → Series: the entry point of the stage."""

from __future__ import annotations

from collections.abc import Sequence

from reviewtool.errors import InputError
from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.mail.mailbox import InputSource, read_mails
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.series.patch import NotAPatch, Patch, parse_patch
from reviewtool.series.series import Proposal, Series


def read_series(inputs: Sequence[InputSource]) -> Series:
    """Return the series in INPUTS.

    Raises: InputError naming input, line and reason for what cannot be read, a mail without a
    patch where nothing else is there, and a patch that must not be applied.
    """
    mails: list[Mail] = []
    for source in inputs:
        before = len(mails)
        mails.extend(parse_mail(raw.data, raw.source, raw.line) for raw in read_mails(source))
        if len(mails) == before:
            raise InputError(source.name, "empty: there is no mail and no patch in it")
    patches: list[Patch] = []
    proposals: list[Proposal] = []
    said: list[Diagnostic] = []
    cover: Mail | None = None
    for mail in mails:
        if mail.subject.is_cover:
            cover = mail
            continue
        read = parse_patch(mail)
        if isinstance(read, NotAPatch):
            if read.errors and not mail.subject.is_reply:
                first = read.errors[0]
                raise InputError(first.source, first.text, first.line)
            said.extend(read.diagnostics)
        elif mail.subject.is_reply:
            proposals.append(Proposal(mail, read))
        else:
            patches.append(read)
    if not patches:
        raise InputError(inputs[0].name if inputs else "input", "a mail without a patch", 1)
    patches.sort(key=lambda patch: patch.number)
    version = patches[0].mail.subject.version if patches[0].mail else 1
    return Series(version, cover, tuple(patches), len(patches), (), tuple(said), tuple(proposals))
