# SPDX-License-Identifier: GPL-2.0-only
"""The stages one after another: a series and a base tree in, a Review out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from reviewtool.behaviour.callers import find_calls, reached_scenarios
from reviewtool.behaviour.claims import (
    Claim,
    Judgement,
    Sentence,
    claims_no_change,
    judge,
    judge_no_change,
    split_sentences,
)
from reviewtool.behaviour.compare import Change, Comparison, Side, Verdict, compare
from reviewtool.behaviour.entries import Delta, choose_entries, compare_trees, entry_domain
from reviewtool.behaviour.facts import Facts, find_facts
from reviewtool.errors import InputError
from reviewtool.kerneldoc import parse_source
from reviewtool.kerneldoc.compare import compare_diagnostics, diagnose
from reviewtool.mail.diagnostic import Diagnostic
from reviewtool.review import (
    CallerReview,
    ChangeReview,
    ClaimReview,
    EntryReview,
    FactReview,
    FileReview,
    Finding,
    LineReview,
    PatchReview,
    Review,
    Severity,
)
from reviewtool.series.diff import FileDiff, LineKind
from reviewtool.series.patch import Patch
from reviewtool.series.series import Series
from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, CompileError, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import DEFAULT_BUDGET, Domain
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.simulate.vetting import vet_source
from reviewtool.tree.recover import in_order, recover_proposals, recovery_of, refit
from reviewtool.tree.repository import Applied, Conflict, Repository, open_repository
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import Function, SourceIndex, index_sources

Progress = Callable[[str, int, int], None]


def _silent(_what: str, _done: int, _of: int) -> None:
    pass


@dataclass(frozen=True)
class Settings:
    """How to review.

    entries: functions to drive beside those that are chosen; budget: most scenarios per entry.
    """

    entries: tuple[str, ...] = ()
    budget: int = DEFAULT_BUDGET
    workers: int = 2
    base_name: str = "the bundled mm model (behaviour of Linux v6.5-rc3)"


@dataclass
class _Run:
    """What one review carries from patch to patch."""

    settings: Settings
    cache: Cache
    progress: Progress
    swept: dict[tuple[object, ...], Swept] = field(default_factory=dict)


def review_series(
    series: Series, base: Snapshot, settings: Settings, cache: Cache, progress: Progress = _silent
) -> tuple[Review, Series]:
    """Return the review of SERIES on top of BASE, and the series with what was recovered.

    PROGRESS(what, done, of) may be called from several threads.
    Raises: InputError for a patch that would have the compiler read outside of the tree; ToolError
    when git, the compiler or the sandbox fails.
    """
    run = _Run(settings, cache, progress)
    patches: list[PatchReview] = []
    proposals: list[PatchReview] = []
    read: list[Patch] = []
    refused: list[Diagnostic] = []
    with open_repository(base) as repository:
        for item in in_order(series):
            before = repository.snapshot
            made = item if isinstance(item, Patch) else refit(item, before.read)[0]
            if not isinstance(made, Patch):
                refused += made
                continue
            patch, applied = _apply(repository, made, repair=series.repair)
            read.append(patch)
            label = f"{patch.number}/{patch.total}"
            patches.append(_review_patch(run, patch, label, before, applied))
    found, _, unfit = recover_proposals(series, base.read, sorted(base.files))
    series = replace(
        series, patches=tuple(read), recoveries=(), proposals=(*series.proposals, *found),
        diagnostics=(*series.diagnostics, *refused, *unfit),
    )  # fmt: skip
    for proposal in series.proposals:
        # A proposal stands on the base: what it replaces is the tree's function, not the patch's.
        with open_repository(base) as repository:
            applied = repository.apply(proposal.patch)
            proposals.append(_review_patch(run, proposal.patch, "proposal", base, applied))
    said = [str(item) for item in series.diagnostics]
    said += [str(item) for patch in series.patches for item in patch.diagnostics]
    title = (
        series.cover.subject.text
        if series.cover
        else (series.patches[0].subject if series.patches else "")
    )
    if not title and proposals:
        title = proposals[0].subject
    source = (
        series.patches[0].source if series.patches else (proposals[0].source if proposals else "")
    )
    review = Review(
        title=title, version=series.version, source=source, base=settings.base_name, missing=series.missing,
        diagnostics=tuple(dict.fromkeys(said)), patches=tuple(patches), proposals=tuple(proposals),
    )  # fmt: skip
    return review, series


def _apply(
    repository: Repository, patch: Patch, *, repair: bool
) -> tuple[Patch, Applied | Conflict]:
    """Apply PATCH; where it does not apply and REPAIR allows it, what can be fitted in its place."""
    applied = repository.apply(patch)
    pieces = recovery_of(patch) if isinstance(applied, Conflict) and repair else None
    if pieces is None:
        return patch, applied
    fitted, _ = refit(pieces, repository.snapshot.read)
    if not isinstance(fitted, Patch):
        return patch, applied
    return fitted, repository.apply(fitted)


@dataclass
class _Draft:
    """A PatchReview in the making."""

    entries: list[EntryReview] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    facts_after: dict[str, Facts] = field(default_factory=dict)
    undriven: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    claims: list[ClaimReview] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: list[LineReview] = field(default_factory=list)
    changed: tuple[str, ...] = ()
    verdict: Verdict = Verdict.UNKNOWN
    why: str = ""


def _review_patch(
    run: _Run, patch: Patch, label: str, before: Snapshot, applied: Applied | Conflict
) -> PatchReview:
    draft = _Draft()
    repairs = [(repair.source_line, repair.what) for repair in patch.repairs]
    repairs += [(item.line, item.text) for item in patch.diagnostics if item.code == "fit-note"]
    if isinstance(applied, Conflict):
        draft.findings.append(_conflict(applied))
        draft.why = "the patch does not apply"
    else:
        _refuse_hostile(patch, label, before, applied.snapshot)
        _simulate(run, patch, before, applied.snapshot, draft, proposal=label == "proposal")
        _judge_claims(patch, before, applied.snapshot, draft)
        draft.findings += _kernel_doc_findings(patch, before, applied.snapshot)
    draft.findings += [_change_finding(entry, patch) for entry in draft.entries if entry.changed]
    draft.findings += _hazard_findings(draft.entries, patch)
    draft.findings += _claim_findings(draft.claims)
    return PatchReview(
        label=label,
        subject=patch.subject,
        author=str(patch.author),
        source=patch.source,
        applied=applied.how if isinstance(applied, Applied) else "no",
        repairs=tuple(repairs),
        files=tuple(
            _file_review(file.path, file.added, file.removed, before) for file in patch.files
        ),
        changed_functions=draft.changed,
        entries=tuple(draft.entries),
        unchanged_entries=tuple(draft.unchanged),
        undriven=tuple(draft.undriven),
        lines=tuple(draft.lines),
        claims=tuple(draft.claims),
        findings=tuple(draft.findings),
        verdict=draft.verdict.value,
        verdict_why=draft.why,
    )


def _source_line(file: FileDiff, line: int) -> int | None:
    """Return the input line that gives LINE of FILE after the patch, None where no hunk shows it."""
    lines = (shown for hunk in file.hunks for shown in hunk.lines)
    return next((shown.source_line for shown in lines if shown.new_line == line), None)


def _kernel_doc_findings(patch: Patch, before: Snapshot, after: Snapshot) -> list[Finding]:
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
            source = _source_line(file, item.line) or 0
            found.append(
                Finding("kernel-doc", Severity.WARNING, title, (), file.path, item.line, source)
            )
        if change.removed:
            title = f"{len(change.removed)} warnings on kernel-doc less in {file.path}"
            found.append(Finding("kernel-doc-mended", Severity.NOTE, title, (), file.path))
    return found


def _refuse_hostile(patch: Patch, label: str, before: Snapshot, after: Snapshot) -> None:
    """Stop at a patch that would make the compiler read what is not of the tree.

    Raises: InputError naming the input, its line, the file and the reason.
    """
    sources = dict(after.sources())
    for file in patch.files:
        text = sources.get(file.path)
        if text is None or text == before.files.get(file.path):
            continue
        if not _is_simulated(file.path, before):
            continue  # no compiler will see it
        for refusal in vet_source(file.path, text, sources):
            at = _source_line(file, refusal.line)
            where = f"patch {label}: {file.path}:{refusal.line}: {refusal.reason}"
            raise InputError(patch.source, where, at)


def _file_review(path: str, added: int, removed: int, before: Snapshot) -> FileReview:
    if not path.endswith((".c", ".h")):
        return FileReview(path, added, removed, simulated=False, why="no C source")
    if path not in before.files:
        return FileReview(
            path, added, removed, simulated=False, why="not a file of the tree that is simulated"
        )
    return FileReview(path, added, removed, simulated=True, why="")


def _conflict(conflict: Conflict) -> Finding:
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


# Running both versions


def _simulate_without_callers(
    run: _Run,
    patch: Patch,
    before: Snapshot,
    after: Snapshot,
    draft: _Draft,
    errors: tuple[CompileError, ...],
) -> None:
    """Run a proposal that shows one function and leaves it to the reader to convert its callers."""
    callers = {
        error.path
        for error in errors
        if error.path.endswith(".c") and error.path not in patch.paths
    }
    own = [error for error in errors if error.path not in callers]
    if own or not callers:
        draft.findings += [_compile_finding(error, after_patch=True) for error in errors]
        draft.why = "the tree does not compile with the proposal"
        return
    places = tuple(f"{error.path}:{error.line}: {error.message}" for error in errors)
    title = "callers that the proposal does not convert are left out: " + ", ".join(sorted(callers))
    draft.findings.append(Finding("callers-to-convert", Severity.NOTE, title, places))

    def without(snapshot: Snapshot) -> Snapshot:
        return Snapshot(
            {path: text for path, text in snapshot.files.items() if path not in callers}
        )

    draft.undriven.clear()
    draft.unchanged.clear()
    _simulate(run, patch, without(before), without(after), draft)


def _simulate(
    run: _Run,
    patch: Patch,
    before: Snapshot,
    after: Snapshot,
    draft: _Draft,
    *,
    proposal: bool = False,
) -> None:
    simulated = {
        file.path
        for file in patch.files
        if file.path in before.files and file.path.endswith((".c", ".h"))
    }
    added = {file.path for file in patch.files if file.path_before is None}
    after = Snapshot(
        {
            path: text
            for path, text in after.files.items()
            if path not in added or _is_simulated(path, before)
        }
    )
    old, new = index_sources(before), index_sources(after)
    delta = compare_trees(old, new)
    draft.changed = tuple(sorted(delta.functions))
    if not delta.functions and not delta.declared:
        draft.verdict = Verdict.NO_CHANGE
        draft.why = (
            "no code that is simulated changes"
            if not simulated
            else "only comments and white space change"
        )
        if not simulated:
            draft.verdict = Verdict.UNKNOWN
            draft.why = "none of its files is simulated"
        _learn_documented(run, patch, before, after, draft)
        return
    choice = choose_entries(old, new, delta, run.settings.entries)
    names = choice.entries
    draft.unchanged, draft.undriven = list(choice.unchanged), list(choice.undriven)
    bound_old = [_must_bind(old.functions[name]) for name in names]
    bound_new = [_must_bind(new.functions[name]) for name in names]
    domains = {
        name: entry_domain(name, old, new, pair, run.settings.budget)
        for name, *pair in zip(names, bound_old, bound_new, strict=True)
    }
    flags = tuple(
        sorted({flag for domain in domains.values() for flag in (*domain.flags, *domain.also)})
    )
    run.progress("compile", 0, 2)
    module_old = build(
        BuildRequest(before, tuple(bound_old), flags, old.constants, delta.functions), run.cache
    )
    run.progress("compile", 1, 2)
    request = BuildRequest(after, tuple(bound_new), flags, new.constants, delta.functions)
    module_new = build(request, run.cache)
    if proposal and not isinstance(module_new, Module):
        _simulate_without_callers(run, patch, before, after, draft, module_new)
        return
    run.progress("compile", 2, 2)
    if not isinstance(module_new, Module) or not isinstance(module_old, Module):
        new_errors = module_new if not isinstance(module_new, Module) else ()
        old_errors = module_old if not isinstance(module_old, Module) else ()
        draft.findings += [_compile_finding(error, after_patch=True) for error in new_errors]
        if not new_errors:
            draft.findings += [_compile_finding(error, after_patch=False) for error in old_errors]
        draft.why = (
            "the tree does not compile with the patch"
            if new_errors
            else "the tree does not compile before the patch"
        )
        return
    runs: dict[tuple[str, int], int] = {}
    # The sandbox runs without the interpreter's lock: sweep the next entry while this one is compared.
    with ThreadPoolExecutor(1) as ahead:
        waiting = [
            (
                ahead.submit(_sweep, run, module_old, old, name, domains[name], delta),
                ahead.submit(_sweep, run, module_new, new, name, domains[name], delta),
            )
            for name in names
        ]
        for name, binding_old, binding_new, (first, second) in zip(
            names, bound_old, bound_new, waiting, strict=True
        ):
            domain, swept_new = domains[name], second.result()
            side_old = Side(first.result(), module_old.unmodelled, binding_old.out)
            side_new = Side(swept_new, module_new.unmodelled, binding_new.out)
            comparison = compare(name, domain, side_old, side_new)
            draft.comparisons.append(comparison)
            facts_old, facts_new = (
                find_facts(name, domain, side_old),
                find_facts(name, domain, side_new),
            )
            draft.facts_after[name] = facts_new
            draft.entries.append(_entry_review(comparison, old, new, facts_old, facts_new))
            for line, count in swept_new.lines:
                runs[line.path, line.number] = runs.get((line.path, line.number), 0) + count
    draft.lines += _line_reviews(patch, runs)
    draft.findings += _coverage_findings(draft.lines)
    _decide(draft)


def _documented(patch: Patch, before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the functions whose kernel-doc PATCH changes, in name order."""
    found: set[str] = set()
    for path in patch.paths:
        if path not in after.files or not path.endswith((".c", ".h")) or path not in before.files:
            continue
        old, new = parse_source(before.files[path], path), parse_source(after.files[path], path)
        for block in new.blocks:
            known = old.find(block.name)
            if known is None or known.sentences != block.sentences:
                found.add(block.name)
    return tuple(sorted(found))


