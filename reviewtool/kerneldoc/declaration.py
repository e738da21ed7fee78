# SPDX-License-Identifier: GPL-2.0-only
"""Declarations in C: functions and macros, structs and unions, enums, typedefs.

    function = [type] name "(" parameters ")" | "#define" name body
    struct   = ("struct" | "union") name "{" members "}" | "typedef" struct "{" members "}" name ";"
    enum     = "enum" [name] "{" values "}" | "typedef" "enum" "{" values "}" [name] ";"
    typedef  = "typedef" type ["("] ["*"] name [")"] "(" parameters ");" | "typedef" type name ";"

This is no C parser: it accepts what the script accepts, down to its slips, in time linear in the
text.  Where the script has a regular expression that tries many splits, the one it ends with is
computed from the place of a parenthesis or asterisk instead.

Source: scripts/kernel-doc of Linux 6.12, dump_function(), dump_struct(), dump_enum(),
dump_typedef(), check_return_section().
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.kerneldoc.document import RETURN, Kind, Rule
from reviewtool.kerneldoc.gathering import Gathering
from reviewtool.kerneldoc.lines import SPACE
from reviewtool.kerneldoc.macros import strip_function_macros, strip_member_macros
from reviewtool.kerneldoc.members import (
    TooManyMembersError,
    flatten,
    lay_out,
    strip_comments,
    strip_private,
)
from reviewtool.kerneldoc.parameters import UNDESCRIBED, check_described, split_parameters
from reviewtool.kerneldoc.prototype import munge_syscall, munge_tracepoint

_A = re.ASCII
_NAME = re.compile(r"[a-zA-Z0-9_~:]+", _A)
_MACRO_NAME = re.compile(r"([a-zA-Z0-9_~:]++)\s", _A)
_TYPE_WORDS = re.compile(r"[\w\s]+", _A)
_POINTER_TYPE = re.compile(r"[\w\s][\w\s*]*", _A)
_RETURNS_NOTHING = re.compile(r"void\s*\w*\s*$", _A)
_STRUCT = re.compile(r"(struct|union)\s+(\w+)\s*\{", _A)
_TYPEDEF_STRUCT = re.compile(r"typedef\s+(struct|union)\s*\{", _A)
_STRUCT_NAME = re.compile(
    r"\}\s*(?:__attribute__\s*\(\([a-z0-9,_*\s()]*\)\)|__packed|__aligned"
    r"|____cacheline_aligned_in_smp|____cacheline_aligned)*\s*(\w+)\s*;",
    _A,
)
_ENUM_DIRECTIVE = re.compile(r"#\s*(?:(?:define|ifdef|if)\s+|endif)[^;]*;", _A)
_TYPEDEF_ENUM = re.compile(r"typedef\s+enum\s*\{", _A)
_TYPEDEF_ENUM_NAME = re.compile(r"\}\s*(\w*)\s*;", _A)
_ENUM = re.compile(r"enum\s+(\w*)\s*\{", _A)
_IN_PARENTHESES = re.compile(r"\(([^;)]*+)(\)|)")
_VALUE = re.compile(r"^\s*(\w+).*", _A)
_CALLABLE_TYPEDEFS = (
    re.compile(r"typedef((?:\s+[\w*]+\b){1,8})\s*\(\*?\s*(\w\S{1,999})\s*\)\s*\((.*)\);", _A),
    re.compile(r"typedef((?:\s+[\w*]+\b){1,8})\s*\*?\s*(\w\S{1,999})\s*\((.*)\);", _A),
)
_TYPEDEF = re.compile(r"typedef.*\s(\w+)\s*;", _A)


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a declaration says; its parameters are in the gathering."""

    kind: Kind
    name: str
    return_type: str = ""
    definition: str = ""


def declare(prototype: str, kind: str, gathering: Gathering, line: int) -> Declaration | None:
    """Parse PROTOTYPE as the KIND that the comment announced; None, with a warning, if it is not.

    line: where the declaration was complete; all warnings carry it.
    """
    if kind == "function":
        return _function(prototype, gathering, line)
    if kind == "enum":
        return _enum(prototype, gathering, line)
    if kind == "typedef":
        return _typedef(prototype, gathering, line)
    return _struct(prototype, gathering, line)


def _other(gathering: Gathering, line: int, wanted: str, found: str) -> None:
    text = f"expecting prototype for {wanted}. Prototype was for {found} instead"
    gathering.warn(line, Rule.OTHER_PROTOTYPE, text)


