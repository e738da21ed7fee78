# SPDX-License-Identifier: GPL-2.0-only
"""A disk that is full, a cache that cannot be written: one clear line, and nothing half-written."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SAMPLE = ROOT / "sample_patches/lock-leak.patch"
STORED_ANY = ROOT / "tests/golden/follow-page-v1.mbox.json"
REFUSED = ROOT / "tests/attacks/forge-counts.patch"  # no C of it is compiled
SOURCE = ROOT / "reviewtool/model/mm/gup.c"


def run(home: Path, *arguments: str, most_bytes: int | None = None) -> tuple[int, str]:
    """Run reviewtool where no file can grow beyond MOST_BYTES; return its status and complaints."""

    def limit() -> None:
        if most_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    done = subprocess.run(
        [sys.executable, "-m", "reviewtool", *arguments],
        capture_output=True,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",  # the limit would leave half a file of ours
        },
        preexec_fn=limit,
        check=False,
        cwd=home,
    )
    return done.returncode, done.stderr.decode()


OUTPUTS = {
    "render -o": ("render", str(STORED_ANY), "--output", "{}"),
    "render --format json": ("render", str(STORED_ANY), "--format", "json", "-o", "{}"),
    "render --format sarif": ("render", str(STORED_ANY), "--format", "sarif", "-o", "{}"),
    "schema": ("schema", "-o", "{}"),
    "kerneldoc": ("kerneldoc", str(SOURCE), "-o", "{}"),
    "kerneldoc --html": ("kerneldoc", str(SOURCE), "--html", "-o", "{}"),
    "simulate --list": ("simulate", "--list", "-o", "{}"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_that_does_not_fit_leaves_the_old_one_as_it_was(
    tmp_path: Path, name: str
) -> None:
    target = tmp_path / "out"
    target.write_text("old\n")
    before = sorted(tmp_path.iterdir())
    arguments = [argument.format(target) for argument in OUTPUTS[name]]
    status, said = run(tmp_path, *arguments, most_bytes=1000)
    assert (status, said) == (2, f"reviewtool: {target}: cannot be written: File too large\n")
    assert target.read_text() == "old\n"
    assert (
        sorted(path for path in tmp_path.iterdir() if path.name not in {".cache", ".local"})
        == before
    )


@pytest.mark.parametrize("name", ["render -o", "schema", "kerneldoc"])
def test_a_device_that_is_full_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    arguments = [argument.format("/dev/full") for argument in OUTPUTS[name]]
    reason = "cannot be written: No space left on device"
    assert run(tmp_path, *arguments) == (2, f"reviewtool: /dev/full: {reason}\n")
    *to_stdout, _, _ = arguments
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reviewtool", *to_stdout],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.decode() == f"reviewtool: standard output: {reason}\n"


def test_kernel_doc_says_it_in_one_line_too() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", "from reviewtool.kernel_doc import main; main()", str(SOURCE)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "kernel-doc: output: No space left on device\n"


def test_a_review_goes_on_without_a_cache_and_says_so_once(tmp_path: Path) -> None:
    """The review's own page does not fit, either: that is an error."""
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/reviewtool").write_text("in the way")
    page = tmp_path / "page.html"
    page.symlink_to("/dev/full")
    status, said = run(tmp_path, "review", "--html", str(page), str(REFUSED))
    warned, failed = said.splitlines()
    assert warned.startswith("reviewtool: warning: no cache is used: ")
    assert failed == f"reviewtool: {page}: cannot be written: No space left on device"
    assert status == 2


def test_no_room_for_temporary_files_is_one_line(tmp_path: Path) -> None:
    status, said = run(tmp_path, "review", "--no-cache", str(SAMPLE), most_bytes=2000)
    assert status == 2
    assert said.count("\n") == 1, said
    assert "File too large" in said
