# SPDX-License-Identifier: GPL-2.0-only
"""Strangers' attacks, through the real program: each ends as the .toml beside it says, and does nothing else.

All of them run once (driver.py), watched by strace(1) where that is installed.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.driver import CANARY

ATTACKS = sorted(Path(__file__).parent.glob("*.toml"))
DRIVER = Path(__file__).parent / "driver.py"
_CALLS = (
    "trace=%network,open,openat,openat2,creat,execve,unlink,unlinkat,rename,renameat,renameat2,"
    "mkdir,mkdirat,symlink,symlinkat,link,linkat,truncate,chmod,fchmodat"
)


@dataclass(frozen=True)
class Ran:
    """What came of one attack; see driver.py."""

    status: int | None
    stdout: str
    stderr: str
    left: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What came of all; trace: system calls, by line, empty without strace."""

    place: Path
    ran: dict[str, Ran]
    trace: tuple[str, ...]


def _strace() -> list[str]:
    """Return the command that watches a program, or nothing where there is none that works."""
    program = shutil.which("strace")
    if program is None:
        return []
    watch = [program, "-f", "-qq", "--seccomp-bpf", "-e", "signal=none", "-e", _CALLS]
    works = subprocess.run([*watch, "-o", "/dev/null", "true"], capture_output=True, check=False)
    return watch if works.returncode == 0 else []


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Give what came of all attacks, run once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if shared.name.startswith("popen-") else shared
    with (shared / "attacks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        place = shared / "attacks"
        if not (place / "results.json").exists():
            place.mkdir()
            watch = _strace()
            driver = [sys.executable, str(DRIVER), str(place), *map(str, ATTACKS)]
            watched = [*watch, "-o", str(place / "trace"), *driver] if watch else driver
            done = subprocess.run(watched, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
    trace = place / "trace"
    lines = trace.read_text(errors="replace").splitlines() if trace.exists() else []
    found = json.loads((place / "results.json").read_text())
    ran = {
        name: Ran(
            one["status"], one["stdout"], one["stderr"], tuple(one["left"]), tuple(one["changed"])
        )
        for name, one in found.items()
    }
    return Seen(place, ran, tuple(lines))


def test_there_are_attacks_of_every_kind() -> None:
    assert len(ATTACKS) >= 25
    for described in ATTACKS:
        others = [p for p in described.parent.glob(f"{described.stem}.*") if p != described]
        assert len(others) == 1, described


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("name", [path.stem for path in ATTACKS])
def test_an_attack_ends_as_expected_and_leaves_nothing(seen: Seen, name: str) -> None:
    ran = seen.ran[name]
    expected = tomllib.loads((DRIVER.parent / f"{name}.toml").read_text())
    said = words(ran.stdout + ran.stderr)
    assert ran.status == expected["status"], said[:2000]
    for part in expected["says"]:
        assert words(part) in said
    assert "Traceback" not in said
    assert CANARY not in said
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", ran.stdout + ran.stderr)
    assert ran.left == ran.changed == ()
    if ran.status == 2:
        assert ran.stdout == ""
        (line,) = ran.stderr.splitlines()
        assert line.startswith("reviewtool: ")
    else:
        assert ran.stderr == ""


def test_no_attack_that_is_c_is_called_harmless(seen: Seen) -> None:
    """Those that change nothing are of names and texts, or have no C."""
    fine = {name for name, ran in seen.ran.items() if "verdict: no semantic change" in ran.stdout}
    assert fine == set()


def calls(trace: tuple[str, ...], *names: str) -> Iterator[str]:
    pattern = re.compile(rf"^\d+ +(?:{'|'.join(names)})\(")
    return (line for line in trace if pattern.match(line))


def test_nothing_opens_a_socket_or_the_secret_or_starts_a_stranger(seen: Seen) -> None:
    if not seen.trace:
        pytest.skip("strace is not installed, or may not watch here")
    assert len(list(calls(seen.trace, "execve"))) > len(ATTACKS)  # it did watch
    assert not list(calls(seen.trace, "socket", "connect", "bind", "listen", "sendto", "sendmsg"))
    started = {
        Path(found[1]).name
        for line in calls(seen.trace, "execve")
        if (found := re.search(r'execve\("([^"]+)".* = 0$', line))
    }
    assert {name for name in started if not name.startswith("python")} <= {"git", "zig"}
    # the driver itself writes the secret, looks at it and at what there is
    driver = re.match(r"\d+", seen.trace[0])
    assert driver is not None
    secret = str(seen.place / "outside")
    opened = [
        line for line in calls(seen.trace, "open", "openat", "openat2")
        if secret in line and not line.startswith(f"{driver[0]} ")
    ]  # fmt: skip
    assert opened == []


def test_nothing_is_written_but_in_the_users_own_folders(seen: Seen) -> None:
    if not seen.trace:
        pytest.skip("strace is not installed, or may not watch here")
    own = tuple(
        str(seen.place / name) for name in ("home", "tmp", "said", "work/out.txt", "work/.out.txt")
    )
    driver = re.match(r"\d+", seen.trace[0])
    assert driver is not None
    bad = []
    for line in calls(
        seen.trace,
        "open",
        "openat",
        "openat2",
        "creat",
        "unlink",
        "rename",
        "mkdir",
        "symlink",
        "link",
    ):
        if line.startswith(f"{driver[0]} ") or not line.endswith(tuple("0123456789")):
            continue  # of the driver, or refused by the kernel
        if "open" in line.split("(")[0] and not re.search(r"O_(?:WRONLY|RDWR|CREAT|TRUNC)", line):
            continue
        paths = re.findall(r'"((?:[^"\\]|\\.)*)"', line)
        # names without a folder are below the current one of git or the compiler, a scratch folder
        bad += [
            line for path in paths
            if path.startswith("/") and not path.startswith((*own, "/dev/null", "/proc/self/"))
        ]  # fmt: skip
    assert bad == []
