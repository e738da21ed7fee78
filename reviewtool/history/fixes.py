# SPDX-License-Identifier: GPL-2.0-only
"""Whether the commit that a Fixes: tag names is the one: in the repository, and by what the code does.

    tag = "Fixes:" id blank '("' subject '")'

The commit and its parent are run over the same scenarios as the patch, for the first entry that the
patch changes, and for others where that says nothing.  Of the scenarios that the patch changes, the
commit *made* those where it differs from its parent and behaves as the code before the patch; the
patch *restores* those where the parent behaves as the code after it.

Source: Documentation/process/submitting-patches.rst of the kernel, "Fixes:".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.outcome import Outcome, read_outcomes
from reviewtool.behaviour.rules import rules_for
from reviewtool.behaviour.table import label_domain
from reviewtool.behaviour.wording import rule_words
from reviewtool.errors import InputError
from reviewtool.gitdir import Commit, GitDir
from reviewtool.history.versions import Progress, read_version, sweep_version
from reviewtool.mail.trailers import Trailer
from reviewtool.picture import Ran
from reviewtool.review import Answer, Finding, FixesCheck, FixesReview, Severity
from reviewtool.series.patch import Patch
from reviewtool.simulate.build import CompileError
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import Domain
from reviewtool.tree.snapshot import Snapshot

_TAG = re.compile(r"(?P<id>[0-9a-fA-F]{5,64})(?P<rest>.*)")
_SUBJECT = re.compile(r'\s*\("(?P<subject>.*)"\)\s*')
_SHORTEST = 12
_MOST_RULES = 2
_MOST_BOXES = 10_000
_MOST_ENTRIES = 3


@dataclass(frozen=True)
class Checker:
    """What tags are checked against.

    base: the commit that the series is applied to.  take: gives what of a commit's tree is run for an entry.
    """

    git: GitDir
    base: Commit
    take: Callable[[Commit, str], Snapshot]
    cache: Cache
    workers: int
    progress: Progress

    def check(self, patch: Patch, ran: Ran | None) -> tuple[FixesReview, ...]:
        """Return what there is to say of each Fixes: tag of PATCH, whose sweeps RAN has."""
        tags = [tag for tag in patch.trailers if tag.key.lower() == "fixes"]
        return tuple(self._check_tag(tag, ran) for tag in tags)

    def _check_tag(self, tag: Trailer, ran: Ran | None) -> FixesReview:
        match = _TAG.fullmatch(tag.value)
        if match is None:
            check = FixesCheck("names a commit", Answer.NO, "it does not begin with a commit's id")
            return FixesReview(tag.value, tag.line, "", (check,))
        commit, checks = self._find(match["id"].lower())
        if commit is not None:
            checks += [
                self._age(commit),
                _subject(match["rest"], commit),
                *self._behaviour(commit, ran),
            ]
        return FixesReview(tag.value, tag.line, commit.id if commit else "", tuple(checks))

    def _find(self, name: str) -> tuple[Commit | None, list[FixesCheck]]:
        exists = "the commit exists"
        commit = self.git.find(name)
        if commit is not None and commit.id.startswith(name):
            short = f"; {len(name)} digits may soon name several" if len(name) < _SHORTEST else ""
            return commit, [FixesCheck(exists, Answer.YES, f"{commit}{short}")]
        if self.git.is_ambiguous(name):
            return None, [FixesCheck(exists, Answer.UNKNOWN, f"{name} is the beginning of several")]
        if self.git.is_shallow or self.git.is_partial:
            why = f"{self.git.name} has not the whole history, and has no commit {name}"
            return None, [FixesCheck(exists, Answer.UNKNOWN, why)]
        return None, [FixesCheck(exists, Answer.NO, f"{self.git.name} has no commit {name}")]

    def _age(self, commit: Commit) -> FixesCheck:
        question = "it is older than the base"
        if self.git.is_ancestor(commit, self.base):
            return FixesCheck(question, Answer.YES, f"it is in the history of {self.base.short}")
        if self.git.is_shallow:
            return FixesCheck(question, Answer.UNKNOWN, "the history is not all there")
        return FixesCheck(question, Answer.NO, f"it is not in the history of {self.base.short}")

    def _behaviour(self, commit: Commit, ran: Ran | None) -> list[FixesCheck]:
        made, restored = "it made the change", "its parent behaves as the patch restores"
        why = ""
        if ran is None or not ran.domains:
            why = "nothing was run before and after the patch"
        elif not commit.parents:
            why = "it has no parent"
        elif len(commit.parents) > 1:
            why = "it is a merge"
        if why or ran is None:
            return [FixesCheck(question, Answer.UNKNOWN, why) for question in (made, restored)]
        changed = [at for at in range(len(ran.domains)) if _count_changed(ran, at)]
        if not changed:
            why = "the patch changes no outcome that was seen"
            return [FixesCheck(question, Answer.UNKNOWN, why) for question in (made, restored)]
        # A commit may have changed one entry and not another: ask on until it made something.
        found = [self._ask(commit, ran, at, (made, restored)) for at in changed[:1]]
        for at in changed[1:_MOST_ENTRIES]:
            if found[-1][0].answer is not Answer.NO:
                break
            found.append(self._ask(commit, ran, at, (made, restored)))
        return next((checks for checks in found if checks[0].answer is not Answer.NO), found[0])

    def _ask(
        self, commit: Commit, ran: Ran, at: int, questions: tuple[str, str]
    ) -> list[FixesCheck]:
        """Answer QUESTIONS by the entry number AT of what RAN."""
        name, domain = ran.after.bindings[at].function.name, ran.domains[at]
        sides: list[Side] = [ran.before.sides[at], ran.after.sides[at]]
        for one in (commit, self.git.commit(commit.parents[0])):
            try:
                side = self._sweep(one, name, domain)
            except InputError as problem:
                side = problem.reason
            if isinstance(side, str):
                why = f"{name}() cannot be run at {one.short}: {side}"
                return [FixesCheck(question, Answer.UNKNOWN, why) for question in questions]
            sides.append(side)
        return _judge(name, domain, sides, questions)

    def _sweep(self, commit: Commit, entry: str, domain: Domain) -> Side | str:
        version = read_version(commit.short, self.take(commit, entry), entry)
        side = sweep_version(
            version, domain, self.cache, workers=self.workers, progress=self.progress
        )
        if isinstance(side, CompileError):
            return f"{side.path}:{side.line}: {side.message}"
        return side


def _subject(rest: str, commit: Commit) -> FixesCheck:
    question = "its subject is the one that is told"
    match = _SUBJECT.fullmatch(rest)
    if match is None:
        return FixesCheck(
            question, Answer.NO, f'the tag has no ("subject"); it is "{commit.subject}"'
        )
    if match["subject"].split() == commit.subject.split():
        return FixesCheck(question, Answer.YES, "")
    return FixesCheck(question, Answer.NO, f'it is "{commit.subject}"')


@dataclass(frozen=True)
class _Joint:
    """Outcomes of several sides over one domain.

    rows: shape (sides, distinct rows, subsets), outcome numbers, 0 for what is unknown; states: how
    many states have a row; row_of: shape (states,).
    """

    rows: npt.NDArray[np.int64]
    row_of: npt.NDArray[np.int64]
    states: npt.NDArray[np.int64]

    def count(self, mask: npt.NDArray[np.bool_]) -> int:
        return int((mask.sum(axis=1) * self.states).sum())


def _join(sides: list[Side]) -> _Joint:
    numbers: dict[Outcome, int] = {}
    row_of = np.zeros(len(sides[0].swept.row_of), np.int64)
    chosen = np.zeros((1, 0), np.int64)
    for side in sides:
        pairs = row_of * len(side.swept.rows) + side.swept.row_of
        distinct, inverse = np.unique(pairs, return_inverse=True)
        row_of = inverse.reshape(-1)
        before, here = np.divmod(distinct, len(side.swept.rows))
        chosen = np.column_stack([chosen[before], here])
    rows = []
    for at, side in enumerate(sides):
        known = [
            0 if one.end == "unmodelled" else numbers.setdefault(one, len(numbers) + 1)
            for one in read_outcomes(side.swept.records)
        ]
        rows.append(np.array(known, np.int64)[side.swept.rows[chosen[:, at]]])
    return _Joint(np.stack(rows), row_of, np.bincount(row_of, minlength=len(chosen)))


def _count_changed(ran: Ran, at: int) -> int:
    joint = _join([ran.before.sides[at], ran.after.sides[at]])
    before, after = joint.rows
    return joint.count((before != after) & (before > 0) & (after > 0))


def _judge(
    entry: str, domain: Domain, sides: list[Side], questions: tuple[str, str]
) -> list[FixesCheck]:
    """Return whether the commit made what the patch changes, and whether its parent has what it restores.

    SIDES: before and after the patch, at the commit, at its parent.
    """
    joint = _join(sides)
    before, after, commit, parent = joint.rows
    changed = (before != after) & (before > 0) & (after > 0)
    known = changed & (commit > 0) & (parent > 0)
    among = f"of the {joint.count(changed):,} scenarios of {entry}() that the patch changes"
    if not known.any():
        why = f"{among}, none could be run to its end there"
        return [FixesCheck(question, Answer.UNKNOWN, why) for question in questions]
    made = known & (commit != parent) & (commit == before)
    restored = known & (parent == after)
    what = "it changed {count} to what they do now"
    if not made.any() and (known & (commit != parent)).any():
        # Other commits have changed the same since: who brought what is not to be told from outcomes.
        made, what = (
            known & (commit != parent),
            "it changed {count}, to something else than they do now",
        )
        certain = False
    else:
        certain = True
    checks = []
    for question, mask, words in (
        (questions[0], made, what),
        (questions[1], restored, "its parent does in {count} what the patch makes them do"),
    ):
        whole = (certain or question != questions[0]) and not (known & ~mask).any()
        answer = Answer.YES if whole else Answer.PARTLY if mask.any() else Answer.NO
        count = "all of them" if np.array_equal(mask, changed) else f"{joint.count(mask):,} of them"
        why = f"{among}, " + words.format(count=count if mask.any() else "none")
        checks.append(FixesCheck(question, answer, why, _rules(mask, joint, domain)))
    return checks


def _rules(mask: npt.NDArray[np.bool_], joint: _Joint, domain: Domain) -> tuple[str, ...]:
    if not mask.any():
        return ()
    labelling = label_domain(domain, mask.astype(np.int16), joint.row_of.astype(np.int32))
    found = rules_for(labelling, 1, _MOST_BOXES)
    words = [rule_words(rule, domain) for rule in found[:_MOST_RULES]]
    if len(found) > _MOST_RULES:
        words.append(f"{len(found) - _MOST_RULES} more conditions")
    return tuple(words)


# What is wrong with a tag when the answer is no; that a parent behaves as neither is no mistake of the tag.
_WRONG = {
    "names a commit": "Fixes: names no commit",
    "the commit exists": "Fixes: names a commit that is not there",
    "it is older than the base": "Fixes: names a commit that the base does not have",
    "its subject is the one that is told": "Fixes: has another subject than the commit",
    "it made the change": "Fixes: names a commit that did not change what the patch changes",
}


def fixes_findings(fixes: tuple[FixesReview, ...]) -> list[Finding]:
    """Return a warning for each thing that is wrong with a tag."""
    return [
        Finding(
            "fixes-tag",
            Severity.WARNING,
            _WRONG[check.question],
            (f"Fixes: {tag.tag}", check.why),
            source_line=tag.source_line,
        )
        for tag in fixes
        for check in tag.checks
        if check.answer is Answer.NO and check.question in _WRONG
    ]
