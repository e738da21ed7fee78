# SPDX-License-Identifier: GPL-2.0-only
"""A kernel tree to a slice of it: what some functions need, on top of the model's primitives."""
