# SPDX-License-Identifier: GPL-2.0-only
"""How long a reader waits: one-line patches from a warm start, and the sample series.

    python benchmarks/review.py [--patches N]

Each review is a process of its own, from its start to the whole report: nothing is told before that.
Warm means that the cache holds what an earlier review of another patch of the same function left, so
only what the patch changes is compiled.  The patches are mutants of follow_page_pte().
"""

from __future__ import annotations

import argparse
import difflib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reviewtool.behaviour.sensitivity import choose
from reviewtool.tree.mutants import find_mutants
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

SERIES = Path(__file__).parent.parent / "sample_patches" / "follow-page-v1.mbox"


def one_line_patches(count: int) -> list[str]:
    """Return COUNT diffs that change one token each."""
    tree = bundled_model()
    every = find_mutants(tree, index_sources(tree), frozenset({"follow_page_pte"}))
    tokens = tuple(mutant for mutant in every if mutant.operator in ("operator", "dropped"))
    made = []
    for mutant in choose(tokens, count):
        old, new = tree.files[mutant.path], mutant.apply(tree).files[mutant.path]
        names = f"a/{mutant.path}", f"b/{mutant.path}"
        made.append(
            "".join(
                difflib.unified_diff(
                    old.splitlines(keepends=True), new.splitlines(keepends=True), *names
                )
            )
        )
    return made


def time_review(patch: Path, cache: Path) -> float:
    """Return the wall seconds of a review of PATCH as a process of its own."""
    command = [sys.executable, "-m", "reviewtool", "review", str(patch), "-o", os.devnull]
    start = time.monotonic()
    done = subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, check=False)
    assert done.returncode in (0, 1)
    return time.monotonic() - start


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--patches", type=int, default=5, help="one-line patches (default 5)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="review-") as name:
        folder = Path(name)
        times = []
        for number, text in enumerate(one_line_patches(arguments.patches + 1)):
            patch = folder / f"{number}.diff"
            patch.write_text(text)
            times.append(time_review(patch, folder / "cache"))
        cold, warm = times[0], sorted(times[1:])
        print(f"one-line patch: {statistics.median(warm):.2f} s from a warm start to the whole report "
              f"(min {warm[0]:.2f}, max {warm[-1]:.2f}; {len(warm)} patches); {cold:.2f} s cold")  # fmt: skip
        first = time_review(SERIES, folder / "series")
        again = time_review(SERIES, folder / "series")
        print(f"sample series, all entries: {first:.2f} s cold, {again:.2f} s again")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"peak memory of the largest process: {peak:.0f} MiB")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
