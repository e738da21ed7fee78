# SPDX-License-Identifier: GPL-2.0-only
"""`review --html`, `--svg` and `--map`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from reviewtool.cli.review import review
from reviewtool.errors import InputError

# Nothing of it is compiled, so a review takes no time.
PATCH = """From: A <a@example.org>
Subject: [PATCH] Documentation: say it
Message-Id: <1@example.org>

It was not said.
---
diff --git a/Documentation/mm/said.txt b/Documentation/mm/said.txt
new file mode 100644
--- /dev/null
+++ b/Documentation/mm/said.txt
@@ -0,0 +1 @@
+It is said.
"""


@pytest.fixture
def patch(tmp_path: Path) -> Path:
    path = tmp_path / "said.eml"
    path.write_text(PATCH)
    return path


def test_a_page_and_a_picture_are_written_beside_the_report(patch: Path, tmp_path: Path) -> None:
    page, picture = tmp_path / "review.html", tmp_path / "map.svg"
    page.write_text("old")
    done = CliRunner().invoke(
        review, [str(patch), "-q", "--html", str(page), "--svg", str(picture)]
    )
    assert (done.exit_code, done.stdout.split()[:2]) == (0, ["Review", "of"])
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "+</span>It is said." in page.read_text()
    assert ET.fromstring(picture.read_text()).tag.endswith("svg")  # noqa: S314  (our own)
    assert {path.name for path in tmp_path.iterdir()} == {"said.eml", "review.html", "map.svg"}


def test_maps_are_in_json_only_when_asked_for(patch: Path, tmp_path: Path) -> None:
    arguments = [str(patch), "-q", "--format", "json", "--html", str(tmp_path / "x.html")]
    without = json.loads(CliRunner().invoke(review, arguments).stdout)
    asked = json.loads(CliRunner().invoke(review, [*arguments, "--map"]).stdout)
    assert without["review"]["patches"][0]["picture"] is None
    assert asked["review"]["patches"][0]["picture"]["log"][0] == "It was not said."


def test_two_outputs_are_not_mixed_on_standard_output(patch: Path) -> None:
    done = CliRunner().invoke(review, [str(patch), "-q", "--html", "-"])
    assert isinstance(done.exception, InputError)
    assert done.stdout == ""


def test_a_page_that_cannot_be_written_is_one_clear_line(patch: Path, tmp_path: Path) -> None:
    where = tmp_path / "nowhere" / "review.html"
    done = CliRunner().invoke(review, [str(patch), "-q", "--html", str(where)])
    assert isinstance(done.exception, InputError)
    assert str(where) in str(done.exception)
    assert "\n" not in str(done.exception)
