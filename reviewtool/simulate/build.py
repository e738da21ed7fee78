# SPDX-License-Identifier: GPL-2.0-only
"""A tree to a WebAssembly module: bind, instrument, preprocess, vet, compile, link.

clang and wasm-ld come from the ziglang wheel.  They run in a temporary folder that holds the tree
and the harness and nothing else, with an empty environment and bounded resources.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from reviewtool.confinement import Reach
from reviewtool.errors import LimitError, ToolError
from reviewtool.process import Finished, Limits, run_program
from reviewtool.scratch import scratch_folder
from reviewtool.simulate import shadow
from reviewtool.simulate.binding import Binding
from reviewtool.simulate.cache import Cache, key_of
from reviewtool.simulate.configuration import DEFAULT_CONFIGURATION, Configuration
from reviewtool.simulate.domain import scenario_header
from reviewtool.simulate.instrument import Counted, Line, LineTable, instrument
from reviewtool.simulate.record import outcome_header
from reviewtool.simulate.vetting import (
    Refusal,
    vet_expanded,
    vet_linking,
    vet_tree,
    with_our_own,
)
from reviewtool.tree.snapshot import MODEL_ROOT, Snapshot

MEMORY_BYTES = 32 << 20
LAZY_MEMORY_BYTES = 1 << 30
_COMPILER_LIMITS = Limits(
    time_s=60, memory_bytes=4 << 30, file_bytes=64 << 20, output_bytes=16 << 20
)

_STOPPED = 124

_LOWERING = ("-mllvm", "-wasm-enable-sjlj", "-mllvm", "-wasm-use-legacy-eh=false")
_FLAGS = (
    "--target=wasm64", "-std=gnu11", "-O2", "-flto", *_LOWERING, "-mexception-handling", "-mbulk-memory", "-msimd128",
    "-nostdinc", "-ffreestanding", "-fno-builtin", "-w", "-fno-color-diagnostics", "-ferror-limit=20",
    "-fmax-type-align=8", "-ftrivial-auto-var-init=pattern",
    "-D__DATE__=", "-D__TIME__=", "-D__TIMESTAMP__=",  # what runs may not depend on when it was compiled
)  # fmt: skip
# A member of a null pointer: WebAssembly would read address 0 without complaint.
_CHECKS = ("-fsanitize=null", "-fsanitize-minimal-runtime", "-fno-sanitize-recover=null")
# Without the exception model, code generated at link time has no catch, and every early end traps.
_LINK = (
    "-mwasm64", "--no-entry", "--lto-O2", "-mllvm", "-inline-threshold=10000", *_LOWERING, "-mllvm", "-exception-model=wasm",
    "-z", "stack-size=1048576", "--stack-first", "--export=__stack_pointer",
)  # fmt: skip
_LINK_SWEEP = (
    f"--initial-memory={MEMORY_BYTES}", f"--max-memory={MEMORY_BYTES}",
    *(
        f"--export=harness_{name}"
        for name in (
            "sweep", "states", "outcomes", "records", "record_count", "asides", "number", "progress", "choose_flag", "equal",
            "find_equal",
        )
    ),
)  # fmt: skip
# What is chosen without a branch is not read until it is used.
_FEWER_BRANCHES = (
    "-mllvm", "-phi-node-folding-threshold=200", "-mllvm", "-two-entry-phi-node-folding-threshold=200",
)  # fmt: skip
# The lazy run takes memory for states and leaves as it needs it.
_LINK_LAZY = (
    *_FEWER_BRANCHES, f"--initial-memory={8 << 20}", f"--max-memory={LAZY_MEMORY_BYTES}",
    *(f"--export={name}" for name in shadow.RUNTIME_EXPORTS),
    *(f"--export=lazy_{name}" for name in ("begin", "run", "leaves", "others", "choose_flag", "marks")),
)  # fmt: skip

# Functions become imports, to be told from what is there; a variable that nobody defines is an error:
# it would lie at address 0, and be read without complaint.
_LINK_UNDEFINED = "--import-undefined"

_HARNESS_SOURCES = ("world.c", "primitives.c", "faults.c", "trace.c")
# What tells shadows apart is no part of what has them, so it stays an object of its own.
_LAZY_SOURCES = ("shadow.c", "lazy.c")


@dataclass(frozen=True)
class CompileError:
    """What clang (or the vetting) said of the tree: path, 1-based line, message."""

    path: str
    line: int
    message: str


@dataclass(frozen=True)
class Module:
    """A built tree.

    wasm:       the module's bytes.
    entries:    the bindings, by their number in harness_loops.
    flags:      FOLL_* names whose values it has; the sweep chooses among them.
    lines:      what harness_lines (lazy_marks, when it is run lazily) counts, by index; empty where
                nothing is instrumented.
    unmodelled: functions that the tree declares and nobody defines; number N is unmodelled[N - 1].
    touched:    functions that tell a lazy run when they are entered.
    """

    wasm: bytes
    entries: tuple[Binding, ...]
    flags: tuple[str, ...]
    lines: tuple[Counted, ...]
    unmodelled: tuple[str, ...]
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BuildRequest:
    """What to build.

    flags: FOLL_* names that sweeps may pass; known_flags: names of constants that the tree has (a flag
    that it does not have is 0).  instrumented: function names.  decided: lines of them whose conditions are
    counted, too; where C does not let them be, none are.  trace: for simulate.  lazy: the one entry
    that is to be run lazily (lazy.py), with shadows (shadow.py); the others are then left out, so that
    all that it calls can be inlined: what is never looked at is then never computed.
    configuration: what CONFIG_* macros say; the caller leaves out the files that it does not build.
    workers: how many compilers may run at once; more than two are of no use.
    """

    snapshot: Snapshot
    bindings: tuple[Binding, ...]
    flags: tuple[str, ...]
    known_flags: frozenset[str]
    instrumented: frozenset[str] = frozenset()
    decided: frozenset[Line] = frozenset()
    trace: bool = False
    lazy: str = ""
    configuration: Configuration = DEFAULT_CONFIGURATION
    workers: int = 2


@cache
def compiler() -> tuple[str, ...]:
    """Return the command that stands before clang's and wasm-ld's names.

    Raises: ToolError when the ziglang package is not there.
    """
    try:
        import ziglang  # noqa: PLC0415
    except ImportError as error:
        raise ToolError("ziglang", "the compiler's package is not installed") from error
    return (str(Path(ziglang.__file__).parent / "zig"),)


def run_compiler(argv: list[str], folder: Path, stdin: bytes) -> Finished:
    """Run ARGV, which begins with compiler(), in FOLDER: bounded, and with nothing else within its reach.

    Where it is stopped, its last words say so.
    """
    try:
        return run_program(
            argv,
            cwd=folder,
            stdin=stdin,
            environment={"TMPDIR": str(folder)},
            limits=_COMPILER_LIMITS,
            reach=Reach(run=(Path(argv[0]),), read=(Path("/dev/urandom"),), folders=(folder,)),
        )
    except LimitError as error:
        return Finished(b"", f"error: the compiler {error.reason}\n".encode(), _STOPPED)


@cache
def compiler_identity() -> str:
    """Return a text that changes when the compiler does."""
    from importlib.metadata import version  # noqa: PLC0415

    return f"ziglang {version('ziglang')} python {sys.version_info[0]}"


@cache
def _harness() -> Mapping[str, str]:
    return {path.name: path.read_text() for path in sorted((MODEL_ROOT / "harness").iterdir())}


@cache
def machine_identity() -> str:
    """Return a text that changes when what code is run on does: the compiler, the harness, the factors."""
    return key_of([compiler_identity(), *_harness().values(), scenario_header(), outcome_header()])


def _driven(request: BuildRequest) -> tuple[Binding, ...]:
    """Return the bindings that the module can call, by number."""
    if not request.lazy:
        return request.bindings
    return tuple(b for b in request.bindings if b.function.name == request.lazy)


def _tables(request: BuildRequest) -> str:
    names = [binding.function.name for binding in _driven(request)]
    loops = "".join(
        f"enum value_kind harness_call_{name}(unsigned long *value);\n"
        f"static noinline void loop_{name}(void) {{ run_on(harness_call_{name}); }}\n"
        for name in names
    )
    runner = "lazy_entry.h" if request.lazy else "sweep.c"
    return (
        f'#include <linux/mm.h>\n#include "internal.h"\n#include "_harness/{runner}"\n'
        f"{loops}const entry_loop harness_loops[] = {{ {', '.join(f'loop_{name}' for name in names)} }};\n"
    )


def _flag_values(request: BuildRequest) -> str:
    """Return the flags' values: only the tree knows them, and sweep.c must not see its macros."""
    flags = ", ".join(flag if flag in request.known_flags else "0" for flag in request.flags)
    layout = request.snapshot.layout
    known = layout.prelude if layout else "mm/internal.h"
    return (
        f'#include "{known}"\nextern const unsigned int harness_flag_values[];\n'
        f"const unsigned int harness_flag_values[] = {{ {flags or '0'} }};\n"
        + "".join(
            f"const unsigned int harness_{name} = {flag if flag in request.known_flags else '0'};\n"
            for name, flag in (("get", "FOLL_GET"), ("pin", "FOLL_PIN"))
        )
    )


