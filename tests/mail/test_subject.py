# SPDX-License-Identifier: GPL-2.0-only
"""Subjects as lists write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.mail.subject import parse_subject


@pytest.mark.parametrize(
    ("raw", "version", "number", "total", "words"),
    [
        ("[PATCH] mm: x", 1, None, None, ()),
        ("[PATCH 2/4] mm: x", 1, 2, 4, ()),
        ("[PATCH v6,19/24] mm: x", 6, 19, 24, ()),
        ("[PATCH1/8] mm: x", 1, 1, 8, ()),
        ("[PATCHv3 1/8] mm: x", 3, 1, 8, ()),
        ("[PATCH 2 of 4] mm: x", 1, 2, 4, ()),
        ("[PATCH v2 1 / 2] mm: x", 2, 1, 2, ()),
        ("[PATCH mm-unstable v1 2/8] mm: x", 1, 2, 8, ("mm-unstable",)),
        ("[RFC PATCH -next v3 2/5] mm: x", 3, 2, 5, ("RFC", "-next")),
        ("[PATCH v2 06/05] mm: x", 2, 6, 5, ()),
        ("[PATCH 6.1 012/123] mm: x", 1, 12, 123, ("6.1",)),
        ("[PATCH RESEND v4 0/3] mm: x", 4, 0, 3, ("RESEND",)),
        ("[RFC 1/2] mm: x", 1, 1, 2, ("RFC",)),
        ("[PATCH][v2] mm: x", 2, None, None, ()),
        ("[mm-devel] [PATCH v2 1/2] mm: x", 2, 1, 2, ("mm-devel",)),
    ],
)
def test_13_a_submission_is_recognised_with_version_and_count(
    raw: str, version: int, number: int | None, total: int | None, words: tuple[str, ...]
) -> None:
    found = parse_subject(raw)
    assert found.is_patch
    assert not found.is_reply
    assert (found.version, found.number, found.total) == (version, number, total)
    assert found.words == words
    assert found.text == "mm: x"


@pytest.mark.parametrize(
    "raw",
    [
        "+ x.patch added to mm-unstable branch",
        "[merged mm-stable] x.patch removed from -mm tree",
        "[tip: x86/mm] x86/mm: do it",
        'Patch "mm: x" has been added to the 6.1-stable tree',
        "mm: x",
        "[ANNOUNCE] tool 1.0",
        "[LSF/MM/BPF TOPIC] patches",
    ],
)
def test_13_what_is_no_submission_is_not_taken_for_one(raw: str) -> None:
    assert not parse_subject(raw).is_patch


def test_a_notice_is_told_from_a_mail_without_a_patch_mark() -> None:
    assert parse_subject("+ x.patch added to mm-unstable branch").is_notice
    assert not parse_subject("mm: x").is_notice


@pytest.mark.parametrize(
    "mark", ["Re: ", "RE: Re: ", "Aw: ", "Fwd: ", "Re[2]: ", "[list] Re: ", "\u56de\u590d\uff1a"]
)
def test_a_reply_is_a_reply_under_all_its_marks(mark: str) -> None:
    found = parse_subject(f"{mark}[PATCH v2 1/2] mm: x")
    assert found.is_reply
    assert found.text == "mm: x"


def test_a_cover_letter_has_number_zero() -> None:
    assert parse_subject("[PATCH v2 0/4] mm: x").is_cover
    assert not parse_subject("Re: [PATCH v2 0/4] mm: x").is_cover


_SHAPES = st.builds(
    "{}[{}PATCH{}{}] {}".format,
    st.sampled_from(["", "Re: ", "RE: Re: "]),
    st.sampled_from(["", "RFC ", "RESEND "]),
    st.sampled_from(["", " v2", "v3", " mm-unstable v1", " net-next"]),
    st.sampled_from(["", " 1/2", " 00/14", " 2 / 7"]),
    st.sampled_from(["mm: x", "mm/gup: make follow_page() [again] work", "x"]),
)


@given(_SHAPES)
def test_liblore_takes_ordinary_subjects_apart_alike(raw: str) -> None:
    series = pytest.importorskip("liblore.series")
    theirs, ours = series.parse_patch_subject(raw), parse_subject(raw)
    assert (ours.text, ours.version, ours.is_patch) == (
        theirs.title,
        theirs.version,
        theirs.is_patch,
    )
    assert ours.is_reply == theirs.is_reply
    if not theirs.counters_inferred:
        assert (ours.number, ours.total) == (theirs.counter, theirs.expected)


@given(st.text())
def test_any_text_is_a_subject(raw: str) -> None:
    found = parse_subject(raw)
    assert found.version >= 0
    assert "\n" not in found.raw
