# SPDX-License-Identifier: GPL-2.0-only
"""What a stranger may send: each is refused with input, line and reason, and changes nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from reviewtool.errors import InputError
from reviewtool.mail.inputs import InputSource
from reviewtool.series.read import read_series

MAILS = Path(__file__).parent / "mails"
HEADER = "From: Ann <ann@example.org>\nSubject: [PATCH] mm: x\nMessage-ID: <1@example.org>\n"
DIFF = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-old\n+new\n"
LINK = (
    "diff --git a/mm/link b/mm/link\nnew file mode 120000\n--- /dev/null\n+++ b/mm/link\n"
    "@@ -0,0 +1 @@\n+{to}\n\\ No newline at end of file\n"
)
NEW = "diff --git a/{0} b/{0}\nnew file mode 100644\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+x\n"


def refusal(data: str | bytes) -> InputError:
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    with pytest.raises(InputError) as caught:
        read_series([InputSource("x", data=raw)])
    return caught.value


def mail(diff: str, number: int = 1, total: int = 1, extra: str = "") -> str:
    return (
        f"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        f"From: Ann <ann@example.org>\nSubject: [PATCH {number}/{total}] mm: x\n"
        f"Message-ID: <{number}@example.org>\n{extra}\nLog.\n---\n{diff}"
    )


@pytest.mark.parametrize(
    "field",
    ["From", "To", "Cc", "Reply-To", "Sender", "Subject", "Date", "Message-ID", "In-Reply-To",
     "References"],
)  # fmt: skip
@pytest.mark.parametrize(
    "text", ["\x1b[2Jx", "=?utf-8?q?=1B=5D0;x=07?=", "x\x7f", "=?utf-8?b?G1sybQ==?=", "\u009b2J"]
)
def test_an_escape_sequence_in_any_used_field_is_refused_at_its_line(field: str, text: str) -> None:
    header = [line for line in HEADER.splitlines() if not line.startswith(f"{field}:")]
    header.insert(1, f"{field}: {text}")
    problem = refusal("\n".join(header) + f"\n\nLog.\n---\n{DIFF}")
    assert (problem.source, problem.line) == ("x", 2)
    assert "a control character in" in problem.reason
    assert problem.reason.isprintable()


def test_an_escape_sequence_in_an_in_body_field_is_refused_at_its_line() -> None:
    assert refusal(f"{HEADER}\nFrom: A\x1b[2J <a@example.org>\n\nLog.\n---\n{DIFF}").line == 5


def test_a_mark_that_turns_the_direction_of_text_is_named_and_not_refused() -> None:
    header = HEADER.replace("mm: x", "mm: \u202ex")
    raw = f"{header}\nLog.\n---\n{DIFF}".encode()
    found = read_series([InputSource("x", data=raw)])
    assert [(item.code, item.line) for item in found.all_diagnostics] == [("header-invisible", 2)]


@pytest.mark.parametrize("text", ["x=0D=0ABcc:_all", "x=0ABcc:_all", "x=0DBcc:_all"])
def test_a_line_break_and_a_forged_field_in_a_subject_are_refused_at_the_line(text: str) -> None:
    header = HEADER.replace("mm: x", f"=?utf-8?q?{text}?=")
    problem = refusal(f"{header}\nLog.\n---\n{DIFF}")
    assert (problem.line, problem.reason) == (2, "a line break hidden in Subject")


def test_parts_nested_200_deep_are_refused_at_a_line() -> None:
    raw = HEADER + "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(200)
    )
    problem = refusal(raw + f"\n{DIFF}")
    assert problem.reason == "MIME parts nested 50 deep"
    assert problem.line == 156


def test_messages_forwarded_200_times_are_refused_at_a_line() -> None:
    header = HEADER.replace("[PATCH]", "Fwd:")
    raw = header + "Content-Type: message/rfc822\n\nSubject: Fwd: x\n" * 200
    problem = refusal(f"{raw}\n{DIFF}")
    assert (problem.line, problem.reason) == (21, "messages forwarded 5 times")


@pytest.mark.parametrize(
    "field",
    ["Content-Length: 1099511627776", "Content-Disposition: inline; size=1099511627776"],
)
def test_a_part_that_claims_a_terabyte_is_refused_at_its_line(field: str) -> None:
    problem = refusal(f"{HEADER}{field}\n\nLog.\n---\n{DIFF}")
    assert problem.line == 4
    assert problem.reason == "a part that claims to have 1099511627776 bytes"


def test_a_million_hunks_are_refused_at_a_line() -> None:
    problem = refusal("--- a/x\n+++ b/x\n" + "@@ -1 +1 @@\n-a\n+b\n" * 1_000_000)
    assert (problem.line, problem.reason) == (300_003, "more than 100000 hunks")


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (HEADER + "\nLog\0\n---\n" + DIFF, 5),
        (HEADER.replace("mm", "m\0m") + "\nLog\n---\n" + DIFF, 2),
        (HEADER + "Content-Transfer-Encoding: base64\n\nYQoAYg==\n", 6),
        (HEADER + "Content-Transfer-Encoding: quoted-printable\n\na\nb=00\n", 7),
    ],
)
def test_a_nul_byte_is_refused_at_its_line_encoded_or_not(raw: str, line: int) -> None:
    problem = refusal(raw)
    assert problem.line == line
    assert "a NUL byte" in problem.reason


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../../etc/passwd", "a path that leaves the tree"),
        ("/etc/passwd", "an absolute path"),
        (".git/hooks/post-checkout", "a path inside .git"),
        (".GIT/hooks/post-checkout", "a path inside .git"),
        ("git~1/hooks/post-checkout", "a path inside .git"),
        ('"mm/a\\nb.c"', "a control character in the path"),
    ],
)
def test_a_path_that_is_none_of_the_tree_is_refused_at_its_line(path: str, reason: str) -> None:
    new = '"b/' + path[1:] if path.startswith('"') else f"b/{path}"
    problem = refusal(f"{HEADER}\nLog.\n---\n--- /dev/null\n+++ {new}\n@@ -0,0 +1 @@\n+x\n")
    assert problem.line == 7
    assert problem.reason.startswith(reason)


@pytest.mark.parametrize("to", ["/etc", "../../etc", "a/../../../etc", ".."])
def test_a_link_that_points_out_of_the_tree_is_refused_at_its_line(to: str) -> None:
    if to == "..":
        to = "../.."
    problem = refusal(f"{HEADER}\nLog.\n---\n{LINK.format(to=to)}")
    assert problem.line == 12
    assert problem.reason == f"'mm/link' points out of the tree: {to!r}"


def test_a_write_through_a_link_of_the_same_patch_is_refused_at_its_line() -> None:
    problem = refusal(mail(LINK.format(to="sub") + NEW.format("mm/link/x.c")))
    assert problem.reason == "a write through the symbolic link 'mm/link': 'mm/link/x.c'"
    assert problem.line == 15


def test_a_write_through_a_link_of_an_earlier_patch_is_refused_at_its_line() -> None:
    first = mail(LINK.format(to="sub"), 1, 2)
    problem = refusal(
        first + mail(NEW.format("mm/link/x.c"), 2, 2, "References: <1@example.org>\n")
    )
    assert problem.reason == "a write through the symbolic link 'mm/link': 'mm/link/x.c'"
    assert problem.line == first.count("\n") + 9


def test_a_link_that_stays_in_the_tree_may_be_made_and_removed() -> None:
    gone = LINK.replace("new file", "deleted file").replace("+++ b/mm/link", "+++ /dev/null")
    gone = gone.replace("--- /dev/null", "--- a/mm/link").replace("-0,0 +1", "-1 +0,0")
    gone = gone.replace("\n+{to}", "\n-{to}")
    raw = mail(LINK.format(to="../a.c"), 1, 3)
    raw += mail(gone.format(to="../a.c"), 2, 3, "References: <1@example.org>\n")
    raw += mail(NEW.format("mm/link/x.c"), 3, 3, "References: <1@example.org>\n")
    found = read_series([InputSource("x", data=raw.encode())])
    assert [patch.files[0].change.value for patch in found.patches] == ["added", "deleted", "added"]


@pytest.mark.parametrize("split", [False, True])
def test_paths_that_differ_in_case_only_are_refused_also_across_patches(split: bool) -> None:
    one, two = NEW.format("mm/new.c"), NEW.format("mm/NEW.c")
    raw = mail(one, 1, 2) + mail(two, 2, 2, "References: <1@example.org>\n")
    problem = refusal(raw if split else mail(one + two))
    assert problem.reason == "paths that differ in letter case only: 'mm/new.c', 'mm/NEW.c'"
    assert problem.line == (22 if split else 14)


def _endless() -> Iterable[bytes]:
    yield HEADER.encode()[:-1] + b"\nX-Long: "
    for _ in range(2 << 10):
        yield b"x" * (1 << 20)


def test_a_header_line_of_2_gib_is_refused_at_its_line_in_little_memory(tmp_path: Path) -> None:
    """It comes through a pipe and is read no further than it takes to refuse it."""
    limit = 700 << 20
    done = subprocess.Popen(
        [sys.executable, "-m", "reviewtool", "series", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),  # noqa: PLW1509
    )
    assert done.stdin is not None
    sent = 0
    try:
        for block in _endless():
            sent += os.write(done.stdin.fileno(), block)
    except BrokenPipeError:
        pass
    _, said = done.communicate()
    assert done.returncode == 2
    assert said == b"reviewtool: standard input:4: a line of more than 4 MiB\n"
    assert sent < 100 << 20


HOSTILE = sorted(
    path.name
    for path in MAILS.iterdir()
    if path.name.startswith(("path-", "symlink", "case-", "forged", "escapes"))
)


def test_no_hostile_mail_leaves_anything_behind_or_runs_a_hook(tmp_path: Path) -> None:
    """All of them, in a repository whose hooks would tell."""
    work, temporary = tmp_path / "work", tmp_path / "tmp"
    for folder in (work, temporary):
        folder.mkdir()
    subprocess.run(
        ["git", "init", "-q", "."], cwd=work, check=True, env={"PATH": os.environ["PATH"]}
    )
    for hook in ("post-checkout", "post-index-change", "pre-commit", "post-commit"):
        (work / ".git/hooks" / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (work / ".git/hooks" / hook).chmod(0o755)
    before = sorted(path for path in work.rglob("*"))
    assert len(HOSTILE) >= 8
    for name in HOSTILE:
        applies = name in {"symlink.eml", "path-hook.eml"}
        command = ["review", "--tree", str(work)] if applies else ["series"]
        done = subprocess.run(
            [sys.executable, "-m", "reviewtool", *command, str(MAILS / name)],
            cwd=work,
            capture_output=True,
            check=False,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        assert done.returncode == 2
        assert done.stdout == b""
        lines = done.stderr.decode().splitlines()
        assert len(lines) == 1
        assert lines[0].startswith(f"reviewtool: {MAILS / name}:")
        assert lines[0].isprintable()
    assert sorted(path for path in work.rglob("*")) == before
    assert list(temporary.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tmp", "work"]
