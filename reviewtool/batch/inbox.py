# SPDX-License-Identifier: GPL-2.0-only
"""A public-inbox repository: what its commits add and take out, and the messages they add.

    version 2   the tree of a commit is one file: "m" (a message came) or "d" (that message is taken out)
    version 1   a file aa/bbbb... for each message, added and deleted

A message is named by its blob: where a history is written anew, it is the same message.

Source: public-inbox-v2-format(5), public-inbox-v1-format(5); git-diff-tree(1), "Raw output format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reviewtool.errors import InputError
from reviewtool.gitdir import GitDir, open_gitdir
from reviewtool.mail.gitlog import inbox_epochs
from reviewtool.mail.mailbox import RawMail

_BATCH = 500
_V1_PATH = re.compile(r"[0-9a-f]{2}/[0-9a-f]{38}")
_RAW = re.compile(r"\n?:\d+ \d+ ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*")


@dataclass(frozen=True)
class Step:
    """What a commit does with a message; time: of the commit, in seconds since 1970."""

    commit: str
    time: int
    blob: str
    added: bool


@dataclass(frozen=True)
class News:
    """What is new: the commits, oldest first, up to `head`; whole: all there are, because the last was not known."""

    head: str
    commits: Sequence[str]
    whole: bool


class Epoch:
    """One repository of an inbox; see open_epochs()."""

    def __init__(self, name: str, git: GitDir, path: Path) -> None:
        self.name = name
        self.path = path
        self._git = git

    def news(self, last: str | None) -> News | None:
        """Return what came after the commit LAST (None: all); None where nothing did, or it is empty."""
        head = self._git.find("HEAD")
        if head is None:
            return None
        if head.id == last:
            return None
        known = last is not None and self._git.type_of(last) == "commit"
        known = (
            known and self._git.ask(["merge-base", "--is-ancestor", str(last), head.id]).status == 0
        )
        among = [f"^{last}"] if known else []
        listed = self._git.read(["rev-list", "--reverse", head.id, *among, "--"])
        return News(head.id, listed.decode("ascii").split(), whole=not known)

    def steps(self, commits: Sequence[str]) -> Iterator[list[Step]]:
        """Yield what COMMITS do, some hundred at a time, so that each list may be kept in a transaction."""
        for start in range(0, len(commits), _BATCH):
            asked = "".join(f"{commit}\n" for commit in commits[start : start + _BATCH])
            out = self._git.read(
                ["log", "--no-walk=unsorted", "--stdin", "--raw", "-r", "-z", "--no-abbrev", "--no-renames", "--root",
                 "--no-show-signature", "--no-color", "--format=%x01%H %ct"],
                stdin=asked.encode("ascii"),
            )  # fmt: skip
            yield list(_parse(out.decode("utf-8", "replace")))

    def read(self, blob: str, name: str) -> RawMail:
        """Return the message in BLOB.  Raises: InputError where it cannot be read."""
        return RawMail(name, 1, self._git.read_blob(blob, name))


def _parse(text: str) -> Iterator[Step]:
    commit, time = "", 0
    tokens = iter(text.split("\0"))
    for token in tokens:
        if token.startswith("\x01"):
            commit, _, seconds = token[1:].partition(" ")
            time = int(seconds) if seconds.isdigit() else 0
        elif match := _RAW.fullmatch(token):
            path, (old, new, status) = next(tokens, ""), match.groups()
            if path in {"m", "d"} and status != "D":
                yield Step(commit, time, new, added=path == "m")
            elif _V1_PATH.fullmatch(path):
                if status != "A":
                    yield Step(commit, time, old, added=False)
                if status != "D":
                    yield Step(commit, time, new, added=True)


@contextmanager
def open_epochs(name: str) -> Iterator[Sequence[Epoch]]:
    """Give the repositories of the inbox that the user calls NAME, the oldest first.

    Raises: InputError where there is none, or git cannot read it.
    """
    from contextlib import ExitStack  # noqa: PLC0415

    path = Path(name)
    if not path.is_dir():
        raise InputError(name, "no such directory" if not path.exists() else "no directory")
    found = list(reversed(inbox_epochs(path)))
    if not found:
        raise InputError(name, "its folder git/ has no repositories such as 0.git")
    with ExitStack() as stack:
        yield [
            Epoch(
                name if one == path else f"{name}/git/{one.name}",
                stack.enter_context(open_gitdir(one, name if one == path else str(one))),
                one,
            )
            for one in found
        ]
