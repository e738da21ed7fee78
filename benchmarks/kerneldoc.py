# SPDX-License-Identifier: GPL-2.0-only
"""Time kernel-doc against the kernel's own script, over whole directories of a Linux tree.

    python benchmarks/kerneldoc.py TREE [PATH...]      default: include/linux

Prints CPU seconds of both for reST and for -none, the ratio, and our peak memory.  Both get all
files in one call and throw their output away; the script's comes last, so that its files are in
the page cache as ours were not.  For identity, run tests/kerneldoc/test_parity.py with
REVIEWTOOL_LINUX_6_12 set to the same tree.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

RUN = "from reviewtool.kernel_doc import main; main()"
MODES = {"reST": ("-rst", "-sphinx-version", "3.0.0"), "-none": ("-none",)}


def cpu_seconds(command: list[str], tree: Path) -> float:
    """Run COMMAND and return the CPU time that it took."""
    before = os.times()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    subprocess.run(
        command,
        cwd=tree,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    after = os.times()
    return sum(after[2:4]) - sum(before[2:4])


def main() -> None:
    """Compare and print."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    tree = Path(sys.argv[1]).resolve()
    paths = sys.argv[2:] or ["include/linux"]
    found = (file for path in paths for file in sorted((tree / path).rglob("*.[ch]")))
    files = [str(file.relative_to(tree)) for file in found if b"/**" in file.read_bytes()]
    print(f"{len(files)} files with comments in {', '.join(paths)}")
    for name, words in MODES.items():
        ours = cpu_seconds([sys.executable, "-c", RUN, *words, *files], tree)
        memory_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        script = cpu_seconds(["scripts/kernel-doc", *words, *files], tree)
        print(
            f"{name:6} ours {ours:6.2f} s, script {script:6.2f} s,"
            f" ratio {script / ours:5.2f}; our peak {memory_mb:.0f} MB"
        )


if __name__ == "__main__":
    main()
