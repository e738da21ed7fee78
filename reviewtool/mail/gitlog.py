# SPDX-License-Identifier: GPL-2.0-only
"""Messages out of git: a revision range as patches, and a thread of a public-inbox.

git is asked as gitdir.py does: no configuration but our own is read, no hook, pager, external diff or
text conversion runs, and nothing is fetched.

Source: git-format-patch(1), git-cat-file(1), --batch; public-inbox-v2-format(5): each commit adds
a file "m" that holds one message; public-inbox-v1-format(5): a file per message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reviewtool.errors import InputError
from reviewtool.gitdir import GitDir, open_gitdir
from reviewtool.mail.mailbox import RawMail, split_mbox

_PLAIN_PATCH = (
    *("--stdout", "--no-ext-diff", "--no-textconv", "--no-attach", "--no-thread", "--no-notes"),
    *("--no-signature", "--no-base", "--full-index", "--src-prefix=a/", "--dst-prefix=b/"),
    *("--no-color", "--subject-prefix=PATCH", "-N", "--no-cover-letter", "--encode-email-headers"),
)
_REFERENCE = re.compile(
    rb"^(?:references|in-reply-to):\s*<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE
)
_BATCH = 400


def read_range(tree: Path, revisions: str) -> Iterator[RawMail]:
    """Yield the commits REVISIONS of the git repository at TREE as patch mails, oldest first.

    Raises: InputError where git does not know the range, or it is empty.
    """
    from io import BytesIO  # noqa: PLC0415

    if revisions.startswith("-") or ".." not in revisions:
        raise InputError(revisions, "not a revision range such as A..B")
    with open_gitdir(tree, above=True) as git:
        first, last = git.resolve_range(revisions)
        among = f"{first.id}..{last.id}"
        found = git.read(["format-patch", *_PLAIN_PATCH, "--end-of-options", among], revisions)
    if not found:
        raise InputError(revisions, "an empty revision range")
    yield from split_mbox(BytesIO(found), revisions)


def read_blob(tree: Path, name: str) -> bytes:
    """Return the blob that git calls NAME (hexadecimal) in the repository at TREE.

    Raises: InputError where there is none.
    """
    if not re.fullmatch(r"[0-9a-f]{40,64}", name):
        raise InputError(name, "not the name of an object")
    with open_gitdir(tree, above=True) as git:
        return git.read(["cat-file", "blob", name], name)


def read_inbox(path: Path, message_id: str) -> Iterator[RawMail]:
    """Yield the thread of MESSAGE_ID in the public-inbox at PATH, oldest first.

    Raises: InputError where the message is not there.
    """
    wanted = message_id.strip().strip("<>")
    target, thread = _search(path, wanted)
    if target is None:
        raise InputError(str(path), f"no message has the id <{wanted}>")
    root = _first_reference(target.data)
    if root is not None and root != wanted:
        _, whole = _search(path, root)
        thread = whole if any(one.data == target.data for one in whole) else thread
    yield from reversed(thread)


def _search(path: Path, wanted: str) -> tuple[RawMail | None, list[RawMail]]:
    """Return the message WANTED and all that name it in their headers, newest first."""
    needle = f"<{wanted}>".encode("utf-8", "replace")
    own = re.compile(rb"^message-id:\s*" + re.escape(needle), re.IGNORECASE | re.MULTILINE)
    found: list[RawMail] = []
    for raw in _messages(path):
        header = raw.data.split(b"\n\n", 1)[0]
        if needle not in header:
            continue
        found.append(raw)
        if own.search(header):
            return raw, found  # what is older cannot answer it
    return None, found


def _first_reference(data: bytes) -> str | None:
    header = data.split(b"\n\n", 1)[0]
    field = re.search(
        rb"^(?:references|in-reply-to):\s*<([^<>\s]+)>", header, re.IGNORECASE | re.MULTILINE
    )
    return field[1].decode("utf-8", "replace") if field else None


def _messages(path: Path) -> Iterator[RawMail]:
    """Yield the messages of an inbox, newest first."""
    for repository in inbox_epochs(path):
        with open_gitdir(repository, str(path)) as git:
            listed = git.read(["rev-list", "HEAD"]).decode("ascii").split()
            for start in range(0, len(listed), _BATCH):
                yield from _batch(git, listed[start : start + _BATCH], str(path))


def inbox_epochs(path: Path) -> list[Path]:
    """Return the repositories of an inbox, the newest first."""
    below = path / "git"
    if not below.is_dir():
        return [path]
    epochs = [one for one in below.iterdir() if re.fullmatch(r"\d+\.git", one.name)]
    return sorted(epochs, key=lambda one: -int(one.name[:-4]))


def _batch(git: GitDir, commits: Sequence[str], name: str) -> Iterator[RawMail]:
    asked = "".join(f"{commit}:m\n" for commit in commits).encode("ascii")
    out = git.read(["cat-file", "--batch"], stdin=asked)
    at = 0
    for commit in commits:
        end = out.find(b"\n", at)
        words = out[at:end].split(b" ")
        if len(words) != 3 or not words[2].isdigit():  # a deletion, or a version 1 inbox
            at = end + 1
            continue
        size = int(words[2])
        data = out[end + 1 : end + 1 + size]
        at = end + 2 + size
        yield RawMail(f"{name}:{commit[:12]}", 1, data)


def read_tip(tree: Path) -> tuple[Path, str]:
    """Return the git directory of the repository at TREE, and the commit that HEAD names.

    Raises: InputError where there is none.
    """
    with open_gitdir(tree, above=True) as git:
        return git.place.directory, git.resolve("HEAD").id