_DIAGNOSTIC = re.compile(
    r"^(?:\./)?([^\s:][^:\n]*):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", re.MULTILINE
)


def _errors(finished: Finished, source: str) -> tuple[CompileError, ...]:
    text = finished.stderr.decode("utf-8", "replace")
    found = [CompileError(m[1], int(m[2]), m[3]) for m in _DIAGNOSTIC.finditer(text)]
    if not found:
        found = [CompileError(source, 1, _ended(finished, text))]
    return tuple(dict.fromkeys(found))


class _Builder:
    def __init__(self, request: BuildRequest, cache: Cache, folder: Path) -> None:
        self.request = request
        self.cache = cache
        self.folder = folder
        self.table = LineTable()
        self.sources = dict(request.snapshot.sources())
        self.vetted = with_our_own(self.sources, request.snapshot.layout)
        self.texts = self._texts()
        self.headers = key_of(
            [compiler_identity(), *_FLAGS, *_CHECKS, *(f"{p}\0{t}" for p, t in sorted(self.texts.items()) if p.endswith(".h")),
             scenario_header(), outcome_header(), request.configuration.header(),
             *(t for n, t in _harness().items() if n.endswith(".h"))]
        )  # fmt: skip

    def module(self, wasm: bytes, unmodelled: tuple[str, ...]) -> Module:
        """Return WASM with what is known of it."""
        request, table = self.request, self.table
        touched = frozenset(table.touched)
        return Module(wasm, _driven(request), request.flags, table.lines, unmodelled, touched)

    def _texts(self) -> dict[str, str]:
        texts = dict(self.sources)
        decided: dict[str, set[int]] = {}
        for line in self.request.decided:
            decided.setdefault(line.path, set()).add(line.number)
        for path, text in texts.items():
            if self.request.instrumented:
                texts[path] = instrument(
                    path,
                    text,
                    self.request.instrumented,
                    self.table,
                    frozenset(decided.get(path, ())),
                    only_decided=bool(self.request.lazy),
                )
        layout = self.request.snapshot.layout
        return layout.assemble(texts) if layout else texts

    def lay_out(self) -> None:
        """Write the tree and the harness into the folder."""
        for path, text in self.texts.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
        harness = self.folder / "_harness"
        harness.mkdir()
        for name, text in _harness().items():
            (harness / name).write_text(text)
        (harness / "scenario.h").write_text(scenario_header())
        (harness / "outcome.h").write_text(outcome_header())
        (harness / "autoconf.h").write_text(self.request.configuration.header())

    def units(self) -> dict[str, tuple[str, bool]]:
        """Return what is compiled: name to (text, whether it is of the tree)."""
        bound: dict[str, list[str]] = {}
        for binding in self.request.bindings:
            bound.setdefault(binding.function.path, []).append(binding.code)
        units: dict[str, tuple[str, bool]] = {}
        layout = self.request.snapshot.layout
        for path in layout.units if layout else self.texts:
            if path.endswith(".c"):
                tail = "".join(bound.get(path, ()))
                units[path] = (f'#include "{path}"\n#include "_harness/world.h"\n{tail}', True)
        for name in _HARNESS_SOURCES:
            units[f"_harness/{name}"] = (f'#include "_harness/{name}"\n', False)
        if self.request.lazy:
            for name in _LAZY_SOURCES:
                units[f"_harness/{name}"] = (f'#include "_harness/{name}"\n', False)
        for name in layout.verbatim if layout else ():
            if name.endswith(".c"):
                units[name] = (f'#include "{name}"\n', False)
        units["_tables.c"] = (_tables(self.request), False)
        units["_flags.c"] = (_flag_values(self.request), False)
        return units

    def flags(self, name: str) -> list[str]:
        """Return clang's flags for unit NAME."""
        flags = list(_FLAGS)
        if self.request.lazy:
            flags.remove("-msimd128")
            flags += _FEWER_BRANCHES
            if name.removeprefix("_harness/") in _LAZY_SOURCES:
                flags.remove("-flto")
        return flags

    def compile(self, item: tuple[str, tuple[str, bool]]) -> bytes | tuple[CompileError, ...]:
        """Return the object of one unit, or what is wrong with it."""
        name, (text, reviewed) = item
        calls = text.partition('#include "_harness/world.h"\n')[2]
        # A hugetlb entry is looked at as a PMD and as a PTE: kernels are built so.
        alias = self.request.snapshot.layout and ("-fno-strict-aliasing",)
        flags = [
            *self.flags(name),
            *(alias or ()),
            *(_CHECKS if reviewed else ()),
            *(("-DMODEL_TRACE",) if self.request.trace else ()),
            *(("-DMODEL_LAZY",) if self.request.lazy else ()),
        ]
        own = (
            "sweep.c" if name == "_tables.c" else name.removeprefix("_harness/")
        )  # it includes that
        content = self.texts.get(name) or _harness().get(own, "")
        key = "o" + key_of([self.headers, name, text, content, *flags])
        known = self.cache.get(key)
        if known is not None:
            return known
        includes = ["-I.", "-Iinclude", "-Imm", "-I_harness", "-include", "_harness/line.h"]
        clang = [*compiler(), "clang", *flags]
        expanded = self._run([*clang, *includes, "-E", "-x", "c", "-"], text.encode())
        if expanded.status:
            return _errors(expanded, name)
        text = expanded.stdout.decode("utf-8", "surrogateescape")
        refusals = vet_expanded(name, text)
        if reviewed:
            refusals += vet_linking(name, text, self.vetted, calls)
        if refusals:
            return _refused(refusals)
        target = f"_{len(key)}{key[:24]}.o"
        compiled = self._run([*clang, "-x", "cpp-output", "-c", "-", "-o", target], expanded.stdout)
        if compiled.status:
            return _errors(compiled, name)
        body = (self.folder / target).read_bytes()
        self.cache.put(key, body)
        return body

    def check(self, name: str) -> tuple[CompileError, ...]:
        """Return what clang says against the unit NAME of the tree, without code being made."""
        includes = ["-I.", "-Iinclude", "-Imm", "-I_harness", "-include", "_harness/line.h"]
        clang = [*compiler(), "clang", *_FLAGS, "-ferror-limit=0"]
        made = self._run([*clang, *includes, "-fsyntax-only", "-x", "c", name], b"")
        return _errors(made, name) if made.status else ()

    def runtime(self) -> bytes:
        """Return the object that setjmp() lowering needs: not of the tree, and without LTO."""
        flags = [flag for flag in self.flags("") if flag != "-flto"]
        key = "r" + key_of([self.headers, _harness()["catch_runtime.c"], *flags])
        known = self.cache.get(key)
        if known is not None:
            return known
        made = self._run(
            [*compiler(), "clang", *flags, "-c", "_harness/catch_runtime.c", "-o", "_runtime.o"],
            b"",
        )
        if made.status:
            raise ToolError("clang", made.stderr.decode("utf-8", "replace").strip())
        body = (self.folder / "_runtime.o").read_bytes()
        self.cache.put(key, body)
        return body

    def link(self, objects: Mapping[str, bytes]) -> tuple[bytes, tuple[str, ...]]:
        """Return the module, with a stub for each function that is declared and not defined.

        Raises: _LinkError.
        """
        wasm = self._link(objects, undefined=True)
        missing = _imports(wasm)
        if not missing:
            return wasm, ()
        stubs = ["__attribute__((noreturn)) void world_unmodelled(int id);\n"]
        for number, (name, parameters, result) in enumerate(missing, 1):
            stubs.append(f"{result} {name}({parameters}) {{ world_unmodelled({number}); }}\n")
        made = self._run(
            [*compiler(), "clang", *self.flags(""), "-x", "c", "-c", "-", "-o", "_stubs.o"],
            "".join(stubs).encode(),
        )
        if made.status:
            raise ToolError("clang", made.stderr.decode("utf-8", "replace").strip())
        wasm = self._link(
            {**objects, "_stubs": (self.folder / "_stubs.o").read_bytes()}, undefined=False
        )
        return wasm, tuple(name for name, _, _ in missing)

    def _link(self, objects: Mapping[str, bytes], *, undefined: bool) -> bytes:
        names = []
        for number, body in enumerate(objects.values()):
            names.append(f"_{number}.o")
            (self.folder / names[-1]).write_bytes(body)
        extra = _LINK_LAZY if self.request.lazy else _LINK_SWEEP
        extra += (
            (
                "--export=harness_trace",
                "--export=harness_trace_count",
                "--export=harness_trace_paths",
                "--export=harness_paths",
                "--export=harness_paths_done",
            )
            if self.request.trace
            else ("--export=harness_lines",)
        )
        allow = [_LINK_UNDEFINED] if undefined else []
        made = self._run(
            [*compiler(), "wasm-ld", *_LINK, *extra, *allow, *names, "-o", "_all.wasm"], b""
        )
        if made.status:
            raise _LinkError(_link_errors(made, tuple(objects), self.sources))
        return (self.folder / "_all.wasm").read_bytes()

    def _run(self, argv: list[str], stdin: bytes) -> Finished:
        return run_compiler(argv, self.folder, stdin)


