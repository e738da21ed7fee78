# SPDX-License-Identifier: GPL-2.0-only
"""One series → its outcome, whatever its mails hold: no exception gets out."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from reviewtool import __version__
from reviewtool.bases import open_base
from reviewtool.batch.index import is_kernel_code, is_new_code
from reviewtool.batch.work import Options, Outcome, State, Unit
from reviewtool.behaviour.compare import Verdict
from reviewtool.errors import InputError, ReviewtoolError
from reviewtool.execution import Settings
from reviewtool.mail.mailbox import refuse_binary
from reviewtool.pipeline import review_series
from reviewtool.report.summary import render_json
from reviewtool.review import SCHEMA, PatchReview, Review, Severity
from reviewtool.series.listing import Kind, list_mails, parse_message
from reviewtool.series.read import series_of
from reviewtool.series.series import Series
from reviewtool.simulate.cache import key_of, open_cache
from reviewtool.simulate.configuration import choose_configurations
from reviewtool.simulate.domain import DEFAULT_BUDGET
from reviewtool.tree.snapshot import bundled_model

_MOST_REASON = 500


@cache
def tool_name() -> str:
    """Return what this reviewtool is: its version, its schema, and a digest of the bundled model."""
    model = bundled_model().files
    digest = key_of(text for path in sorted(model) for text in (path, model[path]))
    return f"{__version__}/{SCHEMA}/{digest[:12]}"


def judge(unit: Unit, options: Options) -> Outcome:
    """Return what becomes of UNIT; time and memory are the caller's to measure."""
    try:
        return _judge(unit, options)
    except InputError as problem:
        return Outcome(unit.key, State.REFUSED, _line(str(problem)))
    except ReviewtoolError as problem:
        return Outcome(unit.key, State.FAILED, _line(str(problem)))
    except MemoryError:
        return Outcome(unit.key, State.DIED, "out of memory")
    except Exception as problem:  # noqa: BLE001  (a fault of ours costs one row, not the list)
        what = f"a fault of reviewtool: {type(problem).__name__}: {problem}"
        return Outcome(unit.key, State.FAILED, _line(what))


def _line(text: str) -> str:
    """Return TEXT on one line of bounded length; who shows it escapes it."""
    return " ".join(text.split())[:_MOST_REASON]


def _judge(unit: Unit, options: Options) -> Outcome:
    for raw in unit.mails:
        refuse_binary(raw)
    mails = [parse_message(raw) for raw in unit.mails]
    listed = list(list_mails(mails))
    if all(one.kind is Kind.NOTHING for one in listed):
        return Outcome(unit.key, State.NO_PATCH, "a mail without a patch")
    series = series_of(mails, message_id=unit.message_id or None)
    if not _is_about(series, options):
        paths = dict.fromkeys(path for patch in series.patches for path in patch.paths)
        shown = ", ".join(list(paths)[:3]) + (
            f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        )
        why = _line(f"nothing of it could be run: {shown}" if paths else "no file changes")
        return Outcome(
            unit.key, State.NOT_ABOUT, why, title=_title(series), patches=len(series.patches)
        )
    return _review(unit.key, series, options)


def _title(series: Series) -> str:
    if series.cover is not None:
        return series.cover.subject.text
    return series.patches[0].subject if series.patches else ""


def _is_about(series: Series, options: Options) -> bool:
    """Whether anything that SERIES touches could be run; of what is no plain patch nothing is known yet."""
    if series.recoveries or not series.patches:
        return True
    files = [file for patch in series.patches for file in patch.files]
    if options.tree is not None:
        paths = (path for file in files for path in (file.path, file.path_before or ""))
        return any(is_kernel_code(path) for path in paths)
    model = bundled_model()
    return any(
        file.path in model.files
        or file.path_before in model.files
        or (file.path_before is None and is_new_code(file.path, model))
        for file in files
    )


def _review(key: str, series: Series, options: Options) -> Outcome:
    (configuration,) = choose_configurations(options.config, None)
    with open_base(options.tree, series, options.base) as base:
        settings = Settings(
            budget=options.budget or DEFAULT_BUDGET,
            workers=1,
            base_name=base.name,
            find_blob=base.find_blob,
            configuration=configuration,
        )
        review, _ = review_series(series, base.snapshot, settings, open_cache())
        review = replace(review, diagnostics=(*base.notes, *review.diagnostics))
    verdict, why = series_verdict(review)
    patches = (*review.patches, *review.proposals)
    counts = {
        severity: sum(f.severity is severity for patch in patches for f in patch.findings)
        for severity in Severity
    }
    return Outcome(
        key=key,
        state=State.REVIEWED,
        why=_line(why),
        verdict=verdict,
        title=review.title,
        patches=len(patches),
        errors=counts[Severity.ERROR],
        warnings=counts[Severity.WARNING],
        notes=counts[Severity.NOTE],
        review=zlib.compress(render_json(review).encode("utf-8", "replace")),
    )


def series_verdict(review: Review) -> tuple[str, str]:
    """Return the verdict on a whole series, and why: no change only where every patch was seen to do none."""
    patches = (*review.patches, *review.proposals)
    changed = _first(patches, Verdict.CHANGE)
    if changed is not None:
        return Verdict.CHANGE.value, _with_label(changed, patches)
    if review.missing:
        names = ", ".join(map(str, review.missing[:8]))
        return Verdict.UNKNOWN.value, f"patches of it are missing: {names}"
    unknown = next((patch for patch in patches if patch.verdict != Verdict.NO_CHANGE.value), None)
    if unknown is not None or not patches:
        return Verdict.UNKNOWN.value, _with_label(
            unknown, patches
        ) if unknown else "there is no patch"
    return Verdict.NO_CHANGE.value, _with_label(patches[0], patches)


def _first(patches: Sequence[PatchReview], verdict: Verdict) -> PatchReview | None:
    return next((patch for patch in patches if patch.verdict == verdict.value), None)


def _with_label(patch: PatchReview, patches: Sequence[PatchReview]) -> str:
    return patch.verdict_why if len(patches) == 1 else f"{patch.label}: {patch.verdict_why}"
