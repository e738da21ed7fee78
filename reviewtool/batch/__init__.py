# SPDX-License-Identifier: GPL-2.0-only
"""Whole lists: mails → series, reviewed by many processes, with every result kept in SQLite."""