_LINKING = "(linking)"


class _LinkError(Exception):
    """The objects do not go together."""

    def __init__(self, errors: tuple[CompileError, ...]) -> None:
        self.errors = errors
        super().__init__(errors[0].message)


def _link_errors(
    finished: Finished, units: tuple[str, ...], sources: Mapping[str, str]
) -> tuple[CompileError, ...]:
    """Return what wasm-ld said of UNITS, each error at the last of them that it names, or where SOURCES have the name."""
    text = finished.stderr.decode("utf-8", "replace")
    found = []
    for error in re.split(r"^wasm-ld: (?=error:)", text, flags=re.MULTILINE)[1:]:
        named = [int(number) for number in re.findall(r"\b_(\d+)\.o\b", error)]
        files = [units[n] for n in named if n < len(units) and units[n] in sources]
        what = re.sub(r"^error: (?:\S+\.o: )?", "", error).split("\n")[0].strip()
        path, line = files[-1] if files else _LINKING, 1
        symbol = re.search(r"symbol: (\w+)$", what)
        if symbol is not None:
            path, line = _place(symbol[1], {path: sources[path]} if files else sources) or (path, 1)
        found.append(CompileError(path, line, f"cannot be linked: {what}"))
    return tuple(dict.fromkeys(found)) or (CompileError(_LINKING, 1, _ended(finished, text)),)


