# SPDX-License-Identifier: GPL-2.0-only
"""Run functions of the reviewed tree, as WebAssembly, over every state of the model."""
