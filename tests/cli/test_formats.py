# SPDX-License-Identifier: GPL-2.0-only
"""`render`, `schema` and `--fail-on`, as a user calls them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from reviewtool.cli.render import render, schema
from reviewtool.errors import InputError
from reviewtool.picture import PatchPicture
from reviewtool.report.formats import FORMATS, render_review
from reviewtool.report.page import render_page
from reviewtool.report.stored import read_review_file
from reviewtool.report.summary import render_json
from reviewtool.review import Finding, Review, Severity

GOLDEN = Path(__file__).parents[1] / "golden" / "follow-page-v1.mbox.json"


def _with(severity: Severity | None) -> Review:
    review = read_review_file(GOLDEN)
    findings = () if severity is None else (Finding("hazard", severity, "x"),)
    return replace(review, patches=(replace(review.patches[0], findings=findings),), proposals=())


@pytest.mark.parametrize(
    ("severity", "statuses"),
    [
        (None, (0, 0, 0)),
        (Severity.NOTE, (0, 0, 0)),
        (Severity.WARNING, (1, 0, 0)),
        (Severity.ERROR, (1, 1, 0)),
    ],
)
def test_fail_on_names_what_ends_with_status_1(
    tmp_path: Path, severity: Severity | None, statuses: tuple[int, int, int]
) -> None:
    path = tmp_path / "review.json"
    path.write_text(render_json(_with(severity)), encoding="utf-8")
    found = []
    for choice in ("change", "contradiction", "none"):
        done = CliRunner().invoke(render, [str(path), "--fail-on", choice])
        found.append(done.exit_code)
    assert tuple(found) == statuses
    assert CliRunner().invoke(render, [str(path)]).exit_code == statuses[0]


@pytest.mark.parametrize("form", FORMATS)
def test_a_stored_review_is_written_in_every_format(tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"
    done = CliRunner().invoke(render, [str(GOLDEN), "--format", form, "-o", str(out)])
    assert (done.exit_code, done.output) == (1, "")
    assert out.read_text(encoding="utf-8") == render_review(read_review_file(GOLDEN), form)


def test_a_review_of_another_schema_is_refused(tmp_path: Path) -> None:
    body = json.loads(GOLDEN.read_text(encoding="utf-8")) | {"schema": 999}
    path = tmp_path / "review.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    done = CliRunner().invoke(render, [str(path)])
    assert isinstance(done.exception, InputError)
    assert "its schema version is 999" in str(done.exception)


def test_the_schema_command_prints_the_published_schema() -> None:
    done = CliRunner().invoke(schema, [])
    published = Path(__file__).parents[2] / "docs" / "review.schema.json"
    assert (done.exit_code, done.stdout) == (0, published.read_text(encoding="utf-8"))


def test_a_page_of_a_review_that_was_stored_without_maps_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(render, [str(GOLDEN), "--html", str(tmp_path / "x.html")])
    assert isinstance(done.exception, InputError)
    assert "review again with --map" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_stored_review_with_maps_is_written_as_a_page(tmp_path: Path) -> None:
    review = read_review_file(GOLDEN)
    drawn = replace(review.patches[0], picture=PatchPicture((), ()))
    review = replace(review, patches=(drawn, *review.patches[1:]))
    stored, page = tmp_path / "review.json", tmp_path / "review.html"
    stored.write_text(render_json(review), encoding="utf-8")
    done = CliRunner().invoke(render, [str(stored), "--html", str(page)])
    assert done.exit_code == 1
    assert page.read_text(encoding="utf-8") == render_page(review)
