# SPDX-License-Identifier: GPL-2.0-only
"""The only place that starts programs: no shell, an empty environment, bounded time and memory."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

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


def _start(
    argv: Sequence[str],
    cwd: Path,
    environment: Mapping[str, str] | None,
    stderr: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    """Start ARGV with pipes.  Raises: ToolError when it cannot be started."""
    try:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env={"LC_ALL": "C.UTF-8", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    except OSError as error:
        raise ToolError(argv[0], f"cannot be started: {error.strerror}") from error


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
    with _start(argv, cwd, environment, subprocess.PIPE) as program:
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


class Running:
    """A program that goes on being asked; see start_program()."""

    def __init__(
        self, name: str, program: subprocess.Popen[bytes], said: BinaryIO, wait_s: float
    ) -> None:
        self._name = name
        self._program = program
        self._said = said
        self._wait_s = wait_s
        self._kept = b""

    def write(self, data: bytes) -> None:
        """Hand DATA to the program.  Raises: ToolError when it has ended."""
        assert self._program.stdin is not None  # noqa: S101
        try:
            self._program.stdin.write(data)
            self._program.stdin.flush()
        except OSError as error:
            raise self._ended() from error

    def read_line(self) -> bytes:
        """Return the next line of its output.  Raises: ToolError when there is none in time."""
        while b"\n" not in self._kept:
            self._kept += self._more()
        line, _, self._kept = self._kept.partition(b"\n")
        return line

    def read_lines(self) -> Iterator[bytes]:
        """Yield lines until it ends by itself.  Raises: ToolError when it fails, or is silent too long."""
        while True:
            try:
                yield self.read_line()
            except ToolError:
                if self._program.poll() == 0:
                    return
                raise

    def read(self, size: int) -> bytes:
        """Return the next SIZE bytes of its output.  Raises: ToolError when they do not come in time."""
        parts = [self._kept]
        there = len(self._kept)
        while there < size:
            parts.append(self._more())
            there += len(parts[-1])
        whole = b"".join(parts)
        self._kept = whole[size:]
        return whole[:size]

    def _more(self) -> bytes:
        assert self._program.stdout is not None  # noqa: S101
        output = self._program.stdout.fileno()
        if not select.select([output], [], [], self._wait_s)[0]:
            raise ToolError(self._name, f"no answer within {self._wait_s:g} s")
        data = os.read(output, 1 << 20)
        if not data:
            raise self._ended()
        return data

    def _ended(self) -> ToolError:
        self._program.wait()
        self._said.seek(0)
        lines = self._said.read(1 << 16).decode("utf-8", "replace").strip().split("\n")
        return ToolError(self._name, lines[0] or "it ended")

    def close(self) -> None:
        """End the program."""
        self._program.kill()
        with self._program:
            pass
        self._said.close()


def start_program(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    wait_s: float = 60.0,
) -> Running:
    """Start ARGV in CWD, as run_program() does, to be asked again and again; close() what comes back.

    wait_s: how long an answer may take.  Raises: ToolError when it cannot be started.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  (Running.close() closes it)
    try:
        program = _start(argv, cwd, environment, said)
    except ToolError:
        said.close()
        raise
    _confine(program.pid, limits)
    return Running(argv[0], program, said, wait_s)