def _learn_documented(
    run: _Run, patch: Patch, before: Snapshot, after: Snapshot, draft: _Draft
) -> None:
    """Sweep the functions whose kernel-doc changes and whose code does not, to hold it against."""
    index = index_sources(after)
    delta = Delta(frozenset(), frozenset())
    for name in _documented(patch, before, after):
        function = index.functions.get(name)
        if function is None or function.macro or not function.path.endswith(".c"):
            continue
        bound = bind(function)
        if isinstance(bound, Unbound):
            continue
        domain = entry_domain(name, index, index, [bound], run.settings.budget)
        module = build(
            BuildRequest(after, (bound,), (*domain.flags, *domain.also), index.constants), run.cache
        )
        if isinstance(module, Module):
            side = Side(
                _sweep(run, module, index, name, domain, delta), module.unmodelled, bound.out
            )
            draft.facts_after[name] = find_facts(name, domain, side)


def _is_simulated(path: str, before: Snapshot) -> bool:
    """Whether a new file belongs to what is simulated: it lies in a folder that the tree has."""
    folder = path.rpartition("/")[0]
    return any(known.rpartition("/")[0] == folder for known in before.files)


def _must_bind(function: Function) -> Binding:
    bound = bind(function)
    if isinstance(bound, Unbound):
        raise TypeError(f"{function.name} was chosen and cannot be driven")
    return bound


