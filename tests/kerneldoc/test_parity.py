# SPDX-License-Identifier: GPL-2.0-only
"""The same bytes as Linux 6.12's own scripts/kernel-doc, on that tree and on our cases.

REVIEWTOOL_LINUX_6_12 names the tree, REVIEWTOOL_LINUX_FOLDERS other folders of it than the usual
four ("." for all).
"""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reviewtool.kerneldoc import (
    ManStyle,
    Options,
    RstStyle,
)
from reviewtool.kerneldoc.batch import Format, Job, run_file

CASES = Path(__file__).parent / "cases"
TREE = os.environ.get("REVIEWTOOL_LINUX_6_12", "")
pytestmark = pytest.mark.skipif(
    not TREE, reason="REVIEWTOOL_LINUX_6_12 names no unpacked linux-source-6.12"
)
MODES = {
    "rst": (("-rst", "-sphinx-version", "3.0.0"), Format.RST),
    "man": (("-man",), Format.MAN),
    "warnings": (("-none", "-Wall"), Format.NONE),
}
FOLDERS = os.environ.get("REVIEWTOOL_LINUX_FOLDERS", "mm lib kernel include/linux").split()


def _reference(words: tuple[str, ...], path: str, where: Path) -> tuple[bytes, list[bytes]]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [str(Path(TREE).resolve() / "scripts/kernel-doc"), *words, path],
        cwd=where,
        env={**kept, "KBUILD_BUILD_TIMESTAMP": "2024-01-01", "TZ": "UTC", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    lines = done.stderr.splitlines()
    return done.stdout, sorted(line for line in lines if not line.startswith(b"Use of uninit"))


def _ours(form: Format, path: str, where: Path) -> tuple[bytes, list[bytes]]:
    everything = form is Format.NONE
    options = Options(returns=everything, purposes=everything)
    job = Job(form, options, RstStyle(3), ManStyle("January 2024"))
    result = run_file(str(where / path), job)
    said = "".join(f"{found}\n" for found in result.diagnostics).replace(f"{where}/", "")
    return result.text.encode("latin-1"), sorted(said.encode("latin-1").splitlines())


def _differing(mode: str, paths: list[str], where: Path) -> list[str]:
    words, form = MODES[mode]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        wanted = list(pool.map(lambda path: _reference(words, path, where), paths))
    return [
        path for path, want in zip(paths, wanted, strict=True) if _ours(form, path, where) != want
    ]


@pytest.mark.parametrize("mode", MODES)
def test_our_cases_are_those_of_the_script(mode: str) -> None:
    paths = sorted(path.name for path in CASES.glob("*.c"))
    assert _differing(mode, paths, CASES) == []


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_tree_is_that_of_the_script(folder: str, mode: str) -> None:
    root = Path(TREE).resolve()
    files = sorted((root / folder).rglob("*.[ch]"))
    paths = [str(path.relative_to(root)) for path in files if b"/**" in path.read_bytes()]
    assert paths
    assert _differing(mode, paths, root) == []
