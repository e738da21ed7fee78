# SPDX-License-Identifier: GPL-2.0-only
"""Points to boxes and boxes to cubes, by the loops of boxes.c in the sandbox."""

from __future__ import annotations

import atexit
import threading
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reviewtool.errors import ToolError
from reviewtool.simulate.cache import open_cache
from reviewtool.simulate.program import build_program
from reviewtool.simulate.sandbox import Sandbox, TrapError

Bits = npt.NDArray[np.uint32]
"""Boxes, shape (boxes, axes): bit V of an axis' mask says that the box holds value V there."""

MOST_AXES = 64
MOST_VALUES = 32
_MEMORY_BYTES = 2 << 30
_TIME_S = 600.0
_one_at_a_time = threading.Lock()


@cache
def _sandbox() -> Sandbox:
    source = (Path(__file__).parent / "boxes.c").read_text()
    exports = ("boxes_reset", "boxes_take", "boxes_split", "boxes_cover")
    return Sandbox(build_program(source, exports, open_cache()), _MEMORY_BYTES)


# wasmtime's own finalisers fail, noisily, once the interpreter has taken its modules apart.
atexit.register(_sandbox.cache_clear)


class _Room:
    """What a call is given and gives, in the module's memory."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        sandbox.call("boxes_reset")

    def take(self, count: int, kind: type[np.generic]) -> int:
        """Return where COUNT elements of KIND lie from now on."""
        at = self._sandbox.call("boxes_take", max(1, count) * np.dtype(kind).itemsize)
        if not at:
            raise ToolError("the rules", "there are too many points for the sandbox's memory")
        return at

    def put(self, values: npt.NDArray[np.generic], kind: type[np.generic]) -> int:
        """Return where VALUES lie, as KIND."""
        at = self.take(values.size, kind)
        if values.size:
            self._sandbox.array("values", values.size, kind, at)[:] = values.ravel()
        return at

    def zeros(self, count: int) -> int:
        """Return where COUNT 32-bit zeros lie."""
        at = self.take(count, np.uint32)
        self._sandbox.array("zeros", max(1, count), np.uint32, at)[:] = 0
        return at

    def call(self, name: str, *arguments: int) -> int:
        """Call function NAME.  Raises: ToolError when it does not come to an end."""
        try:
            return self._sandbox.call(name, *arguments, time_s=_TIME_S)
        except TrapError as trap:
            raise ToolError("the rules", f"could not be found: {trap.reason}") from trap

    def get(self, at: int, rows: int, columns: int) -> Bits:
        """Return a copy of ROWS by COLUMNS numbers at AT."""
        found = self._sandbox.array("values", rows * columns, np.uint32, at).copy()
        return found.reshape(rows, columns)


def split_points(
    codes: npt.NDArray[np.uint8], classes: npt.NDArray[np.int64]
) -> tuple[Bits, npt.NDArray[np.int64]]:
    """Return boxes of the points CODES, shape (points, axes), that are pure in CLASSES, and the class of each.

    A box is no larger than what is in it, and no two boxes of points that differ meet.
    """
    count, axes = codes.shape
    kinds, dense = np.unique(classes, return_inverse=True)
    if not axes:
        return np.zeros((len(kinds), 0), np.uint32), kinds
    with _one_at_a_time:
        room = _Room(_sandbox())
        boxes, found = room.take(count * axes, np.uint32), room.take(count, np.uint32)
        made = room.call(
            "boxes_split", room.put(codes, np.uint8), room.put(dense, np.uint32), count, axes, len(kinds),
            room.take(count, np.uint32), room.take(count, np.uint32), room.take(2 * count, np.uint32),
            room.zeros(MOST_VALUES * len(kinds)), boxes, found,
        )  # fmt: skip
        return room.get(boxes, made, axes), kinds[room.get(found, made, 1)[:, 0]]


def cover_with_cubes(
    on: Bits,
    off: Bits,
    full: Bits,
    orders: list[list[int]],
    plainness: npt.NDArray[np.int64],
    effort: int,
) -> Bits:
    """Return cubes that hold the boxes ON and touch none of OFF, in the order in which they were found.

    full: all values of each axis; orders: of axes, to be tried as far as EFFORT allows; plainness: the
    uncovered box of least plainness is the next to be grown.
    """
    axes = on.shape[1]
    if not axes:
        return on[:1]
    with _one_at_a_time:
        room = _Room(_sandbox())
        cubes = room.take(on.size, np.uint32)
        made = room.call(
            "boxes_cover", room.put(on, np.uint32), len(on), room.put(off.T, np.uint32), len(off), axes,
            room.put(full, np.uint32), room.put(np.array(orders), np.uint32), len(orders), effort,
            room.put(plainness, np.uint32), room.take(len(on), np.uint8), room.take(len(off), np.uint64), cubes,
        )  # fmt: skip
        return room.get(cubes, made, axes)