def _place(name: str, sources: Mapping[str, str]) -> tuple[str, int] | None:
    """Return path and 1-based line of the first place in SOURCES that has NAME."""
    for path, text in sorted(sources.items()):
        found = re.search(rf"\b{name}\b", text)
        if found is not None:
            return path, 1 + text.count("\n", 0, found.start())
    return None


def _ended(finished: Finished, text: str) -> str:
    """Return how a compiler that gave no reason ended."""
    if "out of memory" in text:
        return "it needs more memory than the compiler may have"
    if finished.status < 0:
        return f"the compiler was ended by signal {-finished.status}"
    said = [line for line in text.splitlines() if "error:" in line]
    return (
        said[0].partition("error: ")[2]
        if said
        else f"the compiler ended with status {finished.status}"
    )


_C_TYPES = {"i32": "int", "i64": "long", "f32": "float", "f64": "double"}


def _imports(wasm: bytes) -> list[tuple[str, str, str]]:
    """Return the functions that WASM wants from outside: name, C parameters, C result."""
    import wasmtime  # noqa: PLC0415

    from reviewtool.simulate.sandbox import compiled  # noqa: PLC0415

    missing: list[tuple[str, str, str]] = []
    for wanted in compiled(wasm).imports:
        if not isinstance(wanted.type, wasmtime.FuncType) or wanted.name is None:
            raise ToolError("wasm-ld", f"unexpected import {wanted.name}")
        parameters = ", ".join(f"{_C_TYPES[str(p)]} a{n}" for n, p in enumerate(wanted.type.params))
        results = [_C_TYPES[str(r)] for r in wanted.type.results]
        missing.append((wanted.name, parameters or "void", results[0] if results else "void"))
    return sorted(missing)


