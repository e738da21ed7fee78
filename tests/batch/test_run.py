# SPDX-License-Identifier: GPL-2.0-only
"""The commands as a user runs them: stopped at any moment they go on, and end with the same rows."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.batch.conftest import (
    COMMENT_DIFF,
    SAMPLES,
    Inbox,
    Run,
    driver_diff,
    environment,
    mail,
    mbox,
    patch,
)

Rows = dict[str, tuple[str, str, str, bytes]]
_LIGHT = 60
_FROM = b"From x Tue Aug  1 10:00:00 2023"


def write_list(path: Path) -> Path:
    """Write a mailbox with some of everything to PATH; three of its series have to be run."""
    mails = []
    for number in range(_LIGHT):
        mails.append(
            patch(f"[PATCH] char: {number}", driver_diff(f"d{number}"), ident=f"l{number}")
        )
        mails.append(mail(f"Re: [PATCH] char: {number}", ident=f"r{number}", answers=f"l{number}"))
    mails[20:20] = [patch("[PATCH] mm/ksm: say it", COMMENT_DIFF, ident="comment")]
    mails[60:60] = ["Subject: [PATCH] binary\nMessage-ID: <nul@example.org>\n\n\0\n"]
    data = mbox(mails)
    for name in ("smaps-undone.mbox", "does-not-apply.patch", "hostile-include.patch"):
        data += re.sub(
            rb"^From [0-9a-f]{40} .*", _FROM, (SAMPLES / name).read_bytes(), flags=re.MULTILINE
        )
    path.write_bytes(data)
    return path


def rows_of(path: Path) -> Rows:
    """Return what is kept of each series, but for times and memory."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT unit, state, verdict, why, review FROM result"
        ).fetchall()
    assert len({row[0] for row in found}) == len(found)
    return {row[0]: row[1:] for row in found}


def count(path: Path) -> int:
    with suppress(sqlite3.Error):
        return len(rows_of(path))
    return 0