def _sweep(
    run: _Run, module: Module, index: SourceIndex, name: str, domain: Domain, delta: Delta
) -> Swept:
    """Sweep, unless the same code was swept over the same domain for an earlier patch."""
    code = tuple(sorted(index.functions[f].tokens for f in index.closure(name)))
    others = tuple(file.other_tokens for file in index.files)
    key = (
        name,
        hash(code),
        hash(others),
        domain.flags,
        domain.also,
        len(domain.words),
        delta.functions,
    )
    if key not in run.swept:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            run.progress(f"{name}()", done, domain.scenarios)

        run.swept[key] = sweep(module, name, domain, workers=run.settings.workers, progress=count)
    return run.swept[key]


def _decide(draft: _Draft) -> None:
    verdicts = [comparison.verdict for comparison in draft.comparisons]
    if Verdict.CHANGE in verdicts:
        draft.verdict = Verdict.CHANGE
        changed = [c for c in draft.comparisons if c.verdict is Verdict.CHANGE]
        draft.why = "in " + ", ".join(f"{c.entry}()" for c in changed)
        return
    if not verdicts or Verdict.UNKNOWN in verdicts:
        draft.verdict = Verdict.UNKNOWN
        draft.why = (
            "no entry that reaches the change can be driven"
            if not verdicts
            else "some scenarios could not be run to their end"
        )
        return
    reached = {line.path for line in draft.lines if line.runs}
    if draft.lines and not reached:
        draft.verdict = Verdict.UNKNOWN
        draft.why = "none of the changed lines ran"
        return
    if draft.undriven:
        names = ", ".join(f"{name}()" for name, _ in draft.undriven)
        draft.verdict = Verdict.UNKNOWN
        draft.why = f"the entries that could be run do not change, but {names} could not be run"
        return
    scenarios = sum(c.domain.scenarios for c in draft.comparisons)
    draft.verdict = Verdict.NO_CHANGE
    draft.why = f"over {scenarios:,} scenarios of " + ", ".join(
        f"{c.entry}()" for c in draft.comparisons
    )


