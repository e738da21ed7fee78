# SPDX-License-Identifier: GPL-2.0-only
"""Selftests out of a review: C programs that bring a kernel into a witness's state and look what it does.

A review names, for each group of changed scenarios, those that user space can make (behaviour.userspace)
and what comes of them before and after.  `groups` numbers the groups, `outcome` says what of an outcome a
program can see, `reach` what keeps it from the others, and `program` writes the C.
"""
