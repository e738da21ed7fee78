# SPDX-License-Identifier: GPL-2.0-only
"""JUnit-style XML, read back by the standard library and by junitparser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from junitparser import Failure, JUnitXml, Skipped

from reviewtool.report.junit import render_junit
from reviewtool.review import NOTICE, Review
from reviewtool.series.series import Series
from tests.report.hostile import hostile_review

Reviews = Callable[[str], tuple[Review, Series]]
Golden = Callable[[str, bytes], None]


def _tree(review: Review) -> ET.Element:
    return ET.fromstring(render_junit(review))  # noqa: S314  (our own output)


def test_junit_is_as_it_was(review_sample: Reviews, golden: Golden) -> None:
    golden("lock-leak.patch.junit.xml", render_junit(review_sample("lock-leak.patch")[0]).encode())


def test_a_suite_is_a_patch_and_a_case_an_entry(review_sample: Reviews) -> None:
    review = review_sample("follow-page-v1.mbox")[0]
    *suites, whole = _tree(review).findall("testsuite")
    assert [suite.get("name") for suite in suites] == [
        f"{patch.label} {patch.subject}" for patch in review.patches
    ]
    assert review.whole is not None
    assert whole.get("name") == "the series as a whole"
    assert [case.get("name") for case in whole.iter("testcase")] == [
        f"{one.entry.name}()" for one in review.whole.entries
    ]
    for suite, patch in zip(suites, review.patches, strict=True):
        cases = {(case.get("classname"), case.get("name")): case for case in suite.iter("testcase")}
        for entry in patch.entries:
            case = cases[entry.path, f"{entry.name}()"]
            assert (case.find("failure") is not None) == bool(entry.changed)
        assert suite.findtext("system-out") == NOTICE


def test_another_reader_counts_what_the_attributes_say(
    review_sample: Reviews, tmp_path: Path
) -> None:
    path = tmp_path / "review.xml"
    path.write_text(render_junit(review_sample("follow-page-v1.mbox")[0]), encoding="utf-8")
    read = JUnitXml.fromfile(str(path))
    results = [result for suite in read for case in suite for result in case.result]
    failures = sum(isinstance(result, Failure) for result in results)
    skipped = sum(isinstance(result, Skipped) for result in results)
    assert (read.failures, read.skipped) == (failures, skipped)
    assert failures > 0
    assert read.tests == sum(1 for suite in read for _ in suite)


@pytest.mark.parametrize("entries", [True, False])
def test_what_could_not_be_told_never_passes(review_sample: Reviews, *, entries: bool) -> None:
    patch = review_sample("true-refactoring.patch")[0].patches[0]
    unknown = replace(
        patch,
        verdict="could not tell",
        verdict_why="none of the changed lines ran",
        findings=(),
        entries=patch.entries if entries else (),
    )
    review = replace(review_sample("true-refactoring.patch")[0], patches=(unknown,))
    (case,) = [case for case in _tree(review).iter("testcase") if case.get("name") == "verdict"]
    skipped = case.find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "could not tell: none of the changed lines ran"


def test_a_conflict_and_a_compile_error_fail_a_case(review_sample: Reviews) -> None:
    for name, kind in (
        ("does-not-apply.patch", "conflict"),
        ("does-not-compile.patch", "compile-error"),
    ):
        kinds = {failure.get("type") for failure in _tree(review_sample(name)[0]).iter("failure")}
        assert kind in kinds


def test_hostile_text_in_xml_stays_text(review_sample: Reviews) -> None:
    review = hostile_review(review_sample("lock-leak.patch")[0])
    text = render_junit(review)
    text.encode("utf-8")  # no half of a surrogate pair
    root = _tree(review)
    names = {element.tag for element in root.iter()}
    assert names <= {
        "testsuites", "testsuite", "properties", "property", "testcase", "failure", "skipped", "system-out",
    }  # fmt: skip
    for element in root.iter():
        for value in (*element.attrib.values(), element.text or ""):
            assert not set(value) & {"\x1b", "\x07", "\u202e", "\r", "\x7f", "\x85", "\ufffe"}
        for value in element.attrib.values():
            assert "\n" not in value
    assert any("<script>" in (failure.text or "") for failure in root.iter("failure"))
