# SPDX-License-Identifier: GPL-2.0-only
"""The declaration behind a comment: its lines are collected until it is complete.

A function ends with the line that holds "{", ";" or a #define; a type with the first ";" outside
all braces.  Comments inside it may document members:

    COLLECT --"/** @name: text */"--> COLLECT     (a description on one line)
    COLLECT --"/**"--> INLINE --"*/"--> COLLECT
    COLLECT --complete--> done

Source: scripts/kernel-doc of Linux 6.12, process_proto() and the functions it calls.
"""

from __future__ import annotations

import re

from reviewtool.kerneldoc.comment import read_inline
from reviewtool.kerneldoc.document import Rule
from reviewtool.kerneldoc.gathering import Gathering
from reviewtool.kerneldoc.lines import SPACE, Reader
from reviewtool.kerneldoc.members import strip_comments

_A = re.ASCII
_ONE_LINE = re.compile(r"\s*/\*\*\s*(@[\w\s]++):\s*+(.*)\*/\s*$", _A)
_OPENING = re.compile(r"\s*/\*\*\s*$", _A)
_DEFINE = re.compile(r"#\s*define", _A)
_LINE_FEEDS = re.compile(r"[\r\n]+")
_TOKEN = re.compile(r"[{};]")
_POINTER = re.compile(r"^(\S+\s+)\(\s*\*(\S+)\)", _A)


def read_prototype(reader: Reader, gathering: Gathering, kind: str) -> str | None:
    """Return the text of the declaration, None if the file ends before it is complete."""
    return (
        _read_function(reader, gathering) if kind == "function" else _read_type(reader, gathering)
    )


def _read_function(reader: Reader, gathering: Gathering) -> str | None:
    parts: list[str] = []
    read = reader.read
    while (line := read()) is not None:
        if "/**" in line and (inline := _inline(line, reader, gathering)) is not None:
            if not inline:
                return None
            continue
        if "//" in line:
            line = line[: line.find("//")]
        else:
            line += "\n"
        brace = line.find("{")
        if line[:1] != "#":
            parts.append(line if brace < 0 else line[:brace])
            complete = brace >= 0 or ";" in line or ("#" in line and _DEFINE.search(line))
        else:
            define = _DEFINE.search(line)
            if define and define.start() == 0:
                parts.append(line if brace < 0 else line[:brace])
            complete = define or brace >= 0 or ";" in line
        if complete:
            text = strip_comments("".join(parts))
            text = _LINE_FEEDS.sub(" ", text).lstrip(SPACE)
            return _POINTER.sub(r"\1\2", text) if "*" in text else text
    return None


def _read_type(reader: Reader, gathering: Gathering) -> str | None:
    parts: list[str] = []
    level = 0
    read = reader.read
    while (line := read()) is not None:
        if "/**" in line and (inline := _inline(line, reader, gathering)) is not None:
            if not inline:
                return None
            continue
        if "\r" in line:
            line = _LINE_FEEDS.sub(" ", line)
        line = line.strip(SPACE)
        if "//" in line:
            line = line[: line.find("//")]
        if line[:1] == "#":
            line += ";"
        after = _add_pieces(line, parts, level)
        if after is None:
            return "".join(parts)
        level = after
    return None


def _add_pieces(line: str, parts: list[str], level: int) -> int | None:
    """Add LINE to PARTS; return the new level of braces, None where the declaration is complete.

    A piece that ends in a brace or semicolon is set off by a space, the rest of a line is not.
    """
    position = 0
    for match in _TOKEN.finditer(line):
        if parts:
            parts.append(" ")
        end = match.end()
        parts.append(line[position:end])
        position = end
        sign = match[0]
        if sign == "{":
            level += 1
        elif sign == "}":
            level -= 1
        elif level == 0:
            return None
    if position < len(line):
        parts.append(line[position:])
    return level


def _inline(line: str, reader: Reader, gathering: Gathering) -> bool | None:
    """Read a comment that documents a member; None if this is none, False if the file ends."""
    match = _ONE_LINE.match(line)
    if match:
        if match[2]:
            gathering.add_section(match[1], match[2] + "\n", reader.number)
        return True
    if _OPENING.match(line):
        return read_inline(reader, gathering)
    return None


def munge_syscall(prototype: str) -> str:
    """Turn SYSCALL_DEFINEn(name, type, name, ...) into the prototype of sys_name()."""
    void = "SYSCALL_DEFINE0" in prototype
    start = prototype.find("SYSCALL_DEFINE")
    opening = prototype.rfind("(")
    if opening >= start + len("SYSCALL_DEFINE"):
        prototype = f"{prototype[:start]}long sys_{prototype[opening + 1 :]}"
    named = prototype.find("long sys_")
    if named >= 0 and prototype.find(",", named) >= 0:
        prototype = prototype.replace(",", "(", 1)
    elif void:
        prototype = prototype.replace(")", "(void)", 1)
    if void:
        return prototype
    head, *rest = prototype.split(",")
    pieces = [head]
    for count, piece in enumerate(rest, 1):
        pieces += (" " if count % 2 else ",", piece)
    return "".join(pieces)


def munge_tracepoint(prototype: str, gathering: Gathering, line: int) -> str:
    """Turn a trace event into the prototype of its trace_name() function."""
    name = _argument(prototype, "TRACE_EVENT(", 1)
    name = _argument(prototype, "DEFINE_SINGLE_EVENT(", 1) or name
    name = _argument(prototype, "DEFINE_EVENT(", 2) or name
    start = prototype.find("TP_PROTO(")
    end = prototype.find(")", start) if start >= 0 else -1
    arguments = prototype[start + len("TP_PROTO(") : end] if end >= 0 else None
    name = None if name is None else name.lstrip(SPACE)
    if name in {None, "0"} or arguments in {None, "0"}:
        text = f"Unrecognized tracepoint format: \n{prototype}"
        gathering.warn(line, Rule.UNKNOWN_TRACEPOINT, text)
        return prototype
    gathering.identifier = f"trace_{gathering.identifier}"
    return f"static inline void trace_{name}({arguments})"


def _argument(text: str, macro: str, position: int) -> str | None:
    """Return the argument at this position, if a comma follows it."""
    start = text.find(macro)
    if start < 0:
        return None
    pieces = text[start + len(macro) :].split(",", position)
    return pieces[position - 1] if len(pieces) > position else None
