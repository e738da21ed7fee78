# SPDX-License-Identifier: GPL-2.0-only
"""How fast patch files are read, beside one `git apply --numstat` process for each of them.

python benchmarks/mail.py FOLDER      every patch file below FOLDER (see .ci/patch-corpus)
python benchmarks/mail.py --mbox MIB  an mbox of that size, made for the run: time and memory
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reviewtool.mail.inputs import InputSource
from reviewtool.mail.mailbox import split_mbox
from reviewtool.mail.message import parse_mail
from reviewtool.series.patch import Patch, parse_patch
from reviewtool.series.read import read_series

_MAIL = """From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Sender {number} <sender{number}@example.org>
To: list@example.org
Subject: {subject}
Date: Mon, 4 Mar 2024 12:00:00 +0000
Message-ID: <{number}@example.org>
{extra}
{body}
"""
_DIFF = "---\ndiff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-old\n+new\n-- \n2.39.2\n"


def main() -> None:
    """Print the figures."""
    if sys.argv[1:2] == ["--mbox"]:
        _measure_mbox(int(sys.argv[2]))
    else:
        _measure_files(Path(sys.argv[1]))


def _measure_files(folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("series"))
    total = sum(path.stat().st_size for path in files)
    start, start_cpu = time.perf_counter(), _cpu_s()
    patches: list[Patch] = []
    for path in files:
        with path.open("rb") as stream:
            for raw in split_mbox(stream, str(path)):
                reading = parse_patch(parse_mail(raw.data, raw.source, raw.line))
                if isinstance(reading, Patch):
                    sum(file.added + file.removed for file in reading.files)
                    patches.append(reading)
    ours_s, ours_cpu_s = time.perf_counter() - start, _cpu_s() - start_cpu
    lines = sum(len(h.lines) for patch in patches for file in patch.files for h in file.hunks)
    lines_s = time.perf_counter() - start
    start, start_cpu = time.perf_counter(), _cpu_s()
    for path in files:
        subprocess.run(
            ["git", "apply", "--numstat", str(path)],
            capture_output=True,
            check=False,
            cwd="/",
            env={"GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]},
        )
    git_s, git_cpu_s = time.perf_counter() - start, _cpu_s() - start_cpu
    print(f"{len(files)} files, {total >> 10} KiB, {len(patches)} patches, {lines} hunk lines")
    print(f"git apply --numstat {git_s:.2f} s")
    print(f"ours, the same numbers {ours_s:.2f} s: {git_s / ours_s:.1f} times as fast")
    print(
        f"in CPU seconds {ours_cpu_s:.2f} beside {git_cpu_s:.2f}: {git_cpu_s / ours_cpu_s:.1f} times"
    )
    print(
        f"ours, with every line of every hunk {lines_s:.2f} s: {git_s / lines_s:.1f} times as fast"
    )


def _cpu_s() -> float:
    """Return the CPU seconds of this process and of those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _measure_mbox(size_mib: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.mbox"
        filler = "text of a long thread\n" * 900
        with path.open("w") as stream:
            number = 0
            while stream.tell() < size_mib << 20:
                number += 1
                in_series = number % 1000 == 1 and number < 4000
                stream.write(
                    _MAIL.format(
                        number=number,
                        subject=f"[PATCH {number // 1000 + 1}/4] mm: change"
                        if in_series
                        else "Re: talk",
                        extra="" if number == 1 else "In-Reply-To: <1@example.org>\n",
                        body=_DIFF if in_series else filler,
                    )
                )
        start = time.perf_counter()
        series = read_series([InputSource.named(str(path))])
        time_s = time.perf_counter() - start
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(
            f"{size_mib} MiB, {number} mails, {len(series.patches)} patches: "
            f"{time_s:.1f} s, peak {peak_mib} MiB"
        )


if __name__ == "__main__":
    main()
