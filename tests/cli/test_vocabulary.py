# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool review --vocabulary`: phrases of the user's are read, or refused with their place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from reviewtool.cli import group
from reviewtool.errors import InputError

SAMPLE = Path(__file__).parents[2] / "sample_patches" / "smaps-undone.mbox"


def test_a_phrase_of_the_users_makes_a_sentence_checkable(tmp_path: Path) -> None:
    phrases = tmp_path / "phrases.toml"
    phrases.write_text('[no_change]\nphrases = ["the next patch needs it"]\n')
    made = CliRunner(env={"XDG_CACHE_HOME": str(tmp_path)}).invoke(
        group, ["review", "--format", "json", "--vocabulary", str(phrases), str(SAMPLE)]
    )
    claims = json.loads(made.stdout)["review"]["patches"][1]["claims"]
    judged = {claim["sentence"]: claim["judgement"] for claim in claims}
    assert judged["The next patch needs it."] == "supported"


def test_a_vocabulary_with_an_error_is_refused_before_anything_runs(tmp_path: Path) -> None:
    phrases = tmp_path / "phrases.toml"
    phrases.write_text('[no_change]\nphrases = ["(one|"]\n')
    with pytest.raises(InputError, match=r"phrases\.toml: no_change\.phrases"):
        CliRunner().invoke(
            group, ["review", "--vocabulary", str(phrases), str(SAMPLE)], catch_exceptions=False
        )
