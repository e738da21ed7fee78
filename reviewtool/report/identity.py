# SPDX-License-Identifier: GPL-2.0-only
"""Who replies: user.name and user.email of git's configuration.

The only place where the user's own configuration of git is asked for; nothing of it is run.

Source: git-config(1).
"""

from __future__ import annotations

import os
from pathlib import Path

from reviewtool.errors import InputError, ToolError
from reviewtool.mail.address import Address
from reviewtool.process import run_program

_PASSED = ("HOME", "PATH", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")


def read_identity(folder: Path) -> Address:
    """Return the identity that git uses in FOLDER.

    Raises: InputError where there is none.
    """
    name, address = (_get(folder, key) for key in ("user.name", "user.email"))
    if not name or "@" not in address:
        raise InputError("git config", "set user.name and user.email: a reply needs a sender")
    return Address(name, address)


def _get(folder: Path, key: str) -> str:
    environment = {name: os.environ[name] for name in _PASSED if name in os.environ}
    try:
        done = run_program(["git", "config", "--get", key], cwd=folder, environment=environment)
    except ToolError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip()
