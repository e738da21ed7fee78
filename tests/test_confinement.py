# SPDX-License-Identifier: GPL-2.0-only
"""What a program of ours that works on strangers' text can reach: its own folder, and nothing else."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reviewtool.confinement import Reach, start_confined, state
from reviewtool.errors import ToolError
from reviewtool.process import Finished, Limits, run_program
from reviewtool.simulate.build import compiler, run_compiler

CANARY = "a_marker_that_no_output_may_hold"

with_landlock = pytest.mark.skipif(
    not state().landlock, reason=f"programs are confined {state()}: nothing to hold it to"
)
with_seccomp = pytest.mark.skipif(not state().seccomp, reason="no seccomp on this kernel")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "canary.h").write_text(f"int {CANARY};\n")
    (tmp_path / "work").mkdir()
    (tmp_path / "work/inside.h").write_text("int inside;\n")
    return tmp_path / "work"


def preprocess(work: Path, header: str, *, confined: bool) -> Finished:
    (work / "a.c").write_text(f'#include "{header}"\n')
    argv = [*compiler(), "clang", "-E", "a.c"]
    return run_compiler(argv, work, b"") if confined else run_program(argv, cwd=work)


@with_landlock
@pytest.mark.parametrize("header", ["../canary.h", "/{}/canary.h"])
def test_a_confined_compiler_cannot_read_what_an_unconfined_one_can(
    work: Path, header: str
) -> None:
    header = header.format(str(work.parent).lstrip("/"))
    assert CANARY.encode() in preprocess(work, header, confined=False).stdout
    refused = preprocess(work, header, confined=True)
    assert refused.status
    assert CANARY.encode() not in refused.stdout + refused.stderr
    assert b"inside" in preprocess(work, "inside.h", confined=True).stdout


@with_landlock
def test_a_confined_compiler_cannot_write_elsewhere(work: Path) -> None:
    (work / "a.c").write_text("int a;\n")
    argv = [*compiler(), "clang", "--target=wasm64", "-c", "a.c", "-o"]
    assert run_compiler([*argv, "../out.o"], work, b"").status
    assert not (work.parent / "out.o").exists()
    assert run_compiler([*argv, "out.o"], work, b"").status == 0


PYTHON = """
import os, socket
def attempt(name, what):
    try:
        what()
    except OSError as error:
        print(name, "refused", error.errno)
    else:
        print(name, "done")
attempt("network", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
attempt("local", lambda: socket.socket(socket.AF_UNIX))
attempt("pair", lambda: socket.socketpair())
attempt("signal", lambda: os.kill(os.getppid(), 0))
"""


@with_seccomp
def test_a_confined_program_opens_no_socket_whatever_it_is(work: Path) -> None:
    # All files are within its reach here: an interpreter needs many.
    everything = Reach(run=(Path("/"),), folders=(Path("/"),))
    done = run_program([sys.executable, "-I", "-c", PYTHON], cwd=work, reach=everything)
    assert done.status == 0, done.stderr
    said = dict(line.split(maxsplit=1) for line in done.stdout.decode().splitlines())
    assert said["network"] == said["local"] == said["pair"] == "refused 1"
    assert said["signal"] == ("refused 1" if state().landlock >= 6 else "done")


def test_the_thread_that_starts_it_is_the_only_one_that_is_confined(work: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda _: preprocess(work, "inside.h", confined=True).status, range(8))
        )
    assert found == [0] * 8
    assert (work.parent / "canary.h").read_text()
    (work.parent / "new").write_text("still ours")


def test_what_cannot_be_started_is_said_from_the_other_thread(work: Path) -> None:
    with pytest.raises(ToolError, match="cannot be started"):
        run_program([str(work / "nothing")], cwd=work, reach=Reach(folders=(work,)))
    with pytest.raises(ZeroDivisionError):
        start_confined(Reach(folders=(work,)), lambda: 1 // 0)


def test_what_a_program_says_without_end_is_cut_off(work: Path) -> None:
    bomb = "#define A0 x x x x\n" + "".join(
        f"#define A{n} A{n - 1} A{n - 1} A{n - 1} A{n - 1}\n" for n in range(1, 30)
    )
    limits = Limits(time_s=30, output_bytes=4 << 20)
    (work / "bomb.c").write_text(f"{bomb}A29\n")
    with pytest.raises(ToolError, match="said more than 4 MiB"):
        run_program([*compiler(), "clang", "-E", "bomb.c"], cwd=work, limits=limits)


def test_a_program_that_does_not_end_is_stopped(work: Path) -> None:
    with pytest.raises(ToolError, match=r"did not end within 0\.3 s"):
        run_program(
            ["sleep", "60"],
            cwd=work,
            environment={"PATH": "/usr/bin:/bin"},
            limits=Limits(time_s=0.3),
        )


def test_a_megabyte_in_and_out_does_not_stand_still(work: Path) -> None:
    data = b"x" * (3 << 20)
    done = run_program(["cat"], cwd=work, stdin=data, environment={"PATH": "/usr/bin:/bin"})
    assert done.stdout == data
    first = run_program(
        ["head", "-c1"], cwd=work, stdin=data, environment={"PATH": "/usr/bin:/bin"}
    )
    assert first.stdout == b"x"
