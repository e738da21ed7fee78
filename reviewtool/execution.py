# SPDX-License-Identifier: GPL-2.0-only
"""Both versions of a patch built, swept and compared, entry by entry: the draft of its review."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from reviewtool.behaviour.compare import Comparison, Side, Verdict, compare
from reviewtool.behaviour.entries import (
    Delta,
    choose_entries,
    compare_trees,
    entry_domain,
    telling_flags,
)
from reviewtool.behaviour.facts import Facts, find_facts
from reviewtool.behaviour.vocabulary import Vocabulary
from reviewtool.combination import UNBOUNDED, Bound, Driven, combine_flags
from reviewtool.entry import Compared, entry_review
from reviewtool.errors import InputError
from reviewtool.evidence import Question, open_questions, question_finding, uncounted_calls
from reviewtool.findings import compile_finding, coverage_findings
from reviewtool.kerneldoc import parse_source
from reviewtool.picture import Ran, Version
from reviewtool.review import (
    ClaimReview,
    EntryReview,
    Finding,
    FixesReview,
    LineReview,
    Origin,
    Severity,
)
from reviewtool.series.diff import LineKind
from reviewtool.series.patch import Patch
from reviewtool.simulate.binding import Binding, Unbound, bind
from reviewtool.simulate.build import BuildRequest, CompileError, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import DEFAULT_BUDGET, Domain
from reviewtool.simulate.instrument import Line
from reviewtool.simulate.sweep import Swept, sweep
from reviewtool.tree.changed import alike_lines, changed_lines
from reviewtool.tree.repository import FindBlob, no_blob
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import Function, SourceIndex, index_sources

Progress = Callable[[str, int, int], None]


Tell = Callable[[str], None]


def tell_nobody(_line: str) -> None:
    """Wait for the report."""


CheckFixes = Callable[[Patch, Ran | None], tuple[FixesReview, ...]]


def no_fixes(_patch: Patch, _ran: Ran | None) -> tuple[FixesReview, ...]:
    """Know no history."""
    return ()


@dataclass(frozen=True)
class Settings:
    """How to review.

    entries: functions to drive beside those that are chosen; budget: most scenarios per entry.
    configuration: the kernel configuration of the runs.
    pictures: whether to make what a page shows beside the review (PatchReview.picture).
    find_blob: gives the versions that three-way merges need.
    check_fixes: holds Fixes: tags against the history.
    tell: gets a line on each change as soon as it is found, long before the report.
    combine: whether to combine all flags where a sweep could not, and saw no change; bound: how far.
    mutants: how many small wrong versions of each patch's functions to try, for PatchReview.sensitivity.
    """

    entries: tuple[str, ...] = ()
    budget: int = DEFAULT_BUDGET
    workers: int = 2
    base_name: str = "the bundled mm model (behaviour of Linux v6.5-rc3)"
    pictures: bool = False
    configuration: Configuration = DEFAULT_CONFIGURATION
    find_blob: FindBlob = no_blob
    check_fixes: CheckFixes = no_fixes
    tell: Tell = tell_nobody
    combine: bool = True
    bound: Bound = UNBOUNDED
    mutants: int = 0
    vocabulary: Vocabulary | None = None


Key = tuple[object, ...]
"""An entry, its code and all declarations, and its domain: equal keys have equal outcomes."""


@dataclass
class Run:
    """What one review carries from patch to patch; base: what the first is applied to."""

    settings: Settings
    cache: Cache
    progress: Progress
    swept: dict[tuple[object, ...], Swept] = field(default_factory=dict)
    base: Snapshot | None = None
    sides: dict[Key, Side] = field(default_factory=dict)
    compared: dict[tuple[Key, Key], Compared] = field(default_factory=dict)


@dataclass
class Draft:
    """A PatchReview in the making."""

    entries: list[EntryReview] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    facts_after: dict[str, Facts] = field(default_factory=dict)
    undriven: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    claims: list[ClaimReview] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: list[LineReview] = field(default_factory=list)
    ran: Ran | None = None
    origin: Origin | None = None
    changed: tuple[str, ...] = ()
    verdict: Verdict = Verdict.UNKNOWN
    why: str = ""


def _simulate_without_callers(
    run: Run,
    patch: Patch,
    before: Snapshot,
    after: Snapshot,
    draft: Draft,
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
        draft.findings += [compile_finding(error, after_patch=True) for error in errors]
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
    simulate_patch(run, patch, without(before), without(after), draft)


def simulate_patch(
    run: Run,
    patch: Patch,
    before: Snapshot,
    after: Snapshot,
    draft: Draft,
    *,
    proposal: bool = False,
) -> None:
    """Run both versions of what PATCH changes, and put what differs into DRAFT, with the verdict."""
    simulated = {
        file.path
        for file in patch.files
        if file.path in before.files and file.path.endswith((".c", ".h"))
    }
    configuration = run.settings.configuration
    after = configuration.built(_without_added(after, patch, before))
    before = configuration.built(before)
    old, new = index_sources(before), index_sources(after)
    delta = compare_trees(old, new)
    draft.changed = tuple(sorted(delta.functions))
    if not delta.functions and not delta.declared:
        draft.verdict, draft.why = Verdict.NO_CHANGE, "only comments and white space change"
        if not simulated:
            draft.verdict, draft.why = Verdict.UNKNOWN, "none of its files is simulated"
        elif not simulated & before.files.keys():
            draft.why = f"none of its files is built with {configuration.words}"
        _learn_documented(run, patch, before, after, draft)
        return
    choice = choose_entries(old, new, delta, run.settings.entries)
    names = choice.entries
    draft.unchanged, draft.undriven = list(choice.unchanged), list(choice.undriven)
    bound_old = [_must_bind(old.functions[name]) for name in names]
    bound_new = [_must_bind(new.functions[name]) for name in names]
    telling = telling_flags(old, new, delta)
    domains = {
        name: entry_domain(name, old, new, pair, run.settings.budget, configuration, telling)
        for name, *pair in zip(names, bound_old, bound_new, strict=True)
    }
    flags = tuple(
        sorted({flag for domain in domains.values() for flag in (*domain.flags, *domain.also)})
    )
    changed = changed_lines(before, after)
    lines_old, lines_new = (
        frozenset(Line(*place) for place in places)
        for places in alike_lines(before, after, changed)
    )
    run.progress("compile", 0, 2)
    module_old = build(
        BuildRequest(before, tuple(bound_old), flags, old.constants, delta.functions, lines_old, configuration=configuration,
                     workers=run.settings.workers),
        run.cache,
    )  # fmt: skip
    run.progress("compile", 1, 2)
    module_new = build(
        BuildRequest(after, tuple(bound_new), flags, new.constants, delta.functions, lines_new, configuration=configuration,
                     workers=run.settings.workers),
        run.cache,
    )  # fmt: skip
    if proposal and not isinstance(module_new, Module):
        _simulate_without_callers(run, patch, before, after, draft, module_new)
        return
    run.progress("compile", 2, 2)
    if not isinstance(module_new, Module) or not isinstance(module_old, Module):
        if before is run.base and not isinstance(module_old, Module):
            _refuse_base(run.settings.base_name, before, module_old[0])
        _tell_compile_errors(draft, module_old, module_new)
        return
    built_old = _Built(old, tuple(bound_old), module_old, lines_old)
    built_new = _Built(new, tuple(bound_new), module_new, lines_new)
    compared, sides = _compare_entries(run, domains, delta, built_old, built_new)
    if run.settings.combine:
        compared = combine_flags(
            compared,
            Driven(
                before,
                old,
                tuple(bound_old),
                delta.functions,
                lines_old,
                _only_functions(delta, old),
            ),
            Driven(
                after,
                new,
                tuple(bound_new),
                delta.functions,
                lines_new,
                _only_functions(delta, new),
            ),
            run.cache,
            run.settings.workers,
            run.progress,
            run.settings.bound,
        )
    _tell_entries(draft, compared, old, new)
    draft.ran = Ran(
        tuple(domains[name] for name in names),
        Version(before, old, tuple(bound_old), tuple(side for side, _ in sides), configuration),
        Version(after, new, tuple(bound_new), tuple(side for _, side in sides), configuration),
    )
    _tell_lines(draft, patch, draft.ran)
    _conclude(draft, compared, telling, domains.values())
    if draft.verdict is Verdict.NO_CHANGE:
        questions = open_questions(draft.ran, compared, (lines_old, lines_new), changed)
        _doubt(draft, questions, uncounted_calls(old, new, delta.functions))


def _conclude(
    draft: Draft, compared: list[Compared], telling: frozenset[str], domains: Collection[Domain]
) -> None:
    """Decide; nothing is said where no entry was ever passed a flag of the TELLING ones."""
    _decide(draft, compared)
    combined = any(made.combined is not None and not made.combined.gave_up for made in compared)
    never = [flag for flag in sorted(telling) if all(flag in domain.cut for domain in domains)]
    if domains and never and not combined and draft.verdict is Verdict.NO_CHANGE:
        draft.verdict = Verdict.UNKNOWN
        draft.why = f"the entries do not change, but {', '.join(never)} was never passed, for lack of budget"


def _only_functions(delta: Delta, index: SourceIndex) -> bool:
    """Whether nothing but the bodies of functions of INDEX is in DELTA."""
    known = [index.functions[name] for name in delta.functions if name in index.functions]
    return not delta.declared and not any(function.macro for function in known)


@dataclass(frozen=True)
class _Built:
    """One version: bindings of the entries, in their order; lines: those that the other version does not have."""

    index: SourceIndex
    bindings: tuple[Binding, ...]
    module: Module
    lines: frozenset[Line]


def _compare_entries(
    run: Run, domains: Mapping[str, Domain], delta: Delta, old: _Built, new: _Built
) -> tuple[list[Compared], list[tuple[Side, Side]]]:
    """Return what differs in each of the entries, and what was swept of them."""
    compared: list[Compared] = []
    sides: list[tuple[Side, Side]] = []
    # The sandbox runs without the interpreter's lock: sweep the next entry while this one is compared.
    with ThreadPoolExecutor(1) as ahead:
        waiting = [
            tuple(
                ahead.submit(_sweep, run, one.module, one.index, name, domain, (delta, one.lines))
                for one in (old, new)
            )
            for name, domain in domains.items()
        ]
        for number, (name, domain) in enumerate(domains.items()):
            first, second = (
                Side(swept.result(), one.module.unmodelled, one.bindings[number].out)
                for swept, one in zip(waiting[number], (old, new), strict=True)
            )
            keys = (code_key(old.index, name, domain), code_key(new.index, name, domain))
            compared.append(compare_sides(run, name, domain, keys, (first, second)))
            sides.append((first, second))
    return compared, sides


def _doubt(draft: Draft, questions: tuple[Question, ...], uncounted: tuple[str, ...]) -> None:
    """Take back that nothing changes where QUESTIONS are open, or calls come and go that the model does not see."""
    if questions:
        draft.findings.append(question_finding(questions))
        more = f", and {len(questions) - 1} more like it" if len(questions) > 1 else ""
        draft.why = f"no scenario differs, but {questions[0].words}{more}"
    elif uncounted:
        names = ", ".join(f"{name}()" for name in uncounted[:6])
        draft.why = f"no scenario differs, but how often {names} is called does, and the model does not see that"
    if questions or uncounted:
        draft.verdict = Verdict.UNKNOWN


def _tell_lines(draft: Draft, patch: Patch, ran: Ran) -> None:
    draft.lines += _line_reviews(patch, ran.after.runs())
    draft.findings += coverage_findings(draft.lines)


def _tell_entries(
    draft: Draft, compared: list[Compared], old: SourceIndex, new: SourceIndex
) -> None:
    for made in compared:
        draft.comparisons.append(made.comparison)
        draft.facts_after[made.comparison.entry] = made.after
        draft.entries.append(entry_review(made, old, new))


def _refuse_base(name: str, base: Snapshot, error: CompileError) -> None:
    """Give up on a tree that nothing can be compared with.

    Raises: InputError naming the line and what stands there.
    """
    lines = (base.read(error.path) or "").split("\n")
    text = lines[error.line - 1].strip() if 0 < error.line <= len(lines) else ""
    what = f"does not compile, even before the patch: {error.message}"
    where = f"{name}: {error.path}"
    raise InputError(where, f"{what}: {text}" if text else what, error.line)


def _without_added(after: Snapshot, patch: Patch, before: Snapshot) -> Snapshot:
    """Return AFTER without the files that PATCH adds where nothing is simulated."""
    added = {file.path for file in patch.files if file.path_before is None}
    return replace(
        after,
        files={
            path: text
            for path, text in after.files.items()
            if path not in added or is_simulated(path, before)
        },
    )


def _tell_compile_errors(
    draft: Draft,
    module_old: Module | tuple[CompileError, ...],
    module_new: Module | tuple[CompileError, ...],
) -> None:
    new_errors = module_new if not isinstance(module_new, Module) else ()
    old_errors = module_old if not isinstance(module_old, Module) else ()
    draft.findings += [compile_finding(error, after_patch=True) for error in new_errors]
    if not new_errors:
        draft.findings += [compile_finding(error, after_patch=False) for error in old_errors]
    draft.why = (
        "the tree does not compile with the patch"
        if new_errors
        else "the tree does not compile before the patch"
    )


def documented_functions(patch: Patch, before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """Return the functions whose kernel-doc PATCH changes, in name order."""
    found: set[str] = set()
    for path in patch.paths:
        if path not in after.files or not path.endswith((".c", ".h")) or path not in before.files:
            continue
        old, new = parse_source(before.files[path], path), parse_source(after.files[path], path)
        for block in new.blocks:
            known = old.find(block.name)
            said = [sentence.text for sentence in block.sentences]
            if known is None or said != [sentence.text for sentence in known.sentences]:
                found.add(block.name)
    return tuple(sorted(found))


def _learn_documented(
    run: Run, patch: Patch, before: Snapshot, after: Snapshot, draft: Draft
) -> None:
    """Sweep the functions whose kernel-doc changes and whose code does not, to hold it against."""
    configuration = run.settings.configuration
    after = configuration.built(after)
    index = index_sources(after)
    for name in documented_functions(patch, before, after):
        function = index.functions.get(name)
        if function is None or function.macro or not function.path.endswith(".c"):
            continue
        alone = sweep_alone(run, after, index, name)
        if isinstance(alone, Alone):
            draft.facts_after[name] = find_facts(name, alone.domain, alone.side)


@dataclass(frozen=True)
class Alone:
    """One version of an entry over a domain of its own."""

    domain: Domain
    side: Side


def sweep_alone(run: Run, tree: Snapshot, index: SourceIndex, name: str) -> Alone | str:
    """Return what function NAME of TREE does, or why it cannot be run."""
    bound = bind(index.functions[name])
    if isinstance(bound, Unbound):
        return bound.reason
    configuration = run.settings.configuration
    domain = entry_domain(name, index, index, [bound], run.settings.budget, configuration)
    flags = (*domain.flags, *domain.also)
    request = BuildRequest(tree, (bound,), flags, index.constants, configuration=configuration)
    module = build(request, run.cache)
    if not isinstance(module, Module):
        return f"it does not compile: {module[0].message}"
    counted = Delta(frozenset(), frozenset()), frozenset[Line]()
    swept = _sweep(run, module, index, name, domain, counted)
    return Alone(domain, Side(swept, module.unmodelled, bound.out))


def is_simulated(path: str, before: Snapshot) -> bool:
    """Whether a new file belongs to what is simulated: it lies in a folder that the tree has."""
    folder = path.rpartition("/")[0]
    return any(known.rpartition("/")[0] == folder for known in before.files)


def _must_bind(function: Function) -> Binding:
    bound = bind(function)
    if isinstance(bound, Unbound):
        raise TypeError(f"{function.name} was chosen and cannot be driven")
    return bound


def code_key(index: SourceIndex, name: str, domain: Domain) -> Key:
    """Return what the outcomes of entry NAME of a tree over DOMAIN depend on."""
    code = tuple(sorted(index.functions[f].tokens for f in index.closure(name)))
    others = tuple(file.other_tokens for file in index.files)
    factors = tuple(factor.name for factor in domain.factors)
    return (
        name, hash(code), hash(others), factors, domain.flags, domain.also, domain.cut,
        len(domain.words),
    )  # fmt: skip


def compare_sides(
    run: Run, name: str, domain: Domain, keys: tuple[Key, Key], sides: tuple[Side, Side]
) -> Compared:
    """Return what differs between SIDES of entry NAME, whose keys are KEYS; each pair is compared once."""
    run.sides |= zip(keys, sides, strict=True)
    if keys not in run.compared:
        comparison = compare(name, domain, *sides)
        _tell(run.settings.tell, comparison)
        before, after = (find_facts(name, domain, side) for side in sides)
        run.compared[keys] = Compared(comparison, before, after)
    return run.compared[keys]


def _tell(tell: Tell, comparison: Comparison) -> None:
    """Tell of the most frequent change, if there is one."""
    for first in comparison.changes[:1]:
        tell(
            f"{comparison.entry}(): {comparison.changed:,} of {comparison.domain.scenarios:,} scenarios change; "
            f"for example {first.witness.words}: {first.witness_before} -> {first.witness_after}"
        )


def _sweep(
    run: Run,
    module: Module,
    index: SourceIndex,
    name: str,
    domain: Domain,
    counted: tuple[Delta, frozenset[Line]],
) -> Swept:
    """Sweep, unless the same code was swept over the same domain for an earlier patch."""
    delta, lines = counted
    key = (code_key(index, name, domain), delta.functions, lines)
    if key not in run.swept:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            run.progress(f"{name}()", done, domain.scenarios)

        run.swept[key] = sweep(module, name, domain, workers=run.settings.workers, progress=count)
    return run.swept[key]


def _decide(draft: Draft, compared: list[Compared]) -> None:
    verdicts = [made.verdict for made in compared]
    if Verdict.CHANGE in verdicts:
        draft.verdict = Verdict.CHANGE
        changed = [made.comparison for made in compared if made.verdict is Verdict.CHANGE]
        draft.why = "in " + ", ".join(f"{c.entry}()" for c in changed)
        return
    if not verdicts or Verdict.UNKNOWN in verdicts:
        draft.verdict = Verdict.UNKNOWN
        draft.why = (
            "no entry that reaches the change can be driven"
            if not verdicts
            else "some scenarios could not be run to their end"
        )
        if compared and not any(m.comparison.unmodelled or m.comparison.left for m in compared):
            draft.why = _told_elsewhere(compared) or draft.why
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
    scenarios = sum(made.scenarios for made in compared)
    draft.verdict = Verdict.NO_CHANGE
    draft.why = f"over {scenarios:,} scenarios of " + ", ".join(
        f"{c.entry}()" for c in draft.comparisons
    )


def _told_elsewhere(compared: list[Compared]) -> str:
    """Return why nothing is said where only what goes to parts of the kernel that are not modelled differs."""
    names = ", ".join(f"{made.comparison.entry}()" for made in compared if made.comparison.asides)
    told = "what is told to parts that are not modelled (statistics, logs, allocations, drains, sequence counts)"
    return f"the outcomes do not change, but {told} does, in {names}" if names else ""


def _line_reviews(patch: Patch, runs: dict[tuple[str, int], int]) -> list[LineReview]:
    return [
        LineReview(file.path, line.new_line, runs[file.path, line.new_line])
        for file in patch.files
        for hunk in file.hunks
        for line in hunk.lines
        if line.kind is LineKind.ADDED and line.new_line and (file.path, line.new_line) in runs
    ]