@contextmanager
def started(home: Path, cwd: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program in a process group of its own, and see that nothing of it stays."""
    program = subprocess.Popen(
        [sys.executable, "-m", "reviewtool", *arguments],
        env=environment(home), cwd=cwd, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with program:
        try:
            yield program
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def wait_for_rows(program: subprocess.Popen[bytes], path: Path, wanted: int) -> None:
    last = time.monotonic() + 120
    while program.poll() is None and count(path) < wanted:
        assert time.monotonic() < last
        time.sleep(0.02)


def no_reviewers(home: Path) -> bool:
    """Whether no process that was started for the user HOME is there any more."""
    last = time.monotonic() + 20
    while time.monotonic() < last:
        if not any(
            f"HOME={home}".encode() in _environment(path) for path in Path("/proc").iterdir()
        ):
            return True
        time.sleep(0.1)
    return False


def _environment(path: Path) -> bytes:
    if not path.name.isdigit():
        return b""
    with suppress(OSError):
        return (path / "environ").read_bytes()
    return b""


@pytest.fixture(scope="module")
def whole(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a list and of the database of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    write_list(folder / "list.mbox")
    with started(
        home, folder, "batch", "list.mbox", "--workers", "2", "--db", "whole.sqlite"
    ) as done:
        said, problems = done.communicate(timeout=300)
        assert done.returncode == 1, problems
    assert (
        b"\n%8d  not about the model\n" % _LIGHT in said.replace(b"  ", b"", 0)
        or b"not about" in said
    )
    return folder


def test_a_whole_list_has_one_row_for_each_series(home: Path, whole: Path, run: Run) -> None:
    rows = rows_of(whole / "whole.sqlite")
    states = [state for state, *_ in rows.values()]
    assert len(rows) == _LIGHT + 5
    assert {state: states.count(state) for state in states} == {
        "not about the model": _LIGHT, "reviewed": 3, "refused": 2
    }  # fmt: skip
    listed = run("results", "whole.sqlite", cwd=whole)
    assert listed.returncode == 0, listed.stderr
    assert listed.stdout.count(b"\n") == 5
    assert list((home / "tmp").glob("reviewtool-batch-*")) == []


def test_a_row_is_shown_as_review_would_write_it(whole: Path, run: Run) -> None:
    rows = json.loads(run("results", "whole.sqlite", "--format", "json", cwd=whole).stdout)
    (smaps,) = (row for row in rows if row["title"].startswith("smaps"))
    shown = run(
        "results", "whole.sqlite", "--show", smaps["unit"][:8], "--format", "json", cwd=whole
    )
    review = json.loads(shown.stdout)["review"]
    assert shown.returncode == 1
    assert [patch["verdict"] for patch in review["patches"]].count("semantic change") > 1
    assert smaps["verdict"] == "semantic change"
    refused = next(row for row in rows if row["state"] == "refused")
    done = run("results", "whole.sqlite", "--show", refused["unit"], cwd=whole)
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"there is no review of it, it is refused" in done.stderr


def test_killed_at_any_moment_it_ends_with_the_same_rows(home: Path, whole: Path) -> None:
    database = whole / "killed.sqlite"
    command = ("batch", "list.mbox", "--workers", "2", "--db", database.name)
    moments = random.Random(7)  # noqa: S311  (no secret)
    for wanted in (0, 1, 30, _LIGHT):
        with started(home, whole, *command) as program:
            wait_for_rows(program, database, wanted)
            time.sleep(moments.random() / 3)
            os.killpg(program.pid, signal.SIGKILL)
        before = rows_of(database) if count(database) else {}
        assert all(row == rows_of(whole / "whole.sqlite")[unit] for unit, row in before.items())
    with started(home, whole, *command) as program:
        _, problems = program.communicate(timeout=300)
        assert program.returncode == 1, problems
    assert rows_of(database) == rows_of(whole / "whole.sqlite")
    assert list((home / "tmp").glob("reviewtool-batch-*")) == []
    assert no_reviewers(home)


def test_interrupted_it_says_so_and_keeps_what_is_finished(home: Path, whole: Path) -> None:
    database = whole / "interrupted.sqlite"
    with started(home, whole, "batch", "list.mbox", "-w", "1", "--db", database.name) as program:
        wait_for_rows(program, database, 1)
        os.killpg(program.pid, signal.SIGINT)
        said, problems = program.communicate(timeout=60)
    assert program.returncode == 130, problems
    assert problems.endswith(
        b"reviewtool: interrupted; what is finished is kept, the same command goes on\n"
    )
    assert problems.count(b"\n") == 1, problems
    assert said == b""
    assert count(database) > 0
    assert list((home / "tmp").glob("reviewtool-batch-*")) == []
    assert no_reviewers(home)


def test_watch_reviews_what_is_new_and_only_that(
    home: Path, inbox: Inbox, tmp_path: Path, run: Run
) -> None:
    del home
    inbox.add(patch("[PATCH] char: one", ident="a"))
    command = ("watch", "--inbox", inbox.path, "--once", "-w", "1", "--db", "w.sqlite")
    first = run(*command, cwd=tmp_path)
    again = run(*command, cwd=tmp_path)
    inbox.add(patch("[PATCH] mm/ksm: say it", COMMENT_DIFF, ident="b"))
    inbox.add(patch("[PATCH] mm/ksm: \x1b[31mred", "no diff", ident="c"))
    second = run(*command, cwd=tmp_path)
    assert [done.returncode for done in (first, again, second)] == [0, 0, 0], second.stderr
    assert first.stderr == b"1 new mails, 1 series\n"
    assert again.stderr == b"0 new mails, 0 series\n"
    assert second.stderr == b"2 new mails, 2 series\n"
    assert b"no semantic change" in second.stdout
    assert b"\x1b" not in second.stdout
    assert count(tmp_path / "w.sqlite") == 3


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_scheduler_elsewhere_does_the_work_and_its_end_is_one_line(
    home: Path, whole: Path, tmp_path: Path
) -> None:
    port = _free_port()
    address = f"tcp://127.0.0.1:{port}"
    quiet = {
        "env": environment(home),
        "cwd": tmp_path,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    serve = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-dashboard",
    ]
    join = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--local-directory",
        str(tmp_path),
    ]
    database = whole / "elsewhere.sqlite"
    with subprocess.Popen(serve, **quiet) as scheduler, subprocess.Popen(join, **quiet) as worker:  # type: ignore[call-overload]
        try:
            with started(
                home, whole, "batch", "list.mbox", "--scheduler", address, "--db", database.name
            ) as program:
                wait_for_rows(program, database, 1)
                scheduler.kill()
                said, problems = program.communicate(timeout=120)
        finally:
            for one in (scheduler, worker):
                one.terminate()
    assert program.returncode == 2, (said, problems)
    assert problems.startswith(f"reviewtool: scheduler {address}: ".encode()), problems
    assert b"has gone away" in problems
    assert problems.count(b"\n") == 1
    kept = rows_of(database)
    assert kept
    assert kept.items() <= rows_of(whole / "whole.sqlite").items()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("batch", "list.mbox", "--scheduler", "tcp://127.0.0.1:1", "--db", "n.sqlite"), b"no scheduler answers there"),
        (("batch", "list.mbox", "--scheduler", "nonsense://x", "--db", "n.sqlite"), b"--scheduler nonsense://x: no address such as"),
        (("batch", "list.mbox", "--scheduler", "tls://127.0.0.1:1", "--db", "n.sqlite"), b"no keys: set"),
        (("batch", "gone.mbox", "--db", "n.sqlite"), b"gone.mbox: there is no such file"),
        (("batch", "list.mbox", "--base", "v6.5"), b"a revision of which tree"),
        (("batch", "list.mbox", "--config", "X=off"), b"no such option"),
        (("watch", "--inbox", ".", "--once", "--db", "n.sqlite"), b".: no git repository"),
        (("batch", "list.mbox", "--db", "list.mbox"), b"not a database"),
        (("batch", "list.mbox", "--db", "none/n.sqlite"), b"none/n.sqlite: cannot be written: No such file"),
        (("results", "list.mbox"), b"not a database"),
        (("results", "whole.sqlite", "--show", "xyz"), b"not the id of a row"),
        (("results", "whole.sqlite", "--format", "sarif"), b"choose one by --show"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_line_and_status_2(
    whole: Path, run: Run, arguments: tuple[str, ...], reason: bytes
) -> None:
    done = run(*arguments, cwd=whole)
    assert (done.returncode, done.stdout) == (2, b""), done.stderr
    assert done.stderr.startswith(b"reviewtool: ")
    assert reason in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_without_dask_it_says_what_to_install(whole: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError('not here')\n")
    done = run("batch", "list.mbox", "--db", "d.sqlite", cwd=whole, path=tmp_path)
    assert done.returncode == 2
    assert (
        done.stderr
        == b"reviewtool: dask.distributed: not installed: pip install 'reviewtool[batch]' brings it\n"
    )


def test_a_disk_that_is_full_is_one_line_and_what_was_finished_is_kept(
    home: Path, whole: Path, tmp_path: Path
) -> None:
    limit = 150_000  # bytes that one file may have: the mails fit, and not all of the rows
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2);"
        "from reviewtool.cli import main; main()"
    )
    program = [sys.executable, "-c", limited]
    done = subprocess.run(
        [*program, str(limit), "batch", "list.mbox", "-w", "1", "--db", str(tmp_path / "full.sqlite")],
        capture_output=True, env=environment(home), cwd=whole, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.count(b"\n") == 1, done.stderr
    assert b"full.sqlite: cannot be" in done.stderr
