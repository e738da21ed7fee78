# SPDX-License-Identifier: GPL-2.0-only
"""What a reviewer should know of a patch: findings, each with its place, out of what was compared."""

from __future__ import annotations

from reviewtool.behaviour.claims import Judgement
from reviewtool.kerneldoc.compare import compare_diagnostics, diagnose
from reviewtool.review import ChangeReview, ClaimReview, EntryReview, Finding, LineReview, Severity
from reviewtool.series.diff import FileDiff, LineKind
from reviewtool.series.patch import Patch
from reviewtool.simulate.build import CompileError
from reviewtool.tree.repository import Conflict
from reviewtool.tree.snapshot import Snapshot


def input_line(file: FileDiff, line: int) -> int | None:
    """Return the input line that gives LINE of FILE after the patch, None where no hunk shows it."""
    lines = (shown for hunk in file.hunks for shown in hunk.lines)
    return next((shown.source_line for shown in lines if shown.new_line == line), None)


def kernel_doc_findings(patch: Patch, before: Snapshot, after: Snapshot) -> list[Finding]:
    """Return what PATCH adds to the warnings on kernel-doc, never what was there."""
    found: list[Finding] = []
    for file in patch.files:
        new = after.files.get(file.path)
        if new is None or not file.path.endswith((".c", ".h")):
            continue
        old = before.files.get(file.path_before or "", "")
        change = compare_diagnostics(diagnose(old, file.path), diagnose(new, file.path))
        for item in change.added:
            title = f"kernel-doc, {item.rule.identifier}: {item.message}"
            source = input_line(file, item.line) or 0
            found.append(
                Finding("kernel-doc", Severity.WARNING, title, (), file.path, item.line, source)
            )
        if change.removed:
            title = f"{len(change.removed)} warnings on kernel-doc less in {file.path}"
            found.append(Finding("kernel-doc-mended", Severity.NOTE, title, (), file.path))
    return found


def conflict_finding(conflict: Conflict) -> Finding:
    """Return where a patch does not apply, with what was expected and what is there."""
    details = []
    if conflict.hunk:
        details = [f"hunk {conflict.hunk}", f"line {conflict.line} expected: {conflict.expected.strip()}",
                   f"line {conflict.line} in the tree: {conflict.found.strip()}"]  # fmt: skip
    title = f"does not apply: {conflict.path}: {conflict.reason}"
    return Finding(
        "conflict",
        Severity.ERROR,
        title,
        tuple(details),
        conflict.path,
        conflict.line,
        conflict.source_line,
    )


def coverage_findings(lines: list[LineReview]) -> list[Finding]:
    """Return which of the added LINES no scenario ran."""
    silent = [line for line in lines if not line.runs]
    if not silent:
        return []
    by_path: dict[str, list[int]] = {}
    for line in silent:
        by_path.setdefault(line.path, []).append(line.line)
    details = tuple(
        f"{path}: lines {', '.join(map(str, numbers))}" for path, numbers in by_path.items()
    )
    return [
        Finding(
            "never-ran",
            Severity.NOTE,
            f"{len(silent)} of {len(lines)} added statements never ran",
            details,
        )
    ]


def claim_findings(claims: list[ClaimReview]) -> list[Finding]:
    """Return a finding for each claim that a sweep contradicts."""
    found = []
    for claim in claims:
        if claim.judgement == Judgement.CONTRADICTED.value:
            line = claim.source_line if claim.where == "log" else 0
            title = f'the {claim.where} says "{claim.sentence}"; the sweep contradicts it'
            found.append(
                Finding("contradicted-claim", Severity.ERROR, title, (claim.why,), source_line=line)
            )
    return found


def compile_finding(error: CompileError, *, after_patch: bool) -> Finding:
    """Return what the compiler says, AFTER_PATCH or about the base."""
    title = f"{'does not compile' if after_patch else 'the base does not compile'}: {error.message}"
    return Finding("compile-error", Severity.ERROR, title, (), error.path, error.line)


def change_finding(entry: EntryReview, patch: Patch | None) -> Finding:
    """Return that ENTRY changes, and how, at the place of PATCH that shows it best, else where it is."""
    details = []
    for change in entry.changes:
        before = ", ".join(f"{words}" for words, _ in change.before[:4]) + (
            ", ..." if len(change.before) > 4 else ""
        )
        details.append(f"{before} -> {change.after}: {change.count:,} scenarios, {_when(change)}")
    path, line, source_line = _place(entry, patch)
    title = f"{entry.name}() changes in {entry.extent}"
    return Finding(
        "semantic-change", Severity.WARNING, title, tuple(details), path, line, source_line
    )


def _when(change: ChangeReview) -> str:
    """Say the most general condition of CHANGE, and that there are others."""
    if not change.rules:
        return "always"
    others = len(change.rules) - 1
    more = f", or under {others} other condition{'s' if others > 1 else ''}" if others else ""
    return f"when {change.rules[0]}{more}"


def _place(entry: EntryReview, patch: Patch | None) -> tuple[str, int, int]:
    """Return where in the patch a change of ENTRY shows best: the end of its own hunk, else of the first in C."""
    ends: list[tuple[str, int, int]] = []
    for file in patch.files if patch else ():
        for hunk in file.hunks:
            changed = [line for line in hunk.lines if line.kind is not LineKind.CONTEXT]
            if changed and file.path.endswith((".c", ".h")):
                last = changed[-1]
                ends.append((file.path, last.new_line or last.old_line or 0, last.source_line))
    own = [end for end in ends if end[0] == entry.path and end[1] >= entry.line]
    return (own or ends or [(entry.path, entry.line, 0)])[0]


_HAZARDS = (
    ("left held", "lock-imbalance"), ("left open", "lock-imbalance"), ("left released", "lock-imbalance"),
    ("lock taken twice", "lock-imbalance"), ("sleeps in atomic", "atomic-sleep"), ("no end", "endless-loop"),
    ("null pointer", "null-pointer"), ("invalid memory", "invalid-access"), ("BUG()", "bug"), ("WARN", "new-warning"),
    ("assertion that fails", "lock-assertion"), ("used after its reference", "use-after-put"), ("wrong order", "lock-order"),
    ("leaked that no caller", "reference-leak"), ("references missing", "reference-leak"), ("not its own", "reference-leak"),
)  # fmt: skip


def hazard_findings(entries: list[EntryReview], patch: Patch | None) -> list[Finding]:
    """Return one finding for each kind of hazard that PATCH brings, with the entries that meet it."""
    found: dict[str, list[tuple[EntryReview, ChangeReview, str]]] = {}
    for entry in entries:
        for change in entry.changes:
            for hazard in change.hazards:
                kind = next((kind for words, kind in _HAZARDS if words in hazard), "hazard")
                found.setdefault(kind, []).append((entry, change, hazard))
    return [_hazard_finding(kind, met, patch) for kind, met in found.items()]


def _hazard_finding(
    kind: str, met: list[tuple[EntryReview, ChangeReview, str]], patch: Patch | None
) -> Finding:
    entry, change, hazard = max(met, key=lambda item: item[1].count)
    names = ", ".join(dict.fromkeys(f"{item[0].name}()" for item in met))
    path, line, source_line = _place(entry, patch)
    details = (
        f"{entry.name}(): {change.count:,} scenarios; for example {change.witness}",
        f"reviewtool simulate {entry.name} {change.witness_options}",
    )
    severity = Severity.WARNING if kind == "new-warning" else Severity.ERROR
    return Finding(kind, severity, f"{hazard}, in {names}", details, path, line, source_line)
