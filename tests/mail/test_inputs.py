# SPDX-License-Identifier: GPL-2.0-only
"""Everything that can be named as an input, made for the test."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.errors import InputError
from reviewtool.mail import mailbox
from reviewtool.mail.inputs import InputSource, read_messages
from reviewtool.mail.mailbox import split_mbox, unescape
from reviewtool.series.read import read_series
from reviewtool.series.series import Role, Series

_MAIL = """From: Ann Author <ann@example.org>
Subject: [PATCH {number}/2] mm: step {number}
Message-ID: <{number}@example.org>
{extra}
Step {number}.
---
diff --git a/mm/step{number}.c b/mm/step{number}.c
--- a/mm/step{number}.c
+++ b/mm/step{number}.c
@@ -1 +1 @@
-old
+new
--\x20
2.39.2

"""


def mail(number: int, extra: str = "") -> str:
    return _MAIL.format(number=number, extra=extra)


def diff(name: str) -> str:
    return f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-old\n+new\n"


def subjects(*paths: Path) -> list[str]:
    series = read_series([InputSource.named(str(path)) for path in paths])
    return [patch.subject for patch in series.patches]


def touched(path: Path) -> list[str]:
    return [
        path
        for patch in read_series([InputSource.named(str(path))]).patches
        for path in patch.paths
    ]


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        capture_output=True,
        check=True,
        text=True,
        env={"HOME": str(folder), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return done.stdout.strip()


def test_a_mail_in_each_file(tmp_path: Path) -> None:
    for number in (2, 1):
        (tmp_path / f"{number}.eml").write_text(mail(number))
    assert subjects(tmp_path / "2.eml", tmp_path / "1.eml") == ["mm: step 1", "mm: step 2"]


def test_a_maildir(tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "cur/2.host:2,S").write_text(mail(2))
    (tmp_path / "new/1.host").write_text(mail(1))
    (tmp_path / "tmp/3.host").write_text("half a mail")
    assert subjects(tmp_path) == ["mm: step 1", "mm: step 2"]


def test_a_directory_of_patches_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("02-b.patch", "01-a.diff", "notes.txt"):
        (tmp_path / name).write_text(diff(f"{name[:2]}.c"))
    assert touched(tmp_path) == ["01.c", "02.c"]


def test_a_quilt_series_gives_the_order_and_leaves_out_comments(tmp_path: Path) -> None:
    (tmp_path / "series").write_text("# ours\nb.patch -p1\na.patch # last\n#c.patch\n")
    for name in "abc":
        (tmp_path / f"{name}.patch").write_text(diff(f"{name}.c"))
    assert touched(tmp_path / "series") == ["b.c", "a.c"]
    assert touched(tmp_path) == ["b.c", "a.c"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("../a.patch", "outside of the directory"),
        ("/a.patch", "outside of the directory"),
        ("missing.patch", "there is no such patch"),
        ("a.patch -p0", "only -p1"),
    ],
)
def test_a_quilt_series_is_refused_at_the_line(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / "a.patch").write_text(diff("a.c"))
    (tmp_path / "series").write_text(f"# one\n{line}\n")
    with pytest.raises(InputError, match=reason) as caught:
        read_series([InputSource.named(str(tmp_path / "series"))])
    assert caught.value.line == 2


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(mail(1).encode())

    monkeypatch.setattr(sys, "stdin", Stdin)
    series = read_series([InputSource.named("-")])
    assert series.patches[0].source == "standard input"


def test_a_revision_range_gives_its_commits_oldest_first(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main", ".")
    for number in range(3):
        (tmp_path / "f.c").write_text(f"{number}\n")
        git(tmp_path, "add", "f.c")
        git(tmp_path, "commit", "-q", "-m", f"mm: step {number}")
    series = read_series([InputSource.range_of(tmp_path, "HEAD~2..HEAD")])
    assert [patch.subject for patch in series.patches] == ["mm: step 1", "mm: step 2"]
    assert series.patches[0].author.address == "a@example.org"


@pytest.mark.parametrize("revisions", ["nothing..HEAD", "--output=x..y", "HEAD", "HEAD..HEAD"])
def test_a_bad_revision_range_is_refused(tmp_path: Path, revisions: str) -> None:
    git(tmp_path, "init", "-q", ".")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "x")
    with pytest.raises(InputError):
        read_series([InputSource.range_of(tmp_path, revisions)])
    assert not (tmp_path / "x..y").exists()


def test_no_program_that_the_tree_configures_is_run(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", ".")
    (tmp_path / ".gitattributes").write_text("*.c diff=evil\n")
    for text in "ab":
        (tmp_path / "f.c").write_text(f"{text}\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", text)
    mark = tmp_path / "ran"
    for key in (
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "core.fsmonitor",
        "core.pager",
    ):
        git(tmp_path, "config", key, f"touch {mark}; cat")
    series = read_series([InputSource.range_of(tmp_path, "HEAD~1..HEAD")])
    assert series.patches[0].files[0].added == 1
    assert not mark.exists()


def inbox(folder: Path, mails: list[str]) -> Path:
    git(folder, "init", "-q", "-b", "master", ".")
    for text in mails:
        (folder / "m").write_text(text)
        git(folder, "add", "m")
        git(folder, "commit", "-q", "-m", "a mail")
    return folder


def thread(path: Path, message_id: str) -> Series:
    """Read as the command line does: the id is of the inbox and of the series."""
    return read_series([InputSource.named(str(path), message_id)], message_id=message_id)


@pytest.mark.parametrize("message_id", ["1@example.org", "<2@example.org>", "r@example.org"])
def test_any_message_of_a_thread_finds_it_in_a_public_inbox(
    tmp_path: Path, message_id: str
) -> None:
    reply = "Subject: Re: [PATCH 2/2] mm: step 2\nMessage-ID: <r@example.org>\n"
    reply += "References: <1@example.org> <2@example.org>\n\nFine.\n"
    second = mail(2, "References: <1@example.org>\n")
    others = [mail(1).replace("1@example", "other@example")] * 2
    found = thread(inbox(tmp_path, [others[0], mail(1), second, others[1], reply]), message_id)
    assert [patch.subject for patch in found.patches] == ["mm: step 1", "mm: step 2"]
    assert len(found.entries) == 3


def test_an_unknown_message_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no message has the id"):
        thread(inbox(tmp_path, [mail(1)]), "0@example.org")


def test_a_git_repository_without_a_message_id_is_refused(tmp_path: Path) -> None:
    inbox(tmp_path, [mail(1)])
    with pytest.raises(InputError, match="name a message-id or a range"):
        read_series([InputSource.named(str(tmp_path))])


def test_what_b4_am_makes_of_a_mailbox_is_read_as_the_series(tmp_path: Path) -> None:
    """b4 itself, without a network: patches in the wrong order, and a tag given in a reply."""
    pytest.importorskip("b4")
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    tag = (
        "From: Tom Tester <tom@example.org>\nSubject: Re: [PATCH 2/2] mm: step 2\n"
        "Message-ID: <t@example.org>\nIn-Reply-To: <2@example.org>\n"
        "References: <1@example.org> <2@example.org>\n\nTested-by: Tom Tester <tom@example.org>\n\n"
    )
    dated = "Date: Mon, 4 Mar 2024 12:00:00 +0000\n"
    mails = [mail(2, f"References: <1@example.org>\n{dated}"), tag, mail(1, dated)]
    (tmp_path / "local.mbox").write_text("".join(from_ + text for text in mails))
    done = subprocess.run(
        [Path(sys.executable).with_name("b4"), "--offline-mode", "am", "-m", "local.mbox", "-o", "-",
         "1@example.org"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
    )  # fmt: skip
    found = read_series([InputSource("b4", data=done.stdout)])
    assert [patch.subject for patch in found.patches] == ["mm: step 1", "mm: step 2"]
    assert (found.missing, found.all_diagnostics) == ((), ())
    assert [item.value for item in found.patches[1].trailers if item.key == "Tested-by"] == [
        "Tom Tester <tom@example.org>"
    ]


def slow_split(data: bytes) -> Iterator[bytes]:
    """Split as the grammar says, line by line."""
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    is_mbox = mailbox._FROM.match(data) is not None
    is_git = mailbox._GIT_FROM.match(data) is not None
    held: list[bytes] = []
    for index, line in enumerate(lines):
        below = lines[index + 1] if index + 1 < len(lines) else b""
        own = is_git or not mailbox._GIT_FROM.match(line) or mailbox._DIFF.search(b"".join(held))
        if held and is_mbox and own and mailbox._FROM.match(line) and mailbox._FIELD.match(below):
            yield b"".join(held)
            held = []
        held.append(line)
    if any(held):
        yield b"".join(held)


_PIECES = [
    b"From a Mon Sep 17 00:00:00 2001\n",
    b"From 0123456789012345678901234567890123456789 x\n",
    b"From here on\n",
    b"diff --git a/x b/x\n",
    b"Subject: x\n",
    b">From x\n",
    b">>From x\n",
    b"\n",
    b"text\n",
    b"From b",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join), st.integers(64, 200))
def test_a_mbox_splits_alike_whatever_the_size_of_the_blocks(data: bytes, block: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mailbox, "_BLOCK_BYTES", block)
        found = list(split_mbox(io.BytesIO(data), "x"))
    assert [one.data for one in found] == list(slow_split(data))
    for one in found:
        assert data[one.offset :].startswith(one.data)
        assert one.line == 1 + data[: one.offset].count(b"\n")


@given(st.binary())
def test_unescaping_changes_nothing_but_marks_before_from(data: bytes) -> None:
    assert unescape(data).replace(b">", b"") == data.replace(b">", b"")


def test_a_message_can_be_read_again_after_its_bytes_were_let_go(tmp_path: Path) -> None:
    path = tmp_path / "two.mbox"
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    path.write_text(f"{from_}{mail(1)}{from_}{mail(2)}")
    for message in read_messages(InputSource.named(str(path))):
        assert message.reread() == message.raw


def test_of_a_large_mbox_only_the_series_is_held(tmp_path: Path) -> None:
    """40 MiB of talk around two patches: what stays is far less than the talk."""
    path = tmp_path / "list.mbox"
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    randomness = random.Random(1)  # noqa: S311
    with path.open("w") as stream:
        for number in range(2_000):
            if number in {500, 1_500}:
                stream.write(from_ + mail(1 if number == 1_500 else 2))
            words = "".join(randomness.choice("ab cd\n") for _ in range(200)) * 100
            stream.write(f"{from_}Subject: Re: talk\nMessage-ID: <t{number}@x>\n\n{words}\n")
    program = (
        "import re, sys\n"
        "from reviewtool.mail.inputs import InputSource\n"
        "from reviewtool.series.read import read_series\n"
        "series = read_series([InputSource.named(sys.argv[1])])\n"
        "peak = re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read())[1]\n"
        "print([patch.subject for patch in series.patches], int(peak) >> 10)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, check=True, text=True
    )
    listed, _, peak_mib = done.stdout.rpartition(" ")
    assert listed == "['mm: step 1', 'mm: step 2']"
    assert int(peak_mib) < 100


def test_a_patch_pasted_into_a_mail_of_a_mailbox_begins_no_message(tmp_path: Path) -> None:
    """Its own header is obeyed as a proposal's, and the series stays one."""
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    pasted = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    reply = "From: R <r@example.org>\nSubject: Re: [PATCH 2/2] mm: step 2\nReferences: <1@example.org>\n"
    fixup = mail(2).replace("[PATCH 2/2] mm: step 2", "[PATCH] mm: fix it").split("Message-ID")[0]
    body = "\n---\n" + diff("mm/fix.c")
    second = mail(2, "References: <1@example.org>\n")
    path = tmp_path / "thread.mbox"
    path.write_text(f"{from_}{mail(1)}{from_}{second}{from_}{reply}\nSo:\n\n{pasted}{fixup}{body}")
    found = read_series([InputSource.named(str(path))])
    assert [patch.subject for patch in found.patches] == ["mm: step 1", "mm: step 2"]
    assert [one.patch.subject for one in found.proposals] == ["mm: fix it"]


def test_what_git_wrote_behind_a_patch_of_another_mailbox_is_a_message_of_its_own() -> None:
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    gits = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
    found = read_series([InputSource("x", data=f"{from_}{mail(1)}{gits}{mail(2)}".encode())])
    assert [patch.subject for patch in found.patches] == ["mm: step 1", "mm: step 2"]


def test_an_answer_without_re_takes_no_patch_from_its_place() -> None:
    from_ = "From a@example.org Mon Sep 17 00:00:00 2001\n"
    answer = (
        "From: R <r@example.org>\nSubject: [PATCH 2/2] mm: step 2\nIn-Reply-To: <2@example.org>\n"
    )
    second = mail(2, "References: <1@example.org>\n")
    box = f"{from_}{mail(1)}{from_}{second}{from_}{answer}\n> Step 2.\n\nFine.\n"
    found = read_series([InputSource("x", data=box.encode())])
    assert [patch.subject for patch in found.patches] == ["mm: step 1", "mm: step 2"]
    assert [entry.role for entry in found.entries] == [Role.PATCH, Role.PATCH, Role.REPLY]
