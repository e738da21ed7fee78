# SPDX-License-Identifier: GPL-2.0-only
"""Review Linux mm patches by running the code before and after each of them."""

__version__ = "0.1.0"
