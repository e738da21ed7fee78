# SPDX-License-Identifier: GPL-2.0-only
"""The tree under review: repository, applying, fragments fitted to it, C source and slices."""
