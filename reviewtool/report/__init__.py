# SPDX-License-Identifier: GPL-2.0-only
"""A Review as text: summary, reply, page, and the formats of other programs."""
