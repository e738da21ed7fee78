# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool kerneldoc`, and the entry point of the program kernel-doc."""

from __future__ import annotations

import sys


def kernel_doc_main() -> None:
    """Run the program kernel-doc with the process's arguments."""
    from reviewtool.cli.kernel_doc_alias import kernel_doc  # noqa: PLC0415

    sys.exit(kernel_doc(sys.argv[1:]))
