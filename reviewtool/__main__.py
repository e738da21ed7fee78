# SPDX-License-Identifier: GPL-2.0-only
"""python -m reviewtool."""

from reviewtool.cli import main

main()
