# SPDX-License-Identifier: GPL-2.0-only
"""Inputs → Series: the entry point of the stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reviewtool.errors import InputError
from reviewtool.mail.inputs import InputSource
from reviewtool.mail.message import Mail
from reviewtool.series.choose import choose_series
from reviewtool.series.listing import Kind, Listed, list_mails, list_messages
from reviewtool.series.series import Recovery, Series

__all__ = ["InputSource", "read_series", "series_of"]
_RECOVER_MAX = 200


def read_series(
    inputs: Sequence[InputSource], *, repair: bool = False, message_id: str | None = None
) -> Series:
    """Return the series in INPUTS.

    repair: a damaged diff becomes a recovery, to be fitted to the tree, instead of an error.  The
    archived page of a reply is always one.
    message_id: of any message of the series to take, where the inputs hold several.

    Raises: InputError naming input, line and reason for what cannot be read, for inputs without
    any patch, for a damaged diff, and for a patch that must not be applied.
    """
    found = _choose(list(list_messages(inputs, repair=repair)), message_id)
    return replace(found, repair=repair)


def series_of(
    mails: Sequence[Mail], *, repair: bool = False, message_id: str | None = None
) -> Series:
    """Return the series in MAILS; see read_series()."""
    return replace(_choose(list(list_mails(mails, repair=repair)), message_id), repair=repair)


def _choose(messages: Sequence[Listed], message_id: str | None) -> Series:
    series = choose_series(messages, message_id=message_id)
    if series.patches or series.recoveries:
        return series
    if series.proposals:
        return _promoted(series)
    recoveries = tuple(_recoveries(messages))
    if recoveries:
        return choose_series(messages, recoveries, message_id=message_id)
    for listed in messages:
        if listed.kind is Kind.BAD:
            first = listed.errors[0]
            raise InputError(first.source, first.text, first.line)
    if not messages:
        raise InputError("input", "there is none")
    first_mail = messages[0]
    kind = "a mail without a patch" if first_mail.has_header else "no mail and no patch in it"
    raise InputError(first_mail.source, kind, first_mail.line)


def _promoted(series: Series) -> Series:
    """Return the series of the diffs that replies propose, where there is nothing else."""
    count = len(series.proposals)
    patches = tuple(
        replace(proposal.patch, number=place, total=count)
        for place, proposal in enumerate(series.proposals, 1)
    )
    return replace(series, patches=patches, proposals=(), total=count)


def _recoveries(messages: Sequence[Listed]) -> Iterator[Recovery]:
    """Yield what replies quote, where nothing else is there to be reviewed."""
    from reviewtool.mail.fragments import find_fragments  # noqa: PLC0415

    for listed in messages[:_RECOVER_MAX]:
        mail = listed.mail
        fragments = find_fragments(mail.body, mail.source, loose=True)
        if fragments.patches or (fragments.functions and mail.subject.is_reply):
            yield Recovery(mail, fragments, is_reply=mail.subject.is_reply)