def _function(prototype: str, gathering: Gathering, line: int) -> Declaration | None:
    if "SYSCALL_DEFINE" in prototype:
        prototype = munge_syscall(prototype)
    if "_EVENT" in prototype and (
        "TRACE_EVENT" in prototype
        or "DEFINE_EVENT" in prototype
        or "DEFINE_SINGLE_EVENT" in prototype
    ):
        prototype = munge_tracepoint(prototype, gathering, line)
    prototype, is_define = strip_function_macros(prototype, gathering.options.strip_macros)
    kind = Kind.FUNCTION
    macro = _MACRO_NAME.match(prototype) if is_define else None
    if macro:
        kind, return_type, name = Kind.OBJECT_MACRO, "", macro[1]
    else:
        parts = _split_function(prototype)
        if parts is None:
            text = f"cannot understand function prototype: '{prototype}'"
            gathering.warn(line, Rule.UNREADABLE_PROTOTYPE, text)
            return None
        return_type, name, arguments = parts
        if arguments:
            split_parameters(arguments, ",", gathering, name, line)
    wanted = gathering.identifier
    if wanted != name:
        _other(gathering, line, f"{wanted}()", f"{name}()")
        return None
    check_described(gathering, name, "function", gathering.parameters, line)
    if gathering.options.returns and kind is Kind.FUNCTION:
        _check_return(gathering, name, return_type, line)
    if "typedef" in return_type:
        kind = Kind.FUNCTION_TYPEDEF
    return Declaration(kind, name, return_type)


def _split_function(prototype: str) -> tuple[str, str, str] | None:
    """Return (type, name, parameters).

    The name ends at the first parenthesis.  The type is nothing, or words up to the last white
    space, or words and asterisks up to the last asterisk.  The parameters reach to the last
    closing parenthesis before another opens, or else simply to the last one.
    """
    opening = prototype.find("(")
    if opening <= 0:
        return None
    head = prototype[:opening].rstrip(SPACE)
    start = max(head.rfind(" "), head.rfind("*"), head.rfind("\f"), head.rfind("\v")) + 1
    name = head[start:]
    if not _NAME.fullmatch(name):
        return None
    if start == 0:
        return_type = ""
    elif "*" in head:
        star = head.rfind("*") + 1
        if head[star:start].strip(SPACE) or not _POINTER_TYPE.fullmatch(head, 0, star):
            return None
        return_type = head[:star]
    else:
        if start < 2 or not _TYPE_WORDS.fullmatch(head, 0, start):
            return None
        return_type = head[: start - 1]
    start = opening + 1
    end = prototype.find("(", start)
    close = prototype.rfind(")", start, end if end >= 0 else len(prototype))
    if close < 0:
        brace = prototype.find("{", start)
        close = prototype.rfind(")", start, brace if brace >= 0 else len(prototype))
        if close < 0:
            return None
    return return_type, name, prototype[start:close]


def _check_return(gathering: Gathering, name: str, return_type: str, line: int) -> None:
    """Warn where a value is returned and no section says which."""
    if not return_type or _RETURNS_NOTHING.search(return_type):
        return
    if not gathering.sections.get(RETURN):
        text = f"No description found for return value of '{name}'"
        gathering.warn(line, Rule.MISSING_RETURN, text)


def _struct(prototype: str, gathering: Gathering, line: int) -> Declaration | None:
    found = _struct_parts(prototype)
    if found is None:
        gathering.fail(line, Rule.UNREADABLE_STRUCT, "Cannot parse struct or union!")
        return None
    kind, name, members = found
    wanted = gathering.identifier
    if wanted != name:
        _other(gathering, line, f"{kind} {wanted}", f"{kind} {name}")
        return None
    if "/*" in members:
        members = strip_comments(strip_private(members))
    members = strip_member_macros(members, gathering.options.strip_macros)
    try:
        flat = flatten(members) if "{" in members else members
    except TooManyMembersError:
        gathering.fail(line, Rule.UNREADABLE_STRUCT, "Cannot parse struct or union!")
        return None
    split_parameters(flat, ";", gathering, name, line)
    check_described(gathering, name, kind, gathering.declared, line)
    definition = lay_out(members) if gathering.options.blocks else ""
    return Declaration(Kind(kind), name, "", definition)


def _struct_parts(text: str) -> tuple[str, str, str] | None:
    """Return (kind, name, members)."""
    match = _STRUCT.search(text)
    if match:
        end = text.rfind("}", match.end())
        if end >= 0:
            members = text[match.end() : end]
            return (match[1], match[2], members) if members not in {"", "0"} else None
    match = _TYPEDEF_STRUCT.search(text)
    end = len(text)
    while match and (end := text.rfind("}", match.end(), end)) >= 0:
        tail = _STRUCT_NAME.match(text, end)
        if tail:
            members = text[match.end() : end]
            return (match[1], tail[1], members) if members not in {"", "0"} else None
    return None


