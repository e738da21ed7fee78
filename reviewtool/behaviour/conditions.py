# SPDX-License-Identifier: GPL-2.0-only
"""Rules measured over the whole domain: how many scenarios each holds for, and the plainest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reviewtool.behaviour.rules import Rule
from reviewtool.behaviour.wording import Scenario, rule_words, scenario_at
from reviewtool.simulate.domain import Domain


@dataclass(frozen=True)
class Condition:
    """A rule in words, and what it holds for.

    count: scenarios; conditions of one list may overlap.  share: of all scenarios, 0 to 1.
    witness: the scenario with the fewest factors that are not as plain as they can be.
    """

    words: str
    count: int
    share: float
    witness: Scenario


def measure_rules(rules: Sequence[Rule], domain: Domain) -> tuple[Condition, ...]:
    """Return RULES as conditions, most general first."""
    measured = [_measure(rule, domain) for rule in rules]
    measured.sort(key=lambda condition: -condition.count)
    return tuple(measured)


def states_of(rule: Rule, domain: Domain) -> npt.NDArray[np.bool_]:
    """Return for which states of DOMAIN RULE holds, whatever the flags; shape (states,)."""
    holds = np.ones(len(domain.words), np.bool_)
    for literal in rule.literals:
        if not literal.axis.is_flag:
            # codes are small: looked up, not searched for
            wanted = np.zeros(256, np.bool_)
            wanted[list(literal.values)] = True
            holds &= wanted[domain.columns[literal.axis.name]]
    return holds


def subsets_of(rule: Rule, domain: Domain) -> npt.NDArray[np.bool_]:
    """Return for which subsets of the flags RULE holds, whatever the state; shape (subsets,)."""
    subsets = np.arange(1 << len(domain.flags))
    holds = np.ones(len(subsets), np.bool_)
    for literal in rule.literals:
        if literal.axis.is_flag:
            holds &= np.isin(subsets >> domain.flags.index(literal.axis.name) & 1, literal.values)
    return holds


def _measure(rule: Rule, domain: Domain) -> Condition:
    states = states_of(rule, domain)
    subsets = np.flatnonzero(subsets_of(rule, domain))
    count = int(states.sum()) * len(subsets)
    # The plainest state and the fewest flags: a rule asks for them independently.
    state = int(np.argmin(np.where(states, domain.unusual, np.iinfo(np.int16).max)))
    subset = int(subsets[int(np.argmin(np.bitwise_count(subsets.astype(np.uint32))))])
    witness = scenario_at(domain, int(domain.words[state]), subset)
    return Condition(rule_words(rule, domain), count, count / max(1, domain.scenarios), witness)
