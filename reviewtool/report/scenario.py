# SPDX-License-Identifier: GPL-2.0-only
"""One scenario step by step, and the list of factors, as text and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.behaviour.wording import scenario_at
from reviewtool.report.render import render
from reviewtool.report.sides import align, first_divergence, render_rows
from reviewtool.simulate.deciders import Deciders
from reviewtool.simulate.trace import SETTABLE, Step, Trace, settings_of
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources


def render_trace(trace: Trace, form: str, deciders: Deciders | None = None) -> str:
    """Return TRACE as "text" or "json", DECIDERS saying what decided its branches."""
    decided = deciders or {}
    if form == "json":
        return _json(_data(trace, decided))
    outcome = describe(read_outcome(trace.record), trace.unmodelled, trace.out)
    scenario = scenario_at(trace.domain, int(trace.domain.words[0]), trace.subset)
    return render("trace.txt.j2", trace=trace, scenario=scenario, outcome=outcome, deciders=decided)


def _data(trace: Trace, deciders: Deciders) -> dict[str, object]:
    outcome = read_outcome(trace.record)
    scenario = scenario_at(trace.domain, int(trace.domain.words[0]), trace.subset)
    words = describe(outcome, trace.unmodelled, trace.out)
    return {
        "entry": trace.entry,
        "scenario": {
            "words": scenario.words,
            "options": scenario.options,
            "settings": settings_of(trace.domain),
            "flags": list(trace.domain.flags),
        },
        "before": [asdict(event) for event in trace.before],
        "steps": [
            {**asdict(step), "decided_by": list(deciders.get(number, ()))}
            for number, step in enumerate(trace.steps)
        ],
        "cut": trace.cut,
        "outcome": {"words": words, "record": f"{trace.record:#018x}", **asdict(outcome)},
    }


def render_both(
    traces: tuple[Trace, Trace], deciders: tuple[Deciders, Deciders], form: str, width: int | None
) -> str:
    """Return the same scenario before and after as "text" (for WIDTH columns, None: no terminal) or "json"."""
    before, after = traces
    rows = align(before.steps, after.steps)
    if form == "json":
        return _json(
            {
                "before": _data(before, deciders[0]),
                "after": _data(after, deciders[1]),
                "rows": [asdict(row) for row in rows],
                "first_divergence": first_divergence(rows),
            }
        )
    cells = [
        [_cell(step, decided.get(number, ())) for number, step in enumerate(trace.steps)]
        for trace, decided in zip(traces, deciders, strict=True)
    ]
    scenario = scenario_at(after.domain, int(after.domain.words[0]), after.subset)
    said = [describe(read_outcome(t.record), t.unmodelled, t.out) for t in traces]
    return render(
        "traces.txt.j2", entry=after.entry, scenario=scenario, outcomes=said,
        cut=before.cut or after.cut, lines=list(render_rows(cells[0], cells[1], rows, width)),
        alike=first_divergence(rows) is None,
    )  # fmt: skip


def _cell(step: Step, decided: tuple[str, ...]) -> tuple[str, ...]:
    said = (f"decided by {', '.join(decided)}",) if decided else ()
    return (f"{step.path}:{step.line}  {step.text}", *said)


def render_factors(tree: Snapshot, form: str) -> str:
    """Return the factors, their values, and the flags of TREE, as "text" or "json"."""
    constants = index_sources(tree).constants
    flags = sorted(name for name in constants if re.fullmatch(r"FOLL_[A-Z0-9_]+", name))
    if form == "json":
        factors = [
            {
                "name": factor.name,
                "subject": factor.subject,
                "values": [{"name": value.name, "words": value.words} for value in factor.values],
            }
            for factor in SETTABLE
        ]
        return _json({"factors": factors, "flags": flags})
    return render("factors.txt.j2", factors=SETTABLE, flags=flags)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"