def lay_out_sources(request: BuildRequest, folder: Path) -> dict[str, tuple[str, bool]]:
    """Write the tree and the harness of REQUEST into FOLDER; return the units to compile.

    Each unit is its text, to be compiled in FOLDER, and whether it is of the reviewed tree.
    """
    builder = _Builder(request, Cache(None), folder)
    builder.lay_out()
    return builder.units()


def check(snapshot: Snapshot, cache: Cache | None = None) -> tuple[CompileError, ...]:
    """Return what clang has to say against the units of SNAPSHOT, a tree with a layout.

    Raises: ToolError when the compiler itself is at fault.
    """
    refusals = vet_tree(snapshot)
    if refusals:
        return _refused(refusals)
    request = BuildRequest(snapshot, (), (), frozenset())
    with scratch_folder("check") as folder:
        builder = _Builder(request, cache or Cache(None), folder)
        builder.lay_out()
        units = [unit for unit, (_, reviewed) in builder.units().items() if reviewed]
        with ThreadPoolExecutor(2) as workers:
            found = list(workers.map(builder.check, units))
    return tuple(dict.fromkeys(error for errors in found for error in errors))


def _refused(refusals: tuple[Refusal, ...]) -> tuple[CompileError, ...]:
    return tuple(CompileError(refusal.path, refusal.line, refusal.reason) for refusal in refusals)


