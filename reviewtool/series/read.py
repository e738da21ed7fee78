# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → Series: the entry point of the stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reviewtool.errors import InputError
from reviewtool.mail.archive import read_archived
from reviewtool.mail.fragments import find_fragments
from reviewtool.mail.mailbox import InputSource, read_mails
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.series.choose import choose_series
from reviewtool.series.patch import NotAPatch, Patch, parse_patch
from reviewtool.series.series import Recovery, Series

# Errors that the tree can mend; everything else stays refused.
_DAMAGE = frozenset({"hunk-line", "hunk-count", "cut-short", "hunk-without-file"})


def read_series(inputs: Sequence[InputSource], *, repair: bool = False) -> Series:
    """Return the series in INPUTS.

    repair: a damaged diff becomes a recovery, to be fitted to the tree, instead of an error.  The
    archived page of a reply is always one.

    Raises: InputError naming input, line and reason for what cannot be read, for inputs without
    any patch, for a damaged diff, and for a patch that must not be applied.
    """
    mails: list[Mail] = []
    for source in inputs:
        before = len(mails)
        for raw in read_mails(source):
            mail = parse_mail(raw.data, raw.source, raw.line)
            mails.append(read_archived(mail) or mail)
        if all(not mail.body.lines and not mail.has_header for mail in mails[before:]):
            raise InputError(source.name, "empty: there is no mail and no patch in it")
    return series_of(mails, repair=repair)


def series_of(mails: Sequence[Mail], *, repair: bool = False) -> Series:
    """Return the series in MAILS; see read_series()."""
    readings = [(mail, _read_mail(mail, repair=repair)) for mail in mails]
    series = choose_series(readings)
    if series.patches or series.recoveries:
        return series
    recoveries = tuple(_recoveries(mails))
    if recoveries:
        return choose_series(readings, recoveries)
    for _, reading in readings:
        if isinstance(reading, NotAPatch) and reading.errors:
            first = reading.errors[0]
            raise InputError(first.source, first.text, first.line)
    first_mail = mails[0] if mails else None
    source = first_mail.source if first_mail else "input"
    line = first_mail.line if first_mail else None
    kind = "a mail without a patch" if first_mail and first_mail.has_header else "no patch in it"
    raise InputError(source, kind, line)


def _read_mail(mail: Mail, *, repair: bool) -> Patch | NotAPatch | Recovery:
    reading = parse_patch(mail)
    if isinstance(reading, NotAPatch) and repair and not mail.subject.is_reply:
        damaged = any(item.code in _DAMAGE for item in reading.errors)
        fragments = find_fragments(mail.body, mail.source, loose=False)
        if damaged and fragments.patches:
            return Recovery(mail, fragments, is_reply=False)
    return reading


def _recoveries(mails: Iterable[Mail]) -> Iterable[Recovery]:
    """Yield what replies quote, where nothing else is there to be reviewed."""
    for mail in mails:
        fragments = find_fragments(mail.body, mail.source, loose=True)
        if fragments.patches or (fragments.functions and mail.subject.is_reply):
            yield Recovery(mail, fragments, is_reply=mail.subject.is_reply)
