# SPDX-License-Identifier: GPL-2.0-only
"""Replies: what git send-email and a list take, and what the lint does not let through."""

from __future__ import annotations

import os
import shutil
import subprocess
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.mail.address import Address
from reviewtool.mail.diagnostic import Severity
from reviewtool.mail.inputs import InputSource
from reviewtool.mail.message import Mail, parse_mail
from reviewtool.report.b4 import b4_files, write_b4_review
from reviewtool.report.identity import read_identity
from reviewtool.report.lint import lint_reply
from reviewtool.report.reply import Attachment, Remark, reply_recipients, reply_subject, write_reply
from reviewtool.report.wrap import wrap_text
from reviewtool.series.patch import Patch
from reviewtool.series.read import read_series

HERE = Path(__file__).parent
ME = Address("Rita Reviewer", "rita@example.org")
CLOSING = "This is a run of a model, not a test of a kernel."


def read_patch(name: str = "two-hunks.eml") -> Patch:
    return read_series([InputSource.named(str(HERE / "replies" / name))]).patches[0]


def mail_of(patch: Patch) -> Mail:
    assert patch.mail is not None
    return patch.mail


def remarks_on(patch: Patch) -> tuple[Remark, ...]:
    (file,) = patch.files
    second = file.hunks[1].lines
    return (
        Remark(
            "The loop takes one more step than there are pages: with three pages it reads the"
            " fourth, which nobody has counted.",
            second[4].source_line,
            second[3].source_line,
        ),
        Remark("This sentence is not what the code does.", patch.log_lines[1][0]),
        Remark("Two of 12 scenarios change:\n\n    pages=3  3 -> 4\n    pages=4  4 -> 5"),
    )


def reply(name: str = "two-hunks.eml") -> bytes:
    patch = read_patch(name)
    return write_reply(mail_of(patch), remarks_on(patch), ME, author=patch.author, closing=CLOSING)


def test_the_reply_is_the_golden_file(request: pytest.FixtureRequest) -> None:
    golden = HERE / "replies" / "two-hunks.reply.eml"
    if request.config.getoption("--update-golden", default=False):
        golden.write_bytes(reply())
    assert reply() == golden.read_bytes()


def test_a_reply_of_ours_passes_the_lint() -> None:
    assert lint_reply(reply(), "reply", [mail_of(read_patch())]) == ()


def test_to_is_the_sender_and_everybody_else_once_in_cc() -> None:
    message = message_from_bytes(reply(), policy=policy.default)
    assert message["To"] == "Sam Sender <sam@example.org>"
    copies = [address.addr_spec for address in message["Cc"].addresses]
    assert copies == ["ann@example.org", "mm@lists.example.org", "cora@example.org"]


def test_reply_to_is_obeyed_and_the_own_address_left_out() -> None:
    raw = (
        b"From: A <a@x.org>\nReply-To: L <l@x.org>\nTo: RITA@example.org, l@x.org\nCc: a@x.org\n\n"
    )
    to, cc = reply_recipients(parse_mail(raw, "x"), ME)
    assert [one.address for one in to] == ["l@x.org"]
    assert [one.address for one in cc] == ["a@x.org"]


def test_the_thread_is_continued() -> None:
    message = message_from_bytes(reply(), policy=policy.default)
    assert message["In-Reply-To"] == "<2@example.org>"
    assert message["References"].split() == ["<0@example.org>", "<2@example.org>"]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[PATCH] x", "Re: [PATCH] x"),
        ("Re: [PATCH] x", "Re: [PATCH] x"),
        ("RE: re: [PATCH] x", "Re: [PATCH] x"),
        ("Reclaim: x", "Re: Reclaim: x"),
    ],
)
def test_the_subject_has_re_once(subject: str, expected: str) -> None:
    assert reply_subject(parse_mail(f"Subject: {subject}\n\n".encode(), "x")) == expected


def test_every_quoted_line_stands_in_the_mail() -> None:
    lines = set(mail_of(read_patch()).body.lines)
    body = reply().decode().split("\n\n", 1)[1]
    quoted = [line for line in body.split("\n") if line.startswith(">")]
    assert len(quoted) > 5
    assert all(line[2:] in lines for line in quoted)


def test_quotes_are_trimmed_and_nothing_is_quoted_below_the_last_remark() -> None:
    body = reply().decode().split("\n\n", 1)[1]
    assert "[ ... ]" in body
    assert "first_page" not in body
    assert "\n>" not in body[body.index("Two of 12") :]


def test_our_words_have_72_columns_and_tables_are_kept() -> None:
    body = reply().decode().split("\n\n", 1)[1]
    ours = [line for line in body.split("\n") if not line.startswith(">")]
    assert max(len(line) for line in ours) <= 72
    assert "    pages=3  3 -> 4" in ours


def test_the_reply_is_utf_8_in_8_bit() -> None:
    raw = write_reply(mail_of(read_patch()), [Remark("Größer als nötig — ja.")], ME)
    assert b"Content-Transfer-Encoding: 8bit\n" in raw
    assert "Größer als nötig — ja." in raw.decode("utf-8")
    assert b"multipart" not in raw


def test_a_name_that_is_not_ascii_is_an_encoded_word() -> None:
    raw = write_reply(mail_of(read_patch()), [Remark("x")], Address("Jörg", "j@example.org"))
    assert raw.startswith(b"From: =?UTF-8?q?J=C3=B6rg?= <j@example.org>\n")


