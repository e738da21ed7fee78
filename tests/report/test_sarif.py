# SPDX-License-Identifier: GPL-2.0-only
"""SARIF 2.1.0: against the constraints that we rely on, and against the official schema where it is at hand.

The official schema is no file of this project: REVIEWTOOL_SARIF_SCHEMA names one, as the npm package
@microsoft/jest-sarif has it (lib/schemas/sarif-2.1.0-rtm.5.json); .ci/run fetches it.
"""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any  # what a foreign format's reader sees
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest

from reviewtool.report.catalogue import CATALOGUE
from reviewtool.report.sarif import FINGERPRINT, plain_message, render_sarif, tree_uri
from reviewtool.review import Finding, Review, Severity
from reviewtool.series.series import Series
from tests.report.hostile import hostile_review

Reviews = Callable[[str], tuple[Review, Series]]
Golden = Callable[[str, bytes], None]
SAMPLES = [
    "lock-leak.patch",
    "follow-page-v1.mbox",
    "does-not-compile.patch",
    "does-not-apply.patch",
]
SCHEMA = os.environ.get("REVIEWTOOL_SARIF_SCHEMA", "")
PACKAGE = Path(__file__).parents[2] / "reviewtool"


def _log(review: Review) -> Any:
    return json.loads(render_sarif(review))


def _messages(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return own + [text for item in value.values() for text in _messages(item)]
    if isinstance(value, list):
        return [text for item in value for text in _messages(item)]
    return []


def _check(log: Any) -> None:
    """Hold LOG to the constraints of the standard on what we write."""
    assert log["version"] == "2.1.0"
    assert urlsplit(log["$schema"]).scheme == "https"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert re.fullmatch(r"[A-Za-z0-9]*", rule["name"])
        assert rule["help"]["text"].strip()
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        for location in result.get("locations", []):
            place = location["physicalLocation"]
            uri = place["artifactLocation"]["uri"]
            assert place["artifactLocation"]["uriBaseId"] in run["originalUriBaseIds"]
            parts = urlsplit(uri)
            assert (parts.scheme, parts.netloc, uri[:1] == "/") == ("", "", False)
            assert ".." not in unquote(uri).split("/")
            assert place.get("region", {"startLine": 1})["startLine"] >= 1
        assert re.fullmatch(r"[0-9a-f]{32}", result["partialFingerprints"][FINGERPRINT])
    prints = [result["partialFingerprints"][FINGERPRINT] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    for text in _messages(log):
        assert "{" not in text.replace("{{", "")
        assert re.search(r"(?<!\\)\]\(", text) is None


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_in_sarif_keeps_to_the_standard(review_sample: Reviews, name: str) -> None:
    log = _log(review_sample(name)[0])
    _check(log)
    assert len(log["runs"][0]["results"]) == sum(
        len(patch.findings) for patch in review_sample(name)[0].patches
    )


@pytest.mark.skipif(not SCHEMA, reason="REVIEWTOOL_SARIF_SCHEMA names no official schema")
@pytest.mark.parametrize("name", [*SAMPLES, "hostile"])
def test_a_sample_in_sarif_fits_the_official_schema(review_sample: Reviews, name: str) -> None:
    official = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))
    review = (
        hostile_review(review_sample("lock-leak.patch")[0])
        if name == "hostile"
        else review_sample(name)[0]
    )
    errors = jsonschema.Draft4Validator(official).iter_errors(_log(review))
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []


def test_sarif_is_as_it_was(review_sample: Reviews, golden: Golden) -> None:
    golden("lock-leak.patch.sarif", render_sarif(review_sample("lock-leak.patch")[0]).encode())


