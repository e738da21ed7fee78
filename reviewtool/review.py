# SPDX-License-Identifier: GPL-2.0-only
"""The result of a review: a plain value, of which every output is a rendering.

Nothing in here computes; whatever a report says was put here by the pipeline.  Texts that came from
mails or trees are raw; the renderers make them safe.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from reviewtool.picture import PatchPicture

SCHEMA = 1

NOTICE = (
    "This is a run of the code on a model of mm, not a test on a kernel: what another CPU does is modelled at "
    "the listed points only, and whatever the model leaves out was not seen."
)


class Severity(Enum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """Something that a reviewer should know.

    id:          stable name of the kind ("semantic-change", "lock-imbalance", "conflict" ...).
    path, line:  place in the tree after the patch, where there is one ("" and 0 otherwise).
    source_line: 1-based line of the input that it concerns, 0 where there is none.
    details:     further lines, in order.
    """

    id: str
    severity: Severity
    title: str
    details: tuple[str, ...] = ()
    path: str = ""
    line: int = 0
    source_line: int = 0


@dataclass(frozen=True)
class ConditionReview:
    """When something holds: a rule in words, how often, and the plainest scenario; see behaviour.conditions."""

    words: str
    count: int
    share: float
    witness: str
    witness_options: str


@dataclass(frozen=True)
class ReachedReview:
    """A scenario of a group that user space can make, and its outcomes; see behaviour.compare.Reached.

    state, route: names of behaviour.userspace.  options: the scenario, as simulate takes it.
    """

    state: str
    route: str
    options: str
    before: str
    after: str


@dataclass(frozen=True)
class ChangeReview:
    """A group of scenarios whose outcome changes in the same way; see behaviour.compare.Change.

    reached: scenarios of it that user space can make, none where it cannot.
    """

    before: tuple[tuple[str, int], ...]
    after: str
    effects: tuple[str, ...]
    hazards: tuple[str, ...]
    conditions: tuple[ConditionReview, ...]
    count: int
    share: float
    witness: str
    witness_options: str
    witness_before: str
    witness_after: str
    reached: tuple[ReachedReview, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """The conditions in words; together they hold for exactly the group."""
        return tuple(condition.words for condition in self.conditions)


@dataclass(frozen=True)
class FactReview:
    """A property of an entry before and after ("" where it did not exist)."""

    id: str
    subject: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        """Whether the property differs."""
        return self.before != self.after


@dataclass(frozen=True)
class CallerReview:
    """Who calls an entry, with which flags, and what of the change reaches it by them.

    flags:   what may be passed, "FOLL_GET or FOLL_GET|FOLL_DUMP"; "" where nothing is known of it.
    why:     what keeps the flags from being told, "" where they are known.
    through: how it is used where that is no call ("takes its address"), else "".
    reached: changed scenarios with flags that it may pass; -1 where that cannot be told.
    sure:    whether it always passes these flags, and they were swept.
    changes: (outcome after, changed scenarios with flags that it may pass) of the groups that reach it.
    """

    name: str
    path: str
    flags: str
    why: str
    through: str
    reached: int
    sure: bool
    changes: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class EntryReview:
    """One entry function before and after.

    scenarios: how many were run on each side; states: of how many states; factors, flags: what varied.
    also:      flags passed one at a time; cut: flags that were never passed.
    combined:  scenarios with all those flags combined, where the sweep saw no change; behaviours: runs
               that told them apart; combined_changed: how many change; not_combined: why there is no answer.
    """

    name: str
    path: str
    line: int
    signature_before: str
    signature_after: str
    verdict: str
    scenarios: int
    states: int
    factors: tuple[str, ...]
    flags: tuple[str, ...]
    also: tuple[str, ...]
    cut: tuple[str, ...]
    changed: int
    overall: tuple[str, ...]
    changes: tuple[ChangeReview, ...]
    facts: tuple[FactReview, ...]
    callers: tuple[CallerReview, ...]
    unmodelled: tuple[tuple[str, int], ...]
    left: int
    combined: int = 0
    behaviours: int = 0
    combined_changed: int = 0
    not_combined: str = ""

    @property
    def differs(self) -> bool:
        """Whether any scenario changes, also of those that only combined flags make."""
        return bool(self.changed or self.combined_changed)

    @property
    def extent(self) -> str:
        """How much changes, in words: of the sweep, else of all flags combined."""
        if self.changed or not self.combined_changed:
            return f"{self.changed:,} of {self.scenarios:,} scenarios"
        return f"{self.combined_changed:,} of {self.combined:,} scenarios with all flags combined"


@dataclass(frozen=True)
class ClaimReview:
    """A sentence of the log or of a kernel-doc comment, and what the sweep says to it."""

    where: str
    sentence: str
    source_line: int
    judgement: str
    why: str


class Answer(Enum):
    """What became of a question."""

    YES = "yes"
    PARTLY = "in part"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class FixesCheck:
    """Something that a Fixes: tag claims; rules: the scenarios that the answer is about, in words."""

    question: str
    answer: Answer
    why: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class FixesReview:
    """A Fixes: tag as the log has it, the full id of its commit ("" if there is none), and what was checked."""

    tag: str
    source_line: int
    commit: str
    checks: tuple[FixesCheck, ...]


@dataclass(frozen=True)
class LineReview:
    """An added or changed line of a function, and how often the sweep ran it."""

    path: str
    line: int
    runs: int


@dataclass(frozen=True)
class CoverageReview:
    """A changed function, after the patch, and the lines of its statements that no scenario ran.

    statements: how many lines of it begin a statement.  silent: those of them that never ran.
    """

    function: str
    path: str
    statements: int
    silent: tuple[int, ...]


@dataclass(frozen=True)
class SensitivityReview:
    """How small wrong versions (mutants) of a changed function fared in this run.

    tried:     how many were made; different: those of them that compile to another program.
    reported:  how many of those a review would have reported.  missed: each of the others.
    """

    function: str
    path: str
    tried: int
    different: int
    reported: int
    missed: tuple[str, ...]


@dataclass(frozen=True)
class FileReview:
    """A file of a patch; `simulated` if the model runs it, else why not."""

    path: str
    added: int
    removed: int
    simulated: bool
    why: str


@dataclass(frozen=True)
class Origin:
    """Where the code that ran is from, for a patch on a kernel tree.

    taken: functions of the tree, each "path:line name".  primitives: names at which the model's own code
    takes over.  stubs: functions that nobody models; a scenario that calls one counts as unmodelled.
    """

    taken: tuple[str, ...]
    primitives: tuple[str, ...]
    stubs: tuple[str, ...]

    @property
    def words(self) -> str:
        """It in one sentence, without a full stop."""
        stubs = "no function is a stub"
        if self.stubs:
            stubs = f"{len(self.stubs)} functions are stubs: {'(), '.join(self.stubs)}()"
        return (
            f"of what ran, {len(self.taken)} functions are the tree's own, and {len(self.primitives)} names "
            f"the model's; {stubs}"
        )


@dataclass(frozen=True)
class ConfigurationReview:
    """What one kernel configuration shows of a patch.

    name:    what differs from the default configuration ("KSM=off"), or "default".
    changed: how many scenarios change, over all entries.
    """

    name: str
    verdict: str
    why: str
    changed: int


@dataclass(frozen=True)
class PatchReview:
    """One patch, or one proposal made in a reply.

    label: "2/4", or "proposal".  applied: "cleanly", "by three-way merge", or "no".
    repairs: (input line, what was repaired).  undriven: (function, why it was not run).
    picture: what a page shows beside this, where it was asked for.
    fixes:   what the history says of its Fixes: tags, where there is one.
    coverage: which statements of the changed functions ran.  sensitivity: where it was asked for.
    origin: where the code that ran is from; null on a tree of the model.
    configurations: what each configuration that was asked for shows, this one first.
    """

    label: str
    subject: str
    author: str
    source: str
    applied: str
    repairs: tuple[tuple[int, str], ...]
    files: tuple[FileReview, ...]
    changed_functions: tuple[str, ...]
    entries: tuple[EntryReview, ...]
    unchanged_entries: tuple[str, ...]
    undriven: tuple[tuple[str, str], ...]
    lines: tuple[LineReview, ...]
    claims: tuple[ClaimReview, ...]
    findings: tuple[Finding, ...]
    verdict: str
    verdict_why: str
    picture: PatchPicture | None = None
    fixes: tuple[FixesReview, ...] = ()
    coverage: tuple[CoverageReview, ...] = ()
    sensitivity: tuple[SensitivityReview, ...] = ()
    origin: Origin | None = None
    configurations: tuple[ConfigurationReview, ...] = ()

    @property
    def origin_words(self) -> str:
        """Where the code that ran is from, and how much of it met a stub; "" on a tree of the model."""
        if self.origin is None:
            return ""
        scenarios = sum(entry.scenarios for entry in self.entries)
        met = sum(count for entry in self.entries for _, count in entry.unmodelled)
        share = f"; {met / scenarios:.2%} of the scenarios met a stub" if met and scenarios else ""
        return f"{self.origin.words}{share if met else '; no scenario met one' if self.origin.stubs else ''}"


@dataclass(frozen=True)
class StepReview:
    """What one patch of the series changes in an entry: how many scenarios, -1 where its code stays."""

    label: str
    changed: int


@dataclass(frozen=True)
class UndoneReview:
    """What one patch changes and a later one restores; see behaviour.history.Undone."""

    changed_by: str
    restored_by: str
    count: int
    of: int
    left: int
    share: float
    conditions: tuple[ConditionReview, ...]
    witness: str
    witness_options: str
    before: str
    between: str


@dataclass(frozen=True)
class WholeEntryReview:
    """One entry through the series: patch by patch, what is undone, and base against last.

    only: the label of the one patch that changes it, "" where several do or none does.
    unknown: scenarios that some version could not run to their end.
    """

    entry: EntryReview
    steps: tuple[StepReview, ...]
    only: str
    undone: tuple[UndoneReview, ...]
    unknown: int


@dataclass(frozen=True)
class WholeReview:
    """The series as a whole: the base against what is there after the last patch.

    last:  the label of the last patch that is in it.
    apart: (entry, why it was not followed through the series).
    """

    last: str
    entries: tuple[WholeEntryReview, ...]
    apart: tuple[tuple[str, str], ...]
    verdict: str
    verdict_why: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The patches that entries were followed through."""
        return tuple(step.label for step in self.entries[0].steps) if self.entries else ()


