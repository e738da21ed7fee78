# SPDX-License-Identifier: GPL-2.0-only
"""One scenario step by step, and the list of factors, as text and JSON."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from reviewtool.behaviour.outcome import describe, read_outcome
from reviewtool.behaviour.wording import scenario_at
from reviewtool.report.render import render
from reviewtool.simulate.trace import SETTABLE, Trace, settings_of
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources


def render_trace(trace: Trace, form: str) -> str:
    """Return TRACE as "text" or "json"."""
    outcome = read_outcome(trace.record)
    scenario = scenario_at(trace.domain, int(trace.domain.words[0]), trace.subset)
    words = describe(outcome, trace.unmodelled, trace.out)
    if form == "json":
        return _json(
            {
                "entry": trace.entry,
                "scenario": {
                    "words": scenario.words,
                    "options": scenario.options,
                    "settings": settings_of(trace.domain),
                    "flags": list(trace.domain.flags),
                },
                "before": [asdict(event) for event in trace.before],
                "steps": [asdict(step) for step in trace.steps],
                "cut": trace.cut,
                "outcome": {"words": words, "record": f"{trace.record:#018x}", **asdict(outcome)},
            }
        )
    return render("trace.txt.j2", trace=trace, scenario=scenario, outcome=words)


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
