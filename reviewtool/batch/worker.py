# SPDX-License-Identifier: GPL-2.0-only
"""What a worker does with a job: a process of its own reviews, and is watched and replaced.

A series that crashes that process, or takes it beyond its time or its memory, costs its own row: it is
known which one it was, and no other is lost with it.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from resource import RLIM_INFINITY

from reviewtool.batch.reviewer import read_answer, write_request
from reviewtool.batch.work import Job, Options, Outcome, State, Unit
from reviewtool.errors import ToolError
from reviewtool.process import Limits, Running, start_program

_PASSED = ("PATH", "HOME", "XDG_CACHE_HOME", "LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV")
_LOOK_S = 0.1
_WRITE_S = 2.0
# It is itself that bounds what it starts; a process for a whole list has no limit of CPU time.
_LIMITS = Limits(time_s=3e8, memory_bytes=RLIM_INFINITY, file_bytes=4 << 30)
_OWN = threading.local()


def review_units(job: Job) -> list[Outcome]:
    """Return the outcome of each unit of JOB, in order."""
    from reviewtool.batch.judge import tool_name  # noqa: PLC0415  (a worker imports it once)

    if job.tool != tool_name():
        why = f"the worker has reviewtool {tool_name()}, and not {job.tool}: install the same"
        return [Outcome(unit.key, State.FAILED, why) for unit in job.units]
    return [_Reviewer.own().review(unit, job.options) for unit in job.units]


def stop_reviewer() -> None:
    """End the reviewing process of this thread, if there is one."""
    _Reviewer.own().stop()


class _Reviewer:
    """The reviewing process of this thread, started when it is needed."""

    def __init__(self) -> None:
        self._program: Running | None = None

    @classmethod
    def own(cls) -> _Reviewer:
        """Return that of the calling thread."""
        found = getattr(_OWN, "reviewer", None)
        if not isinstance(found, cls):
            found = _OWN.reviewer = cls()
        return found

    def review(self, unit: Unit, options: Options) -> Outcome:
        """Return the outcome of UNIT."""
        start = time.monotonic()
        try:
            outcome = self._ask(unit, options)
        except ToolError as problem:
            outcome = Outcome(unit.key, State.DIED, self._end(problem))
        except BaseException:
            self.stop()
            raise
        if outcome.state is State.DIED:
            self.stop()  # out of memory may also have been said by the process itself
            outcome = replace(outcome, seconds=round(time.monotonic() - start, 4))
        elif self._program is not None and self._program.resident_bytes > options.memory_bytes // 2:
            self.stop()  # what it holds on to would count against the next one
        return outcome

    def _ask(self, unit: Unit, options: Options) -> Outcome:
        """Have the process review UNIT.  Raises: ToolError when it ends."""
        program = self._program = self._program or _start()
        last = time.monotonic() + options.time_limit_s
        # A request may be longer than a pipe holds, and a process that has ended reads none.
        writer = threading.Thread(target=_write, args=(program, write_request(unit, options)))
        writer.start()
        try:
            while not program.is_ready(_LOOK_S):
                used = program.resident_bytes
                if used > options.memory_bytes:
                    limit = options.memory_bytes >> 20
                    return Outcome(
                        unit.key,
                        State.DIED,
                        f"stopped: it took more than {limit:,} MiB",
                        memory_bytes=used,
                    )
                if time.monotonic() > last:
                    why = f"stopped: it took longer than {options.time_limit_s:g} s"
                    return Outcome(unit.key, State.DIED, why)
            outcome, size = read_answer(program.read_line())
            return replace(outcome, review=program.read(size) if size else b"")
        finally:
            writer.join(_WRITE_S)
            if writer.is_alive():  # it was stopped before it had read its request
                self.stop()
                writer.join()

    def _end(self, problem: ToolError) -> str:
        """Return in words how the process ended, and forget it."""
        status = self._program.wait_status() if self._program is not None else 0
        self.stop()
        if status < 0:
            with suppress(ValueError):
                return f"the process that reviewed it was killed by {signal.Signals(-status).name}"
        return f"the process that reviewed it ended: {problem.reason}"[:300]

    def stop(self) -> None:
        """End the process."""
        if self._program is not None:
            self._program.close()
            self._program = None


def _start() -> Running:
    """Start a reviewing process.  Raises: ToolError when it cannot be started."""
    passed = (*_PASSED, "TMPDIR")
    return start_program(
        # -P: no module is loaded from wherever the worker was started.
        [sys.executable, "-P", "-m", "reviewtool.batch.reviewer", str(os.getpid())],
        cwd=Path(tempfile.gettempdir()),
        environment={name: os.environ[name] for name in passed if name in os.environ},
        limits=_LIMITS,
        own_session=True,
    )


def _write(program: Running, request: bytes) -> None:
    with suppress(
        ToolError, ValueError, OSError
    ):  # it has ended, or was stopped: who waits sees that
        program.write(request)
