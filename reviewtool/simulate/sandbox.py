# SPDX-License-Identifier: GPL-2.0-only
"""The only user of wasmtime: a module runs with no imports, fixed memory and bounded time.

Time is bounded twice.  The harness counts steps, the same on every machine.  What gets past that (a
loop that neither calls a primitive nor is instrumented) is stopped by an epoch that a timer moves on.

Address masking against speculative reads is off: it costs a tenth of the speed, and guards against
code that can time its reads; a module has no clock, no other thread, and no way to speak but the
outcomes that this process reads.
"""

from __future__ import annotations

import atexit
import ctypes
import threading
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from reviewtool.errors import ToolError

if TYPE_CHECKING:
    import wasmtime

Scalar = TypeVar("Scalar", bound=np.generic)

_TICK_S = 0.25


_making = threading.RLock()


def engine() -> wasmtime.Engine:
    """Return the engine, made once: 64-bit memory, exceptions, epochs."""
    with _making:
        return _engine()


@cache
def _engine() -> wasmtime.Engine:
    import wasmtime  # noqa: PLC0415

    config = wasmtime.Config()
    config.wasm_memory64 = True
    config.wasm_exceptions = True
    config.epoch_interruption = True
    config.memory_may_move = False
    config.cranelift_flag_set("enable_heap_access_spectre_mitigation", "false")
    return wasmtime.Engine(config)


class _Clock:
    """Moves the engine's epoch on while anything runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = 0
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._running += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._tick, daemon=True)
                self._thread.start()
            self._wake.set()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._running -= 1
            if not self._running:
                self._wake.clear()

    def _tick(self) -> None:
        pause = threading.Event()
        while True:
            self._wake.wait()
            pause.wait(_TICK_S)
            engine().increment_epoch()


_clock = _Clock()


def compiled(wasm: bytes) -> wasmtime.Module:
    """Return WASM as machine code; each module is compiled once per process."""
    with _making:
        return _compiled(wasm)


@cache
def _compiled(wasm: bytes) -> wasmtime.Module:
    import wasmtime  # noqa: PLC0415

    try:
        return wasmtime.Module(engine(), wasm)
    except wasmtime.WasmtimeError as error:
        raise ToolError("wasmtime", f"refuses the module: {error}") from error


# wasmtime's own finalisers fail, noisily, once the interpreter has taken its modules apart.
atexit.register(_engine.cache_clear)
atexit.register(_compiled.cache_clear)


class TrapError(Exception):
    """The module trapped; `stalled` when it was stopped because it did not end."""

    def __init__(self, reason: str, *, stalled: bool) -> None:
        self.reason = reason
        self.stalled = stalled
        super().__init__(reason)


class Sandbox:
    """One instance of a module and its memory, at most MEMORY_BYTES.  Not for two threads at once."""

    def __init__(self, wasm: bytes, memory_bytes: int = 64 << 20) -> None:
        import wasmtime  # noqa: PLC0415

        module = compiled(wasm)
        self._store = wasmtime.Store(engine())
        self._store.set_limits(
            memory_size=memory_bytes, instances=1, memories=1, tables=4, table_elements=100_000
        )
        try:
            self._instance = wasmtime.Instance(self._store, module, [])
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise ToolError("wasmtime", f"cannot start the module: {error}") from error
        self._exports = self._instance.exports(self._store)
        memory = self._exports["memory"]
        if not isinstance(memory, wasmtime.Memory):
            raise ToolError("wasmtime", "the module has no memory")
        self._memory = memory
        self._base = ctypes.addressof(memory.data_ptr(self._store).contents)
        self._stack = self._global("__stack_pointer")
        self._stack_top = self._stack.value(self._store)

    def _global(self, name: str) -> wasmtime.Global:
        import wasmtime  # noqa: PLC0415

        export = self._exports[name]
        if not isinstance(export, wasmtime.Global):
            raise ToolError("wasmtime", f"the module has no variable {name}")
        return export

    @property
    def size(self) -> int:
        """How much memory the instance has now, in bytes."""
        return self._memory.data_len(self._store)

    def call(self, name: str, *arguments: int, time_s: float = 20.0) -> int:
        """Call exported function NAME.  Raises: TrapError; the instance stays usable after it."""
        import wasmtime  # noqa: PLC0415

        function = self._exports[name]
        if not isinstance(function, wasmtime.Func):
            raise ToolError("wasmtime", f"the module has no function {name}")
        with _clock:
            self._store.set_epoch_deadline(max(2, int(time_s / _TICK_S)))
            try:
                result = function(self._store, *arguments)
            except wasmtime.Trap as trap:
                self._stack.set_value(self._store, self._stack_top)
                stalled = trap.trap_code == wasmtime.TrapCode.INTERRUPT
                first = str(trap).strip().splitlines()
                raise TrapError(first[-1].strip() if first else "trap", stalled=stalled) from trap
        return int(result) if isinstance(result, int) else 0

    def address(self, name: str) -> int:
        """Return where exported variable NAME lies in the module's memory."""
        return int(self._global(name).value(self._store))

    def array(
        self, name: str, count: int, kind: type[Scalar], at: int | None = None
    ) -> npt.NDArray[Scalar]:
        """Return a view of COUNT elements of KIND at exported variable NAME (or AT); valid while self is.

        Raises: ToolError when it would lie outside of the memory.
        """
        start = self.address(name) if at is None else at
        size = np.dtype(kind).itemsize * count
        if start < 0 or start + size > self.size:
            raise ToolError("wasmtime", f"{name} lies outside of the module's memory")
        buffer = (ctypes.c_ubyte * size).from_address(self._base + start)
        return np.frombuffer(memoryview(buffer), dtype=kind)

    def text(self, at: int, most: int = 200) -> str:
        """Return the C string at address AT, as far as it is in memory."""
        if at <= 0 or at >= self.size:
            return ""
        return (
            ctypes.string_at(self._base + at, min(most, self.size - at))
            .split(b"\0")[0]
            .decode("utf-8", "replace")
        )
