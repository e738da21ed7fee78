# SPDX-License-Identifier: GPL-2.0-only
"""How far a review can be trusted: what its sweeps ran of the changed functions, and would have noticed."""

from __future__ import annotations

from reviewtool.behaviour.sensitivity import Bench, Fate, choose, try_mutants
from reviewtool.execution import Settings
from reviewtool.picture import Ran
from reviewtool.review import CoverageReview, SensitivityReview
from reviewtool.scratch import scratch_folder
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.mutants import find_mutants

MOST_SECONDS = 120.0
"""No mutant is begun later than so long after the first."""


def find_coverage(ran: Ran, changed: tuple[str, ...]) -> tuple[CoverageReview, ...]:
    """Return which statements of the CHANGED functions, as they are after the patch, the sweeps ran."""
    runs = ran.after.runs()
    found = []
    for name in changed:
        function = ran.after.index.functions.get(name)
        if function is None or function.macro:
            continue
        inside = {
            line: count
            for (path, line), count in runs.items()
            if path == function.path and function.first_line <= line <= function.last_line
        }
        if inside:
            silent = tuple(sorted(line for line, count in inside.items() if not count))
            found.append(CoverageReview(name, function.path, len(inside), silent))
    return tuple(found)


def measure_sensitivity(
    ran: Ran, changed: tuple[str, ...], settings: Settings
) -> tuple[SensitivityReview, ...]:
    """Return how many of at most settings.mutants mutants of the CHANGED functions are reported.

    The functions are those after the patch.  Which mutants are tried depends on nothing but the tree.
    """
    if not settings.mutants:
        return ()
    tree, index = ran.after.tree, ran.after.index
    mutants = choose(find_mutants(tree, index, frozenset(changed)), settings.mutants)
    with scratch_folder("mutants") as folder:
        bench = Bench(tree, open_cache(folder), settings.budget)
        trials = list(try_mutants(bench, mutants, workers=settings.workers, seconds=MOST_SECONDS))
    found = []
    for name in changed:
        own = [trial for trial in trials if trial.mutant.function == name]
        different = [
            trial for trial in own if trial.fate not in (Fate.SAME_CODE, Fate.NOT_COMPILED)
        ]
        if own:
            missed = tuple(
                f"line {trial.mutant.line}: {trial.mutant.edit}"
                for trial in different
                if trial.fate is not Fate.REPORTED
            )
            path = index.functions[name].path
            reported = len(different) - len(missed)
            found.append(SensitivityReview(name, path, len(own), len(different), reported, missed))
    return tuple(found)
