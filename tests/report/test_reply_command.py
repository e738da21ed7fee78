# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool reply`: its files, its lint, and the editor in between."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewtool.cli.reply import reply
from reviewtool.errors import InputError
from reviewtool.mail.message import parse_mail

HERE = Path(__file__).parent
SAMPLE = str(HERE.parents[1] / "sample_patches/follow-page-v1.mbox")
ME = "Rita Reviewer <rita@example.org>"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(reply, arguments, catch_exceptions=False)


def test_a_reply_is_checked_against_the_message_that_it_answers() -> None:
    lint = HERE / "replies/lint"
    answered = str(HERE / "replies/two-hunks.eml")
    assert run("--lint", str(lint / "fine.eml"), "--against", answered).exit_code == 0
    wrong = run("--lint", str(lint / "not-in-message.eml"), "--against", answered)
    assert wrong.exit_code == 1
    assert ":13: error: not in the message: > No caller sees any other sum." in wrong.output


def test_a_reply_is_checked_without_the_message_for_all_but_its_quotes() -> None:
    assert run("--lint", str(HERE / "replies/lint/not-in-message.eml")).exit_code == 0
    assert run("--lint", str(HERE / "replies/lint/tag.eml")).exit_code == 1


@pytest.fixture(scope="module")
def replies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replies")
    done = run("--from", ME, "--quiet", "--per-patch", SAMPLE, "-o", str(folder))
    assert done.exit_code == 0
    return folder


def test_there_is_a_file_for_each_patch_with_findings_and_one_for_the_cover(replies: Path) -> None:
    names = sorted(path.name for path in replies.iterdir())
    assert names == ["0000.reply.eml", "0001.reply.eml", "0002.reply.eml"]
    subjects = [parse_mail((replies / name).read_bytes(), name).subject.raw for name in names]
    assert [subject[:17] for subject in subjects] == [
        "Re: [PATCH v1 0/4",
        "Re: [PATCH v1 1/4",
        "Re: [PATCH v1 2/4",
    ]


def test_all_replies_pass_the_lint_against_the_series(replies: Path) -> None:
    done = run("--lint", *(str(path) for path in replies.iterdir()), "--against", SAMPLE)
    assert (done.exit_code, done.output) == (0, "")


def test_per_patch_needs_a_folder() -> None:
    with pytest.raises(InputError, match="name the folder"):
        run("--from", ME, "--per-patch", SAMPLE)


def test_the_reply_is_checked_again_after_the_editor(
    replies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del replies  # what was compiled for it is in the cache
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nprintf '> never written\\n\\nWhy?\\t\\n' >> \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(editor))
    monkeypatch.delenv("VISUAL", raising=False)
    out = tmp_path / "reply.eml"
    done = run("--from", ME, "--quiet", "--cover-only", "--edit", SAMPLE, "-o", str(out))
    assert out.read_text().endswith("> never written\n\nWhy?\t\n")
    assert done.exit_code == 1
    assert "not in the message: > never written" in done.output


def test_the_files_for_b4_are_where_b4_looks(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q", "."], [*who, "commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run(["git", *command], cwd=tmp_path, env=environment, check=True)
    assert run("--from", ME, "--quiet", "--b4", str(tmp_path), SAMPLE).exit_code == 0
    (folder,) = (tmp_path / ".git/b4-review").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == [
        "0001.txt",
        "0002.txt",
        "identity.txt",
        "series.txt",
    ]


@pytest.fixture
def page(tmp_path: Path) -> str:
    """Return the name of an archive's page of the second patch: no address and no message-id."""
    lines = Path(SAMPLE).read_text().split("\nFrom 0")[2].split("\n")
    subject = next(line for line in lines if line.startswith("Subject: "))[9:]
    body = "\n".join(lines[lines.index("") :]).replace("mara@example.org", "mara@xxxxxxx")
    path = tmp_path / "page.txt"
    fields = "From: Mara Lindqvist\nDate: Thu Jul 27 2023 - 11:44:21 EST"
    path.write_text(f"{subject}\n\n{fields}\n{body}\n")
    return str(path)


def test_a_reply_to_an_archived_page_names_what_is_to_be_filled_in(
    page: str, tmp_path: Path
) -> None:
    out = tmp_path / "reply.eml"
    done = run("--from", ME, "--quiet", page, "-o", str(out))
    assert done.exit_code == 0
    assert f"{page} shows no address of Mara Lindqvist: give --to" in done.stderr
    assert f"{page} shows no Message-ID: give --in-reply-to" in done.stderr
    assert "@xxx" not in out.read_text().split("\n\n")[0]
    found = run("--lint", str(out)).output
    assert ":1: error: no To field\n" in found
    assert ":1: warning: no In-Reply-To: it starts a thread of its own\n" in found


def test_a_reply_to_an_archived_page_goes_where_the_user_says(page: str, tmp_path: Path) -> None:
    out = tmp_path / "reply.eml"
    to = ["--to", "Mara Lindqvist <mara@example.org>", "--to", "mm@lists.example.org"]
    done = run(
        "--from", ME, "--quiet", *to, "--in-reply-to", "<1@example.org>", page, "-o", str(out)
    )
    assert (done.exit_code, done.stderr) == (0, "")
    mail = parse_mail(out.read_bytes(), "reply")
    assert [one.address for one in mail.addresses("to")] == [
        "mara@example.org",
        "mm@lists.example.org",
    ]
    assert (mail.in_reply_to, mail.references) == ("1@example.org", ("1@example.org",))
    assert run("--lint", str(out)).output == ""


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--to", "nobody"),
        ("--to", "mara@xxxxxxx"),
        ("--to", "a@example.org\nBcc: b@example.org"),
        ("--in-reply-to", "no id"),
        ("--in-reply-to", "1@x>\nBcc: b@example.org"),
    ],
)
def test_what_is_no_address_or_message_id_is_refused(option: str, value: str) -> None:
    with pytest.raises(InputError, match="not a"):
        run("--from", ME, "--quiet", option, value, SAMPLE)
