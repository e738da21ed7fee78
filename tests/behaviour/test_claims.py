# SPDX-License-Identifier: GPL-2.0-only
"""Sentences are judged by facts of a real sweep, or not at all."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

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
from reviewtool.behaviour.compare import Side
from reviewtool.behaviour.entries import entry_domain
from reviewtool.behaviour.facts import PROPERTIES, Facts, find_facts
from reviewtool.behaviour.vocabulary import (
    PhraseError,
    Vocabulary,
    compile_phrase,
    load_vocabulary,
)
from reviewtool.errors import InputError
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

YES, NO, OPEN = Judgement.SUPPORTED, Judgement.CONTRADICTED, Judgement.NOT_CHECKABLE


@pytest.fixture(scope="module")
def facts() -> Facts:
    """Give the facts of follow_page() of the bundled model."""
    base = bundled_model()
    index = index_sources(base)
    bound = bind(index.functions["follow_page"])
    assert isinstance(bound, Binding)
    domain = entry_domain("follow_page", index, index, [bound], 1 << 21)
    flags = (*domain.flags, *domain.also)
    module = build(BuildRequest(base, (bound,), flags, index.constants), Cache(None))
    assert isinstance(module, Module)
    side = Side(sweep(module, "follow_page", domain, workers=1), module.unmodelled, bound.out)
    return find_facts("follow_page", domain, side)


def verdicts(facts: Facts, text: str, *, implied: bool = True) -> list[Judgement]:
    return [claim.judgement for claim in judge(Sentence(text, 1), facts, implied=implied)]


PROMISES = [
    "No functional change intended.", "no functional changes", "NFC.", "NFCI", "This is NFC.", "No semantic change.",
    "There is no intended functional change.", "No behavioral change.", "purely a refactoring", "Pure refactoring.",
    "no change in behaviour", "No change in behaviour is intended.", "No functional changes expected.",
    "No intentional functional changes.", "This patch does no functional changes.", "There should be no functional change.",
    "There should be no functional changes here.", "This should not introduce any functional change.",
    "Overall, this patch does not introduce any functional change.", "This does not introduce any functional changes.",
    "This patch makes no functional changes.", "This change makes no functional difference.", "This is a no-op.",
    "This patch has no functional impact.", "No logical change.", "No runtime change.", "No change of behavior.",
    "No functional change in this patch.", "No behavioural change.",
    "No functional difference.",
    "This does not change the behaviour.", "This patch doesn't change existing behavior.", "Behaviour is unchanged.",
    "The functionality remains the same.", "Semantics are preserved.", "No functional effects.",
    "Rename the helper, no functional change.", "Clean up the error path; no functional change intended.",
    "Move this to a header (no functional change).", "Refactor follow_page_pte() with no functional change.",
    "Simplify the check without changing behaviour.", "mm/gup: rename flags - no functional change",
    "Just a code move: no functional changes intended.", "Intended to be a no-op.", "Nothing changes functionally.",
    "This commit should have no functional effect.", "The patch introduces no functional change.",
    "No functionality change.", "No functional change whatsoever.", "No functional change intended here.",
]  # fmt: skip

NOT_PROMISES = [
    "This changes the function.", "functional change ahead", "This is not NFC.", "This is not a no-op.",
    "No functional change, except for hugetlb.", "Apart from the rename, no functional change.",
    "No functional change on x86.", "No functional change for callers that do not pass FOLL_FORCE.",
    "On x86, no functional change.", "In the common case, no functional change.",
    "This would be no functional change.", "If nobody passes FOLL_FORCE, no functional change.",
    "Is this no functional change?", "I think there is no functional change.", "No functional change yet.",
    "It was claimed that there is no functional change.", "There is no guarantee that no functional change is made.",
    "Previously there was no functional change.", "no functional change unless CONFIG_NUMA_BALANCING is set",
    "We cannot fix this without changing behaviour.", "It is impossible to do this without functional changes.",
    "the NFC reader driver's Kconfig", "NFC: add a driver", "Not without functional changes.",
    "The functional change is intended.", "No functional change before this one.", "A functional change.",
    "The previous patch made no functional change.", "This does not make no functional change.",
    "The next patch makes no functional change, but this one does.", "No functional change? Hardly.",
    "With CONFIG_NUMA_BALANCING off, no functional change.", "Only a few functional changes.",
    "This allows callers to switch without changing behaviour.", "Mostly no functional change.",
    "No functional change intended for now.", "No functional change intended so far.", "no functional change to most callers",
]  # fmt: skip


@pytest.mark.parametrize("text", PROMISES)
def test_spellings_of_no_functional_change_are_known(text: str) -> None:
    assert claims_no_change(text)


@pytest.mark.parametrize("text", NOT_PROMISES)
def test_what_restricts_denies_or_supposes_is_no_promise(text: str) -> None:
    assert not claims_no_change(text)


SENTENCES = [
    # what the model bears out
    ("follow_page() does not trigger page faults.", YES),
    ("follow_page() never triggers a NUMA hinting fault.", YES),
    ("It will not fault in pages.", YES),
    ("The returned page might be mapped PROT_NONE, R/O or R/W.", YES),
    ("No page fault is taken.", YES),
    ("May sleep.", YES),
    ("follow_page() may sleep.", YES),
    ("With FOLL_GET, follow_page() takes a reference on the page.", YES),
    ("follow_page() takes a reference if FOLL_GET is set.", YES),
    ("follow_page() takes a reference only if FOLL_GET is set.", YES),
    ("Takes no reference without FOLL_GET.", YES),
    ("follow_page() returns NULL for swap entries without FOLL_DUMP.", YES),
    ("follow_page() may return R/O mapped pages.", YES),
    ("follow_page() fails for swap entries.", YES),
    ("follow_page() does not return secretmem pages.", YES),
    ("follow_page() marks the page accessed only with FOLL_TOUCH.", YES),
    ("follow_page() can find PROT_NONE mapped pages with FOLL_FORCE.", YES),
    ("follow_page() does not find PROT_NONE mapped PTEs without FOLL_FORCE.", YES),
    ("follow_page() never takes a pin on the page.", YES),
    ("follow_page() splits THPs only with FOLL_SPLIT_PMD.", YES),
    # what the model refutes
    ("follow_page() will not return special (like zero) pages.", NO),
    ("It never sleeps.", NO),
    ("follow_page() fails on PROT_NONE mapped pages.", NO),
    ("It takes a reference on the page.", NO),
    ("follow_page() takes no reference.", NO),
    ("The zero page is never returned.", NO),
    ("follow_page() returns NULL for PROT_NONE mapped pages.", NO),
    ("follow_page() never takes a reference on the page.", NO),
    ("follow_page() triggers NUMA hinting faults.", NO),
    ("follow_page() takes a reference only with FOLL_TOUCH.", NO),
    ("follow_page() may find swap entries.", NO),
    ("follow_page() does not find R/O mapped pages.", NO),
    ("No reference is ever taken.", NO),
    ("A reference is taken.", NO),
    ("follow_page() does not mark the page accessed.", NO),
    ("follow_page() returns NULL for PROT_NONE PTEs unless FOLL_FORCE is set.", YES),
    # what says too little, or something else
    ("follow_page() sleeps.", OPEN),
    ("follow_page() marks the page accessed.", OPEN),
    ("New users are probably better off elsewhere.", OPEN),
    ("It finds nothing in secretmem, NULL is returned.", OPEN),
    ("follow_page() would trigger page faults.", OPEN),
    ("follow_page() used to trigger page faults.", OPEN),
    ("follow_page() could never sleep.", OPEN),
    ("follow_page() previously took no reference.", OPEN),
    ("Before this patch, follow_page() never took a reference.", OPEN),
    ("If the VMA is locked, follow_page() never sleeps.", OPEN),
    ("follow_page() never sleeps if the page is small.", OPEN),
    ("follow_page() never sleeps unless told to.", OPEN),
    ("follow_page() does not never sleep.", OPEN),
    ("It is not true that follow_page() never sleeps.", OPEN),
    ("follow_page() should never sleep.", OPEN),
    ("follow_page() must not sleep.", OPEN),
    ("follow_page() hardly ever sleeps.", OPEN),
    ("follow_page() rarely triggers page faults.", OPEN),
    ("Does follow_page() trigger page faults?", OPEN),
    ("follow_page() never sleeps?", OPEN),
    ("get_user_pages() does not trigger page faults.", OPEN),
    ("Unlike get_user_pages(), follow_page() triggers page faults.", OPEN),
    ("The caller takes a reference on the page.", OPEN),
    ("The caller of follow_page() takes a reference.", OPEN),
    ("Callers rely on follow_page() never sleeping.", OPEN),
    ("follow_page() and put_page() never sleep.", OPEN),
    ("follow_page() takes a reference on the folio list.", OPEN),
    ("follow_page() takes a reference with FOLL_GET or FOLL_PIN.", OPEN),
    ("follow_page() returns -EIO for nothing in particular.", OPEN),
    ("follow_page() takes a reference if FOLL_GET is clear.", OPEN),
    ("follow_page() takes a reference if not FOLL_GET.", OPEN),
    ("follow_page() takes a reference with FOLL_UNHEARD_OF.", OPEN),
    ("follow_page() never sleeps, except in hugetlb VMAs.", OPEN),
    ("follow_page() never sleeps; unless the VMA is hugetlb.", OPEN),
    ("follow_page() never sleeps, but only when the mmap_lock is held.", OPEN),
    ("Previously, follow_page() did not sleep, and it never triggers page faults.", OPEN),
    ("follow_page() will eventually never sleep.", OPEN),
    ("follow_page() tries to never sleep.", OPEN),
    ("We want follow_page() to never sleep.", OPEN),
    ("follow_page() no longer never sleeps.", OPEN),
    ("follow_page() almost never triggers page faults.", OPEN),
    ("Without this patch, follow_page() triggers page faults.", OPEN),
    ("follow_page(): sleeping is bad.", OPEN),
    ("The zero page is never returned to hugetlb.", OPEN),
    ("May sleep in a hugetlb VMA.", OPEN),
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdict"), SENTENCES)
def test_a_sentence_is_judged_as_a_reviewer_would(
    facts: Facts, text: str, verdict: Judgement
) -> None:
    assert verdicts(facts, text) == [verdict]


def test_a_judgement_says_how_many_and_gives_a_witness(facts: Facts) -> None:
    (claim,) = judge(Sentence("It takes a reference on the page.", 1), facts)
    assert "of" in claim.why
    assert "for example" in claim.why
    (claim,) = judge(Sentence("follow_page() never sleeps without FOLL_SPLIT_PMD.", 1), facts)
    assert "without FOLL_SPLIT_PMD" in claim.why


def test_in_a_log_a_sentence_has_to_name_its_function(facts: Facts) -> None:
    for text in ("It never sleeps.", "Never sleeps.", "This function never sleeps.", "May sleep."):
        assert verdicts(facts, text, implied=False) == [OPEN]
    assert verdicts(facts, "follow_page() never sleeps.", implied=False) == [NO]
    assert verdicts(facts, "KSM's follow_page() never sleeps.", implied=False) == [NO]


def test_each_clause_is_judged_of_its_own(facts: Facts) -> None:
    text = "follow_page() does not trigger page faults, and it never sleeps."
    assert verdicts(facts, text) == [YES, NO]


def test_no_longer_failing_means_to_succeed_somewhere(facts: Facts) -> None:
    assert verdicts(facts, "follow_page() will no longer fail on PROT_NONE mapped PTEs.") == [YES]
    assert verdicts(facts, "follow_page() no longer fails on swap entries.") == [NO]


@given(st.text(max_size=300))
def test_any_text_is_judged_and_split(facts: Facts, text: str) -> None:
    assert verdicts(facts, text)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1)]
    words = " ".join(sentence.text for sentence in split_sentences(lines))
    assert words.split() == text.split()


WORDS = (
    "the",
    "patch",
    "moves",
    "code",
    "mmap_lock",
    "around",
    "page",
    "tables",
    "quickly",
    "and",
    "unlocks",
    "them",
)


@given(
    st.lists(st.sampled_from(WORDS), max_size=8), st.sampled_from([text for text, _ in SENTENCES])
)
def test_a_sentence_with_words_that_nobody_knows_is_never_judged(
    facts: Facts, words: list[str], text: str
) -> None:
    unknown = " ".join(["frobnicates", *words])
    assert verdicts(facts, unknown) == [OPEN]
    assert verdicts(facts, f"{text.rstrip('.?')} {unknown}") == [OPEN]
    assert not claims_no_change(f"No functional change {unknown}")


def test_sentences_keep_the_line_where_they_begin() -> None:
    lines = [
        (10, "First one."),
        (11, "Second goes"),
        (12, "on here. Third."),
        (13, ""),
        (14, "Fourth. follow_page() is fifth."),
    ]
    assert [(s.line, s.text) for s in split_sentences(lines)] == [
        (10, "First one."), (11, "Second goes on here."), (12, "Third."), (14, "Fourth."), (14, "follow_page() is fifth."),
    ]  # fmt: skip


OWN = """
[no_change]
phrases = ["just (shuffling|moving) things [around]"]
[[sentence]]
property = "slept"
says = "never"
phrases = ["is [quite] safe in atomic context"]
[[outcome]]
property = "references"
verbs = [["bumps the refcount", "bump the refcount"]]
[[kind]]
phrases = ["paged-out memory"]
states = { entry = ["swap"] }
"""


def own(tmp_path: Path, text: str) -> Vocabulary:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return load_vocabulary([str(path)], PROPERTIES)


def test_a_user_can_add_phrases(facts: Facts, tmp_path: Path) -> None:
    mine = own(tmp_path, OWN)
    assert claims_no_change("Just moving things around.", mine)
    assert not claims_no_change("Just moving things around.")
    assert claims_no_change("No functional change.", mine)
    for text, verdict in (
        ("It is quite safe in atomic context.", NO),
        ("With FOLL_GET, follow_page() bumps the refcount.", YES),
        ("follow_page() fails for paged-out memory.", YES),
    ):
        assert [c.judgement for c in judge(Sentence(text, 1), facts, mine)] == [verdict]
        assert verdicts(facts, text) == [OPEN]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[no_change", "mine.toml: no TOML"),
        ("colour = 1", "file.colour: no such key"),
        ("[no_change]\nphrases = 3", "no_change.phrases: must be a list of texts"),
        ("[no_change]\nphrases = ['a (b']", "a ')' is missing"),
        ("[no_change]\nphrases = ['a b)']", "')' closes nothing"),
        ("[no_change]\nphrases = ['[a]']", "all of it may be left out"),
        ("[no_change]\nphrases = ['']", "it is empty"),
        ("[[kind]]\nphrases = ['x']\nstates = { colour = ['red'] }", "kind 1.states.colour: no such factor"),
        ("[[kind]]\nphrases = ['x']\nstates = { entry = ['red'] }", "kind 1.states.entry: values are present"),
        ("[[sentence]]\nproperty = 'speed'\nsays = 'never'", "sentence 1.property: must be one of"),
        ("[[sentence]]\nproperty = 'slept'\nsays = 'often'", "sentence 1.says: must be one of never, always, may"),
        ("[[outcome]]\nproperty = 'slept'\nverbs = ['naps']", "outcome 1.verbs: must be pairs"),
        ("[[outcome]]\nproperty = 'returns'\nverbs = [['gives', 'give']]", "needs the word VALUE"),
    ],
)  # fmt: skip
def test_a_vocabulary_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        own(tmp_path, text)
    assert said in str(refused.value)


def test_a_vocabulary_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"nowhere\.toml"):
        load_vocabulary(["nowhere.toml"], PROPERTIES)


@given(st.text(alphabet="ab|()[] ", max_size=20))
def test_any_phrase_compiles_to_something_that_says_a_word_or_is_refused(text: str) -> None:
    with suppress(PhraseError):
        assert not re.compile(compile_phrase(text)).fullmatch("")