def _entry_review(
    comparison: Comparison, old: SourceIndex, new: SourceIndex, before: Facts, after: Facts
) -> EntryReview:
    function, domain = new.functions[comparison.entry], comparison.domain
    facts = []
    for fact_id in dict.fromkeys([*(f.id for f in before.facts), *(f.id for f in after.facts)]):
        b, a = before.get(fact_id), after.get(fact_id)
        subject = (a or b).subject if (a or b) else ""  # type: ignore[union-attr]
        facts.append(FactReview(fact_id, subject, b.when if b else "", a.when if a else ""))
    calls = find_calls(new, comparison.entry)
    callers = tuple(
        CallerReview(
            call.caller.name, call.caller.path, "|".join(call.flags) or "0" if call.flags is not None else "",
            reached_scenarios(call, comparison),
        )
        for call in calls
    )  # fmt: skip
    return EntryReview(
        name=comparison.entry, path=function.path, line=function.first_line,
        signature_before=old.functions[comparison.entry].signature, signature_after=function.signature,
        verdict=comparison.verdict.value, scenarios=domain.scenarios, states=len(domain.words),
        factors=tuple(factor.name for factor in domain.factors), flags=domain.flags, also=domain.also, cut=domain.cut,
        changed=comparison.changed, overall=comparison.overall,
        changes=tuple(_change_review(change) for change in comparison.changes), facts=tuple(facts),
        callers=callers, unmodelled=comparison.unmodelled, left=comparison.left,
    )  # fmt: skip


