# SPDX-License-Identifier: GPL-2.0-only
"""Programs compiled as a kernel developer would, run, and their TAP taken apart."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

STRICT = ("-Wall", "-Wextra", "-Werror", "-O2")
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
_LINE = re.compile(r"(not )?ok (\d+) ([^#\n]+?)(?: # SKIP (.+))?")
_TOTALS = re.compile(r"# Totals: pass:(\d+) fail:(\d+) xfail:0 xpass:0 skip:(\d+) error:0")


@dataclass(frozen=True)
class Tap:
    """What a program said: "pass", "fail" or "skip" of each test, by number, and its exit status."""

    verdicts: tuple[str, ...]
    status: int
    text: str


def compile_program(source: str, folder: Path, *flags: str) -> Path:
    """Return the program that gcc makes of SOURCE; it has to be silent."""
    path = folder / "selftest.c"
    path.write_text(source, encoding="utf-8")
    program = folder / "selftest"
    done = subprocess.run(
        ["gcc", *(flags or STRICT), "-o", program, path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return program


def run_program(program: Path) -> Tap:
    """Run PROGRAM; what it says has to be well-formed, and no signal may end it."""
    done = subprocess.run(
        [program], cwd=program.parent, capture_output=True, check=False, timeout=600
    )
    assert done.stderr == b"", done.stderr
    return read_tap(done.stdout.decode("ascii"), done.returncode)


def read_tap(text: str, status: int) -> Tap:
    """Take apart what a program said that ended with STATUS; it has to be well-formed."""
    assert status in (0, 1, 4), text
    lines = text.splitlines()
    assert lines[0] == "TAP version 13"
    plan = re.fullmatch(r"1\.\.(\d+)", lines[1])
    assert plan, text
    verdicts: list[str] = []
    for line in lines[2:]:
        if line.startswith("# "):
            continue
        found = _LINE.fullmatch(line)
        assert found, line
        assert int(found[2]) == len(verdicts) + 1
        verdicts.append("fail" if found[1] else "skip" if found[4] else "pass")
    assert len(verdicts) == int(plan[1])
    totals = _TOTALS.fullmatch(lines[-1])
    assert totals, lines[-1]
    counts = tuple(verdicts.count(kind) for kind in ("pass", "fail", "skip"))
    assert tuple(map(int, totals.groups())) == counts
    expected = 1 if counts[1] else 0 if counts[0] else 4
    assert status == expected
    return Tap(tuple(verdicts), status, text)
