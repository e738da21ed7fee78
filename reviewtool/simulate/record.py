# SPDX-License-Identifier: GPL-2.0-only
"""The 64-bit outcome record: its fields, their places, and the C header made from them.

The harness packs one record per scenario; `field` takes a column out of an array of them.  A
scenario that did not return has `end` (and `unmodelled`) and zero in all other fields.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Field:
    """One field of the record: WIDTH bits; `bias` is what is added to a signed number to store it."""

    name: str
    width: int
    bias: int = 0


FIELDS: tuple[Field, ...] = (
    Field("end", 3),
    Field("unmodelled", 8),
    Field("ret", 6),
    Field("refs", 4, bias=7),
    Field("pins", 3, bias=3),
    Field("entry", 4),
    Field("events", 18),
    Field("ptl", 1),
    Field("rcu", 1),
    Field("mmap_lock", 2, bias=1),
    Field("pgmap", 2, bias=1),
    Field("page_mask", 1),
    Field("out", 6),
    Field("second", 2),
    Field("settled", 2),
    Field("irqs", 1),
)

# enum end in harness/catch.h
ENDS = ("returned", "bug", "null_pointer", "steps", "unmodelled", "trap")

# What was returned, or handed out: pages by what they are, numbers and errors by value.
RETURNS = (
    "void", "null", "page", "head_page", "zero_page", "huge_zero_page", "device_page", "fresh_page",
    "other_page", "garbage", "pointer", "true", "false", "0", "1", "positive", "negative",
    "EFAULT", "EEXIST", "ENOMEM", "EINVAL", "EMLINK", "EBUSY", "EAGAIN", "EHWPOISON", "ENOENT",
    "EREMOTEIO", "EINTR", "EACCES", "EOPNOTSUPP", "EPERM", "EIO", "other_errno", "2",
    "64", "4032", "4096", "8128", "8192",  # bytes of one or two pages, from an address that is 64 bytes into one
)  # fmt: skip

# What became of the entry, by bit.
CHANGES = ("dirty", "young", "writable", "replaced")

# Bits of `events`: EV_* in include/linux/spinlock.h, in order.
EVENTS = (
    "warn", "lock_misuse", "slept", "slept_atomic", "fault_numa", "fault_write", "fault_unshare",
    "fault_read", "wait_migration", "accessed", "set_dirty", "mmap_lock_dropped", "split", "isolated",
    "unlocked_assert", "used_after_put", "lock_order", "put_too_many",
)  # fmt: skip

# What a run that returned told others on its way, by bit: TOLD_* in include/linux/spinlock.h, in
# order.  Such a run has no unmodelled function, so the same bits of the record hold both.
TOLD = (
    "retry_allowed", "nowait", "killable", "interruptible", "tried", "remote", "accessible", "mask",
)  # fmt: skip
TOLD_FIELD = Field("told", 8)
# What lies in the second place of a page array.
SECONDS = ("none", "page", "fresh", "wrong")

# How the counts stand when the caller has given back what it was promised: see harness/caller.h.
SETTLED = ("even", "leak", "short")

SHIFTS: dict[str, int] = {}
_at = 0
for _field in FIELDS:
    SHIFTS[_field.name] = _at
    _at += _field.width
if _at > 64:
    raise AssertionError("an outcome record has 64 bits")
SHIFTS["told"] = SHIFTS["unmodelled"]
FIELD: dict[str, Field] = {field.name: field for field in (*FIELDS, TOLD_FIELD)}
if FIELD["told"].width != FIELD["unmodelled"].width:
    raise AssertionError("both fill the same bits")


def outcome_header() -> str:
    """Return the C header that lets the harness pack a record."""
    lines = [
        "/* Generated from record.py. */",
        "#ifndef HARNESS_OUTCOME_H",
        "#define HARNESS_OUTCOME_H",
    ]
    lines.append("enum { " + ", ".join(f"RET_{name}" for name in RETURNS) + " };")
    lines.append(
        "enum { "
        + ", ".join(f"CHANGE_{name} = {1 << bit}" for bit, name in enumerate(CHANGES))
        + " };"
    )
    lines.append("enum { " + ", ".join(f"SECOND_{name}" for name in SECONDS) + " };")
    lines.append("enum { " + ", ".join(f"SETTLED_{name}" for name in SETTLED) + " };")
    for field in (*FIELDS, TOLD_FIELD):
        mask = (1 << field.width) - 1
        lines.append(
            f"#define PACK_{field.name}(value) (((unsigned long)(value) & {mask}ul) << {SHIFTS[field.name]})"
        )
    lines += ["#define OUTCOME(field, value) PACK_##field(value)", "#endif", ""]
    return "\n".join(lines)


def field(records: Records, name: str) -> npt.NDArray[np.int16]:
    """Return field NAME of each of RECORDS, signed fields unbiased (shape kept).

    A record that did not return reads as 0 in every signed field.
    """
    spec = FIELD[name]
    raw = ((records >> np.uint64(SHIFTS[name])) & np.uint64((1 << spec.width) - 1)).astype(np.int16)
    if spec.bias:
        raw = (
            np.where(records & np.uint64((1 << FIELD["end"].width) - 1) != 0, spec.bias, raw)
            - spec.bias
        )
    return raw.astype(np.int16)


def event(records: Records, name: str) -> npt.NDArray[np.bool_]:
    """Return which of RECORDS have event NAME."""
    bit = np.uint64(1 << (SHIFTS["events"] + EVENTS.index(name)))
    found: npt.NDArray[np.bool_] = (records & bit) != 0
    return found
