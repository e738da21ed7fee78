# SPDX-License-Identifier: GPL-2.0-only
"""Mails of our own in many kinds, mailboxes and public-inboxes of them, and the program run on them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reviewtool.batch.group import group_mails
from reviewtool.batch.plan import Left, find_left
from reviewtool.batch.scan import Scanner
from reviewtool.batch.store import Store

SAMPLES = Path(__file__).parent.parent.parent / "sample_patches"
_MASTER = "refs/heads/master"


def driver_diff(name: str) -> str:
    """Return a diff that touches nothing of the model."""
    path = f"drivers/char/{name}.c"
    hunk = "@@ -1,2 +1,2 @@\n int a;\n-int b;\n+int c;\n"
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"


# A comment in a file of the model: it is applied and compared, and nothing has to be compiled.
COMMENT_DIFF = (
    "diff --git a/mm/ksm.c b/mm/ksm.c\n--- a/mm/ksm.c\n+++ b/mm/ksm.c\n@@ -1,2 +1,3 @@\n"
    " // SPDX-License-Identifier: GPL-2.0-only\n+/* Pages that are alike. */\n /*\n"
)


def mail(
    subject: str,
    body: str = "Text.\n",
    *,
    ident: str = "",
    answers: str = "",
    sender: str = "Ada <ada@example.org>",
    minute: int = 0,
) -> str:
    """Return a message; it has a Message-ID if IDENT is given."""
    date = f"Date: Tue, 1 Aug 2023 {10 + minute // 60:02}:{minute % 60:02}:00 +0000"
    lines = [f"From: {sender}", f"Subject: {subject}", date]
    lines += [f"Message-ID: <{ident}@example.org>"] if ident else []
    lines += [f"In-Reply-To: <{answers}@example.org>"] if answers else []
    return "\n".join([*lines, "", body])


def patch(
    subject: str,
    diff: str = "",
    *,
    ident: str = "",
    answers: str = "",
    sender: str = "Ada <ada@example.org>",
    minute: int = 0,
) -> str:
    """Return a mail with DIFF, by default one of a driver."""
    body = f"Do it.\n\nSigned-off-by: Ada <ada@example.org>\n---\n{diff or driver_diff('a')}"
    return mail(subject, body, ident=ident, answers=answers, sender=sender, minute=minute)


def mbox(mails: Sequence[str]) -> bytes:
    """Return an mbox of MAILS."""
    return b"".join(b"From x Tue Aug  1 10:00:00 2023\n" + one.encode() + b"\n" for one in mails)


@dataclass
class Inbox:
    """A public-inbox repository, to which mails are added by git itself."""

    path: Path
    _count: int = field(default=0)

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Run git in it; return what it prints."""
        self._count += 1
        date = f"{1690000000 + self._count} +0000"
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", date))
        }
        user = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            env=user | who,
            input=stdin,
            text=True,
            capture_output=True,
            check=True,
        )
        return done.stdout.strip()

    def add(self, text: str, name: str = "m", *, first: bool = False) -> str:
        """Commit a tree of the one file NAME ("m": a message came, "d": one is taken out)."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=text)
        tree = self.git("mktree", stdin=f"100644 blob {blob}\t{name}\n")
        return self._commit(tree, first=first)

    def add_v1(self, texts: dict[str, str]) -> str:
        """Commit a tree with all files of a version 1 inbox, "aa/bb..." and their texts."""
        folders = []
        for folder in sorted({path.split("/")[0] for path in texts}):
            below = []
            for path, text in sorted(texts.items()):
                if path.startswith(f"{folder}/"):
                    blob = self.git("hash-object", "-w", "--stdin", stdin=text)
                    below.append(f"100644 blob {blob}\t{path.split('/')[1]}\n")
            made = self.git("mktree", stdin="".join(below))
            folders.append(f"040000 tree {made}\t{folder}\n")
        return self._commit(self.git("mktree", stdin="".join(folders)), first=False)

    def _commit(self, tree: str, *, first: bool) -> str:
        head = "" if first else self.git("for-each-ref", "--format=%(objectname)", _MASTER)
        parents = ["-p", head] if head else []
        made = self.git("commit-tree", tree, *parents, "-m", "x")
        self.git("update-ref", _MASTER, made)
        return made


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    path = tmp_path / "0.git"
    path.mkdir()
    made = Inbox(path)
    made.git("init", "--quiet", "--bare", "--initial-branch=master", ".")
    return made


@dataclass(frozen=True)
class Reading:
    """What a scan told and left to do."""

    told: list[str]
    left: list[Left]


def read_inputs(store: Store, *inputs: Path, complete_since: int | None = None) -> Reading:
    """Scan INPUTS into STORE, and return what there is to do."""
    told: list[str] = []
    scanner = Scanner(store, told.append, lambda _: None)
    keys = [scanner.scan(str(one)) for one in inputs]
    group_mails(store)
    return Reading(told, find_left(store, keys, complete_since))


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a user whose home is HOME; temporary files go below it."""
    temporary = home / "tmp"
    temporary.mkdir(exist_ok=True)
    user = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return user | {"TMPDIR": str(temporary)}


Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def run(home: Path) -> Run:
    """Give the program, run by a user with a home of the tests' own."""

    def call(
        *arguments: str | Path, cwd: Path, path: Path | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        more = {"PYTHONPATH": str(path)} if path is not None else {}
        return subprocess.run(
            [sys.executable, "-m", "reviewtool", *map(str, arguments)],
            capture_output=True,
            env=environment(home) | more,
            cwd=cwd,
            check=False,
            timeout=300,
        )

    return call