def _enum(prototype: str, gathering: Gathering, line: int) -> Declaration | None:
    if "/*" in prototype:
        prototype = strip_comments(_strip_private_values(prototype))
    if "#" in prototype:
        prototype = _ENUM_DIRECTIVE.sub("", prototype)
    found = _enum_parts(prototype)
    if found is None:
        gathering.fail(line, Rule.UNREADABLE_ENUM, "Cannot parse enum!")
        return None
    name, members = found
    wanted = gathering.identifier
    if wanted != name:
        if wanted:
            _other(gathering, line, f"enum {wanted}", f"enum {name}")
        else:
            gathering.warn(line, Rule.WRONG_IDENTIFIER, "wrong kernel-doc identifier on line:")
        return None
    _describe_values(members, name or "(anonymous)", gathering, line)
    return Declaration(Kind.ENUM, name or "(anonymous)")


def _describe_values(members: str, name: str, gathering: Gathering, line: int) -> None:
    """Find the constants and hold them against the descriptions."""
    shows = gathering.options.selection.shows(name, function=False)
    members = members.rstrip(SPACE)
    if "(" in members:
        members = _IN_PARENTHESES.sub(lambda match: "" if match[2] else match[0], members)
    descriptions = gathering.descriptions
    values = members.split(",")
    while values and not values[-1]:
        values.pop()
    for value in values:
        constant = _VALUE.sub(r"\1", value, 1)
        gathering.parameters.append(constant)
        if descriptions.get(constant, "") in {"", "0"}:
            descriptions[constant] = UNDESCRIBED
            if shows:
                text = f"Enum value '{constant}' not described in enum '{name}'"
                gathering.warn(line, Rule.MISSING_ENUM_VALUE, text)
    known = frozenset(gathering.parameters)
    for described in descriptions if shows else ():
        if described not in known:
            text = f"Excess enum value '{described}' description in '{name}'"
            gathering.warn(line, Rule.EXCESS_ENUM_VALUE, text)


def _strip_private_values(text: str) -> str:
    """Drop private values; without a "public:" comment they end at the last brace."""
    stripped = strip_private(text)
    brace = text.rfind("}")
    return stripped if stripped.rfind("}") >= 0 or brace < 0 else stripped + text[brace:]


def _enum_parts(text: str) -> tuple[str, str] | None:
    """Return (name, members)."""
    match = _TYPEDEF_ENUM.search(text)
    end = len(text)
    while match and (end := text.rfind("}", match.end(), end)) >= 0:
        tail = _TYPEDEF_ENUM_NAME.match(text, end)
        if tail:
            members = text[match.end() : end]
            return (tail[1], members) if members not in {"", "0"} else None
    match = _ENUM.search(text)
    end = text.rfind("}", match.end()) if match else -1
    if match is None or end < 0 or text[match.end() : end] in {"", "0"}:
        return None
    return match[1], text[match.end() : end]


def _typedef(prototype: str, gathering: Gathering, line: int) -> Declaration | None:
    text = strip_comments(prototype)
    wanted = gathering.identifier
    for pattern in _CALLABLE_TYPEDEFS:
        match = pattern.search(text) if ");" in text else None
        if match:
            return_type, name = match[1].lstrip(SPACE), match[2]
            if wanted != name:
                _other(gathering, line, f"typedef {wanted}", f"typedef {name}")
                return None
            split_parameters(match[3], ",", gathering, name, line)
            return Declaration(Kind.FUNCTION_TYPEDEF, name, return_type)
    match = _TYPEDEF.search(_without_tail(text))
    if not match:
        gathering.fail(line, Rule.UNREADABLE_TYPEDEF, "Cannot parse typedef!")
        return None
    name = match[1]
    if wanted != name:
        _other(gathering, line, f"typedef {wanted}", f"typedef {name}")
        return None
    return Declaration(Kind.TYPEDEF, name)


def _without_tail(text: str) -> str:
    """Drop closing brackets before the semicolon, each with one sign and openings before it."""
    if not text.endswith(";"):
        return text
    end = len(text) - 1
    while True:
        body = text[:end].rstrip(SPACE)
        if len(body) < 2 or body[-1] not in ")]":
            return text[:end] + ";"
        opening = "(" if body[-1] == ")" else "["
        end = len(body) - 2
        while end > 0 and text[end - 1] == opening:
            end -= 1