def _change_review(change: Change) -> ChangeReview:
    return ChangeReview(
        before=change.before, after=change.after, effects=change.effects, hazards=change.hazards, rules=change.rules,
        count=change.count, share=change.share, witness=change.witness.words, witness_options=change.witness.options,
        witness_before=change.witness_before, witness_after=change.witness_after,
    )  # fmt: skip


# Lines, claims, findings


def _line_reviews(patch: Patch, runs: dict[tuple[str, int], int]) -> list[LineReview]:
    return [
        LineReview(file.path, line.new_line, runs[file.path, line.new_line])
        for file in patch.files
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind is LineKind.ADDED and line.new_line and (file.path, line.new_line) in runs
    ]


def _coverage_findings(lines: list[LineReview]) -> list[Finding]:
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


def _judge_claims(patch: Patch, before: Snapshot, after: Snapshot, draft: _Draft) -> None:
    for sentence in split_sentences(patch.log_lines):
        if claims_no_change(sentence.text):
            draft.claims.append(_claim("log", judge_no_change(sentence, draft.comparisons)))
            continue
        facts = _facts_meant(sentence, draft)
        if facts:
            draft.claims += [
                _claim("log", claim)
                for claim in judge(sentence, facts)
                if claim.judgement is not Judgement.NOT_CHECKABLE
            ]
    touched = {file.path for file in patch.files}
    documented = _documented(patch, before, after)
    functions = index_sources(after).functions if draft.facts_after else {}
    for name, facts in draft.facts_after.items():
        function = functions.get(name)
        if function is None or function.path not in touched:
            continue
        if name not in draft.changed and name not in documented:
            continue
        block = parse_source(after.files[function.path], function.path).find(name)
        if block is None:
            continue
        for part in block.sentences:
            sentence = Sentence(part.text, part.line)
            draft.claims += [
                _claim(f"kernel-doc of {name}()", claim) for claim in judge(sentence, facts)
            ]


