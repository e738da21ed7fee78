# SPDX-License-Identifier: GPL-2.0-only
"""A thread that gives up what it may reach, so that the program it starts has no more than that.

Landlock and seccomp bind a thread and what it starts, for good.  A thread of its own is therefore
made for each start: it opens nothing else, starts the program, and ends.  Nothing runs between fork
and exec that a second thread could hold a lock of, and no launcher costs another start.

Where the kernel has no Landlock, the program starts with its resource limits only; state() says so.

Source: landlock(7), landlock_create_ruleset(2); seccomp(2); linux/landlock.h, linux/seccomp.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from reviewtool.errors import ToolError

T = TypeVar("T")


@dataclass(frozen=True)
class Reach:
    """What a program may open; everything else does not exist for it, and nor does the network.

    run:  files to start or read.  read: files to read.  folders: where it may read, write, make and
    remove files.
    """

    run: tuple[Path, ...] = ()
    read: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Confinement:
    """What this kernel confines with: the version of Landlock's interface (0: none), and seccomp."""

    landlock: int
    seccomp: bool

    def __str__(self) -> str:
        if not self.landlock:
            files = "not to files: this kernel has no Landlock"
        elif self.landlock < 4 and not self.seccomp:
            files = f"to its files by Landlock {self.landlock}, not off the network"
        else:
            files = f"to its files and off the network by Landlock {self.landlock}"
            files += " and seccomp" if self.seccomp else ""
        if not self.landlock and self.seccomp:
            files += "; off the network by seccomp"
        return files


# linux/landlock.h
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_REG, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
_ALL_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_FILES_NOW = (1 << 16) - 1
_ALL_NET = 0b11  # bind and connect of TCP
_ALL_SCOPES = 0b11  # abstract Unix sockets and signals of others
_NO_NEW_PRIVS = 38
_SET_SECCOMP, _FILTER = 22, 2

# linux/audit.h, and the numbers of socket, socketpair, ptrace, process_vm_readv and _writev.
_MACHINES = {
    "x86_64": (0xC000003E, (41, 53, 101, 310, 311)),
    "aarch64": (0xC00000B7, (198, 199, 117, 270, 271)),
}
_EVERYWHERE = (425, 434, 438)  # io_uring_setup, pidfd_open, pidfd_getfd
_X32 = 0x40000000
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # refused: EPERM


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _call(number: int, *arguments: object) -> int:
    """Make system call NUMBER.  Raises: OSError."""
    result = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@cache
def state() -> Confinement:
    """Return what this kernel offers."""
    version = 0
    if sys.platform == "linux" and ctypes.sizeof(ctypes.c_void_p) == 8:
        with suppress(OSError):
            version = _call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    return Confinement(version, platform.machine() in _MACHINES and _filters())


def _filters() -> bool:
    with suppress(OSError):
        return "\nSeccomp_filters:" in Path("/proc/self/status").read_text()
    return False


def start_confined(reach: Reach, start: Callable[[], T]) -> T:
    """Return what START returns, called where only REACH can be reached: it is to start a program.

    Raises: ToolError when the kernel has Landlock and refuses a rule; what START raises.
    """
    made: list[T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            _restrict(reach)
            made.append(start())
        except BaseException as error:  # noqa: BLE001  (it goes on in the thread that waits)
            failed.append(error)

    thread = threading.Thread(target=run, name="confined")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]


def _restrict(reach: Reach) -> None:
    """Confine this thread to REACH for good."""
    has = state()
    if not has.landlock and not has.seccomp:
        return
    try:
        _prctl(_NO_NEW_PRIVS, 1)
        if has.landlock:
            _restrict_files(reach, has.landlock)
        if has.seccomp:
            _restrict_calls()
    except OSError as error:
        raise ToolError("Landlock", f"cannot confine a program: {error.strerror}") from error


def _prctl(*arguments: int) -> None:
    words = [ctypes.c_ulong(word) for word in (*arguments, 0, 0, 0, 0)[:5]]
    if _libc().prctl(*words):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _restrict_files(reach: Reach, version: int) -> None:
    handled = _ALL_FILES.get(version, _ALL_FILES_NOW)
    # Fields that an older kernel does not know have to be 0.
    rules = struct.pack(
        "<QQQ", handled, _ALL_NET if version >= 4 else 0, _ALL_SCOPES if version >= 6 else 0
    )
    ruleset = _call(_CREATE_RULESET, rules, ctypes.c_size_t(len(rules)), ctypes.c_uint32(0))
    try:
        within = _READ_FILE | _READ_DIR | _WRITE_FILE | _REMOVE_FILE | _MAKE_REG | _TRUNCATE
        for paths, rights in (
            (reach.run, _EXECUTE | _READ_FILE),
            (reach.read, _READ_FILE),
            (reach.folders, within & handled),
        ):
            for path in paths:
                opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
                try:
                    rule = struct.pack("<Qi", rights, opened)
                    _call(
                        _ADD_RULE,
                        ctypes.c_int(ruleset),
                        ctypes.c_int(_BENEATH),
                        rule,
                        ctypes.c_uint32(0),
                    )
                finally:
                    os.close(opened)
        _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _restrict_calls() -> None:
    program = _filter(platform.machine())
    buffer = ctypes.create_string_buffer(program, len(program))
    head = struct.pack("@HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    words = (ctypes.c_ulong(_SET_SECCOMP), ctypes.c_ulong(_FILTER))
    if _libc().prctl(*words, head, ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@cache
def _filter(machine: str) -> bytes:
    """Return a filter that refuses what speaks to the network or to other programs.

    Source: linux/filter.h (struct sock_filter), linux/seccomp.h (struct seccomp_data: number, architecture).
    """
    architecture, numbers = _MACHINES[machine]
    refused = (*numbers, *_EVERYWHERE)
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    count = len(refused)
    code = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        (give, 0, 0, _KILL),
        (load, 0, 0, 0),
        (at_least, count + 1, 0, _X32),
        *((equal, count - place, 0, number) for place, number in enumerate(refused)),
        (give, 0, 0, _ALLOW),
        (give, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *one) for one in code)
