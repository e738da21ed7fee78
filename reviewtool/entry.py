# SPDX-License-Identifier: GPL-2.0-only
"""What was found of an entry, as the Review has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reviewtool.behaviour.callers import Call, find_calls, reach_of
from reviewtool.behaviour.combined import Combined
from reviewtool.behaviour.compare import Change, Comparison, Verdict
from reviewtool.behaviour.conditions import Condition
from reviewtool.behaviour.facts import Facts
from reviewtool.review import (
    CallerReview,
    ChangeReview,
    ConditionReview,
    EntryReview,
    FactReview,
    ReachedReview,
)
from reviewtool.tree.source import SourceIndex


@dataclass(frozen=True)
class Compared:
    """An entry compared, with its facts before and after, and what all its flags do together where that was run."""

    comparison: Comparison
    before: Facts
    after: Facts
    combined: Combined | None = None

    @property
    def verdict(self) -> Verdict:
        """The answer for this entry."""
        if self.combined is not None and self.combined.change is not None:
            return Verdict.CHANGE
        if self.combined is not None and self.combined.unknown:
            return Verdict.UNKNOWN
        return self.comparison.verdict

    @property
    def scenarios(self) -> int:
        """How many scenarios that answer is about."""
        if self.combined is None or self.combined.gave_up:
            return self.comparison.domain.scenarios
        return self.combined.scenarios


def entry_review(made: Compared, old: SourceIndex, new: SourceIndex) -> EntryReview:
    """Return what a review says of an entry of trees OLD and NEW."""
    comparison, before, after = made.comparison, made.before, made.after
    function, domain = new.functions[comparison.entry], comparison.domain
    facts = []
    for fact_id in dict.fromkeys([*(f.id for f in before.facts), *(f.id for f in after.facts)]):
        b, a = before.get(fact_id), after.get(fact_id)
        subject = (a or b).subject if (a or b) else ""  # type: ignore[union-attr]
        facts.append(FactReview(fact_id, subject, b.when if b else "", a.when if a else ""))
    callers = tuple(
        dict.fromkeys(
            _caller_review(call, comparison) for call in find_calls(new, comparison.entry)
        )
    )
    combined = made.combined
    more = combined.change if combined else None
    changes = (*comparison.changes, more) if more else comparison.changes
    return EntryReview(
        name=comparison.entry, path=function.path, line=function.first_line,
        signature_before=old.functions[comparison.entry].signature, signature_after=function.signature,
        verdict=made.verdict.value, scenarios=domain.scenarios, states=len(domain.words),
        factors=tuple(factor.name for factor in domain.factors), flags=domain.flags, also=domain.also, cut=domain.cut,
        changed=comparison.changed, overall=comparison.overall,
        changes=tuple(_change_review(change) for change in changes), facts=tuple(facts),
        callers=callers, unmodelled=comparison.unmodelled, left=comparison.left,
        combined=combined.scenarios if combined else 0, behaviours=combined.behaviours if combined else 0,
        combined_changed=more.count if more else 0, not_combined=combined.gave_up if combined else "",
    )  # fmt: skip


def _caller_review(call: Call, comparison: Comparison) -> CallerReview:
    reach = reach_of(call, comparison)
    return CallerReview(
        call.name, call.path, call.words, call.why, call.through, reach.count, reach.sure,
        tuple((change.after, count) for change, count in reach.changes),
    )  # fmt: skip


def condition_reviews(conditions: Iterable[Condition]) -> tuple[ConditionReview, ...]:
    """Return CONDITIONS as a review has them."""
    return tuple(
        ConditionReview(one.words, one.count, one.share, one.witness.words, one.witness.options)
        for one in conditions
    )


def _change_review(change: Change) -> ChangeReview:
    return ChangeReview(
        before=change.before, after=change.after, effects=change.effects, hazards=change.hazards,
        conditions=condition_reviews(change.conditions),
        count=change.count, share=change.share, witness=change.witness.words, witness_options=change.witness.options,
        witness_before=change.witness_before, witness_after=change.witness_after,
        reached=tuple(ReachedReview(one.state, one.route, one.scenario.options, one.before, one.after) for one in change.reached),
    )  # fmt: skip
