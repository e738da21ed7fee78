# SPDX-License-Identifier: GPL-2.0-only
"""Whole lists: mails per second with one and with two workers, and memory over 10,000 mails.

    python benchmarks/batch.py rate [--heavy 24] [--light 600]    # about three minutes on two free cores
    python benchmarks/batch.py memory [--mails 10000]

rate: the same mailbox with 1, 2, 2 and 1 workers, each with an empty cache, from start to exit; a
heavy mail has to be compiled and swept, a light one touches nothing of the model.
memory: the peak of every process that the run consists of, when 1,000, 5,000 and 10,000 mails are done.
"""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from difflib import unified_diff
from pathlib import Path

from reviewtool.tree.snapshot import MODEL_ROOT

_FROM = "From x Tue Aug  1 10:00:00 2023\n"
_FILE = "fs/proc/task_mmu.c"


def head_of(number: int, subject: str) -> str:
    """Return the header of mail NUMBER."""
    return (
        f"{_FROM}From: Ada <ada{number % 50}@example.org>\nSubject: {subject}\nMessage-ID: <m{number}@example.org>\n"
        f"Date: Tue, 1 Aug 2023 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\n"
    )


def light_mail(number: int) -> str:
    """Return a patch to a driver, with some lines of context."""
    path = f"drivers/char/device{number}.c"
    lines = "".join(f" \tint member{place};\n" for place in range(60))
    return (
        head_of(number, f"[PATCH] char: device {number}: rename a member")
        + f"\nIt says what it is.\n\nSigned-off-by: Ada <ada@example.org>\n---\ndiff --git a/{path} b/{path}\n"
        f"--- a/{path}\n+++ b/{path}\n@@ -1,61 +1,61 @@\n{lines}-\tint a;\n+\tint b{number};\n\n"
    )


def reply_mail(number: int) -> str:
    """Return an answer to a mail, without a diff of its own."""
    quoted = "".join(f"> \tint member{place};\n" for place in range(30))
    return (
        head_of(number, f"Re: [PATCH] char: device {number - 1}: rename a member")
        + f"In-Reply-To: <m{number - 1}@example.org>\n\n{quoted}\nWhy?\n\n"
    )


def heavy_mail(number: int) -> str:
    """Return a patch after which smaps_pte_range() is another program that does the same."""
    old = (MODEL_ROOT / _FILE).read_text()
    name = old.index("static int smaps_pte_range(")
    at = old.index("\n\tptl = pmd_trans_huge_lock(", name) + 1
    new = f"{old[:at]}\tif (addr == {number}UL && addr > end)\n\t\treturn -EINVAL;\n{old[at:]}"
    diff = "".join(
        unified_diff(
            old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{_FILE}", f"b/{_FILE}"
        )
    )
    return (
        head_of(number, f"[PATCH] smaps: look for the address {number}")
        + "\nNo functional change intended.\n\nSigned-off-by: Ada <ada@example.org>\n---\n"
        + f"diff --git a/{_FILE} b/{_FILE}\n{diff}\n"
    )