def build(request: BuildRequest, cache: Cache) -> Module | tuple[CompileError, ...]:
    """Build REQUEST, or say what in its tree keeps it from being built.

    Raises: ToolError when the compiler itself is at fault.
    """
    refusals = vet_tree(request.snapshot)
    if refusals:
        return _refused(refusals)
    with scratch_folder("build") as folder:
        builder = _Builder(request, cache, folder)
        units = builder.units()
        key = "m" + key_of(
            [builder.headers, repr((request.trace, request.lazy)), _LINK_UNDEFINED, *_LINK, *_LINK_SWEEP, *_LINK_LAZY,
             *(f"{n}\0{t}" for n, (t, _) in units.items()), *builder.texts.values(), *_harness().values(),
             *((Path(shadow.__file__).read_text(),) if request.lazy else ())]
        )  # fmt: skip
        stub_key = key + ".stubs"
        known, stubs = cache.get(key), cache.get(stub_key)
        if known is not None and stubs is not None:
            names = tuple(stubs.decode().split())
            return builder.module(known, names)
        builder.lay_out()
        with ThreadPoolExecutor(min(max(request.workers, 1), 2)) as workers:
            results = dict(zip(units, workers.map(builder.compile, units.items()), strict=True))
        errors = tuple(
            error
            for result in results.values()
            if not isinstance(result, bytes)
            for error in result
        )
        if errors and request.decided:
            return build(replace(request, decided=frozenset()), cache)
        if errors:
            return tuple(dict.fromkeys(errors))
        objects = {name: result for name, result in results.items() if isinstance(result, bytes)}
        try:
            wasm, missing = builder.link({**objects, "_runtime": builder.runtime()})
        except _LinkError as error:
            return error.errors
        if request.lazy:
            wasm = shadow.add_shadows(wasm)
        cache.put(key, wasm)
        cache.put(stub_key, " ".join(missing).encode())
        return builder.module(wasm, missing)
