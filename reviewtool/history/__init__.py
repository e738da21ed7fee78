# SPDX-License-Identifier: GPL-2.0-only
"""What the history of a tree says: the commit that changed a scenario, and whether Fixes tags are right."""
