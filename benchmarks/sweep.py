# SPDX-License-Identifier: GPL-2.0-only
"""Sweep throughput: WebAssembly against the same C compiled natively by the same clang at -O2.

    python benchmarks/sweep.py [--short] [--runs N]

Both run the whole domain of follow_page() of the bundled model on one core, in turn, in one run;
what is printed is the median of the ratios, and scenarios a second.  With gcc on the machine, gcc -O2
is timed too, for information.  Then the sample series is reviewed cold (nothing cached) and warm.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from reviewtool.simulate.binding import Binding, bind
from reviewtool.simulate.build import BuildRequest, Module, build, compiler, lay_out_sources
from reviewtool.simulate.cache import Cache
from reviewtool.simulate.domain import lay_out_entry
from reviewtool.simulate.sweep import sweep
from reviewtool.tree.snapshot import bundled_model
from reviewtool.tree.source import index_sources

ENTRY = "follow_page"
MAIN = r"""
#include <stdio.h>
#include <time.h>
extern unsigned long harness_states[]; extern unsigned short harness_outcomes[];
extern unsigned long harness_records[];
void harness_choose_flag(unsigned int bit, unsigned int value);
void harness_sweep(unsigned int, unsigned long, unsigned long, unsigned int, unsigned long);
static unsigned long states[1 << 22];
int main(int argc, char **argv)
{
	FILE *file = fopen(argv[1], "rb");
	unsigned long n = fread(states, 8, 1 << 22, file), bits = FLAG_BITS, total = 0, sum = 0;
	unsigned long step = (1UL << 19) >> bits;
	struct timespec a, b;
	for (unsigned int i = 0; i < bits; i++) harness_choose_flag(i, i);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (unsigned long at = 0; at < n; at += step) {
		unsigned long m = n - at < step ? n - at : step;
		for (unsigned long i = 0; i < m; i++) harness_states[i] = states[at + i];
		harness_sweep(0, 0, m, bits, 0);
		for (unsigned long i = 0; i < m << bits; i++) sum += harness_records[harness_outcomes[i]];
		total += m << bits;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%lu %.6f %lu\n", total, (b.tv_sec - a.tv_sec) + (b.tv_nsec - a.tv_nsec) / 1e9, sum);
	return argc > 100;
}
"""


def build_native(request: BuildRequest, folder: Path, command: list[str], flag_bits: int) -> Path:
    """Compile the units of REQUEST natively; return the program."""
    folder.mkdir()
    objects = []
    for name, (text, reviewed) in lay_out_sources(request, folder).items():
        source = folder / f"_{name.replace('/', '_')}"
        source.write_text(text)
        checks = ["-fsanitize=null", "-fsanitize-minimal-runtime", "-fno-sanitize-recover=null"]
        flags = ["-O2", "-std=gnu11", "-nostdinc", "-ffreestanding", "-fno-builtin", "-w", "-I.", "-Iinclude", "-Imm",
                 "-I_harness", "-include", "_harness/line.h"]  # fmt: skip
        own = checks if reviewed and "clang" in command else []
        objects.append(f"{source.name}.o")
        subprocess.run(
            [*command, *flags, *own, "-c", source.name, "-o", objects[-1]], cwd=folder, check=True
        )
    (folder / "main.c").write_text(MAIN)
    linker = [command[0], "cc"] if "clang" in command else command
    subprocess.run(
        [*linker, "-O2", f"-DFLAG_BITS={flag_bits}", "main.c", *objects, "-o", "program"],
        cwd=folder,
        check=True,
    )
    return folder / "program"


def run_native(program: Path, states: Path) -> tuple[int, float]:
    """Return scenarios and seconds of one native run."""
    out = subprocess.run(
        [str(program), str(states)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(out[0]), float(out[1])


def time_review(cache: Path) -> tuple[float, float]:
    """Return wall seconds and peak memory (MiB, largest process) of a review of the sample series."""
    sample = Path(__file__).parent.parent / "sample_patches" / "follow-page-v1.mbox"
    command = [sys.executable, "-m", "reviewtool", "review", str(sample), "-o", os.devnull]
    start = time.monotonic()
    subprocess.run(command, env={**os.environ, "XDG_CACHE_HOME": str(cache)}, check=False)
    return time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="counted runs of each (default 7)")
    parser.add_argument("--short", action="store_true", help="three runs")
    arguments = parser.parse_args()
    runs = 3 if arguments.short else arguments.runs
    snapshot = bundled_model()
    index = index_sources(snapshot)
    binding = bind(index.functions[ENTRY])
    assert isinstance(binding, Binding)
    identifiers = index.identifiers(index.closure(ENTRY))
    domain = lay_out_entry(
        identifiers,
        frozenset(w for w in identifiers if w.startswith("FOLL_") and w in index.constants),
    )
    request = BuildRequest(snapshot, (binding,), domain.flags, index.constants)
    module = build(request, Cache(None))
    assert isinstance(module, Module)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        states = folder / "states.bin"
        domain.words.tofile(states)
        clang = build_native(
            request,
            folder / "clang",
            [*compiler(), "clang", "--target=x86_64-linux-gnu"],
            len(domain.flags),
        )
        gcc = (
            build_native(request, folder / "gcc", ["gcc"], len(domain.flags))
            if shutil.which("gcc")
            else None
        )
        sweep(module, ENTRY, domain, workers=1)
        ratios, rates, gccs = [], [], []
        for _ in range(runs):
            scenarios, native_s = run_native(clang, states)
            start = time.perf_counter()
            sweep(module, ENTRY, domain, workers=1)
            wasm_s = time.perf_counter() - start
            ratios.append(native_s / wasm_s)
            rates.append(scenarios / wasm_s / 1e6)
            if gcc:
                gccs.append(run_native(gcc, states)[1] / wasm_s)
        print(f"{domain.scenarios:,} scenarios of {ENTRY}(), one core, {runs} runs of each in turn")
        print(
            f"sweep: {statistics.median(rates):.1f} million scenarios a second (min {min(rates):.1f}, max {max(rates):.1f})"
        )
        print(
            f"against clang -O2, native: {statistics.median(ratios):.2f} times its speed (min {min(ratios):.2f}, max {max(ratios):.2f})"
        )
        if gccs:
            print(f"against gcc -O2, native: {statistics.median(gccs):.2f} times its speed")
        cold, peak = time_review(folder / "cache")
        warm = sorted(time_review(folder / "cache")[0] for _ in range(runs))
        print(
            f"sample series: {cold:.2f} s cold, {statistics.median(warm):.2f} s warm (min {warm[0]:.2f}); peak memory {peak:.0f} MiB"
        )


if __name__ == "__main__":
    main()
