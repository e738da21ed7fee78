# SPDX-License-Identifier: GPL-2.0-only
"""Review each commit of a range by itself, and tell what it took and how much of it could be run.

    python benchmarks/commits.py TREE A..B... [PATH...]    default path: mm/gup.c
    python benchmarks/commits.py TREE --mails FILE...      patches by mail, each on the base that fits it

For each commit: the verdict, entries, scenarios, conditions, the share of scenarios that met a stub,
and the seconds from reading to the verdict.  At the end: how many were run without a stub, and the
times.  A verdict is to be held against the commit by a reader: nothing here knows what is right.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.cli.review import make_review
from reviewtool.errors import ReviewtoolError, visible
from reviewtool.review import PatchReview
from reviewtool.tree.checkout import open_checkout


@dataclass(frozen=True)
class Row:
    """What came of one commit; problem: why there is no verdict."""

    name: str
    subject: str
    patch: PatchReview | None
    problem: str
    seconds: float

    @property
    def scenarios(self) -> int:
        """How many scenarios were run on each side."""
        return sum(entry.scenarios for entry in self.patch.entries) if self.patch else 0

    @property
    def stubbed(self) -> int:
        """How many of them ended in a stub, at most (a scenario may be counted before and after)."""
        found = self.patch.entries if self.patch else ()
        return sum(count for entry in found for _, count in entry.unmodelled)

    @property
    def is_run(self) -> bool:
        """Whether what it changes was sliced, compiled and swept, and no stub was reached."""
        if self.patch is None or self.stubbed or self.has_findings("compile-error"):
            return False
        return bool(self.scenarios) or self.is_told

    @property
    def is_told(self) -> bool:
        """Whether there is an answer."""
        return self.patch is not None and self.patch.verdict != "could not tell"

    def has_findings(self, name: str) -> bool:
        """Whether the review has a finding of that kind."""
        return self.patch is not None and any(found.id == name for found in self.patch.findings)

    def __str__(self) -> str:
        if self.patch is None:
            return f"{self.name}  {self.seconds:6.1f} s  {self.problem}\n    {self.subject}"
        entries = ", ".join(f"{entry.name}()" for entry in self.patch.entries) or "none"
        rules = sum(len(change.rules) for entry in self.patch.entries for change in entry.changes)
        share = self.stubbed / self.scenarios if self.scenarios else 0.0
        return (
            f"{self.name}  {self.seconds:6.1f} s  {self.patch.verdict}: {self.patch.verdict_why}\n"
            f"    {self.subject}\n"
            f"    entries: {entries}; {self.scenarios:,} scenarios, {rules} conditions, stubs {share:.2%}"
        )


def commits_of(tree: str, revisions: str, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield (id, subject) of the commits of a range that touch PATHS, oldest first, without merges."""
    with open_checkout(tree) as checkout:
        git = checkout.repository()
        first, last = git.resolve_range(revisions)
        among = ["--reverse", "--no-merges", f"{first.id}..{last.id}"]
        for commit in git.log(among, paths):
            yield commit.id, commit.subject


def review_one(
    tree: str, name: str, subject: str, inputs: tuple[str, ...], revisions: str | None
) -> Row:
    """Review one commit of TREE (REVISIONS), or the mail in INPUTS."""
    start = time.perf_counter()
    try:
        made, _ = make_review(
            inputs,
            tree,
            (),
            repair=False,
            budget=None,
            jobs=2,
            cached=True,
            quiet=True,
            revisions=revisions,
        )
    except ReviewtoolError as problem:
        return Row(name, subject, None, visible(str(problem)), time.perf_counter() - start)
    return Row(name, subject or made.title, made.patches[0], "", time.perf_counter() - start)


def main() -> None:
    """Review, and print."""
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    tree, rest = sys.argv[1], sys.argv[2:]
    rows: list[Row] = []
    work: list[tuple[str, str, tuple[str, ...], str | None]]
    if rest[0] == "--mails":
        work = [(mail.rsplit("/", 1)[-1], "", (mail,), None) for mail in rest[1:]]
    else:
        ranges = [word for word in rest if ".." in word]
        paths = [word for word in rest if ".." not in word] or ["mm/gup.c"]
        found = [commit for one in ranges for commit in commits_of(tree, one, paths)]
        work = [(name[:12], subject, (), f"{name}^..{name}") for name, subject in found]
    for name, subject, inputs, revisions in work:
        rows.append(review_one(tree, name, subject, inputs, revisions))
        print(visible(str(rows[-1])), flush=True)
    if not rows:
        sys.exit("no commit of the range touches the paths")
    run, told = sum(row.is_run for row in rows), sum(row.is_told for row in rows)
    seconds = [row.seconds for row in rows]
    print(
        f"{len(rows)} commits: {run} ({run / len(rows):.0%}) sliced, compiled and swept without reaching a stub, "
        f"{told} ({told / len(rows):.0%}) with an answer; "
        f"seconds for each: median {statistics.median(seconds):.1f}, most {max(seconds):.1f}"
    )


if __name__ == "__main__":
    main()
