# SPDX-License-Identifier: GPL-2.0-only
"""A file as it was in another revision of its git repository.

Source: git-show(1), gitrevisions(7).
"""

from __future__ import annotations

import os
from pathlib import Path

from reviewtool.errors import InputError, ToolError
from reviewtool.process import Finished, run_program

_ENVIRONMENT = ("PATH", "HOME", "XDG_CONFIG_HOME")


def read_revision(path: str, revision: str) -> str | None:
    """Return the bytes of PATH at REVISION as characters; None where it was not there.

    Raises: InputError where there is no repository or no such revision.
    """
    file = Path(path)
    where = file.parent
    if revision.startswith("-"):
        raise InputError(revision, "is no revision")
    known = _git(where, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if known.status != 0:
        raise InputError(path, f"its repository has no revision '{revision}'")
    shown = _git(where, "show", f"{revision}:./{file.name}")
    return shown.stdout.decode("latin-1") if shown.status == 0 else None


def _git(where: Path, *arguments: str) -> Finished:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    try:
        return run_program(
            ("git", "--no-pager", "-C", str(where), *arguments),
            cwd=Path.cwd(),
            environment={**environment, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except ToolError as error:
        raise InputError(str(where), str(error)) from error
