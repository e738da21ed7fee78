# SPDX-License-Identifier: GPL-2.0-only
"""The only place that starts programs: no shell, an empty environment, bounded time and memory."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import ToolError


@dataclass(frozen=True)
class Finished:
    """What a program that ended by itself left behind; stdout and stderr are raw bytes."""

    stdout: bytes
    stderr: bytes
    status: int


@dataclass(frozen=True)
class Limits:
    """What a program may use before it is stopped."""

    time_s: float = 60.0
    memory_bytes: int = 4 << 30
    file_bytes: int = 256 << 20


DEFAULT_LIMITS = Limits()
_DYING_S = 10.0


def _confine(pid: int, limits: Limits) -> None:
    for what, most in (
        (resource.RLIMIT_CPU, int(limits.time_s) + 1),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.prlimit(pid, what, (most, most))
        except ProcessLookupError:
            return  # it has ended already


def run_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Finished:
    """Run ARGV in CWD and wait for it.

    The environment is exactly what is passed, by default empty but for the C locale.
    Raises: ToolError when it cannot be started or does not end in time.
    """
    variables = {"LC_ALL": "C.UTF-8", **(environment or {})}
    try:
        program = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise ToolError(argv[0], f"cannot be started: {error.strerror}") from error
    with program:
        _confine(program.pid, limits)
        try:
            stdout, stderr = program.communicate(stdin, timeout=limits.time_s)
        except subprocess.TimeoutExpired as error:
            program.kill()
            raise ToolError(argv[0], f"did not end within {limits.time_s:g} s") from error
        return Finished(stdout, stderr, program.returncode)


def run_bounded(
    argv: Sequence[str],
    *,
    cwd: Path,
    stdin: bytes,
    environment: Mapping[str, str],
    time_s: float,
) -> Finished | None:
    """Run ARGV in CWD; None after TIME_S seconds, when it and all that it started are killed.

    For a program of ours, which bounds what it starts: there is no other limit.
    Raises: ToolError when it cannot be started.
    """
    try:
        program = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(argv[0], f"cannot be started: {error.strerror}") from error
    with program:
        try:
            stdout, stderr = program.communicate(stdin, timeout=time_s)
        except BaseException as error:
            # Also when we are interrupted: nobody else would stop that session.
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            # The pipes end with the last of them; who left the session is not waited for.
            with suppress(subprocess.TimeoutExpired):
                program.communicate(timeout=_DYING_S)
            if isinstance(error, subprocess.TimeoutExpired):
                return None
            raise
        return Finished(stdout, stderr, program.returncode)
