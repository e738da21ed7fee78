# SPDX-License-Identifier: GPL-2.0-only
"""Bytes to mails: messages, subjects, trailers, and the pieces of patches that mails quote."""
