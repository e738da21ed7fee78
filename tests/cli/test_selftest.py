# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool selftest`, as a user calls it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reviewtool.report.stored import read_review_file
from reviewtool.report.summary import render_json
from reviewtool.selftest.groups import number_groups
from reviewtool.selftest.program import write_program
from tests.report.hostile import EVIL

REVIEW = Path(__file__).parents[1] / "golden" / "follow-page-v1.mbox.json"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


def _run(*arguments: str | Path) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "reviewtool", "selftest", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def _number(function: str, after: str) -> int:
    groups = number_groups(read_review_file(REVIEW), "review")
    return next(g.number for g in groups if (g.function, g.change.after) == (function, after))


def test_the_list_has_every_finding_with_a_program_or_a_reason() -> None:
    done = _run(REVIEW, "--list")
    assert (done.status, done.err) == (0, "")
    blocks = re.split(r"^(?=\d+\. )", done.out, flags=re.MULTILINE)[1:]
    groups = number_groups(read_review_file(REVIEW), "review")
    assert [int(block.split(".")[0]) for block in blocks] == [group.number for group in groups]
    for block, group in zip(blocks, groups, strict=True):
        assert ("   a program with " in block) == bool(group.cases)
        assert ("   out of reach: " in block) == (not group.cases)


def test_a_program_goes_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    number = _number("follow_page", "the page")
    done = _run(REVIEW, "--finding", str(number))
    assert (done.status, done.err) == (0, "")
    group = number_groups(read_review_file(REVIEW), "review")[number - 1]
    assert done.out == write_program(group)
    file = tmp_path / "selftest.c"
    assert _run(REVIEW, "--finding", str(number), "-o", file) == Ended(0, "", "")
    assert file.read_text(encoding="utf-8") == done.out


def test_all_writes_each_program_under_its_number(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "programs"
    done = _run(REVIEW, "--all", folder)
    assert (done.status, done.err) == (0, "")
    groups = number_groups(read_review_file(REVIEW), "review")
    wanted = {f"selftest-{group.number}.c" for group in groups if group.cases}
    assert {path.name for path in folder.iterdir()} == wanted
    assert done.out == _run(REVIEW, "--list").out


def test_what_user_space_cannot_reach_is_status_1_and_a_line_per_factor(tmp_path: Path) -> None:
    number = _number("follow_page", "the device page")
    file = tmp_path / "selftest.c"
    done = _run(REVIEW, "--finding", str(number), "-o", file)
    assert (done.status, done.out) == (1, "")
    lines = done.err.splitlines()
    assert all(line.startswith(f"reviewtool: finding {number}: ") for line in lines)
    assert "entry=devmap: only a driver maps such memory" in done.err
    assert not file.exists()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"schema": 999}, "its schema version is 999, this reviewtool reads"),
        ({"schema": "1"}, "its schema version is none"),
        ({"tool": "sarif"}, "not a review"),
        ({"review": {}}, "is missing"),
    ],
)
def test_another_schema_or_a_foreign_file_is_one_line_and_status_2(
    tmp_path: Path, fields: dict[str, object], reason: str
) -> None:
    file = tmp_path / "review.json"
    file.write_text(json.dumps(json.loads(REVIEW.read_text()) | fields), encoding="utf-8")
    _refused(file, reason, "--list")


@pytest.mark.parametrize("keep", [0, 10_000])
def test_a_truncated_review_is_one_line_and_status_2(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "review.json"
    file.write_bytes(REVIEW.read_bytes()[:keep])
    _refused(file, "not JSON", "--all", tmp_path / "programs")
    assert not (tmp_path / "programs").exists()


def test_a_state_or_route_that_is_not_known_is_one_line_and_status_2(tmp_path: Path) -> None:
    text = REVIEW.read_text(encoding="utf-8")
    for name in ("small-none", "move_pages_query"):
        file = tmp_path / "review.json"
        file.write_text(text.replace(f'"{name}"', '"\\u001b[2J; rm -rf"'), encoding="utf-8")
        _refused(file, "is no state or route that is known", "--list")


def test_what_does_not_go_together_is_one_line_and_status_2(tmp_path: Path) -> None:
    _refused(REVIEW, "say one of --list, --finding N and --all DIR")
    _refused(REVIEW, "say one of", "--list", "--finding", "1")
    _refused(REVIEW, "goes with --finding N only", "--list", "-o", tmp_path / "x")
    _refused(REVIEW, "has no finding 999: its findings are 1 to ", "--finding", "999")
    _refused(REVIEW, "has no finding -1", "--finding", "-1")
    _refused(tmp_path / "none.json", "cannot be read", "--list")
    _refused(REVIEW, "cannot be made", "--all", REVIEW / "below")


def test_names_of_strangers_stay_on_their_line(tmp_path: Path) -> None:
    review = read_review_file(REVIEW)
    entries = tuple(
        replace(entry, name=EVIL, changes=tuple(replace(c, after=EVIL) for c in entry.changes))
        for entry in review.patches[1].entries
    )
    patch = replace(review.patches[1], label=EVIL, entries=entries)
    file = tmp_path / "review.json"
    file.write_text(render_json(replace(review, patches=(patch,))), encoding="utf-8")
    listed = _run(file, "--list")
    assert (listed.status, listed.err) == (0, "")
    for line in listed.out.splitlines():
        assert re.match(r"\d+\. patch |   (a program with|out of reach: )", line), line
        assert re.fullmatch(r"[^\x00-\x1f\x7f-\x9f\u202e\u2028]*", line)
    refused = _run(file, "--finding", "1")
    assert refused.status == 1
    assert all(line.startswith("reviewtool: finding 1: ") for line in refused.err.splitlines())


def _refused(file: Path, reason: str, *arguments: str | Path) -> None:
    done = _run(file, *arguments)
    assert (done.status, done.out) == (2, "")
    assert reason in done.err
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err