def test_a_finding_is_at_its_path_and_line(review_sample: Reviews) -> None:
    review = review_sample("lock-leak.patch")[0]
    (leak,) = [f for f in review.patches[0].findings if f.id == "lock-imbalance"]
    (result,) = [r for r in _log(review)["runs"][0]["results"] if r["ruleId"] == "lock-imbalance"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == leak.path == "mm/gup.c"
    assert place["region"]["startLine"] == leak.line > 0


def test_a_fingerprint_outlives_other_lines_and_counts_and_nothing_else(
    review_sample: Reviews,
) -> None:
    review = review_sample("lock-leak.patch")[0]
    patch = review.patches[0]

    def prints(*findings: Finding) -> list[str]:
        changed = replace(review, patches=(replace(patch, findings=findings),))
        results = _log(changed)["runs"][0]["results"]
        return [result["partialFingerprints"][FINGERPRINT] for result in results]

    one = Finding("hazard", Severity.ERROR, "follow_page() in 1,234 of 5", (), "mm/gup.c", 10)
    moved = replace(one, line=99, title="follow_page() in 77 of 1,000,000", details=("x",))
    assert prints(one) == prints(moved)
    assert prints(one) != prints(replace(one, path="mm/ksm.c"))
    assert prints(one) != prints(replace(one, title="break_ksm() in 1,234 of 5"))
    assert len(set(prints(one, moved))) == 2


def test_an_unknown_verdict_is_no_silence(review_sample: Reviews) -> None:
    review = review_sample("follow-page-v1.mbox")[0]
    unknown = replace(review.patches[0], verdict="could not tell", verdict_why="x", findings=())
    run = _log(replace(review, patches=(unknown,), proposals=()))["runs"][0]
    told = run["invocations"][0]["toolExecutionNotifications"]
    whole = [n["message"]["text"] for n in told if "as a whole" in n["message"]["text"]]
    assert len(whole) == 1
    assert whole[0].startswith("the series as a whole: semantic change: in ")
    assert run["results"] == []
    assert any(
        n["level"] == "warning" and "could not tell: x" in n["message"]["text"] for n in told
    )


def test_hostile_text_in_sarif_stays_text(review_sample: Reviews) -> None:
    review = hostile_review(review_sample("lock-leak.patch")[0])
    text = render_sarif(review)
    assert text.isascii()
    log = json.loads(text)
    _check(log)
    for message in _messages(log):
        assert not set(message) & {"\x1b", "\x07", "\u202e", "\r", "\x00", "\x7f", "\x85", "\u2028"}
    first = log["runs"][0]["results"][0]
    assert "locations" not in first  # the path would leave the tree


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("mm/gup.c", "mm/gup.c"),
        ("a b/ü%41.c", "a%20b/%C3%BC%2541.c"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("/etc/passwd", ""),
        ("//evil.example.org/x", ""),
        ("mm/../../x", ""),
        ("./mm//gup.c", "mm/gup.c"),
        ("a\\..\\b?#\n", "a%5C..%5Cb%3F%23%0A"),
        ("", ""),
    ],
)
def test_a_path_becomes_a_reference_inside_of_the_tree(path: str, uri: str) -> None:
    assert tree_uri(path) == uri


def test_brackets_are_left_alone_where_they_are_no_link() -> None:
    assert plain_message("pages[0] is NULL") == "pages[0] is NULL"
    assert plain_message("[x](1) {0}") == r"\[x\](1) {{0}}"


def _identifiers_in_the_source() -> set[str]:
    """Return the kinds of findings that reviewtool's own code makes, read out of its syntax trees."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", "") == "Finding"
                and node.args
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
            if isinstance(node, ast.Assign) and any(
                getattr(target, "id", "") == "_HAZARDS" for target in node.targets
            ):
                found |= {kind for _, kind in ast.literal_eval(node.value)}
    return found


def test_every_kind_of_finding_has_its_help() -> None:
    kinds = _identifiers_in_the_source()
    assert {"semantic-change", "lock-imbalance"} <= kinds
    missing = sorted(kinds - CATALOGUE.keys())
    assert missing == [], f"say what {missing} means in reviewtool/report/catalogue.py"
