# SPDX-License-Identifier: GPL-2.0-only
"""What the outcomes of two sweeps mean: changes with their rules, facts, callers, claims."""
