# SPDX-License-Identifier: GPL-2.0-only
"""A Review as JUnit-style XML, as CI systems read it: a suite per patch, a case per entry function.

    entry, no semantic change      a case that passes
    entry, semantic change         a failure
    entry, could not tell          skipped; so is a function that could not be run
    any other error or warning     a case of its own that fails
    patch that could not be told   a case "verdict", skipped
    the series as a whole          a suite of its own, with a case per entry function

There is no standard; the elements and attributes are those that Ant's and Maven's reports share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from reviewtool.behaviour.compare import Verdict
from reviewtool.errors import visible
from reviewtool.review import (
    NOTICE,
    EntryReview,
    Finding,
    PatchReview,
    Review,
    Severity,
    WholeReview,
)

# What is no Char of XML 1.0 (section 2.2), in no form.
_NO_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(review: Review) -> str:
    """Return REVIEW as an XML document."""
    root = ET.Element("testsuites", name="reviewtool")
    for patch in (*review.patches, *review.proposals):
        root.append(_suite(patch, review))
    if review.whole:
        root.append(_whole_suite(review.whole, review))
    for name in ("tests", "failures", "errors", "skipped"):
        total = sum(int(suite.get(name, "0")) for suite in root)
        root.set(name, str(total))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _text(text: str) -> str:
    """Return TEXT as XML can have it."""
    return _NO_CHAR.sub("", visible(text))


def _line(text: str) -> str:
    return " ".join(_text(text).split())


def _suite(patch: PatchReview, review: Review) -> ET.Element:
    suite = ET.Element("testsuite", name=_line(f"{patch.label} {patch.subject}"))
    told = {"base": review.base, "author": patch.author, "input": patch.source}
    told |= {"applied": patch.applied, "verdict": patch.verdict, "why": patch.verdict_why}
    _properties(suite, told)
    for entry in patch.entries:
        _entry_case(suite, entry, patch.findings)
    for function, why in patch.undriven:
        case = _case(suite, f"{function}()", "not run")
        ET.SubElement(case, "skipped", message=_line(f"could not be run: {why}"))
    _finding_cases(suite, patch)
    return _finish(suite, patch.verdict, patch.verdict_why)


def _whole_suite(whole: WholeReview, review: Review) -> ET.Element:
    suite = ET.Element("testsuite", name="the series as a whole")
    told = {"base": review.base, "last": whole.last}
    _properties(suite, told | {"verdict": whole.verdict, "why": whole.verdict_why})
    for one in whole.entries:
        _entry_case(suite, one.entry, ())
    for function, why in whole.apart:
        case = _case(suite, f"{function}()", "not followed")
        ET.SubElement(case, "skipped", message=_line(f"not followed through the series: {why}"))
    return _finish(suite, whole.verdict, whole.verdict_why)


def _properties(suite: ET.Element, told: Mapping[str, str]) -> None:
    properties = ET.SubElement(suite, "properties")
    for name, value in told.items():
        ET.SubElement(properties, "property", name=name, value=_line(value))


def _finish(suite: ET.Element, verdict: str, why: str) -> ET.Element:
    """Add the case of the verdict where it is needed, and what every suite has."""
    unknown = verdict == Verdict.UNKNOWN.value
    if unknown or suite.find("testcase") is None:
        case = _case(suite, "verdict", "patch")
        if unknown:
            ET.SubElement(case, "skipped", message=_line(f"{verdict}: {why}"))
    ET.SubElement(suite, "system-out").text = NOTICE
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("errors", str(len(suite.findall("testcase/error"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    return suite


def _case(suite: ET.Element, name: str, group: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", name=_line(name), classname=_line(group), time="0")


def _entry_case(suite: ET.Element, entry: EntryReview, findings: Sequence[Finding]) -> None:
    case = _case(suite, f"{entry.name}()", entry.path)
    if entry.changed or entry.verdict == Verdict.CHANGE.value:
        message = f"{entry.extent} change"
        told = [
            detail
            for finding in findings
            if finding.id == "semantic-change" and finding.title.startswith(f"{entry.name}() ")
            for detail in finding.details
        ]
        failure = ET.SubElement(case, "failure", type="semantic-change", message=_line(message))
        failure.text = _text("\n".join(told))
    elif entry.verdict != Verdict.NO_CHANGE.value:
        missing = ", ".join(f"{name} in {count:,}" for name, count in entry.unmodelled)
        reason = f"{entry.verdict}; unmodelled: {missing}" if missing else entry.verdict
        ET.SubElement(case, "skipped", message=_line(reason))


def _finding_cases(suite: ET.Element, patch: PatchReview) -> None:
    cased = {f"{entry.name}() " for entry in patch.entries if entry.differs}
    for finding in patch.findings:
        if finding.severity is Severity.NOTE:
            continue
        if finding.id == "semantic-change" and finding.title.startswith(tuple(cased)):
            continue
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        case = _case(suite, f"{finding.id} {place}".strip(), "finding")
        message = _line(finding.title)
        failure = ET.SubElement(case, "failure", type=_line(finding.id), message=message)
        failure.text = _text("\n".join((finding.title, *finding.details)))