def test_an_attachment_is_there_only_when_asked_for() -> None:
    patch = read_patch()
    raw = write_reply(
        mail_of(patch), remarks_on(patch), ME, attachment=Attachment("summary.txt", "All of it.\n")
    )
    message = message_from_bytes(raw, policy=policy.default)
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/plain"]
    assert lint_reply(raw, "reply", [mail_of(patch)]) == ()


def test_no_header_can_be_forged() -> None:
    raw = (
        b"From: =?utf-8?q?Ann=0D=0ABcc:_all?= <ann@example.org>\n"
        b"To: =?utf-8?q?x=0ABcc:?= <b@example.org\n"
        b"Subject: =?utf-8?q?=5BPATCH=5D_x=0D=0ABcc:_all@example.org?=\n"
        b"Message-ID: <1@example.org>\n\ntext\n"
    )
    header = write_reply(parse_mail(raw, "x"), [Remark("x")], ME).split(b"\n\n", 1)[0]
    assert not any(line.lower().startswith(b"bcc") for line in header.split(b"\n"))


@given(st.binary(max_size=200), st.text(max_size=80), st.text(max_size=20))
def test_a_reply_to_anything_has_only_the_fields_that_we_write(
    body: bytes, text: str, name: str
) -> None:
    start = b"From: a@example.org\nSubject: [PATCH] x\nMessage-ID: <1@example.org>\n"
    raw = write_reply(parse_mail(start + body, "x"), [Remark(text)], Address(name, "r@example.org"))
    header = raw.split(b"\n\n", 1)[0]
    names = "From To Cc Subject In-Reply-To References MIME-Version Content-Type"
    names += " Content-Transfer-Encoding"
    allowed = (b" ", *(f"{name}:".encode() for name in names.split(" ")))
    assert all(line.startswith(allowed) for line in header.split(b"\n"))
    raw.decode("utf-8")
    assert not any(char in raw for char in b"\x00\x1b\r")


@given(st.text())
def test_our_lines_never_look_like_a_quote_or_a_signature(text: str) -> None:
    for line in wrap_text(text):
        assert not line.startswith((">", "From ", "---"))
        assert line != "-- "


@pytest.mark.parametrize(
    ("name", "code", "line"),
    [
        ("not-in-message.eml", "quote", 13),
        ("too-wide.eml", "columns", 15),
        ("quoted-printable.eml", "encoding", 8),
        ("html.eml", "type", 8),
        ("tag.eml", "tag", 15),
        ("trailing-quote.eml", "trailing-quote", 17),
        ("re-re.eml", "subject", 3),
        ("second-subject.eml", "header", 4),
        ("not-utf-8.eml", "encoding", 15),
        ("crlf.eml", "line-end", 1),
        ("other-thread.eml", "thread", 1),
        ("nothing-said.eml", "empty", 1),
    ],
)
def test_the_lint_finds(name: str, code: str, line: int) -> None:
    raw = (HERE / "replies/lint" / name).read_bytes()
    found = lint_reply(raw, name, [mail_of(read_patch())])
    errors = [(item.code, item.line) for item in found if item.severity is Severity.ERROR]
    assert (code, line) in errors


def test_a_tag_that_a_person_added_is_only_mentioned() -> None:
    raw = (HERE / "replies/lint/tag.eml").read_bytes()
    found = lint_reply(raw, "tag.eml", [mail_of(read_patch())], edited=True)
    assert [item.severity for item in found if item.code == "tag"] == [Severity.WARNING]


def test_the_identity_is_gits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text("[user]\n\tname = Rita Reviewer\n\temail = rita@example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert read_identity(tmp_path) == ME


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "HOME": str(folder),
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    done = subprocess.run(
        ["git", *who, *arguments],
        cwd=folder,
        capture_output=True,
        check=True,
        env=environment,
        text=True,
    )
    return done.stdout.strip()


def test_b4_reads_our_remarks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """b4 0.16 itself integrates the files: notes, comments, and the lines that they stand at."""
    pytest.importorskip("b4")
    from b4.review import _review  # noqa: PLC0415

    patch = read_patch()
    git(tmp_path, "init", "-q", "-b", "review", ".")
    shutil.copytree(HERE / "replies/base", tmp_path, dirs_exist_ok=True)
    git(tmp_path, "add", "mm")
    git(tmp_path, "commit", "-q", "-m", "base")
    (tmp_path / "p.diff").write_bytes(patch.diff_bytes)
    git(tmp_path, "apply", "--index", "p.diff")
    git(tmp_path, "commit", "-q", "-m", patch.subject)
    tip = git(tmp_path, "rev-parse", "HEAD")
    files = b4_files(ME, "Two of three patches change what they say.", [(patch, remarks_on(patch))])
    assert [file.name for file in files] == ["identity.txt", "series.txt", "0002.txt"]
    renamed = [*files[:2], type(files[2])("0001.txt", files[2].text)]
    write_b4_review(tmp_path / ".git", tip, renamed)
    monkeypatch.setattr(_review, "save_tracking", lambda *_: None)
    tracking: dict[str, dict[str, object]] = {"series": {}}
    patches: list[dict[str, dict[str, dict[str, object]]]] = [{}]
    assert _review._integrate_agent_reviews(str(tmp_path), "", tracking, [tip], patches)
    review = patches[0]["reviews"]["rita@example.org"]
    assert review["name"] == "Rita Reviewer"
    assert "not what the code does" in str(review["note"])
    comments = review["comments"]
    assert isinstance(comments, list)
    (comment,) = comments
    assert comment["path"] == "b/mm/count.c"
    assert comment["text"].startswith("The loop takes one more step")
    lines = (tmp_path / "mm/count.c").read_text().split("\n")
    assert "<= pages" in lines[comment["line"] - 1]
