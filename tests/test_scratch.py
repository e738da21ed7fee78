# SPDX-License-Identifier: GPL-2.0-only
"""Folders for the time of a run: none outlives it for long, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reviewtool.scratch import remove_stale, scratch_folder

DAY_S = 24 * 3600.0
SLEEPER = """
import sys, time
from reviewtool import cli
from reviewtool.scratch import scratch_folder
import click
@click.command("sleep")
def sleep():
    with scratch_folder("test") as folder:
        (folder / "file").write_text("x")
        print(folder, flush=True)
        time.sleep(60)
cli.group.get_command = lambda ctx, name: sleep
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_run_that_is_told_to_end_leaves_nothing(tmp_path: Path, number: int) -> None:
    sleeper = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, "sleep"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert sleeper.stdout is not None
    folder = Path(sleeper.stdout.readline().decode().strip())
    assert folder.is_dir()
    sleeper.send_signal(number)
    _, said = sleeper.communicate(timeout=20)
    assert sleeper.returncode == (1 if number == signal.SIGINT else 128 + number)
    assert b"Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def aged(folder: Path, days: float) -> None:
    then = time.time() - days * DAY_S
    os.utime(folder, (then, then), follow_symlinks=False)


def test_what_a_killed_run_left_is_removed_a_day_later_and_nothing_else(tmp_path: Path) -> None:
    for name in ("reviewtool-build-old", "reviewtool-build-new", "somebody-elses"):
        (tmp_path / name / "below").mkdir(parents=True)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("x")
    (tmp_path / "reviewtool-link").symlink_to(tmp_path / "kept")
    (tmp_path / "reviewtool-file").write_text("x")
    for name in ("reviewtool-build-old", "somebody-elses", "reviewtool-link", "reviewtool-file"):
        aged(tmp_path / name, 2)
    remove_stale(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "kept", "reviewtool-build-new", "reviewtool-file", "reviewtool-link", "somebody-elses",
    ]  # fmt: skip
    assert (tmp_path / "kept/file").exists()


def test_a_folder_that_a_run_still_holds_stays_however_old_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with scratch_folder("test") as folder:
        aged(folder, 9)
        remove_stale(tmp_path)
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_somebody_elses_folder_stays(tmp_path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a folder to somebody else")
    (tmp_path / "reviewtool-build-x").mkdir()
    os.chown(tmp_path / "reviewtool-build-x", 12345, 12345)
    aged(tmp_path / "reviewtool-build-x", 2)
    remove_stale(tmp_path)
    assert (tmp_path / "reviewtool-build-x").is_dir()
