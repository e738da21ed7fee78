# SPDX-License-Identifier: GPL-2.0-only
"""Runs reviewtool on many attacks, each in a process of its own, and writes down what came of each.

    python driver.py PLACE ATTACK...

ATTACK is the .toml beside an attack.  PLACE is an empty folder; below it lie a file that nobody may
read (canary), one folder that is the current one (work), and the user's own folders.  Processes are
forked from this one, which has imported the program already; nothing else is shared.  The results
are in PLACE/results.json, by name: status (None: killed after too long), stdout, stderr, and what an
attack left behind or changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import sys
import tomllib
import traceback
from importlib import import_module
from pathlib import Path

sys.dont_write_bytecode = (
    True  # the interpreter's own files beside the sources are no business of the test
)
CANARY = "canary_0b7c1f5e_that_nobody_may_read"
LIMIT_S = 240.0
_EAGER = (
    "reviewtool.cli.review", "reviewtool.cli.render", "reviewtool.cli.series", "reviewtool.cli.kerneldoc",
    "reviewtool.pipeline", "reviewtool.configurations", "reviewtool.cli.trees", "reviewtool.report.page",
)  # fmt: skip


def look(*folders: Path) -> dict[str, str]:
    """Return a digest of every file below FOLDERS, by path."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_symlink():
                found[str(path)] = f"link to {path.readlink()}"
            elif path.is_file():
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
            else:
                found[str(path)] = "folder"
    return found


def run(argv: list[str], place: Path, name: str) -> int | None:
    """Run reviewtool with ARGV in a child; return its exit status, or None if it had to be killed."""
    child = os.fork()
    if not child:
        status = 99
        try:
            os.setsid()
            os.chdir(place / "work")
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            for number, what in ((1, "stdout"), (2, "stderr")):
                handle = os.open(place / "said" / f"{name}.{what}", os.O_WRONLY | os.O_CREAT, 0o600)
                os.dup2(handle, number)
            sys.argv = ["reviewtool", *argv]
            try:
                import_module("reviewtool.cli").main()
                status = 0
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            sys.stdout.flush()
        except BaseException:  # noqa: BLE001  (it is what the user would see)
            traceback.print_exc()
            status = 98
        finally:
            sys.stderr.flush()
            os._exit(status)
    ended = os.pidfd_open(child)
    try:
        if not select.select([ended], [], [], LIMIT_S)[0]:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.close(ended)


def main() -> None:
    """Run the attacks that the command line names."""
    place = Path(sys.argv[1])
    for name in ("outside", "work", "home", "tmp", "said", "attacks"):
        (place / name).mkdir()
    canary = place / "outside" / "secret.h"
    canary.write_text(f"int {CANARY};\n")
    for name in [name for name in os.environ if name.startswith("XDG_")]:
        del os.environ[name]
    os.environ |= {"HOME": str(place / "home"), "TMPDIR": str(place / "tmp")}
    for module in _EAGER:
        import_module(module)
    results = {}
    for described in map(Path, sys.argv[2:]):
        (attack,) = (p for p in described.parent.glob(f"{described.stem}.*") if p != described)
        copy = place / "attacks" / attack.name
        copy.write_bytes(attack.read_bytes().replace(b"@CANARY@", str(canary).encode()))
        command = tomllib.loads(described.read_text())["command"]
        argv = [word.format(attack=copy, work=place / "work") for word in command]
        before = look(place / "outside", place / "attacks")
        status = run(argv, place, described.stem)
        said = {
            what: (place / "said" / f"{described.stem}.{what}").read_bytes().decode("latin-1")
            for what in ("stdout", "stderr")
        }
        allowed = {str(place / "work/out.txt")}
        left = look(place / "work", place / "tmp").keys() - allowed
        changed = [
            path
            for path, digest in look(place / "outside", place / "attacks").items()
            if before.get(path) != digest
        ]
        results[described.stem] = {
            "status": status,
            **said,
            "left": sorted(left),
            "changed": changed,
        }
    (place / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
