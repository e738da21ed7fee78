# SPDX-License-Identifier: GPL-2.0-only
"""What keeps user space from a scenario: the factors of a witness, each with the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reviewtool.behaviour.userspace import STATES, routes_to
from reviewtool.simulate.domain import FACTOR

_SET = re.compile(r"--set ([a-z_]+)=([A-Za-z0-9_,]+)")


@dataclass(frozen=True)
class Obstacle:
    """What is out of reach: a factor ("refcount=zero"), "flags" or "the call", and why."""

    factor: str
    why: str


_HINT = "a PROT_NONE entry in an accessible VMA is a NUMA hint, which comes when the kernel wants"
_DRIVER = "only a driver maps such memory"
_RACE = "user space cannot time what another CPU does"
_FAULTS = "user space cannot make a fault fail, or take two tries, at will"
_LEVELS = "how many levels there are depends on the machine"
_WHY: dict[str, str] = {
    "entry=migration": "a migration is over before a program could look",
    "entry=hwpoison": "that poisons memory of the machine for good",
    "entry=device_private": _DRIVER, "entry=devmap": _DRIVER, "entry=special": _DRIVER,
    "entry=bad": "only a kernel that is broken makes one", "entry=marker": "no state is known that leaves one",
    "level=p4d": _LEVELS, "level=pgd": _LEVELS,
    "vma=pfnmap": _DRIVER, "vma=mixedmap": _DRIVER, "vma=io": _DRIVER, "vma=nofault": _DRIVER,
    "page=p2pdma": _DRIVER, "pgmap": _DRIVER,
    "refcount": "no call makes a refcount wrong",
    "other_cpu": _RACE, "waiting": _RACE, "lockless": _RACE, "fault": _FAULTS,
    "signal": "a program with a fatal signal pending has no more to say",
    "write_bit": "the architecture decides it", "argument": "the routes pass the other value",
    "pages": "the routes pass an array", "range": "the routes ask for one page",
    "prot": "not with the rest of the state", "maywrite": "no state is known that lacks VM_MAYWRITE",
    "mayread": "no state is known that lacks VM_MAYREAD", "mergeable": "not with the rest of the state",
}  # fmt: skip


def read_options(options: str) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """Return the factors and flags of OPTIONS, "--set FACTOR=VALUE ..."; None where they are none of ours."""
    settings: dict[str, str] = {}
    flags: tuple[str, ...] = ()
    if _SET.sub("", options).strip():
        return None
    for name, value in _SET.findall(options):
        if name == "flags":
            flags = tuple(value.split(","))
        elif name in FACTOR and value in {known.name for known in FACTOR[name].values}:
            settings[name] = value
        else:
            return None
    if not all(re.fullmatch(r"FOLL_[A-Z0-9_]+", flag) for flag in flags):
        return None
    return settings, flags


def find_obstacles(function: str, options: str, *, alike: bool) -> tuple[Obstacle, ...]:
    """Return what keeps user space from having FUNCTION run on the scenario OPTIONS.

    alike: whether it gets to the group, and sees the same before and after.
    """
    if alike:
        return (Obstacle("the outcome", "user space sees the same before and after"),)
    read = read_options(options)
    if read is None:
        return (Obstacle("the witness", "its factors are not known to this version"),)
    settings, flags = read
    found: list[Obstacle] = []
    routes = routes_to(function)
    if not routes:
        found.append(Obstacle("the call", f"no way from user space to {function}() is known"))
    made = _values_made(function)
    for name, value in settings.items():
        if value != FACTOR[name].values[0].name and value not in made.get(name, frozenset()):
            why = _WHY.get(f"{name}={value}") or _WHY.get(name, "no state is known that has it")
            found.append(Obstacle(f"{name}={value}", why))
    passed = frozenset(flag for _, given in routes for flag in given)
    missing = [flag for flag in flags if flag not in passed]
    if routes and missing:
        found.append(Obstacle("flags", f"no way to {function}() passes {', '.join(missing)}"))
    elif routes and frozenset(flags) not in {given for _, given in routes}:
        shown = " or ".join(sorted({"|".join(sorted(given)) or "0" for _, given in routes}))
        found.append(Obstacle("flags", f"the ways to {function}() pass {shown}"))
    if settings.get("access") == "protnone" and settings.get("prot", "rw") != "none":
        found.append(Obstacle("access=protnone", _HINT))
    if not found:
        found.append(Obstacle("the state", "no state is known that has all of this at once"))
    return tuple(dict.fromkeys(found))


def _values_made(function: str) -> Mapping[str, frozenset[str]]:
    """Return the values that some state or some route to FUNCTION gives each factor."""
    made: dict[str, frozenset[str]] = {}
    sources = [state.values for state in STATES]
    sources += [variant for route, _ in routes_to(function) for variant in route.variants]
    for values in sources:
        for name, own in values.items():
            made[name] = made.get(name, frozenset()) | own
    return made
