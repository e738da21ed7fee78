# SPDX-License-Identifier: GPL-2.0-only
"""Whole outputs, held to golden files one can open."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtool.mail.address import Address
from reviewtool.report.lint import lint_reply
from reviewtool.report.remarks import closing, write_remarks
from reviewtool.report.replies import reply_to_cover
from reviewtool.report.reply import write_reply
from reviewtool.report.summary import render_json, render_markdown, render_text
from reviewtool.review import NOTICE, Review
from reviewtool.series.series import Series

Reviews = Callable[[str], tuple[Review, Series]]
Golden = Callable[[str, bytes], None]


@pytest.mark.parametrize(
    "name",
    ["follow-page-v1.mbox", "lock-leak.patch", "true-refactoring.patch", "smaps-undone.mbox"],
)
def test_the_text_report_is_as_it_was(review_sample: Reviews, golden: Golden, name: str) -> None:
    golden(f"{name}.txt", render_text(review_sample(name)[0]).encode())


def test_the_json_report_is_as_it_was(review_sample: Reviews, golden: Golden) -> None:
    golden(
        "follow-page-v1.mbox.json", render_json(review_sample("follow-page-v1.mbox")[0]).encode()
    )


def test_the_markdown_report_is_as_it_was(review_sample: Reviews, golden: Golden) -> None:
    golden("lock-leak.patch.md", render_markdown(review_sample("lock-leak.patch")[0]).encode())


def test_what_a_later_patch_undoes_is_in_every_report(
    review_sample: Reviews, golden: Golden
) -> None:
    review, series = review_sample("smaps-undone.mbox")
    golden("smaps-undone.mbox.md", render_markdown(review).encode())
    golden("smaps-undone.mbox.json", render_json(review).encode())
    reply = reply_to_cover(review, series, Address("Rev Iewer", "reviewer@example.org"))
    assert reply is not None
    golden("smaps-undone.mbox.cover.eml", reply.data)


def test_a_series_of_many_patches_has_a_line_for_each_entry(review_sample: Reviews) -> None:
    review, _ = review_sample("smaps-undone.mbox")
    assert review.whole is not None
    one = review.whole.entries[0]
    steps = tuple(replace(one.steps[0], label=f"{n}/9") for n in range(1, 10))
    many = replace(review.whole, entries=(replace(one, steps=steps),))
    text = " ".join(render_text(replace(review, whole=many)).split())
    assert re.search(
        r"smaps_pte_range\(\): changed by the series in \d+ of [\d,]+ scenarios; 1/9: \d+, 2/9",
        text,
    )


def test_the_reply_is_as_it_was_and_passes_the_lint(review_sample: Reviews, golden: Golden) -> None:
    review, series = review_sample("follow-page-v1.mbox")
    patch = series.patches[1]
    assert patch.mail is not None
    me = Address("Rev Iewer", "reviewer@example.org")
    body = write_reply(
        patch.mail,
        write_remarks(review.patches[1]),
        me,
        author=patch.author,
        closing=closing(review.patches[1]),
    )
    golden("follow-page-v1.mbox.eml", body)
    assert [str(problem) for problem in lint_reply(body, "reply", [patch.mail])] == []


@pytest.mark.parametrize(
    "name", ["follow-page-v1.mbox", "lock-leak.patch", "does-not-compile.patch"]
)
def test_no_line_of_the_text_report_is_too_long(review_sample: Reviews, name: str) -> None:
    long = [
        line
        for line in render_text(review_sample(name)[0]).splitlines()
        if len(line) > 78 and " " in line.strip()
    ]
    assert long == []


def test_every_report_says_that_it_is_no_kernel_test(review_sample: Reviews) -> None:
    review, _ = review_sample("lock-leak.patch")
    for text in (
        render_text(review),
        render_markdown(review),
        json.loads(render_json(review))["notice"],
    ):
        assert NOTICE in " ".join(text.replace("\\", "").split())


def test_hostile_text_never_reaches_the_terminal_raw(review_sample: Reviews) -> None:
    review, _ = review_sample("lock-leak.patch")
    evil = "\x1b]0;owned\x07\u202egnp.exe\r\n| `x` <script>"
    bad = replace(
        review, title=evil, patches=(replace(review.patches[0], subject=evil, author=evil),)
    )
    for text in (render_text(bad), render_markdown(bad)):
        assert not set(text) & {"\x1b", "\x07", "\u202e", "\r"}
    assert "<script>" not in render_markdown(bad).replace("\\<", "")
    assert json.loads(render_json(bad))["review"]["title"] == evil


def test_no_report_gives_a_tag_away(review_sample: Reviews) -> None:
    review, _ = review_sample("true-refactoring.patch")
    for text in (render_text(review), render_markdown(review), render_json(review)):
        assert "Tested-by" not in text
        assert "Reviewed-by" not in text
