# SPDX-License-Identifier: GPL-2.0-only
"""Each cases/*.c gives the .rst, .man and .stderr beside it, through the program kernel-doc.

`pytest --update-golden` writes them anew.  All were compared with the kernel's own script once;
test_parity.py does it again where a tree is given.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).parent / "cases"
NAMES = sorted(path.stem for path in CASES.glob("*.c"))
RUN = "from reviewtool.kernel_doc import main; main()"
OPTIONS = {
    "rst": ("-rst", "-sphinx-version", "3.0.0"),
    "man": ("-man",),
    "stderr": ("-none", "-Wall"),
}


def run_kernel_doc(*words: str, cwd: Path = CASES) -> subprocess.CompletedProcess[bytes]:
    environment = {"KBUILD_BUILD_TIMESTAMP": "2024-01-01", "PATH": "/usr/bin:/bin", "TZ": "UTC"}
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("kind", OPTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_case_gives_the_golden_file(name: str, kind: str, request: pytest.FixtureRequest) -> None:
    done = run_kernel_doc(*OPTIONS[kind], f"{name}.c")
    got = done.stderr if kind == "stderr" else done.stdout
    golden = CASES / f"{name}.{kind}"
    if request.config.getoption("--update-golden", default=False):
        golden.write_bytes(got)
    assert got == golden.read_bytes()
    assert done.returncode == (0 if kind == "stderr" else _errors(name))


def _errors(name: str) -> int:
    """Outside -none the script's status is the number of errors."""
    text = (CASES / f"{name}.stderr").read_bytes()
    return sum(b": error: " in line for line in text.splitlines())


def test_no_arguments_are_an_error() -> None:
    done = run_kernel_doc()
    assert done.returncode == 1
    assert done.stderr.startswith(b"No arguments!")


def test_missing_file_is_an_error_but_not_with_none() -> None:
    assert run_kernel_doc("-man", "absent.c").returncode == 1
    done = run_kernel_doc("-none", "absent.c")
    assert (done.returncode, done.stderr) == (0, b"Error: Cannot open file absent.c\n")


def test_werror_exits_with_the_number_of_warnings() -> None:
    done = run_kernel_doc("-none", "-Werror", "leftovers.c")
    assert done.returncode == 1
    assert done.stderr.endswith(b"1 warnings as Errors\n")


def test_export_and_internal_split_the_functions() -> None:
    exported = run_kernel_doc("-rst", "-sphinx-version", "3", "-export", "functions.c").stdout
    internal = run_kernel_doc("-rst", "-sphinx-version", "3", "-internal", "functions.c").stdout
    assert b"kettle_fill (" in exported
    assert b"kettle_each (" not in exported
    assert b"kettle_fill (" not in internal
    assert b"kettle_each (" in internal


def test_function_and_nosymbol_select() -> None:
    words = ("-man", "-function", "kettle_fill", "-function", "KETTLE_MAX")
    named = run_kernel_doc(*words, "functions.c").stdout
    assert named.count(b".TH ") == 2
    assert (
        run_kernel_doc(*words, "-nosymbol", "KETTLE_MAX", "functions.c").stdout.count(b".TH ") == 1
    )


def test_line_numbers_are_those_of_the_file() -> None:
    words = ("-rst", "-sphinx-version", "3", "-enable-lineno", "-function", "kettle_fill")
    output = run_kernel_doc(*words, "functions.c").stdout.decode()
    assert ".. LINENO 21\n.. c:function:: int kettle_fill" in output
