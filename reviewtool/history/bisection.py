# SPDX-License-Identifier: GPL-2.0-only
"""The commit at which the outcome of one scenario changes.

Only commits that touch the files in play are asked, halving what is left; a commit whose code cannot
be run is skipped, as git-bisect does.  Outcomes are kept under the code that the entry reaches, so
commits that do not change it cost nothing, and asking again costs little.

    good = has the outcome of --good          bad = has any other outcome
    ask the commit that halves what is left:  good -> it and what is older is left out
                                              bad  -> it is the new upper end
                                              cannot be run -> the next best one

Source: git-rev-list(1), --bisect-all; git-bisect(1), "Avoiding testing a commit".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.behaviour.wording import scenario_at
from reviewtool.errors import InputError
from reviewtool.gitdir import Commit, GitDir, literal
from reviewtool.history.versions import Version, read_version
from reviewtool.simulate.build import machine_identity
from reviewtool.simulate.cache import Cache, key_of
from reviewtool.simulate.trace import Trace, trace
from reviewtool.tree.snapshot import Snapshot

Say = Callable[[str], None]
Take = Callable[[Commit], Snapshot]
"""Gives the tree of a commit as it can be compiled."""


@dataclass(frozen=True)
class Question:
    """A scenario of ENTRY, as --set gives it; take: see Take; paths: files whose changes can matter."""

    entry: str
    options: tuple[str, ...]
    take: Take
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """The outcome of the scenario at one commit.

    record, unmodelled: as in Trace; state: the state word.  words: the outcome for readers.
    """

    words: str
    record: int
    unmodelled: str
    state: int
    scenario: str

    def is_same(self, other: Seen) -> bool:
        """Whether a caller could not tell the two apart."""
        return self.record == other.record and self.unmodelled == other.unmodelled


@dataclass(frozen=True)
class Unrun:
    """A commit whose code cannot be run, and why."""

    commit: Commit
    why: str


@dataclass(frozen=True)
class Step:
    """A commit that was asked: its outcome, or why it was skipped; left: how many there still were."""

    commit: Commit
    words: str
    skipped: bool
    left: int


@dataclass(frozen=True)
class Bisection:
    """What was found.

    first:   the commit where the outcome changes; several where what is between could not be run.
    before:  the outcome at --good, after: at the first of them (at --bad, where there are several).
    touching: how many commits between touch the files.  compiled: how many were run anew.
    """

    entry: str
    scenario: str
    good: Commit
    bad: Commit
    first: tuple[Commit, ...]
    before: str
    after: str
    steps: tuple[Step, ...]
    touching: int
    compiled: int

    @property
    def skipped(self) -> tuple[Step, ...]:
        """The steps that told nothing."""
        return tuple(step for step in self.steps if step.skipped)


class _Asker:
    """Runs the scenario at commits."""

    def __init__(self, question: Question, cache: Cache) -> None:
        self._take = question.take
        self._entry = question.entry
        self._options = question.options
        self._cache = cache
        self.compiled = 0

    def must(self, commit: Commit) -> Seen:
        """Return the outcome at COMMIT.  Raises: InputError when it cannot be run."""
        version = read_version(commit.short, self._take(commit), self._entry)
        seen = self._run(version)
        if isinstance(seen, Seen):
            return seen
        raise InputError(commit.short, seen)

    def ask(self, commit: Commit) -> Seen | Unrun:
        """Return the outcome at COMMIT, or why it has to be skipped."""
        try:
            seen = self._run(read_version(commit.short, self._take(commit), self._entry))
        except InputError as problem:
            return Unrun(commit, problem.reason)
        return seen if isinstance(seen, Seen) else Unrun(commit, seen)

    def _run(self, version: Version) -> Seen | str:
        key = "b" + key_of([version.code, self._entry, *self._options, machine_identity()])
        kept = self._cache.get(key)
        if kept is not None:
            return Seen(**json.loads(kept))
        self.compiled += 1
        made = trace(version.snapshot, self._entry, self._options, self._cache)
        if not isinstance(made, Trace):
            error = made[0]
            return f"does not compile: {error.path}:{error.line}: {error.message}"
        outcome = read_outcome(made.record)
        missing = made.unmodelled[outcome.unmodelled - 1] if outcome.end == "unmodelled" else ""
        state = int(made.domain.words[0])
        seen = Seen(
            describe(outcome, made.unmodelled, made.out),
            made.record if not missing else 0,
            missing,
            state,
            scenario_at(made.domain, state, made.subset).words,
        )
        self._cache.put(key, json.dumps(asdict(seen)).encode())
        return seen


def bisect(
    git: GitDir, good: Commit, bad: Commit, question: Question, cache: Cache, say: Say
) -> Bisection:
    """Return the commit between GOOD and BAD at which the outcome that QUESTION asks for changes.

    Raises: InputError when GOOD or BAD cannot be run, or have the same outcome.
    """
    asker, options = _Asker(question, cache), " ".join(question.options)
    before, after = asker.must(good), asker.must(bad)
    if before.state != after.state:
        raise InputError(
            f"--set {options}",
            "the plainest such scenario is not the same at both ends: set more",
        )
    if before.is_same(after):
        raise InputError(
            f"{good.short}..{bad.short}", f"the outcome is the same at both ends: {before.words}"
        )
    if before.unmodelled or after.unmodelled:
        name = before.unmodelled or after.unmodelled
        raise InputError(
            question.entry,
            f"the scenario ends in {name}(), which is not modelled: nothing can be told",
        )
    lower = _lower_end(git, good, bad, asker, before)
    found = _Search(git, asker, before, question.paths, say).run(lower, bad)
    first = found.first
    if not first:
        what = "the outcome differs, and no commit between touches the files that were compiled"
        raise InputError(f"{good.short}..{bad.short}", what)
    if len(first) == 1:
        seen = asker.ask(first[0])
        after = seen if isinstance(seen, Seen) else after
    return Bisection(
        question.entry,
        before.scenario,
        good,
        bad,
        first,
        before.words,
        after.words,
        found.steps,
        found.touching,
        asker.compiled,
    )


def _lower_end(git: GitDir, good: Commit, bad: Commit, asker: _Asker, before: Seen) -> Commit:
    """Return GOOD, or where BAD forked off it.

    Raises: InputError where the fork has another outcome than GOOD: then the change is not between.
    """
    fork = git.merge_base(good, bad)
    if fork is None:
        raise InputError(f"{good.short}..{bad.short}", "the two have no commit in common")
    if fork.id == bad.id:
        raise InputError(
            f"{good.short}..{bad.short}", "--bad is older than --good: exchange the two"
        )
    if fork.id != good.id and not asker.must(fork).is_same(before):
        what = f"they forked at {fork}, where the outcome is not that of --good"
        raise InputError(f"{good.short}..{bad.short}", what)
    return fork


@dataclass(frozen=True)
class _Found:
    first: tuple[Commit, ...]
    steps: tuple[Step, ...]
    touching: int


class _Search:
    def __init__(
        self, git: GitDir, asker: _Asker, before: Seen, paths: Sequence[str], say: Say
    ) -> None:
        self._git = git
        self._asker = asker
        self._before = before
        self._paths = tuple(paths)
        self._say = say
        self._skipped: dict[str, Unrun] = {}

    def run(self, lower: Commit, upper: Commit) -> _Found:
        goods, bad = [lower.id], upper
        steps: list[Step] = []
        left = self._left(goods, bad)
        touching = len(left)
        while True:
            # What git lists last of all is the upper end, or stands for it: it touched the files last.
            open_ = [name for name in left if name != bad.id and name not in self._skipped]
            if not open_:
                break
            commit = self._git.commit(open_[0])
            seen = self._asker.ask(commit)
            if isinstance(seen, Seen) and (seen.state != self._before.state or seen.unmodelled):
                why = (
                    "the scenario is another one there"
                    if seen.state != self._before.state
                    else f"it ends in {seen.unmodelled}()"
                )
                seen = Unrun(commit, why)
            words = seen.words if isinstance(seen, Seen) else f"skipped: {seen.why}"
            steps.append(Step(commit, words, isinstance(seen, Unrun), len(open_)))
            self._say(f"{len(open_)} left: {commit}: {words}")
            if isinstance(seen, Unrun):
                self._skipped[commit.id] = seen
                continue
            if seen.is_same(self._before):
                goods.append(commit.id)
            else:
                bad = commit
            left = self._left(goods, bad)
        among = ["--topo-order", "--reverse", bad.id, *(f"^{name}" for name in goods)]
        first = tuple(one for one in self._git.log(among, self._paths) if one.id in left)
        return _Found(first, tuple(steps), touching)

    def _left(self, goods: Sequence[str], bad: Commit) -> list[str]:
        """Return the commits that may be the first bad one, those first that halve the rest best."""
        out = self._git.read(
            [
                "rev-list",
                "--bisect-all",
                bad.id,
                *(f"^{name}" for name in goods),
                "--",
                *literal(self._paths),
            ]
        )
        return [line.split(b" ", 1)[0].decode("ascii") for line in out.splitlines()]
