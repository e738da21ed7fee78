# SPDX-License-Identifier: GPL-2.0-only
"""Mails to an ordered series of patches; the only user of unidiff."""
