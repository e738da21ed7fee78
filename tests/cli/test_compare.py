# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool compare`: what became of each patch, and what that changes in behaviour."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reviewtool.cli import group
from reviewtool.cli.compare import compare
from reviewtool.errors import InputError
from reviewtool.mail.inputs import InputSource
from reviewtool.reroll import match_patches, similarity
from reviewtool.series.patch import Patch
from reviewtool.series.read import read_series

SAMPLES = Path(__file__).parents[2] / "sample_patches"
OLD, NEW = SAMPLES / "smaps-undone.mbox", SAMPLES / "smaps-undone-v2.mbox"
Golden = Callable[[str, bytes], None]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """Run the command with a cache of its own."""
    cache = str(tmp_path_factory.mktemp("cache"))

    def call(*arguments: str) -> Result:
        return CliRunner(env={"XDG_CACHE_HOME": cache}).invoke(group, ["compare", *arguments])

    return call


def patches(path: Path) -> list[Patch]:
    return list(read_series([InputSource(path.name, path)]).patches)


def without(path: Path, number: int) -> bytes:
    """Give the mailbox at PATH without its mail NUMBER (0 is the cover letter)."""
    mails = path.read_text().split("From 0000000000000000000000000000000000000000 ")
    kept = [mail for at, mail in enumerate(mails) if at != number + 1]
    return "From 0000000000000000000000000000000000000000 ".join(kept).encode()


def test_patches_are_matched_by_subject_and_then_by_what_they_change() -> None:
    old, new = patches(OLD), patches(NEW)
    matched = match_patches(old, new)
    assert [(a, b) for a, b, _ in matched] == [(0, 0), (1, 1), (2, 2)]
    assert [how for _, _, how in matched][:2] == ["same subject"] * 2
    assert matched[2][2].startswith("similar changes")
    assert match_patches(old, new[::-1])[0][:2] == (2, 0)


def test_patches_that_share_nothing_are_not_matched() -> None:
    other = patches(SAMPLES / "lock-leak.patch")
    assert match_patches(patches(OLD), other) == ()
    assert similarity(patches(OLD)[0], other[0]) < 0.5
    assert similarity(other[0], other[0]) == 1


def test_the_reroll_is_told_patch_by_patch_and_as_a_whole(
    run: Callable[..., Result], golden: Golden
) -> None:
    done = run(str(OLD), str(NEW))
    assert done.exit_code == 1
    text = done.stdout.replace(str(SAMPLES), "SAMPLES")
    golden("smaps-undone.compare.txt", text.encode())
    told = json.loads(run(str(OLD), str(NEW), "--format", "json").stdout)["reroll"]
    assert [pair["verdict"] for pair in told["pairs"]] == [
        "no semantic change", "no semantic change", "semantic change",
    ]  # fmt: skip
    assert told["whole"]["entries"][0]["changed"] == 98
    markdown = run(str(OLD), str(NEW), "--format", "markdown").stdout
    assert "| v1 3/3 | v2 3/3 | smaps: count what is about to be mapped again |" in markdown


def test_a_version_compared_with_itself_changes_nothing(run: Callable[..., Result]) -> None:
    done = run(str(OLD), str(OLD), "--format", "json")
    assert done.exit_code == 0
    told = json.loads(done.stdout)["reroll"]
    assert told["whole"]["verdict"] == "no semantic change"
    assert not told["dropped"]
    assert not told["added"]


def test_dropped_and_added_patches_are_named(run: Callable[..., Result], tmp_path: Path) -> None:
    shorter = tmp_path / "shorter.mbox"
    shorter.write_bytes(without(OLD, 3))
    told = json.loads(run(str(OLD), str(shorter), "--format", "json").stdout)["reroll"]
    assert told["dropped"] == [["v1 3/3", "smaps: count pages under migration"]]
    assert told["whole"]["verdict"] == "semantic change"
    back = json.loads(run(str(shorter), str(OLD), "--format", "json").stdout)["reroll"]
    assert back["added"] == [["v1 3/3", "smaps: count pages under migration"]]


def test_what_does_not_apply_is_never_called_unchanged(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    torn = tmp_path / "torn.mbox"
    torn.write_bytes(
        OLD.read_bytes().replace(
            b"-\t\tif (is_pfn_swap_entry(swpent))", b"-\t\tif (is_other(swpent))"
        )
    )
    done = run(str(torn), str(torn), "--format", "json")
    told = json.loads(done.stdout)["reroll"]
    assert "no semantic change" not in {
        pair["verdict"] for pair in (told["pairs"][0], told["whole"])
    }
    assert "does not apply" in told["whole"]["verdict_why"]


def test_an_input_without_a_patch_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "letter.mbox"
    empty.write_bytes(
        without(OLD, 1).split(b"From 0000000000000000000000000000000000000000 ")[0] or b"\n"
    )
    with pytest.raises(InputError):
        CliRunner().invoke(compare, [str(OLD), str(empty)], catch_exceptions=False)
    with pytest.raises(InputError, match="only one version"):
        CliRunner().invoke(compare, ["-", "-"], catch_exceptions=False)
