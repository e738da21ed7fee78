# SPDX-License-Identifier: GPL-2.0-only
"""Who calls a function with which FOLL_* flags, and which of its changes can reach that call."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.behaviour.compare import Comparison
from reviewtool.tree.source import Function, SourceIndex


@dataclass(frozen=True)
class Call:
    """One place where a function is called.

    flags: the FOLL_* names that are passed, or None where the argument is no constant.
    """

    caller: Function
    flags: tuple[str, ...] | None


def find_calls(index: SourceIndex, name: str) -> tuple[Call, ...]:
    """Return the calls of function NAME, by caller's name."""
    callee = index.functions.get(name)
    if callee is None:
        return ()
    position = next((n for n, p in enumerate(callee.parameters) if "flags" in p.name), None)
    calls: list[Call] = []
    for caller_name in index.callers.get(name, ()):
        caller = index.functions[caller_name]
        for arguments in _arguments(caller.tokens, name):
            flags = (
                _constant(arguments[position], caller)
                if position is not None and position < len(arguments)
                else None
            )
            calls.append(Call(caller, flags))
    return tuple(calls)


def _arguments(tokens: str, name: str) -> list[list[str]]:
    """Return the argument lists, as token strings, of each call of NAME in TOKENS."""
    words = tokens.split(" ")
    found: list[list[str]] = []
    for at in range(len(words) - 1):
        if words[at] != name or words[at + 1] != "(":
            continue
        depth, arguments = 0, list[str]()
        current: list[str] = []
        for word in words[at + 1 :]:
            depth += (word in "([{") - (word in ")]}") if len(word) == 1 else 0
            if depth == 0:
                break
            if word == "," and depth == 1:
                arguments.append(" ".join(current))
                current = []
            elif not (word == "(" and depth == 1 and not current and not arguments):
                current.append(word)
        found.append([*arguments, " ".join(current)])
    return found


def _constant(argument: str, caller: Function) -> tuple[str, ...] | None:
    """Return the flags of ARGUMENT: FOLL_* names joined by |, 0, or a local set once to such."""
    bare = argument.strip("() ")
    if re.fullmatch(r"[a-z_]\w*", bare):
        settings = re.findall(rf"(?<![\w.>]) ?{bare} (\|?=) ([^;]*) ;", caller.tokens)
        if len(settings) != 1 or settings[0][0] != "=":
            return None
        bare = settings[0][1].strip("() ")
    names = [part.strip("() ") for part in bare.split("|")]
    if all(re.fullmatch(r"FOLL_\w+", name) for name in names):
        return tuple(sorted(names))
    return () if bare == "0" else None


def reached_scenarios(call: Call, comparison: Comparison) -> int:
    """Return how many changed scenarios pass exactly CALL's flags; -1 where that cannot be told."""
    domain = comparison.domain
    if call.flags is None or any(flag in domain.also or flag in domain.cut for flag in call.flags):
        return -1
    subset = sum(1 << domain.flags.index(flag) for flag in call.flags if flag in domain.flags)
    return comparison.changed_by_flags[subset]
