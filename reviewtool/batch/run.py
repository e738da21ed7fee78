# SPDX-License-Identifier: GPL-2.0-only
"""A run: what is left is handed to workers, and what comes back is kept at once.

A bounded number of jobs is under way.  Where a worker dies with a job of several series, each of them
is done again alone, so that only the one that kills it costs a row.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from os import O_CLOEXEC, O_CREAT, O_RDWR, close, geteuid
from os import open as open_file
from pathlib import Path
from time import monotonic

from reviewtool.batch.judge import tool_name
from reviewtool.batch.plan import Left, Planner
from reviewtool.batch.progress import POOR, Estimate, Reporter
from reviewtool.batch.store import Store
from reviewtool.batch.work import Job, Options, Outcome, State, Unit

_PREFIX = "reviewtool-batch-"
_WAIT_S = 0.5


@dataclass(frozen=True)
class Team:
    """Who works: WORKERS processes of this machine, or those of the scheduler at an address."""

    workers: int
    scheduler: str | None = None


def settings_of(options: Options) -> dict[str, str]:
    """Return what all rows of a database have in common."""
    return {
        "reviewtool": tool_name(),
        "--tree": options.tree or "",
        "--base": options.base or "",
        "--config": " ".join(options.config),
        "--budget": str(options.budget or ""),
    }


def run_left(
    store: Store, left: Sequence[Left], options: Options, team: Team, reporter: Reporter
) -> None:
    """Do what is LEFT, and keep each result in STORE as it comes.

    Raises: InputError where the workers cannot be had or the database cannot be written; ToolError when
    the scheduler goes away.
    """
    if not left:
        return
    from reviewtool.batch.cluster import open_crew  # noqa: PLC0415  (it loads distributed)

    estimate = Estimate(left, monotonic())
    found = poor = 0
    again: deque[Unit] = deque()
    with Planner(store, options, tool_name()) as planner, scratch_folder() as scratch:
        jobs = planner.jobs(left)
        with open_crew(team.workers, team.scheduler, scratch) as crew:
            exhausted = False
            while True:
                outcomes: list[Outcome] = []
                while not exhausted and crew.waiting < 2 * crew.size + 2:
                    job = planner.job([again.popleft()]) if again else next(jobs, None)
                    if job is None:
                        exhausted = True
                    elif isinstance(job, Job):
                        crew.submit(job)
                    else:
                        outcomes.append(job)
                if not crew.waiting and not outcomes:
                    break
                done = crew.take(_WAIT_S) if crew.waiting else None
                if done is not None and done.outcomes is None and len(done.job.units) > 1:
                    again += done.job.units
                    exhausted = False
                elif done is not None:
                    outcomes += _checked(done.job, done.outcomes, done.why)
                if outcomes:
                    store.finish(outcomes, datetime.now(UTC).isoformat(timespec="seconds"))
                for one in outcomes:
                    estimate.add(one)
                    found += bool(one.errors or one.warnings)
                    poor += one.state in POOR
                reporter.working(estimate, found, poor, crew.size)
    reporter.clear()


def _checked(job: Job, outcomes: list[Outcome] | None, why: str) -> list[Outcome]:
    """Return an outcome for each unit of JOB, whatever came back."""
    told = {one.key: one for one in outcomes or ()}
    missing = State.DIED if outcomes is None else State.FAILED
    return [
        told.get(unit.key) or Outcome(unit.key, missing, why or "the worker said nothing of it")
        for unit in job.units
    ]


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a private folder for what workers leave; those of runs that were killed are removed first."""
    top = Path(tempfile.gettempdir())
    for old in top.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_abandoned(old)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    lock = open_file(folder / "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    flock(lock, LOCK_EX | LOCK_NB)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        close(lock)


def _remove_abandoned(folder: Path) -> None:
    status = folder.lstat()
    if folder.is_symlink() or not folder.is_dir() or status.st_uid != geteuid():
        return
    lock = open_file(folder / "lock", O_RDWR | O_CLOEXEC)
    try:
        flock(lock, LOCK_EX | LOCK_NB)  # held as long as its run lives
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        close(lock)