def write_list(path: Path, light: int, heavy: int) -> int:
    """Write a mailbox with as many patches of either kind, spread, and replies; return how many mails."""
    number = 0
    with path.open("w") as out:
        for done in range(light):
            out.write(light_mail(number))
            out.write(reply_mail(number + 1))
            number += 2
            if (
                heavy
                and done % max(light // heavy, 1) == 0
                and done // max(light // heavy, 1) < heavy
            ):
                out.write(heavy_mail(number))
                number += 1
    return number


def start(folder: Path, database: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start a run on the list in FOLDER, by a user whose cache is empty."""
    home = Path(tempfile.mkdtemp(dir=folder))
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home)}
    command = [sys.executable, "-m", "reviewtool", "batch", str(folder / "list.mbox"), "--quiet"]
    return subprocess.Popen(
        [*command, "--db", str(database), "--workers", str(workers)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def count(database: Path) -> int:
    """Return how many series are finished."""
    with (
        suppress(sqlite3.Error),
        closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection,
    ):
        found = connection.execute("SELECT count(*) FROM result").fetchone()
        return int(found[0])
    return 0


def measure_rate(light: int, heavy: int) -> None:
    """Print mails per second with one and with two workers, and their ratio."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    working: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory(prefix="reviewtool-benchmark-") as name:
        folder = Path(name)
        mails = write_list(folder / "list.mbox", light, heavy)
        print(f"{mails:,} mails: {light:,} light patches, {heavy:,} heavy ones")
        for turn, workers in enumerate((1, 2, 2, 1)):
            database = folder / f"{turn}.sqlite"
            load = os.getloadavg()[0]
            begin = time.perf_counter()
            program = start(folder, database, workers)
            while program.poll() is None and not count(database):
                time.sleep(0.02)
            first = time.perf_counter()
            status = program.wait()
            took, worked = time.perf_counter() - begin, time.perf_counter() - first
            done = count(database)
            assert status in {0, 1}, status
            assert done == light + heavy, done
            seconds[workers].append(took)
            working[workers].append(worked)
            print(
                f"{workers} workers: {took:6.1f} s, {mails / took:6.1f} mails/s; from the first row on {worked:6.1f} s; "
                f"load before {load:.1f}"
            )
    whole, rest = (sum(one[1]) / sum(one[2]) for one in (seconds, working))
    print(
        f"two workers do {whole:.2f} times as much as one, {rest:.2f} times from the first row on"
    )
    if os.getloadavg()[0] > 2.5:
        print("others use this machine: these numbers say little")


def processes(root: int) -> Iterator[int]:
    """Yield ROOT and the processes that it started, and they."""
    yield root
    for task in Path(f"/proc/{root}/task").iterdir():
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                yield from processes(int(child))


def peaks(root: int) -> dict[str, int]:
    """Return the largest peak memory of each kind of process, in bytes."""
    found: dict[str, int] = {}
    for pid in processes(root):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            status = Path(f"/proc/{pid}/status").read_text()
            match = re.search(r"VmHWM:\s*(\d+) kB", status)
            kind = "client" if pid == root else "reviewer" if ".reviewer" in command else "worker"
            if match and "resource_tracker" not in command:
                found[kind] = max(found.get(kind, 0), int(match[1]) << 10)
    return found


def measure_memory(mails: int) -> None:
    """Print the peaks when a tenth, a half and all of MAILS are done."""
    with tempfile.TemporaryDirectory(prefix="reviewtool-benchmark-") as name:
        folder = Path(name)
        database = folder / "reviews.sqlite"
        light = mails // 2
        write_list(folder / "list.mbox", light, 0)
        begin = time.perf_counter()
        program = start(folder, database, 2)
        marks = [light // 10, light // 2, light]
        last: dict[str, int] = {}
        while program.poll() is None:
            with suppress(OSError):
                last = peaks(program.pid) or last
            if marks and count(database) >= marks[0]:
                tell_peaks(2 * marks.pop(0), last)
            time.sleep(0.1)
        for mark in marks:
            tell_peaks(2 * mark, last)
        took = time.perf_counter() - begin
        print(f"{mails:,} mails in {took:.0f} s, {mails / took:.0f}/s; {count(database):,} rows")


def tell_peaks(mails: int, found: dict[str, int]) -> None:
    """Print a line."""
    told = ", ".join(f"{kind} {size / (1 << 20):.0f} MiB" for kind, size in sorted(found.items()))
    print(f"{mails:>6,} mails: {told}", flush=True)


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description="Measure runs over whole lists.")
    parser.add_argument("what", choices=("rate", "memory"))
    parser.add_argument("--light", type=int, default=600)
    parser.add_argument("--heavy", type=int, default=24)
    parser.add_argument("--mails", type=int, default=10_000)
    chosen = parser.parse_args()
    if chosen.what == "rate":
        measure_rate(chosen.light, chosen.heavy)
    else:
        measure_memory(chosen.mails)


if __name__ == "__main__":
    main()
