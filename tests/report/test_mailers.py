# SPDX-License-Identifier: GPL-2.0-only
"""Our replies through the programs that send them: mutt -H, and git send-email."""

from __future__ import annotations

import os
import shutil
import subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from reviewtool.mail.address import Address
from reviewtool.mail.inputs import InputSource
from reviewtool.report.reply import Attachment, Remark, write_reply
from reviewtool.series.read import read_series

MAIL = Path(__file__).parent / "replies" / "two-hunks.eml"
ME = Address("J\u00f6rg Reviewer", "joerg@example.org")
REMARK = "Gr\u00f6\u00dfer als n\u00f6tig \u2014 the sum is read twice."


def reply(attachment: Attachment | None = None) -> bytes:
    (patch,) = read_series([InputSource.named(str(MAIL))]).patches
    assert patch.mail is not None
    line = patch.files[0].hunks[0].lines[3].source_line
    return write_reply(
        patch.mail, [Remark(REMARK, line)], ME, author=patch.author, attachment=attachment
    )


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def addresses(message: EmailMessage, name: str) -> list[str]:
    return [one.addr_spec for one in message[name].addresses]


def sent_by_mutt(raw: bytes, folder: Path) -> tuple[list[str], bytes]:
    """Let mutt send the draft RAW; return the recipients and the bytes that it hands over."""
    (folder / "draft").write_bytes(raw)
    script = folder / "sendmail"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{folder}/to\ncat >{folder}/sent\n')
    script.chmod(0o755)
    settings = f'set sendmail="{script}" copy=no use_from=yes from="{ME.address}"'
    done = subprocess.run(
        ["mutt", "-n", "-F", "/dev/null", "-e", settings, "-H", str(folder / "draft")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=30,
        env={"HOME": str(folder), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    recipients = (folder / "to").read_text().split("\n")
    return [one for one in recipients if "@" in one], (folder / "sent").read_bytes()


needs_mutt = pytest.mark.skipif(shutil.which("mutt") is None, reason="mutt is not there")


@needs_mutt
def test_mutt_sends_the_reply_as_it_is(tmp_path: Path) -> None:
    raw = reply()
    recipients, out = sent_by_mutt(raw, tmp_path)
    ours, theirs = parsed(raw), parsed(out)
    assert recipients == [*addresses(ours, "To"), *addresses(ours, "Cc")]
    for name in ("To", "Cc", "From"):
        assert addresses(theirs, name) == addresses(ours, name)
    for name in ("Subject", "In-Reply-To"):
        assert theirs[name] == ours[name]
    assert theirs["From"].addresses[0].display_name == ME.name
    assert theirs["References"].split() == ours["References"].split()
    assert theirs.get_content_type() == "text/plain"
    assert theirs.get_content() == ours.get_content()
    assert REMARK in theirs.get_content()


@needs_mutt
def test_mutt_sends_the_attached_summary(tmp_path: Path) -> None:
    _, out = sent_by_mutt(reply(Attachment("review.txt", "All of it.\n")), tmp_path)
    assert REMARK.encode() in out
    assert b"All of it." in out


def has_send_email() -> bool:
    """Whether git send-email is there with the Perl modules that it needs."""
    done = subprocess.run(["git", "send-email", "-h"], capture_output=True, check=False)
    return b"--smtp-server" in done.stderr + done.stdout


@pytest.mark.skipif(not has_send_email(), reason="git send-email is not there")
def test_git_send_email_sends_the_reply_as_it_is(tmp_path: Path) -> None:
    """Not a dry run: what the program hands to sendmail is looked at."""
    (tmp_path / "reply.eml").write_bytes(reply())
    script = tmp_path / "sendmail"
    script.write_text(f"#!/bin/sh\ncat >{tmp_path}/sent\n")
    script.chmod(0o755)
    subprocess.run(
        ["git", "-c", f"user.name={ME.name}", "-c", f"user.email={ME.address}", "send-email",
         "--confirm=never", "--suppress-cc=author", f"--smtp-server={script}", "--quiet",
         str(tmp_path / "reply.eml")],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"},
    )  # fmt: skip
    ours, theirs = parsed(reply()), parsed((tmp_path / "sent").read_bytes())
    assert addresses(theirs, "To") == addresses(ours, "To")
    assert addresses(theirs, "Cc") == addresses(ours, "Cc")
    assert theirs["Subject"] == ours["Subject"]
    assert theirs["In-Reply-To"] == ours["In-Reply-To"]
    assert theirs["Content-Transfer-Encoding"] == "8bit"
    assert theirs.get_content() == ours.get_content()
