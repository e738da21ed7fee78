# SPDX-License-Identifier: GPL-2.0-only
"""Fuzz the mail reader; needs atheris.

    python tests/fuzz/fuzz_mail.py [-max_total_time=60] [CORPUS]

Any bytes must give a series or an InputError.  A crash goes into tests/ as the smallest input.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["reviewtool"]):
    from reviewtool.errors import InputError
    from reviewtool.mail.address import Address
    from reviewtool.mail.inputs import InputSource
    from reviewtool.report.lint import lint_reply
    from reviewtool.report.reply import Remark, write_reply
    from reviewtool.series.read import read_series

_ME = Address("Fuzz", "fuzz@example.org")


def test_one_input(data: bytes) -> None:
    """Read DATA as an mbox; answer each patch in it."""
    try:
        series = read_series([InputSource("fuzz", data=data)], repair=True)
    except InputError:
        return
    for patch in series.patches:
        for file in patch.files:
            for hunk in file.hunks:
                assert len(hunk.lines) <= len(hunk.body)
        if patch.mail is not None:
            line = patch.diff_source_lines[-1]
            reply = write_reply(patch.mail, [Remark("so", line)], _ME, author=patch.author)
            reply.decode("utf-8")
            lint_reply(reply, "reply", [patch.mail])


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
