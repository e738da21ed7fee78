# SPDX-License-Identifier: GPL-2.0-only
"""A machine with a kernel of one's choice, emulated by QEMU, that runs programs and says what they said."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.selftest.tap import Tap, compile_program, read_tap

_INIT = Path(__file__).with_name("init.c")
_SWAP_BYTES = 64 << 20
_BOOT_S = 900
_NODES = (
    "-object", "memory-backend-ram,id=m0,size=512M", "-object", "memory-backend-ram,id=m1,size=512M",
    "-numa", "node,cpus=0,memdev=m0", "-numa", "node,cpus=1,memdev=m1",
)  # fmt: skip
_STATIC = ("-Wall", "-Wextra", "-Werror", "-O2", "-static", "-s")


@dataclass(frozen=True)
class Booted:
    """What a machine said: its kernel's release, and of each program what it told."""

    release: str
    taps: Mapping[str, Tap]


def boot(kernel: Path, sources: Mapping[str, str], folder: Path) -> Booted:
    """Boot KERNEL with the programs of SOURCES, C by name, on two NUMA nodes with swap; FOLDER is for files."""
    programs: dict[str, Path] = {}
    for name, text in sources.items():
        place = folder / name
        place.mkdir()
        programs[name] = compile_program(text, place, *_STATIC)
    init = folder / "init"
    init.mkdir()
    image = folder / "initrd"
    image.write_bytes(
        _archive(compile_program(_INIT.read_text(encoding="utf-8"), init, *_STATIC), programs)
    )
    swap = folder / "swap"
    with swap.open("wb") as disk:
        disk.truncate(_SWAP_BYTES)
    done = subprocess.run(
        [
            "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-cpu", "max",
            "-m", "1024", "-smp", "2", *_NODES, "-kernel", kernel, "-initrd", image, "-serial", "stdio", "-no-reboot",
            "-append", "console=ttyS0 panic=-1 quiet numa_balancing=disable secretmem.enable=1",
            "-drive", f"file={swap},format=raw,if=none,id=swap", "-device", "nvme,drive=swap,serial=swap",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_BOOT_S,
    )  # fmt: skip
    text = done.stdout.decode("utf-8", "replace").replace("\r", "")
    release = re.search(r"^@ kernel (\S+)$", text, re.MULTILINE)
    assert release, text[-2000:] + done.stderr.decode("utf-8", "replace")
    told = re.findall(r"^@ start (\S+)\n(.*?)^@ end (\d+)$", text, re.MULTILINE | re.DOTALL)
    taps = {name: read_tap(said, int(status)) for name, said, status in told}
    assert taps.keys() == sources.keys(), text[-2000:]
    return Booted(release[1], taps)


def _archive(init: Path, programs: Mapping[str, Path]) -> bytes:
    """Return an initramfs. Source: Documentation/driver-api/early-userspace/buffer-format.rst."""
    entries = [
        ("dev", 0o40755, b""),
        ("programs", 0o40755, b""),
        ("init", 0o100755, init.read_bytes()),
    ]
    entries += [
        (f"programs/{name}", 0o100755, path.read_bytes()) for name, path in programs.items()
    ]
    entries.append(("TRAILER!!!", 0, b""))
    parts = []
    for number, (name, mode, data) in enumerate(entries, 1):
        named = name.encode() + b"\0"
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(named), 0)
        head = b"070701" + b"".join(b"%08X" % value for value in fields) + named
        parts += [head, bytes(-len(head) % 4), data, bytes(-len(data) % 4)]
    return b"".join(parts)