def _facts_meant(sentence: Sentence, draft: _Draft) -> Facts | None:
    """Return the facts of the one entry that SENTENCE names, or of the only one that changed."""
    named = [facts for name, facts in draft.facts_after.items() if f"{name}()" in sentence.text]
    if len(named) == 1:
        return named[0]
    return None


def _claim(where: str, claim: Claim) -> ClaimReview:
    return ClaimReview(
        where, claim.sentence.text, claim.sentence.line, claim.judgement.value, claim.why
    )


def _claim_findings(claims: list[ClaimReview]) -> list[Finding]:
    found = []
    for claim in claims:
        if claim.judgement == Judgement.CONTRADICTED.value:
            line = claim.source_line if claim.where == "log" else 0
            title = f'the {claim.where} says "{claim.sentence}"; the sweep contradicts it'
            found.append(
                Finding("contradicted-claim", Severity.ERROR, title, (claim.why,), source_line=line)
            )
    return found


def _compile_finding(error: CompileError, *, after_patch: bool) -> Finding:
    title = f"{'does not compile' if after_patch else 'the base does not compile'}: {error.message}"
    return Finding("compile-error", Severity.ERROR, title, (), error.path, error.line)


def _change_finding(entry: EntryReview, patch: Patch) -> Finding:
    details = []
    for change in entry.changes:
        before = ", ".join(f"{words}" for words, _ in change.before[:4]) + (
            ", ..." if len(change.before) > 4 else ""
        )
        details.append(
            f"{before} -> {change.after}: {change.count:,} scenarios, when {change.rules[0] if change.rules else 'always'}"
        )
    path, line, source_line = _place(entry, patch)
    title = f"{entry.name}() changes in {entry.changed:,} of {entry.scenarios:,} scenarios"
    return Finding(
        "semantic-change", Severity.WARNING, title, tuple(details), path, line, source_line
    )


def _place(entry: EntryReview, patch: Patch) -> tuple[str, int, int]:
    """Return where in the patch a change of ENTRY shows best: the end of its own hunk, else of the first in C."""
    ends: list[tuple[str, int, int]] = []
    for file in patch.files:
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
    ("assertion that fails", "lock-assertion"),
)  # fmt: skip


def _hazard_findings(entries: list[EntryReview], patch: Patch) -> list[Finding]:
    found: dict[str, list[tuple[EntryReview, ChangeReview, str]]] = {}
    for entry in entries:
        for change in entry.changes:
            for hazard in change.hazards:
                kind = next((kind for words, kind in _HAZARDS if words in hazard), "hazard")
                found.setdefault(kind, []).append((entry, change, hazard))
    return [_hazard_finding(kind, met, patch) for kind, met in found.items()]


def _hazard_finding(
    kind: str, met: list[tuple[EntryReview, ChangeReview, str]], patch: Patch
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
