# SPDX-License-Identifier: GPL-2.0-only
"""What a patch and the kernel-doc of its functions promise, held against what the sweeps found."""

from __future__ import annotations

from reviewtool.behaviour.claims import (
    Claim,
    Judgement,
    Sentence,
    claims_no_change,
    judge,
    judge_no_change,
    split_sentences,
)
from reviewtool.behaviour.compare import Verdict
from reviewtool.behaviour.vocabulary import Vocabulary
from reviewtool.execution import Draft, documented_functions
from reviewtool.kerneldoc import parse_source
from reviewtool.review import ClaimReview
from reviewtool.series.patch import Patch
from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import index_sources


def judge_claims(
    patch: Patch, before: Snapshot, after: Snapshot, draft: Draft, vocabulary: Vocabulary | None
) -> None:
    """Put into DRAFT what the sweeps say to the log of PATCH and to the kernel-doc of what it changes."""
    for sentence in split_sentences(patch.log_lines):
        if claims_no_change(sentence.text, vocabulary):
            draft.claims.append(_claim("log", _judge_no_change(sentence, draft)))
            continue
        draft.claims += [
            _claim("log", claim)
            for facts in draft.facts_after.values()
            for claim in judge(sentence, facts, vocabulary, implied=False)
            if claim.judgement is not Judgement.NOT_CHECKABLE
        ]
    touched = {file.path for file in patch.files}
    documented = documented_functions(patch, before, after)
    functions = index_sources(after).functions if draft.facts_after else {}
    for name, facts in draft.facts_after.items():
        function = functions.get(name)
        if function is None or function.path not in touched:
            continue
        if name not in draft.changed and name not in documented:
            continue
        block = parse_source(after.files[function.path], function.path).find(name)
        if block is None:
            continue
        for part in block.sentences:
            sentence = Sentence(part.text, part.line)
            draft.claims += [
                _claim(f"kernel-doc of {name}()", claim)
                for claim in judge(sentence, facts, vocabulary)
            ]


def _judge_no_change(sentence: Sentence, draft: Draft) -> Claim:
    """Judge a promise that nothing changes by all that was run, combined flags and what was not run included."""
    claim = judge_no_change(sentence, draft.comparisons)
    if claim.judgement is not Judgement.SUPPORTED or draft.verdict is Verdict.NO_CHANGE:
        return claim
    if draft.verdict is Verdict.UNKNOWN:
        return Claim(sentence, Judgement.NOT_CHECKABLE, draft.why)
    for entry in draft.entries:
        if entry.verdict == Verdict.CHANGE.value and entry.changes:
            change = entry.changes[-1]
            shown = f"{change.witness}: {change.witness_before} -> {change.witness_after}"
            why = f"{entry.name}() changes where more flags are combined: {shown}"
            return Claim(sentence, Judgement.CONTRADICTED, why)
    return Claim(sentence, Judgement.CONTRADICTED, draft.why)


def _claim(where: str, claim: Claim) -> ClaimReview:
    return ClaimReview(
        where, claim.sentence.text, claim.sentence.line, claim.judgement.value, claim.why
    )
