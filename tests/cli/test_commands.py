# SPDX-License-Identifier: GPL-2.0-only
"""The program as a user calls it: exit statuses, one clear line, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent.parent.parent / "sample_patches"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def run(
    home: Path, *arguments: str, stdin: bytes = b"", cwd: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "reviewtool", *arguments],
        input=stdin,
        capture_output=True,
        env=environment,
        cwd=cwd,
        check=False,
    )


def test_findings_end_with_status_1_and_a_clean_patch_with_0(home: Path) -> None:
    leak = run(home, "review", str(SAMPLES / "lock-leak.patch"))
    clean = run(home, "review", str(SAMPLES / "true-refactoring.patch"))
    assert (leak.returncode, clean.returncode) == (1, 0), (leak.stderr, clean.stderr)
    assert b"lock left held" in b" ".join(leak.stdout.split())
    assert clean.stderr == leak.stderr == b""


def test_standard_input_is_read_as_a_file_is(home: Path) -> None:
    data = (SAMPLES / "lock-leak.patch").read_bytes()
    piped = run(home, "review", "-", "--format", "json", stdin=data)
    named = run(home, "review", str(SAMPLES / "lock-leak.patch"), "--format", "json")
    source = str(SAMPLES / "lock-leak.patch").encode()
    assert piped.returncode == 1
    assert piped.stdout.replace(b"standard input", source) == named.stdout


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.mbox", b"", b"empty"),
        (
            "letter.eml",
            b"From: a@example.org\nSubject: hello\n\nno patch here\n",
            b"without a patch",
        ),
        ("junk.bin", bytes(range(256)) * 40, b"junk.bin"),
        ("escape.patch", b"--- a/../../x\n+++ b/../../x\n@@ -1 +1 @@\n-a\n+b\n", b"../"),
    ],
)
def test_bad_input_is_one_clear_line_and_status_2(
    home: Path, tmp_path: Path, name: str, data: bytes, reason: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    done = run(home, "review", name, "-o", "out.txt", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"reviewtool: " + name.encode())
    assert reason in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert (done.stdout, sorted(p.name for p in tmp_path.iterdir())) == (b"", [name])


def test_a_symlink_is_refused_by_its_name(home: Path) -> None:
    done = run(home, "review", str(SAMPLES / "hostile-symlink.patch"))
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"symlink" in done.stderr or b"symbolic link" in done.stderr


def test_a_file_that_is_not_there_is_named(home: Path) -> None:
    done = run(home, "review", "/nonexistent/x.mbox")
    assert done.returncode == 2
    assert b"/nonexistent/x.mbox" in done.stderr


def test_output_goes_to_the_file_whole(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "review.md"
    out.write_text("old")
    done = run(
        home,
        "review",
        str(SAMPLES / "does-not-apply.patch"),
        "--format",
        "markdown",
        "-o",
        str(out),
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert out.read_text().startswith("# Review of ")
    assert [p.name for p in tmp_path.iterdir()] == ["review.md"]


def test_a_reply_goes_to_the_patch_that_changes_most(home: Path) -> None:
    done = run(
        home, "reply", "--from", "Rev <rev@example.org>", str(SAMPLES / "follow-page-v1.mbox")
    )
    assert done.returncode == 0, done.stderr
    assert b"\nSubject: Re: [PATCH v1 2/4]" in done.stdout
    assert b"this answers 2/4" in done.stderr
    assert b"not a test on a\nkernel" in done.stdout or b"not a test on a kernel" in b" ".join(
        done.stdout.split()
    )


def test_a_reply_without_an_identity_says_what_to_set(home: Path) -> None:
    done = run(home, "reply", str(SAMPLES / "lock-leak.patch"), cwd=home)
    assert done.returncode == 2
    assert b"user.name" in done.stderr


def test_undocumented_functions_get_kernel_doc_out_of_a_sweep(home: Path) -> None:
    done = run(home, "kerneldoc", "mm/gup.c", "--function", "follow_page", "--man")
    assert done.returncode == 0
    assert b".TH" in done.stdout
    assert b"NUMA hinting fault" in done.stdout
    assert b"follow_page() has no kernel-doc" in done.stderr


def test_help_answers_and_names_every_command(home: Path) -> None:
    done = run(home, "--help")
    assert done.returncode == 0
    for command in (b"review", b"reply", b"series", b"kerneldoc", b"simulate"):
        assert command in done.stdout


@pytest.mark.parametrize(
    "command",
    ["review", "reply", "series", "kerneldoc", "simulate", "check", "render", "report", "schema"],
)
def test_every_command_has_help_with_examples(home: Path, command: str) -> None:
    done = run(home, command, "--help")
    assert (done.returncode, b"Examples:" in done.stdout) == (0, True)
