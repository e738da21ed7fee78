# SPDX-License-Identifier: GPL-2.0-only
"""The only place that starts programs: no shell, an empty environment, bounded time and memory."""

from __future__ import annotations

import os
import resource
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import IO, BinaryIO

from reviewtool.confinement import Reach, start_confined
from reviewtool.errors import LimitError, ToolError


@dataclass(frozen=True)
class Finished:
    """What a program that ended by itself left behind; stdout and stderr are raw bytes."""

    stdout: bytes
    stderr: bytes
    status: int


@dataclass(frozen=True)
class Limits:
    """What a program may use before it is stopped; output_bytes is what it may say in all."""

    time_s: float = 60.0
    memory_bytes: int = 4 << 30
    file_bytes: int = 256 << 20
    output_bytes: int = 4 << 30


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
    *,
    own_session: bool = False,
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
            start_new_session=own_session,
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
    reach: Reach | None = None,
) -> Finished:
    """Run ARGV in CWD and wait for it.

    The environment is exactly what is passed, by default empty but for the C locale.
    reach: the only files that it can open, where the kernel can hold it to that (confinement.py).
    Raises: ToolError when it cannot be started, LimitError when it does not end in time or says too much.
    """

    def start() -> subprocess.Popen[bytes]:
        return _start(argv, cwd, environment, subprocess.PIPE)

    with start() if reach is None else start_confined(reach, start) as program:
        try:
            _confine(program.pid, limits)
            stdout, stderr = _converse(argv[0], program, stdin, limits)
        except BaseException:
            program.kill()
            raise
        return Finished(stdout, stderr, program.returncode)


def _converse(
    name: str, program: subprocess.Popen[bytes], stdin: bytes, limits: Limits
) -> tuple[bytes, bytes]:
    """Hand STDIN to PROGRAM and wait for its end; return what it said.

    communicate() would keep whatever comes, and a macro of a stranger's can expand without end.
    Raises: LimitError.
    """
    assert program.stdin and program.stdout and program.stderr  # noqa: S101, PT018
    said: dict[int, list[bytes]] = {program.stdout.fileno(): [], program.stderr.fileno(): []}
    left, ends = limits.output_bytes, time.monotonic() + limits.time_s
    data = memoryview(stdin)
    os.set_blocking(program.stdin.fileno(), False)
    with DefaultSelector() as selector:
        selector.register(program.stdout, EVENT_READ)
        selector.register(program.stderr, EVENT_READ)
        if stdin:
            selector.register(program.stdin, EVENT_WRITE)
        else:
            program.stdin.close()
        while selector.get_map():
            for key, _ in selector.select(max(0.0, ends - time.monotonic())):
                if key.fd in said:
                    block = os.read(key.fd, 1 << 18)
                    said[key.fd].append(block)
                    left -= len(block)
                    if not block:
                        selector.unregister(key.fileobj)
                    continue
                try:
                    data = data[os.write(key.fd, data) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    data = data[:0]
                if not data:
                    selector.unregister(key.fileobj)
                    program.stdin.close()
            if left < 0:
                raise LimitError(name, f"said more than {limits.output_bytes >> 20} MiB")
            if time.monotonic() >= ends:
                break
    try:
        program.wait(max(0.0, ends - time.monotonic()))
    except subprocess.TimeoutExpired as error:
        raise LimitError(name, f"did not end within {limits.time_s:g} s") from error
    stdout, stderr = (b"".join(blocks) for blocks in said.values())
    return stdout, stderr


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
        self,
        name: str,
        program: subprocess.Popen[bytes],
        said: BinaryIO,
        wait_s: float,
        *,
        own_session: bool = False,
    ) -> None:
        self._name = name
        self._program = program
        self._said = said
        self._wait_s = wait_s
        self._own_session = own_session
        self._kept = b""

    def is_ready(self, wait_s: float) -> bool:
        """Wait at most WAIT_S seconds; return whether there is something to read, or it has ended."""
        assert self._program.stdout is not None  # noqa: S101
        return bool(self._kept or select.select([self._program.stdout.fileno()], [], [], wait_s)[0])

    @property
    def resident_bytes(self) -> int:
        """How much memory the program itself has in use; 0 once it has ended."""
        with suppress(OSError, ValueError, IndexError):
            pages = Path(f"/proc/{self._program.pid}/statm").read_text("ascii").split()[1]
            return int(pages) * resource.getpagesize()
        return 0

    def wait_status(self) -> int:
        """Wait for its end; return its exit status, negative for the signal that killed it."""
        return self._program.wait()

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
        """End the program, with a session of its own all that it started."""
        if self._own_session and self._program.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._program.pid, signal.SIGKILL)
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
    own_session: bool = False,
) -> Running:
    """Start ARGV in CWD, as run_program() does, to be asked again and again; close() what comes back.

    wait_s: how long an answer may take.  own_session: whether close() is to end also what it starts.
    Raises: ToolError when it cannot be started.
    """
    said = tempfile.TemporaryFile()  # noqa: SIM115  (Running.close() closes it)
    try:
        program = _start(argv, cwd, environment, said, own_session=own_session)
    except ToolError:
        said.close()
        raise
    _confine(program.pid, limits)
    return Running(argv[0], program, said, wait_s, own_session=own_session)
