# SPDX-License-Identifier: GPL-2.0-only
"""Mutation score: which small wrong versions of the modelled walk a review reports.

    python benchmarks/mutation.py [--every N] [--function NAME]... [--out FILE] [--jobs N]

Every mutant (reviewtool/tree/mutants.py has the operators) of every function is built and swept as a
review of it would be.  Printed: the score per function, and each survivor with its reason, from
survivors.toml; one without a reason makes the exit status 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from pathlib import Path

from reviewtool.behaviour.sensitivity import Bench, Fate, Trial, score, try_mutants
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.mutants import find_mutants
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

WALK = (
    "follow_page", "follow_page_mask", "follow_p4d_mask", "follow_pud_mask", "follow_pmd_mask",
    "follow_page_pte", "follow_pfn_pte", "no_page_table", "can_follow_write_pte", "can_follow_write_pmd",
    "follow_trans_huge_pmd", "follow_devmap_pmd", "follow_devmap_pud", "touch_pmd", "touch_pud",
    "try_grab_page", "gup_must_unshare", "gup_can_follow_protnone", "hugetlb_follow_page_mask",
    "vm_normal_page", "__get_user_pages", "faultin_page", "check_vma_flags",
)  # fmt: skip
REASONS = Path(__file__).parent / "survivors.toml"


def read_reasons() -> dict[str, str]:
    """Return the reason of each known survivor by its name."""
    if not REASONS.exists():
        return {}
    return {item["name"]: item["why"] for item in tomllib.loads(REASONS.read_text())["survivors"]}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--every", type=int, default=1, help="only every Nth mutant")
    parser.add_argument("--function", action="append", help="only these functions")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, help="begin no mutant after so long")
    parser.add_argument("--out", type=Path, help="write each trial, a line each")
    arguments = parser.parse_args()
    tree = bundled_model()
    names = tuple(arguments.function or WALK)
    mutants = find_mutants(tree, index_sources(tree), frozenset(names))[:: arguments.every]
    out = arguments.out.open("w") if arguments.out else None
    trials: list[Trial] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        # a cache of its own: what is equal in all mutants is compiled once
        bench = Bench(tree, open_cache(Path(folder)))
        for trial in try_mutants(bench, mutants, workers=arguments.jobs, seconds=arguments.seconds):
            trials.append(trial)
            if out:
                tried = trial.mutant
                out.write(
                    f"{trial.fate.name}\t{trial.entry}\t{trial.scenarios}\t{tried.line}\t{tried.name}\n"
                )
                out.flush()
    print(f"{len(trials)} of {len(mutants)} mutants tried in {time.monotonic() - start:.0f} s")
    print(f"{'function':28} {'mutants':>7} {'compile':>7} {'differ':>6} {'reported':>8}  score")
    totals = [0, 0, 0, 0]
    for name in names:
        of = score(name, trials)
        print(
            f"{name:28} {of.mutants:7} {of.compiled:7} {of.different:6} {of.reported:8} {of.share:6.1%}"
        )
        for at, count in enumerate((of.mutants, of.compiled, of.different, of.reported)):
            totals[at] += count
    print(
        f"{'all':28} {totals[0]:7} {totals[1]:7} {totals[2]:6} {totals[3]:8} {totals[3] / max(1, totals[2]):6.1%}"
    )
    reasons = read_reasons()
    unexplained = 0
    for trial in trials:
        if trial.fate in (Fate.SURVIVED, Fate.UNKNOWN, Fate.UNDRIVEN):
            why = reasons.get(trial.mutant.name)
            unexplained += why is None
            print(
                f"{trial.fate.value}: {trial.mutant.path}:{trial.mutant.line}: {trial.mutant.name}: {why or 'NO REASON KNOWN'}"
            )
    sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
