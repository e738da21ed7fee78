# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool series`: its listing, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from reviewtool.cli.series import series

MAILS = Path(__file__).parent / "mails"


def run(*arguments: str) -> str:
    done = CliRunner().invoke(series, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_the_listing_names_versions_order_gaps_and_what_was_dropped() -> None:
    text = run(str(MAILS / "14-two-versions-shuffled.mbox"))
    assert text.startswith("version 2: 3 of 4 patches\n  cover  mm: count pages\n  1/4  mm: step 1")
    assert "  2/4  missing\n" in text
    assert ":224: duplicate (message-id of line " in text
    assert ": superseded (the series is v2): [PATCH 3/4] mm: step 3\n" in text


def test_the_listing_as_json_has_the_same() -> None:
    data = json.loads(run("--format", "json", str(MAILS / "14-re-roll-and-proposal.mbox")))
    assert [patch["number"] for patch in data["patches"]] == [1, 2, 3, 4]
    assert data["missing"] == []
    assert [proposal["sender"] for proposal in data["proposals"]] == [
        "Rita Reviewer <rita@example.org>"
    ]
    assert {message["role"] for message in data["messages"]} == {
        "cover letter",
        "patch",
        "superseded",
        "proposal",
    }


def test_what_moves_a_cursor_or_turns_text_never_reaches_the_terminal(tmp_path: Path) -> None:
    plain = (MAILS / "plain.eml").read_text()
    odd = plain.replace("count the new", "count \u202ethe new").replace(".c b/", "\x85.c b/")
    (tmp_path / "odd.eml").write_text(odd.replace("count.c", "c\x9b2J.c"))
    text = run(str(tmp_path / "odd.eml"))
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert "\\x202e" in text
    assert "\\x9b" in text


def test_a_range_or_an_input_must_be_named() -> None:
    done = CliRunner().invoke(series, [])
    assert done.exit_code == 2
    assert "name an input" in done.output
