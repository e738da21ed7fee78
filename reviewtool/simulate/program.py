# SPDX-License-Identifier: GPL-2.0-only
"""C of our own, built by the bundled compiler to run in the sandbox: for loops that Python is slow at."""

from __future__ import annotations

from reviewtool.errors import ToolError
from reviewtool.scratch import scratch_folder
from reviewtool.simulate.build import compiler, compiler_identity, run_compiler
from reviewtool.simulate.cache import Cache, key_of

_FLAGS = (
    "--target=wasm64", "-std=gnu11", "-O3", "-msimd128", "-mbulk-memory", "-nostdinc", "-ffreestanding", "-Wall", "-Werror",
)  # fmt: skip
_MEMORY_BYTES = 2 << 30


def build_program(source: str, exports: tuple[str, ...], cache: Cache) -> bytes:
    """Return SOURCE, a C file that includes nothing, as a module that exports EXPORTS.

    Its memory grows up to 2 GiB.  Raises: ToolError when the compiler refuses it.
    """
    key = "p" + key_of([compiler_identity(), *_FLAGS, *exports, source])
    known = cache.get(key)
    if known is not None:
        return known
    with scratch_folder("build") as folder:
        link = [f"--export={export}" for export in (*exports, "__stack_pointer")]
        for argv, stdin in (
            (["clang", *_FLAGS, "-x", "c", "-c", "-", "-o", "program.o"], source.encode()),
            (["wasm-ld", "-mwasm64", "--no-entry", "--stack-first", f"--max-memory={_MEMORY_BYTES}", *link,
              "program.o", "-o", "program.wasm"], b""),
        ):  # fmt: skip
            made = run_compiler([*compiler(), *argv], folder, stdin)
            if made.status:
                raise ToolError(argv[0], made.stderr.decode("utf-8", "replace").strip())
        body = (folder / "program.wasm").read_bytes()
    cache.put(key, body)
    return body