@dataclass(frozen=True)
class Review:
    """A series, reviewed.

    base:        what the patches were applied to.
    diagnostics: what was wrong with the input, with its place.
    whole:       the series as a whole; None where there is but one patch.
    configuration: the kernel configuration of the runs: what differs from the default one.
    """

    title: str
    version: int
    source: str
    base: str
    missing: tuple[int, ...]
    diagnostics: tuple[str, ...]
    patches: tuple[PatchReview, ...]
    proposals: tuple[PatchReview, ...]
    whole: WholeReview | None = None
    configuration: str = "default"

    @property
    def findings(self) -> int:
        """How many errors and warnings there are; decides the exit status."""
        return sum(
            finding.severity is not Severity.NOTE
            for patch in (*self.patches, *self.proposals)
            for finding in patch.findings
        )


def without_pictures(review: Review) -> Review:
    """Return REVIEW without what only a page shows."""
    bare = tuple(
        tuple(replace(patch, picture=None) for patch in patches)
        for patches in (review.patches, review.proposals)
    )
    return replace(review, patches=bare[0], proposals=bare[1])


@dataclass(frozen=True)
class PairReview:
    """The tree after a patch of one version of a series against the tree after one of another version.

    old, new: their labels, "v1 2/4".  how: by what they were matched.
    undriven: (function, why it was not run).  errors: what the compiler says.
    """

    old: str
    new: str
    old_subject: str
    new_subject: str
    how: str
    verdict: str
    verdict_why: str
    entries: tuple[EntryReview, ...]
    undriven: tuple[tuple[str, str], ...]
    errors: tuple[str, ...]


@dataclass(frozen=True)
class RerollReview:
    """What a new version of a series changes in behaviour.

    pairs: patches that both versions have, in the new order; dropped, added: (label, subject).
    whole: the tree after all patches of the one against that of the other.
    """

    title: str
    base: str
    old_version: int
    new_version: int
    pairs: tuple[PairReview, ...]
    dropped: tuple[tuple[str, str], ...]
    added: tuple[tuple[str, str], ...]
    whole: PairReview
    diagnostics: tuple[str, ...]

    @property
    def findings(self) -> int:
        """In how many comparisons behaviour differs; decides the exit status."""
        return sum(pair.verdict == "semantic change" for pair in (*self.pairs, self.whole))
