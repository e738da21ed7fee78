# SPDX-License-Identifier: GPL-2.0-only
"""A condition's count, share and witness are those of the scenarios that it holds for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtool.behaviour.conditions import measure_rules, states_of, subsets_of
from reviewtool.behaviour.rules import rules_for
from reviewtool.behaviour.table import label_domain
from reviewtool.simulate.domain import Domain, lay_out

STATES = lay_out(frozenset({"entry", "access", "prot", "vma"}), ())
DOMAIN = Domain(STATES.factors, ("FOLL_WRITE", "FOLL_GET"), STATES.words)


@given(st.integers(0, 2**31))
@settings(max_examples=40)
def test_conditions_cover_exactly_the_scenarios_with_the_label_and_count_them(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 2, (9, 4)).astype(np.int16)
    row_of = (DOMAIN.columns["access"] * 3 + DOMAIN.columns["prot"] % 3).astype(np.int32)
    rules = rules_for(label_domain(DOMAIN, rows, row_of), 1)
    wanted = rows[row_of] == 1
    covered = np.zeros(wanted.shape, np.bool_)
    for rule in rules:
        holds = np.outer(states_of(rule, DOMAIN), subsets_of(rule, DOMAIN))
        (measured,) = measure_rules([rule], DOMAIN)
        assert measured.count == holds.sum()
        assert measured.share == holds.sum() / DOMAIN.scenarios
        covered |= holds
        state = int(np.flatnonzero(DOMAIN.words == measured.witness.word)[0])
        assert holds[state, measured.witness.subset]
        assert DOMAIN.unusual[state] == DOMAIN.unusual[holds.any(axis=1)].min()
    assert np.array_equal(covered, wanted)
    counts = [condition.count for condition in measure_rules(rules, DOMAIN)]
    assert counts == sorted(counts, reverse=True)
