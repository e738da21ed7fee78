# SPDX-License-Identifier: GPL-2.0-only
"""Our reading of patch files beside git apply --numstat: both the same, or both refuse."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reviewtool.errors import InputError
from reviewtool.mail.diagnostic import Severity
from reviewtool.mail.mailbox import split_mbox
from reviewtool.mail.message import parse_mail
from reviewtool.series.diff import FileDiff
from reviewtool.series.patch import Patch, parse_diff, parse_patch

Numbers = tuple[tuple[str, str, bytes], ...]
CORPUS = os.environ.get("REVIEWTOOL_PATCH_CORPUS")
MAILS = Path(__file__).parent / "mails"


@dataclass(frozen=True)
class Verdict:
    """Added and removed lines and path of each file, in order; None where it is refused."""

    numbers: Numbers | None
    reason: str = ""


def git_numstat(diff: bytes, outside: Path) -> Verdict:
    """Ask git, in a directory OUTSIDE of any repository."""
    done = subprocess.run(
        ["git", "apply", "--numstat", "-z", "-"],
        cwd=outside,
        input=diff,
        capture_output=True,
        check=False,
        env={"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "PATH": "/usr/bin:/bin"},
    )
    if done.returncode != 0:
        return Verdict(None, done.stderr.decode("utf-8", "replace").strip())
    rows = [row.split(b"\t", 2) for row in done.stdout.split(b"\0")[:-1]]
    return Verdict(tuple((row[0].decode(), row[1].decode(), row[2]) for row in rows))


def our_numstat(raw: bytes) -> Verdict:
    """Read as read_series() does, message by message."""
    rows: list[tuple[str, str, bytes]] = []
    try:
        mails = [parse_mail(one.data, "x", one.line) for one in split_mbox(BytesIO(raw), "x")]
    except InputError as problem:
        return Verdict(None, str(problem))
    for mail in mails:
        reading = parse_patch(mail)
        if not isinstance(reading, Patch):
            if reading.errors:
                return Verdict(None, "; ".join(f"{e.line}: {e.text}" for e in reading.errors))
            continue  # a message without a diff, as the first of a bundle may be
        rows += [_row(file) for file in reading.files]
    return Verdict(tuple(rows) or None, "no patch")


def _row(file: FileDiff) -> tuple[str, str, bytes]:
    path = file.path.encode("utf-8", "surrogateescape")
    return ("-", "-", path) if file.binary else (str(file.added), str(file.removed), path)


@pytest.mark.skipif(CORPUS is None, reason="REVIEWTOOL_PATCH_CORPUS names no folder")
def test_every_patch_of_the_corpus_is_read_as_git_reads_it(tmp_path: Path) -> None:
    paths = sorted(
        path
        for path in Path(CORPUS or "").rglob("*")
        if path.is_file() and not path.name.startswith(("series", "README", "."))
    )
    assert paths
    differing = []
    for path in paths:
        raw = path.read_bytes()
        gits, ours = git_numstat(raw, tmp_path), our_numstat(raw)
        if gits.numbers != ours.numbers:
            differing.append(f"{path}: git {gits.reason!r}, we {ours.reason!r}")
    assert differing == []


@pytest.mark.parametrize(
    "name",
    [path.name for path in sorted(MAILS.glob("1[26]*")) if "context" not in path.name]
    + ["11-removed-dashes.eml", "plain.eml", "14-notice.mbox"],
)
def test_git_reads_our_diff_text_as_we_do(name: str, tmp_path: Path) -> None:
    """What is handed to git apply is what was reported."""
    for one in split_mbox(BytesIO((MAILS / name).read_bytes()), "x"):
        reading = parse_patch(parse_mail(one.data, "x", one.line))
        if isinstance(reading, Patch):
            gits, ours = git_numstat(reading.diff_bytes, tmp_path), our_numstat(reading.diff_bytes)
            assert gits.numbers is not None
            assert gits.numbers == ours.numbers


# Whole lines that mean something in a diff, put together at random: most are no diff at all, and
# git and we must agree on which.
_LINES = st.sampled_from(
    [
        "diff --git a/x b/x", "diff --git a/x b/y", "diff --git x y", 'diff --git "a/x" "b/x"',
        "index 1111111..2222222 100644", "new file mode 100644", "deleted file mode 100644",
        "old mode 100644", "new mode 100755", "rename from x", "rename to y", "copy from x",
        "copy to y", "similarity index 100%", "--- a/x", "+++ b/x", "--- /dev/null",
        "+++ /dev/null", "+++ b/y", "--- x", "+++ x", '--- "a/x"',
        "--- a/x\t2024-03-04 12:00:00.000000000 +0000",
        "+++ b/x\t1970-01-01 00:00:00.000000000 +0000", "@@ -1 +1 @@", "@@ -1,2 +1,2 @@ f",
        "@@ -0,0 +1 @@", "@@ -1 +0,0 @@", "@@ -1,3 +1,4 @@", " a", "-a", "+a", "", "--- old",
        "+++ new", "\\ No newline at end of file", "-- ", "text", "Binary files a/x and b/x differ",
        "GIT binary patch", "literal 2", "JcmZQz1^@s600IC2", "@@@ -1 -1 +1 @@@",
    ]
)  # fmt: skip
_GOOD = st.sampled_from(
    [
        ["diff --git a/x b/x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "-a", "+b"],
        ["--- a/x", "+++ b/x", "@@ -1,2 +1,2 @@", " a", "-b", "+c"],
        ["diff --git a/x b/y", "similarity index 100%", "rename from x", "rename to y"],
        ["diff --git a/x b/x", "old mode 100644", "new mode 100755"],
        ["diff --git a/x b/x", "new file mode 100644", "--- /dev/null", "+++ b/x", "@@ -0,0 +1 @@",
         "+a"],
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_GOOD | _LINES.map(lambda line: [line]), max_size=12))
def test_git_and_we_agree_on_lines_put_together_at_random(pieces: list[list[str]]) -> None:
    """What we take, git takes with the same numbers; what git refuses, we refuse.

    We refuse more: files without a change, links, and counts that reach into a signature.
    """
    text = "".join(f"{line}\n" for piece in pieces for line in piece)
    # of a "+++ /dev/null" without its other half git says that the file is called dev/null
    assume(not re.search(r"^(?!--- ).*\n\+\+\+ /dev/null$", text, re.MULTILINE))
    files, errors = parse_diff(text, "x")
    gits = git_numstat(text.encode(), Path("/"))
    if gits.numbers is None:
        assert errors or not files
    elif not errors:
        ours = tuple(
            (
                *(("-", "-") if file.binary else (str(file.added), str(file.removed))),
                file.path.encode(),
            )
            for file in files
        )
        assert ours == gits.numbers
    assert all(item.severity is Severity.ERROR for item in errors)
