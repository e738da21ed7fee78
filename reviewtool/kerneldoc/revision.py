# SPDX-License-Identifier: GPL-2.0-only
"""Files as they were in another revision of their git repository.

Source: git-cat-file(1), "Batch output"; gitrevisions(7).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reviewtool.errors import InputError, ToolError
from reviewtool.process import Finished, run_program

_ENVIRONMENT = ("PATH", "HOME", "XDG_CONFIG_HOME")
_FILES_AT_ONCE = 100


def read_revisions(paths: Sequence[str], revision: str) -> Iterator[tuple[str, str | None]]:
    """Yield each path with its bytes at REVISION as characters; None where it was not there.

    Raises: InputError where there is no repository or no such revision.
    """
    if revision.startswith("-"):
        raise InputError(revision, "is no revision")
    roots: dict[Path, Path] = {}
    for at in range(0, len(paths), _FILES_AT_ONCE):
        chunk = paths[at : at + _FILES_AT_ONCE]
        places = {path: _place(Path(path), revision, roots) for path in chunk}
        for root in dict.fromkeys(root for root, _ in places.values()):
            mine = [path for path in chunk if places[path][0] == root]
            wanted = [f"{revision}:{places[path][1]}" for path in mine]
            yield from zip(mine, _cat_files(root, wanted), strict=True)


def _place(path: Path, revision: str, roots: dict[Path, Path]) -> tuple[Path, str]:
    """Return the repository's root and the path in it; ROOTS keeps what is known by directory."""
    where = path.absolute().parent
    if where not in roots:
        top = _git(where, "rev-parse", "--show-toplevel")
        known = _git(where, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
        if top.status != 0 or known.status != 0:
            raise InputError(str(path), f"its repository has no revision '{revision}'")
        roots[where] = Path(os.fsdecode(top.stdout.removesuffix(b"\n")))
    inside = Path(os.path.realpath(where)) / path.name
    root = roots[where]
    for name in (inside, path.absolute()):
        if name.is_relative_to(root):
            return root, name.relative_to(root).as_posix()
    raise InputError(str(path), f"is not below {root}")


def _cat_files(root: Path, wanted: Sequence[str]) -> Iterator[str | None]:
    """Yield the contents of the objects called WANTED, None for what is no file."""
    names = b"".join(os.fsencode(name) + b"\0" for name in wanted)
    output = _git(root, "cat-file", "--batch", "-z", stdin=names).stdout
    position = 0
    for name in wanted:
        missing = os.fsencode(name) + b" missing\n"
        if output.startswith(missing, position):
            position += len(missing)
            yield None
            continue
        end = output.find(b"\n", position)
        fields = output[position:end].split()
        if len(fields) != 3 or not fields[2].isdigit():
            raise InputError(name, "git does not say what it is")
        start = end + 1
        position = start + int(fields[2]) + 1
        is_file = fields[1] == b"blob"
        yield output[start : position - 1].decode("latin-1") if is_file else None


def _git(where: Path, *arguments: str, stdin: bytes = b"") -> Finished:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return run_program(
            ("git", "--no-pager", "-C", str(where), *arguments),
            cwd=Path.cwd(),
            stdin=stdin,
            environment={**environment, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except ToolError as error:
        raise InputError(str(where), str(error)) from error
