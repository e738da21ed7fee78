# SPDX-License-Identifier: GPL-2.0-only
"""Kernel configurations: options that are on or off, and what that makes impossible.

An option is a macro CONFIG_NAME for the reviewed code, as in the kernel's generated/autoconf.h; it
keeps files out of the build, as the kernel's Makefiles do, and states out of the domain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from reviewtool.errors import InputError
from reviewtool.tree.snapshot import Snapshot


@dataclass(frozen=True)
class Option:
    """One option: what it is called without CONFIG_, its state by default, and what else it needs.

    files: paths that are built only where it is on.
    """

    name: str
    default: bool = True
    needs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


OPTIONS: tuple[Option, ...] = (
    Option("NUMA_BALANCING"),
    Option("TRANSPARENT_HUGEPAGE", files=("mm/huge_memory.c",)),
    Option("HUGETLB_PAGE", files=("mm/hugetlb.c",)),
    Option("ZONE_DEVICE"),
    Option("KSM", files=("mm/ksm.c",)),
    Option("SECRETMEM"),
    Option("MEM_SOFT_DIRTY"),
    Option("USERFAULTFD"),
    Option("HAVE_ARCH_USERFAULTFD_WP", needs=("USERFAULTFD",)),
    # No option of the kernel's, but of the architecture: PROT_NONE entries that keep the write bit.
    Option("PROTNONE_KEEPS_WRITE", default=False),
)

_OPTION = {option.name: option for option in OPTIONS}
_ALIASES = {"USERFAULTFD_WP": "HAVE_ARCH_USERFAULTFD_WP"}
_STATES = {"on": True, "y": True, "off": False, "n": False}


@dataclass(frozen=True)
class Configuration:
    """The options that differ from their default, in the order of OPTIONS."""

    changed: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether option NAME is on: asked for, and so is all that it needs."""
        option = _OPTION[name]
        state = option.default != (name in self.changed)
        return state and all(self.has(needed) for needed in option.needs)

    @property
    def words(self) -> str:
        """Say the configuration: "default", or what differs from it."""
        return ", ".join(f"{n}={'on' if self.has(n) else 'off'}" for n in self.changed) or "default"

    def header(self) -> str:
        """Return what the kernel has in include/generated/autoconf.h."""
        lines = [f"#define CONFIG_{option.name} 1" for option in OPTIONS if self.has(option.name)]
        return "\n".join(["/* Generated from configuration.py. */", *lines, ""])

    def built(self, snapshot: Snapshot) -> Snapshot:
        """Return SNAPSHOT without the files that this configuration does not build."""
        left_out = {
            path for option in OPTIONS if not self.has(option.name) for path in option.files
        }
        if not left_out & snapshot.files.keys():
            return snapshot
        kept = {path: text for path, text in snapshot.files.items() if path not in left_out}
        return replace(snapshot, files=kept)


DEFAULT_CONFIGURATION = Configuration()


def read_configuration(settings: Iterable[str]) -> Configuration:
    """Return the configuration that SETTINGS ("NAME=on", "CONFIG_NAME=n") make of the default one.

    Raises: InputError naming the setting and the options that there are.
    """
    chosen: dict[str, bool] = {}
    for setting in settings:
        name, equals, state = setting.partition("=")
        name = name.strip().removeprefix("CONFIG_")
        name = _ALIASES.get(name, name)
        where = f"--config {setting}"
        if name not in _OPTION:
            raise InputError(where, "no such option; options: " + ", ".join(_OPTION))
        if not equals or state.strip() not in _STATES:
            raise InputError(where, "write it NAME=on or NAME=off")
        chosen[name] = _STATES[state.strip()]
    return _configuration(chosen)


def _configuration(chosen: Mapping[str, bool]) -> Configuration:
    return Configuration(
        tuple(
            option.name
            for option in OPTIONS
            if chosen.get(option.name, option.default) != option.default
        )
    )


def read_configurations(text: str) -> tuple[Configuration, ...]:
    """Return the configurations that TEXT lists: "all", or options set by name and parted by ",".

    "all" is the default one and each that differs from it in one option; a list is the default one
    and one for each of its members ("KSM=off,NUMA_BALANCING=off+ZONE_DEVICE=off": + joins settings).
    Raises: InputError as read_configuration().
    """
    if text.strip() == "all":
        alone = [Configuration((option.name,)) for option in OPTIONS]
        return (DEFAULT_CONFIGURATION, *alone)
    listed = [
        DEFAULT_CONFIGURATION
        if member.strip() == "default"
        else read_configuration(member.split("+"))
        for member in text.split(",")
        if member.strip()
    ]
    if not listed:
        raise InputError(f"--configs {text}", "write it all, or NAME=off,NAME=on")
    return tuple(dict.fromkeys((DEFAULT_CONFIGURATION, *listed)))


def choose_configurations(settings: Iterable[str], listed: str | None) -> tuple[Configuration, ...]:
    """Return the configurations to review in: the one that SETTINGS make, then those that are LISTED.

    Raises: InputError as read_configuration(), and where both are given.
    """
    own = read_configuration(settings)
    if listed is None:
        return (own,)
    if own != DEFAULT_CONFIGURATION:
        raise InputError(f"--configs {listed}", "give either --config or --configs")
    return read_configurations(listed)
