# SPDX-License-Identifier: GPL-2.0-only
"""The mails that hold only pieces of patches, fitted to the tree and made patches of the series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reviewtool.mail.address import Address, parse_addresses
from reviewtool.mail.body import Text
from reviewtool.mail.diagnostic import Diagnostic, note, warning
from reviewtool.mail.fragments import Candidate, find_fragments
from reviewtool.mail.trailers import parse_trailers
from reviewtool.series.patch import Patch, parse_diff
from reviewtool.series.series import Proposal, Recovery, Series
from reviewtool.tree.align import Ambiguity
from reviewtool.tree.fit import Fit, ReadFile, fit_patch
from reviewtool.tree.redefine import fit_function


@dataclass(frozen=True)
class Recovered:
    """The series with what could be fitted, and every fit, those that failed included.

    patch_fits and proposal_fits are in input order; ambiguities: why something is not there.
    """

    series: Series
    patch_fits: tuple[Fit, ...]
    proposal_fits: tuple[Fit, ...]

    @property
    def ambiguities(self) -> tuple[Ambiguity, ...]:
        """What could not be decided, with its line."""
        fits = (*self.patch_fits, *self.proposal_fits)
        return tuple(fit.ambiguity for fit in fits if fit.ambiguity is not None)


def recover(series: Series, read: ReadFile, paths: Sequence[str]) -> Recovered:
    """Fit the recoveries of SERIES to the tree that READ reads and whose files are PATHS.

    A recovered patch joins the series' patches at its number; a function in plain C becomes a
    proposal.  A recovery with an ambiguous piece gives no patch at all.
    """
    patches = list(series.patches)
    patch_fits: list[Fit] = []
    said: list[Diagnostic] = []
    for recovery in series.recoveries:
        patch, fits = refit(recovery, read)
        patch_fits += fits
        if isinstance(patch, Patch):
            patches.append(patch)
        else:
            said.extend(patch)
    proposals, proposal_fits, refused = recover_proposals(series, read, paths)
    patches.sort(key=lambda patch: patch.number)
    whole = replace(
        series,
        patches=tuple(patches),
        proposals=(*series.proposals, *proposals),
        recoveries=(),
        total=max(series.total, len(patches)),
        diagnostics=(*series.diagnostics, *said, *refused),
    )
    return Recovered(whole, tuple(patch_fits), proposal_fits)


def in_order(series: Series) -> tuple[Patch | Recovery, ...]:
    """Return the patches and what has yet to be made one, by number, as they are to be applied."""
    items: list[Patch | Recovery] = [*series.patches]
    items += [recovery for recovery in series.recoveries if recovery.fragments.patches]
    return tuple(sorted(items, key=_number))


def refit(
    recovery: Recovery, read: ReadFile
) -> tuple[Patch | tuple[Diagnostic, ...], tuple[Fit, ...]]:
    """Return the patch of RECOVERY, or why there is none, and the fits of its pieces."""
    fits = tuple(fit_patch(fragment, read) for fragment in recovery.fragments.patches)
    return make_patch(recovery, fits, is_proposal=False), fits


def recover_proposals(
    series: Series, read: ReadFile, paths: Sequence[str]
) -> tuple[tuple[Proposal, ...], tuple[Fit, ...], tuple[Diagnostic, ...]]:
    """Return the functions in plain C as proposals, their fits, and why some are none."""
    proposals: list[Proposal] = []
    fits: list[Fit] = []
    said: list[Diagnostic] = []
    for recovery in series.recoveries:
        for function in recovery.fragments.functions:
            fit = fit_function(function, read, paths)
            fits.append(fit)
            patch = make_patch(recovery, [fit], is_proposal=True)
            if isinstance(patch, Patch):
                proposals.append(Proposal(recovery.mail, patch))
            else:
                said.extend(patch)
    return tuple(proposals), tuple(fits), tuple(said)


def _number(item: Patch | Recovery) -> int:
    return item.number if isinstance(item, Patch) else item.mail.subject.number or 1


def make_patch(
    recovery: Recovery, fits: Sequence[Fit], *, is_proposal: bool
) -> Patch | tuple[Diagnostic, ...]:
    """Return the patch that FITS are the pieces of, or why there is none."""
    mail = recovery.mail
    refused = [fit.ambiguity for fit in fits if fit.ambiguity is not None]
    if refused or not fits:
        return tuple(warning("ambiguous", mail.source, item.line, item.reason) for item in refused)
    diff_text = "".join(fit.diff_text or "" for fit in fits)
    numbers = [number for fit in fits for number in fit.source_lines]
    files, errors = parse_diff(diff_text, mail.source, numbers)
    if errors or not files:
        return errors
    log = () if is_proposal else recovery.fragments.log
    texts = [candidate.text.strip() for candidate in log]
    while texts and not texts[-1]:
        texts.pop()
    trailers = tuple(replace(item, line=log[item.line - 1].line) for item in parse_trailers(texts))
    said: tuple[Diagnostic, ...] = ()
    if recovery.is_reply and texts:
        what = "the log is as the reply quotes it; remarks may stand in it"
        said = (warning("quoted-log", mail.source, log[0].line, what),)
    notes = tuple(
        note("fit-note", mail.source, fit.source_lines[0], text)
        for fit in fits
        for text in fit.notes
        if fit.source_lines
    )
    signed = [item.value for item in trailers if item.key.lower() == "signed-off-by"]
    author = _author(signed, mail.sender) if recovery.is_reply else mail.sender
    subject = mail.subject
    return Patch(
        number=subject.number if subject.number is not None else 1,
        total=subject.total if subject.total is not None else 1,
        mail=mail,
        source=mail.source,
        line=mail.line,
        author=mail.sender if is_proposal else author,
        subject=subject.text,
        message="".join(f"{text}\n" for text in texts),
        log_lines=tuple((item.line, text) for item, text in zip(log, texts, strict=False) if text),
        trailers=trailers,
        diff_bytes=diff_text.encode("utf-8", "surrogateescape"),
        line_runs=(numbers,),
        files=files,
        diagnostics=(*said, *notes),
        repairs=tuple(repair for fit in fits for repair in fit.repairs),
    )


def recovery_of(patch: Patch) -> Recovery | None:
    """Return PATCH, which does not apply, as pieces to be fitted; None without a mail.

    Its diff can be read, so what is wrong is white space, offsets, or the tree.
    """
    if patch.mail is None:
        return None
    lines = patch.diff_text.split("\n")[:-1]
    text = Text(tuple(lines), patch.diff_source_lines)
    found = find_fragments(text, patch.source, loose=False)
    log = tuple(Candidate(line, 0, number) for number, line in patch.log_lines)
    return Recovery(patch.mail, replace(found, log=log), is_reply=False)


def _author(signed: Sequence[str], sender: Address) -> Address:
    """Return who signed the quoted patch first; the mail's sender where nobody did."""
    found = parse_addresses(signed[0]) if signed else ()
    return found[0] if found else sender
