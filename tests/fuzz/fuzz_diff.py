# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz the diff reader; needs atheris.

    python tests/fuzz/fuzz_diff.py [-max_total_time=60] [CORPUS]

Any text must give files or errors, and what is taken must be counted alike by the scan and by
unidiff.  A crash goes into tests/ as the smallest input.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["reviewtool"]):
    from reviewtool.series.diff import LineKind
    from reviewtool.series.patch import parse_diff


def test_one_input(data: bytes) -> None:
    """Read DATA as a diff."""
    files, errors = parse_diff(data.decode("utf-8", "surrogateescape"), "fuzz")
    for file in files:
        for hunk in file.hunks:
            kinds = [line.kind for line in hunk.lines]
            added, removed = kinds.count(LineKind.ADDED), kinds.count(LineKind.REMOVED)
            assert (added, removed) == (hunk.added, hunk.removed)
            assert len(kinds) - added == hunk.old_count
            assert len(kinds) - removed == hunk.new_count
    assert all(error.line >= 1 for error in errors)


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
