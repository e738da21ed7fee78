# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz target for the kernel-doc engine; needs atheris, which the test suite does not.

    python tests/kerneldoc/fuzz.py -runs=20000 -max_total_time=60 -max_len=4096

Any bytes must give a document, both renderings, checks and drafts, without an exception, and a
draft must leave every line of the file where it was.

Source: libFuzzer's options, as atheris passes them on.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(include=["reviewtool.kerneldoc"]):
    from reviewtool.kerneldoc import Options, parse_source, render_man, render_rst
    from reviewtool.kerneldoc.check import check_code
    from reviewtool.kerneldoc.draft import draft_comments, insert_drafts

OPTIONS = Options(returns=True, purposes=True, unterminated=True, verbose=True)
CASES = Path(__file__).parent / "cases"


def fuzz_one(data: bytes) -> None:
    """Take one input through the whole engine."""
    text = data.decode("latin-1")
    document = parse_source(text, "x.c", OPTIONS)
    render_rst(document).encode("latin-1")
    render_man(document).encode("latin-1")
    check_code(document, text)
    inserted = iter(insert_drafts(text, draft_comments(document, text)).split("\n"))
    if not all(line in inserted for line in text.split("\n")):
        raise AssertionError(text)


def main() -> None:
    """Run libFuzzer from the golden cases; what it adds goes to a directory that is deleted."""
    with tempfile.TemporaryDirectory() as new:
        atheris.Setup([*sys.argv, new, str(CASES)], fuzz_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
