# SPDX-License-Identifier: GPL-2.0-only
"""What a text promises, held against the facts: supported, contradicted, or not checkable.

Only sentences that a pattern of the vocabulary knows are judged; every other is "not checkable".
The vocabulary is about properties, not about English: a pattern names the fact and what the
sentence says about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from reviewtool.behaviour.compare import Comparison, Verdict
from reviewtool.behaviour.facts import Fact, Facts


class Judgement(Enum):
    """What the sweep says to a sentence."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_CHECKABLE = "not checkable"


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text, white space made single; line: 1-based, where it begins."""

    text: str
    line: int


@dataclass(frozen=True)
class Claim:
    """A sentence, the judgement, and why in words (with numbers and a witness)."""

    sentence: Sentence
    judgement: Judgement
    why: str


# Spellings of "no functional change".  Source: log messages of Linux v5.0 to v6.12.
_NO_CHANGE = re.compile(
    r"\bno\s+(?:intended\s+|intentional\s+)?(?:functional|functionality|semantic|behaviou?ral?|logical)\s+changes?\b"
    r"|\bNFCI?\b|\bno\s+change\s+in\s+(?:functionality|behaviou?r)\b|\bpure(?:ly)?\s+(?:a\s+)?(?:refactor|clean-?up|code\s+move)"
    r"|\bwithout\s+(?:any\s+)?(?:functional|behaviou?ral)\s+changes?\b|\bdoes\s+not\s+change\s+(?:the\s+)?behaviou?r\b",
    re.IGNORECASE,
)

_NEVER, _ALWAYS, _MAY, _WITH_GET = "never", "always", "may", "exactly with FOLL_GET"

# (pattern, fact, what the sentence says of it)
_VOCABULARY: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), fact, said)
    for pattern, fact, said in (
        (r"\btakes?\s+(?:a|the)\s+(?:page\s+)?reference\b.*\b(?:only\s+)?(?:with|if)\s+@?\w*\s*\bFOLL_GET", "references", _WITH_GET),
        (r"\btakes?\s+(?:a|the)\s+(?:page\s+)?reference\b|\breference\s+(?:is|will\s+be)\s+taken\b", "references", _ALWAYS),
        (r"\b(?:takes|taking)\s+no\s+reference|\bdoes\s+not\s+take\s+(?:a|any)\s+reference", "references", _NEVER),
        (r"\b(?:page|it)\s+(?:has\s+to|must)\s+be\s+released\b|\breleased?\s+(?:using|by|with)\s+put_page", "references", _ALWAYS),
        (r"\b(?:not|never)\s+return\b.*\bzero\b", "zero_page", _NEVER),
        (r"\bmapped\s+PROT_NONE\b|\bdoes\s+not\s+check\b.*\bprotection\b|no longer fail\w*\b.*\bPROT_NONE\b"
         r"|\bsucceed\w*\b.*\bPROT_NONE\b", "protnone", _MAY),
        (r"\bfails?\s+on\s+PROT_NONE\b|\bnot\s+return\b.*\bPROT_NONE\b", "protnone", _NEVER),
        (r"\bnot\s+(?:trigger|cause|take)\b.*\bNUMA\s+hinting\b|\bnever\b.*\bNUMA\s+hinting\b", "fault_numa", _NEVER),
        (r"\bnot\s+(?:actually\s+)?(?:trigger|cause|take|handle)\b.*\b(?:page\s+)?faults?\b|\bnever\b.*\bpage\s+faults?\b",
         "faults", _NEVER),
        (r"\bmay\s+sleep\b|\bmight\s+sleep\b", "slept", _MAY),
        (r"\b(?:does|will)\s+not\s+sleep\b|\bnever\s+sleeps\b", "slept", _NEVER),
        (r"\b(?:if\s+)?no\s+page\s+is\s+mapped\b.*\b(?:NULL|error)\b", "not_present", _NEVER),
        (r"\bsecretmem\b.*\b(?:not|never|NULL)\b", "secretmem", _NEVER),
        (r"\bmarks?\s+the\s+page\s+accessed\b", "accessed", _MAY),
    )
)  # fmt: skip


def claims_no_change(text: str) -> bool:
    """Return whether TEXT promises that nothing changes."""
    return bool(_NO_CHANGE.search(text))


def judge_no_change(sentence: Sentence, comparisons: Sequence[Comparison]) -> Claim:
    """Judge a sentence that promises no functional change."""
    changed = [comparison for comparison in comparisons if comparison.verdict is Verdict.CHANGE]
    if changed:
        worst = max(changed, key=lambda comparison: comparison.changed)
        first = worst.changes[0]
        why = f"{worst.entry}() changes in {worst.changed:,} scenarios; first: {first.witness.words}: {first.witness_before} -> {first.witness_after}"
        return Claim(sentence, Judgement.CONTRADICTED, why)
    if not comparisons or any(comparison.verdict is Verdict.UNKNOWN for comparison in comparisons):
        return Claim(sentence, Judgement.NOT_CHECKABLE, "not everything that changed could be run")
    total = sum(comparison.domain.scenarios for comparison in comparisons)
    return Claim(sentence, Judgement.SUPPORTED, f"no outcome differs over {total:,} scenarios")


def judge(sentence: Sentence, facts: Facts) -> tuple[Claim, ...]:
    """Judge SENTENCE by the facts of the function that it is about; one claim per property met."""
    claims: list[Claim] = []
    seen: set[str] = set()
    for pattern, fact_id, said in _VOCABULARY:
        fact = facts.get(fact_id)
        if fact_id in seen or not pattern.search(sentence.text):
            continue
        seen.add(fact_id)
        if fact is None:
            claims.append(
                Claim(
                    sentence,
                    Judgement.NOT_CHECKABLE,
                    f"the sweep of {facts.entry}() has no such scenario",
                )
            )
            continue
        claims.append(_hold(sentence, fact, said))
    return tuple(claims) or (
        Claim(sentence, Judgement.NOT_CHECKABLE, "no fact of the sweep is about this"),
    )


def _hold(sentence: Sentence, fact: Fact, said: str) -> Claim:
    holds = {
        _NEVER: fact.count == 0,
        _ALWAYS: fact.count == fact.of,
        _MAY: fact.count > 0,
        _WITH_GET: fact.when == _WITH_GET,
    }[said]
    why = f"{fact.subject}: {fact.when}"
    if holds:
        return Claim(sentence, Judgement.SUPPORTED, f"{why} ({fact.count:,} of {fact.of:,})")
    example = fact.witness if said == _NEVER else fact.counter
    shown = f"; for example {example.words}" if example else ""
    return Claim(sentence, Judgement.CONTRADICTED, f"{why} ({fact.count:,} of {fact.of:,}){shown}")


_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z@%&(\"'])|\n\s*\n|(?<=:)\s*\n")


def split_sentences(lines: Sequence[tuple[int, str]]) -> tuple[Sentence, ...]:
    """Return the sentences of numbered LINES of prose, in order."""
    text = ""
    starts: list[tuple[int, int]] = []
    for number, content in lines:
        starts.append((len(text), number))
        text += content + "\n"
    sentences: list[Sentence] = []
    at = 0
    for part in _END.split(text):
        found = text.find(part, at)
        at = found + len(part)
        words = " ".join(part.split())
        if words:
            first = found + len(part) - len(part.lstrip())
            line = max((number for start, number in starts if start <= first), default=1)
            sentences.append(Sentence(words, line))
    return tuple(sentences)
