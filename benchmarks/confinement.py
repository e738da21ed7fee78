# SPDX-License-Identifier: GPL-2.0-only
"""What confining the compiler and authenticating the cache cost: ratios, each against the same without.

    python benchmarks/confinement.py [--runs N]

One start: clang on an empty file, confined and not, in turn.  One build: the bundled model with an
empty cache (cold) and with a full one (warm), with start_confined() and with what it replaces.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from unittest import mock

from reviewtool import process
from reviewtool.confinement import Reach, state
from reviewtool.private import seal, unseal
from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build, compiler, run_compiler
from reviewtool.simulate.cache import open_cache
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources


def timed(what: Callable[[], object]) -> float:
    """Return how many seconds of the processor WHAT takes."""
    begun = spent()
    what()
    return spent() - begun


def spent() -> float:
    """Return the processor's seconds of this process and of its children so far: others may be busy, too."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def unconfined(_reach: Reach, start: Callable[[], object]) -> object:
    """Start a program as start_confined() would, from this thread."""
    return start()


def compare(name: str, what: Callable[[], object], runs: int) -> None:
    """Print WHAT's time confined and not, by the medians of RUNS pairs that alternate."""
    confined, free = [], []
    for _ in range(runs):
        confined.append(timed(what))
        with mock.patch.object(process, "start_confined", unconfined):
            free.append(timed(what))
    ratio = statistics.median(a / b for a, b in zip(confined, free, strict=True))
    print(
        f"{name}: {statistics.median(confined) * 1000:.1f} ms confined, {statistics.median(free) * 1000:.1f} ms not, "
        f"median of {runs} ratios {ratio:.3f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=9)
    runs = parser.parse_args().runs
    print(f"programs are confined {state()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        argv = [*compiler(), "clang", "--target=wasm64", "-x", "c", "-c", "-", "-o", "a.o"]
        compare("one start of clang", lambda: run_compiler(argv, folder, b""), runs * 5)
        index = index_sources(bundled_model())
        binding = bind(index.functions["follow_page"])
        assert isinstance(binding, Binding)
        request = BuildRequest(bundled_model(), (binding,), (), index.constants)
        made = iter(range(10**6))
        compare("a cold build", lambda: build(request, open_cache(folder / f"{next(made)}")), runs)
        kept = open_cache(folder / "kept")
        module = build(request, kept)
        assert isinstance(module, Module)
        compare("a warm build", lambda: build(request, kept), runs)
        body = module.wasm
        sealed = seal(kept.secret, "name", body)
        many = range(200)
        checked = timed(lambda: [unseal(kept.secret, "name", sealed) for _ in many]) / len(many)
        plain = timed(lambda: [sha256(body).digest() for _ in many]) / len(many)
        print(
            f"a module of {len(body) >> 10} KiB: its code is checked in {checked * 1000:.2f} ms; "
            f"a plain SHA-256 takes {plain * 1000:.2f} ms"
        )


if __name__ == "__main__":
    main()
