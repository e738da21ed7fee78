# SPDX-License-Identifier: GPL-2.0-only
"""How a mail that b4 pipes in is checked, with the patches before it where b4 says where they are.

The tracking file that B4_TRACKING_FILE names is JSON; of it are read

    series.thread-blob          git's name of a blob with the whole thread, as an mbox
    series.first-patch-commit,  the patches as commits of the branch b4/review/<change-id>, whose
    series.change-id            last commit is b4's own

Without it, as under b4 prep, the last commits of the current branch are looked at: where one of them
is the mail's patch, those below it are the patches before it.

Nothing is applied to the user's tree, and nothing is written there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reviewtool.cli.trees import open_base
from reviewtool.errors import InputError, ToolError
from reviewtool.mail.gitlog import read_blob
from reviewtool.mail.inputs import InputSource
from reviewtool.pipeline import Settings, review_series
from reviewtool.report.b4_checks import (
    SERIES_TOOL,
    TOOL,
    CheckResult,
    check_patch,
    check_series,
    not_told,
    refused,
)
from reviewtool.series.patch import Patch
from reviewtool.series.read import read_series
from reviewtool.series.series import Series
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.repository import Conflict, open_repository
from reviewtool.tree.snapshot import Snapshot

MAIL_NAME = "the mail"
_MOST_BYTES = 64 << 20
_MOST_COMMITS = 200
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_CHANGE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")


@dataclass(frozen=True)
class Siblings:
    """The series that a mail belongs to; None with the reason where it is not at hand."""

    series: Series | None
    why: str = ""


def check_mail(
    data: bytes, tracking: Path | None, *, whole: bool, folder: Path, tree: str | None = None
) -> CheckResult:
    """Return what is told of the mail DATA, or of its WHOLE series.

    tracking: the file that B4_TRACKING_FILE names; folder: where the git repository is.
    tree:     what it is applied to; None: the bundled model.
    """
    tool = SERIES_TOOL if whole else TOOL
    try:
        if whole:
            return _check_whole(data, tracking, folder, tree)
        return _check_one(data, tracking, folder, tree)
    except InputError as problem:
        return refused(tool, str(problem))
    except ToolError as problem:
        return not_told(tool, str(problem))


def find_siblings(mail: bytes, tracking: Path | None, folder: Path) -> Siblings:
    """Return the series of MAIL by what the file TRACKING names in the repository at FOLDER."""
    if tracking is None:
        return Siblings(None, "B4_TRACKING_FILE is not set")
    name = "B4_TRACKING_FILE"
    try:
        if tracking.stat().st_size > _MOST_BYTES:
            return Siblings(None, f"{name}: too large")
        body = json.loads(tracking.read_bytes())
    except (OSError, ValueError, RecursionError):
        return Siblings(None, f"{name}: cannot be read as JSON")
    told = body.get("series") if isinstance(body, dict) else None
    if not isinstance(told, dict):
        return Siblings(None, f"{name}: names no series")
    why = f"{name}: names neither a thread nor commits"
    for source in _sources(told, folder):
        try:
            return Siblings(read_series([source.take()], message_id=_message_id(mail, source)))
        except (InputError, ToolError) as problem:
            why = str(problem)
    return Siblings(None, why)


@dataclass(frozen=True)
class _Source:
    """A blob of the repository at folder, or a range of it."""

    folder: Path
    blob: str = ""
    revisions: str = ""

    def take(self) -> InputSource:
        """Return the input; raises InputError where git does not have it."""
        if self.blob:
            return InputSource("the thread", data=read_blob(self.folder, self.blob))
        return InputSource.range_of(self.folder, self.revisions)


def _sources(told: dict[str, object], folder: Path) -> list[_Source]:
    blob, first, change = (
        told.get(name) for name in ("thread-blob", "first-patch-commit", "change-id")
    )
    found = []
    if isinstance(blob, str) and _COMMIT.fullmatch(blob):
        found.append(_Source(folder, blob=blob))
    if not isinstance(first, str) or not isinstance(change, str):
        return found
    plain = _CHANGE.fullmatch(change) and ".." not in change
    if plain and _COMMIT.fullmatch(first):
        branch = f"refs/heads/b4/review/{change}"
        found.append(_Source(folder, revisions=f"{first}~1..{branch}~1"))
    return found


def _message_id(mail: bytes, source: _Source) -> str | None:
    """Return which series of a thread is meant; commits have no message-ids."""
    if not source.blob:
        return None
    header = re.split(rb"\r?\n\r?\n", mail, maxsplit=1)[0]
    match = re.search(rb"^message-id:\s*<([^<>\s]+)>", header, re.IGNORECASE | re.MULTILINE)
    return match[1].decode("utf-8", "replace") if match else None


def _check_one(data: bytes, tracking: Path | None, folder: Path, tree: str | None) -> CheckResult:
    series = read_series([InputSource(MAIL_NAME, data=data)])
    if len(series.patches) != 1:
        return refused(TOOL, f"{MAIL_NAME}: not one patch")
    (patch,) = series.patches
    before: Sequence[Patch] | None = ()
    why = ""
    if patch.number > 1:
        before, why = _patches_before(data, patch, tracking, folder)
    # A tree is to be what the first of them was made from, not what the last was.
    with open_base(tree, replace(series, patches=(*(before or ()), patch)), None) as base:
        snapshot, name = base.snapshot, base.name
        if before:
            made = _apply_all(snapshot, before)
            if isinstance(made, str):
                return not_told(TOOL, made)
            snapshot, name = made, f"{name}, with the {len(before)} patches before it"
        settings = Settings(base_name=name, find_blob=base.find_blob)
        review, _ = review_series(replace(series, missing=()), snapshot, settings, open_cache())
    alone = patch.number - 1 if before is None else 0
    notes = (*base.notes, why) if why else base.notes
    return check_patch(review.patches[0], alone=alone, notes=tuple(map(str, notes)))


def _patches_before(
    data: bytes, patch: Patch, tracking: Path | None, folder: Path
) -> tuple[Sequence[Patch] | None, str]:
    """Return the patches before PATCH; None with the reason where they are not at hand."""
    if tracking is None:
        found = _of_branch(patch, folder) if patch.total <= _MOST_COMMITS else None
        return (
            found,
            "" if found is not None else "neither B4_TRACKING_FILE nor the branch has them",
        )
    siblings = find_siblings(data, tracking, folder)
    if siblings.series is None:
        return None, siblings.why
    found = _earlier(siblings.series, patch)
    return found, "" if found is not None else "the thread has another series"


def _earlier(series: Series, patch: Patch) -> Sequence[Patch] | None:
    """Return the patches of SERIES before PATCH; None where it is not of it, or one is missing."""
    own = patch.mail.message_id if patch.mail else ""
    for place, one in enumerate(series.patches):
        same = bool(own) and one.mail is not None and one.mail.message_id == own
        same = same or (one.subject == patch.subject and _changes(one) == _changes(patch))
        if same and place >= patch.number - 1:
            return series.patches[place - patch.number + 1 : place]
    return None


def _changes(patch: Patch) -> list[str]:
    """Return the diff without the lines that name blobs, which are longer or shorter."""
    return [line for line in patch.diff_text.split("\n") if not line.startswith("index ")]


def _of_branch(patch: Patch, folder: Path) -> Sequence[Patch] | None:
    """Return the commits of the current branch that come before PATCH, where it is one of them."""
    # One more than there are patches: b4 prep may keep the cover letter in a commit.
    for count in (patch.total, patch.total + 1):
        try:
            found = read_series([InputSource.range_of(folder, f"HEAD~{count}..HEAD")])
        except (InputError, ToolError):
            continue
        earlier = _earlier(found, patch)
        if earlier is not None:
            return earlier
    return None


def _apply_all(base: Snapshot, patches: Sequence[Patch]) -> Snapshot | str:
    """Return BASE with PATCHES, or why that is not to be had."""
    with open_repository(base) as repository:
        for patch in patches:
            applied = repository.apply(patch)
            if isinstance(applied, Conflict):
                return f"patch {patch.number} before it does not apply: {applied.reason}"
        return repository.snapshot


def _check_whole(data: bytes, tracking: Path | None, folder: Path, tree: str | None) -> CheckResult:
    siblings = find_siblings(data, tracking, folder)
    series = siblings.series
    if series is None:
        series = _only_patch(data)
    if series is None:
        return not_told(SERIES_TOOL, f"the patches are not at hand ({siblings.why})")
    with open_base(tree, series, None) as base:
        settings = Settings(base_name=base.name, find_blob=base.find_blob)
        review, _ = review_series(series, base.snapshot, settings, open_cache())
    return check_series(review)


def _only_patch(data: bytes) -> Series | None:
    """Return the series if the mail is the whole of it."""
    try:
        series = read_series([InputSource(MAIL_NAME, data=data)])
    except InputError:
        return None
    return series if series.total == 1 and len(series.patches) == 1 else None
