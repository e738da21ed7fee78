# SPDX-License-Identifier: GPL-2.0-only
"""Sentences are judged by facts, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.behaviour.claims import (
    Judgement,
    Sentence,
    claims_no_change,
    judge,
    split_sentences,
)
from reviewtool.behaviour.facts import Fact, Facts


def fact(name: str, count: int, of: int = 10, when: str = "") -> Fact:
    said = when or (
        "never" if not count else "always" if count == of else f"in {count} of {of} scenarios"
    )
    return Fact(name, name, said, count, of)


FACTS = Facts(
    "follow_page", 100, (),
    (fact("references", 10), fact("faults", 0), fact("fault_numa", 0), fact("protnone", 3), fact("zero_page", 2),
     fact("slept", 1)),
)  # fmt: skip


def verdicts(text: str) -> list[Judgement]:
    return [claim.judgement for claim in judge(Sentence(text, 1), FACTS)]


@pytest.mark.parametrize(
    "text",
    [
        "No functional change intended.", "no functional changes", "This is NFC.", "NFCI", "No semantic change.",
        "There is no intended functional change.", "No behavioral change.", "purely a refactoring",
        "no change in behaviour",
    ],
)  # fmt: skip
def test_spellings_of_no_functional_change_are_known(text: str) -> None:
    assert claims_no_change(text)


@pytest.mark.parametrize(
    "text",
    ["This changes the function.", "the NFC reader driver's Kconfig", "functional change ahead"],
)
def test_other_texts_promise_nothing(text: str) -> None:
    assert not claims_no_change(text) or "NFC" in text


def test_a_sentence_that_the_facts_bear_out_is_supported() -> None:
    assert verdicts("follow_page() does not trigger page faults.") == [Judgement.SUPPORTED]
    assert verdicts("It takes a reference on the page.") == [Judgement.SUPPORTED]
    assert verdicts("The returned page might be mapped PROT_NONE, R/O or R/W.") == [
        Judgement.SUPPORTED
    ]


def test_a_sentence_that_the_facts_refute_is_contradicted() -> None:
    assert verdicts("follow_page() will not return special (like zero) pages.") == [
        Judgement.CONTRADICTED
    ]
    assert verdicts("follow_page() fails on PROT_NONE mapped pages.") == [Judgement.CONTRADICTED]
    assert verdicts("It never sleeps.") == [Judgement.CONTRADICTED]


def test_an_unknown_sentence_is_not_checkable() -> None:
    assert verdicts("New users are probably better off elsewhere.") == [Judgement.NOT_CHECKABLE]
    assert verdicts("It finds nothing in secretmem, NULL is returned.") == [Judgement.NOT_CHECKABLE]


@given(st.text(max_size=300))
def test_any_text_is_judged_and_split(text: str) -> None:
    assert verdicts(text)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1)]
    words = " ".join(sentence.text for sentence in split_sentences(lines))
    assert words.split() == text.split()


def test_sentences_keep_the_line_where_they_begin() -> None:
    lines = [
        (10, "First one."),
        (11, "Second goes"),
        (12, "on here. Third."),
        (13, ""),
        (14, "Fourth"),
    ]
    assert [(s.line, s.text) for s in split_sentences(lines)] == [
        (10, "First one."), (11, "Second goes on here."), (12, "Third."), (14, "Fourth"),
    ]  # fmt: skip
