# SPDX-License-Identifier: GPL-2.0-only
"""Parameters and members: a list in C is cut up, and each name meets its description.

Source: scripts/kernel-doc of Linux 6.12, create_parameterlist(), push_parameter() and
check_sections().
"""

from __future__ import annotations

import re

from reviewtool.kerneldoc.document import Rule
from reviewtool.kerneldoc.gathering import Gathering
from reviewtool.kerneldoc.lines import SPACE
from reviewtool.kerneldoc.macros import strip_attributes

UNDESCRIBED = "-- undescribed --"

_A = re.ASCII
_PLAIN = re.compile(r"((?:\w+ )+)\**(\w+)", _A)
_RUN = re.compile(r"\s+", _A)
_RUNS = re.compile(r"\s\s+", _A)
_IN_PARENTHESES = re.compile(r"\((?!,)[^)]*")
_COMMENT = re.compile(r"/\*.*\*/")
_POSITION = re.compile(r"\sPOS0?\s", _A)
_POINTER_NAME = re.compile(r"[^(]\(\*?\s*+([\w\[\].]*+)\s*+\)", _A)
_ARRAY_NAME = re.compile(r"[^(]\(\s*+\*\s*+([\w\[\].]*?)\s*+(?:\[\s*+\w++\s*+\]\s*+)*+\)", _A)
_TAIL = re.compile(r"[\[)].*")
_STARS = re.compile(r"(\*+)\s*", _A)
_BRACKET = re.compile(r"(?<!\s)\s++\[", _A)
_BITFIELD = re.compile(r"(.*?):(\w+)", _A)
_TO_LAST_SPACE = re.compile(r".*\s", _A)


def split_parameters(text: str, separator: str, gathering: Gathering, name: str, line: int) -> None:
    """Cut TEXT at SEPARATOR and add each parameter to the gathering.

    Commas in parentheses become "#" for a while, so that a function pointer stays in one piece.
    Most parameters are a few words and a name, for which the long way round is left out.
    """
    if "(" in text:
        text = _IN_PARENTHESES.sub(lambda match: match[0].replace(",", "#"), text)
    for piece in text.split(separator):
        part = piece
        if "/*" in part:
            part = _COMMENT.sub("", part, 1)
        if "POS" in part:
            part = _POSITION.sub(" ", part, 1)
        part = part.strip(SPACE)
        if not part or part == "0":
            continue
        if match := _PLAIN.fullmatch(part):
            gathering.declared.append(match[2])
            _push(
                gathering,
                match[2],
                "*" if match[1] != "function " else "function",
                part,
                name,
                line,
            )
            continue
        part = _RUN.sub(" ", part, 1)
        if part[0] == "#":
            _push(gathering, part, "", "", name, line)
        elif "(" in part and (where := _after_call(part)):
            part = part.replace("#", ",")
            match = (_POINTER_NAME if where == "(" else _ARRAY_NAME).search(part)
            parameter = match[1] if match else ""
            gathering.declared.append(parameter)
            _push(gathering, parameter, part, part, name, line)
        else:
            _split_declarators(part, gathering, name, line)


def _after_call(part: str) -> str:
    """Return the bracket behind "(...)": "(" for a function pointer, "[" for an array of them.

    The script looks for the former in the whole text first.
    """
    opening = part.find("(")
    if part.find(")", opening + 2) < 0:
        return ""
    found = ""
    close = part.find(")", opening + 2)
    while close >= 0:
        rest = part[close + 1 : close + 2]
        at = close + 1
        if rest in SPACE and rest:
            at = len(part) - len(part[at:].lstrip(SPACE))
            rest = part[at : at + 1]
        if rest == "(":
            return "("
        if rest == "[":
            found = "["
        close = part.find(")", max(at, close + 1))
    return found


def _split_declarators(part: str, gathering: Gathering, name: str, line: int) -> None:
    """Add the declarators of "type a, *b, c:3, d[4]"."""
    if ":" in part:
        part = ":".join(_split_trimmed(part, ":"))
    if "[" in part:
        part = _BRACKET.sub("[", part)
    kind, names = _declarators(part)
    for declarator in names:
        if declarator[:1] == "*":
            parameter = declarator.lstrip("*").lstrip(SPACE)
            gathering.declared.append(_RUN.sub("", parameter))
            _push(gathering, parameter, "*", part, name, line)
        elif ":" in declarator and (field := _BITFIELD.match(declarator)):
            if kind:
                gathering.declared.append(_RUN.sub("", field[1]))
                _push(gathering, field[1], ":", part, name, line)
        else:
            gathering.declared.append(_RUN.sub("", declarator) if " " in declarator else declarator)
            _push(gathering, declarator, kind, part, name, line)


def _declarators(part: str) -> tuple[str, list[str]]:
    """Return the type, as _push() wants it, and what is declared of it."""
    first, names = part, []
    if "," in part:
        names = _split_trimmed(part, ",")
        while names and not names[-1]:
            names.pop()
        first = names.pop(0) if names else ""
    if "*" in first:
        first = _STARS.sub(r" \1", first, 1)
    words = _array_words(first) if "[" in first else _words(first)
    if not words:
        return "", ["", *names]
    typed = len(words) > 2 or (len(words) == 2 and words[0] != "")
    kind = words[0] if len(words) == 2 else "*"
    return kind if typed else "", [words[-1], *names]


def _split_trimmed(text: str, separator: str) -> list[str]:
    """Split at SEPARATOR and the white space around it; that at both ends of the text stays."""
    first, *middle = text.split(separator)
    if not middle:
        return [first]
    last = middle.pop()
    trimmed = (part.strip(SPACE) for part in middle)
    return [first.rstrip(SPACE), *trimmed, last.lstrip(SPACE)]


def _array_words(first: str) -> list[str]:
    """Split at the white space before the last subscript that is closed, sizes may hold some."""
    opening = first.rfind("[", 0, first.rfind("]") + 1)
    match = _TO_LAST_SPACE.match(first, 0, opening) if opening >= 0 else None
    return [*_words(match[0]), first[match.end() :]] if match else _words(first)


def _words(text: str) -> list[str]:
    """Split at white space; a leading one gives an empty first word."""
    words = _RUN.split(text)
    while words and not words[-1]:
        words.pop()
    return words


def _push(
    gathering: Gathering, parameter: str, kind: str, declaration: str, name: str, line: int
) -> None:
    """Add one parameter; warn where it should have been described.

    kind: "" for a name without type, else the type where it is one word, else any sign.
    """
    left = gathering.left
    if not kind and parameter == "}" and left.anonymous:
        return
    left.anonymous = False
    if "[" in parameter or ")" in parameter:
        parameter = _TAIL.sub("", parameter, 1)
    if not kind:
        parameter = _untyped(parameter, gathering)
    if "__cacheline_group" in parameter:
        return
    descriptions = gathering.descriptions
    if parameter not in descriptions and parameter[:1] != "#":
        descriptions[parameter] = UNDESCRIBED
        shows = gathering.options.selection.shows(name, function=kind == "function")
        if "." not in parameter and shows:
            text = f"Function parameter or struct member '{parameter}' not described in '{name}'"
            gathering.warn(line, Rule.MISSING_PARAMETER, text)
    gathering.parameters.append(parameter)
    spaced = "  " in declaration or not declaration.isprintable()
    gathering.declarations[parameter] = _RUNS.sub(" ", declaration) if spaced else declaration


def _untyped(parameter: str, gathering: Gathering) -> str:
    """Name and describe what has no type: "...", void, anonymous structs and unions."""
    descriptions = gathering.descriptions
    if parameter.endswith("..."):
        if _is_word(parameter[-4:-3]):
            parameter = parameter[:-3]
        if not descriptions.get(parameter):
            descriptions[parameter] = "variable arguments"
    elif parameter in {"", "void"}:
        parameter = "void"
        descriptions["void"] = "no arguments"
    elif parameter in {"struct", "union"}:
        parameter = f"{{unnamed_{parameter}}}"
        descriptions[parameter] = "anonymous\n"
        gathering.left.anonymous = True
    return parameter


def _is_word(sign: str) -> bool:
    return sign == "_" or (sign.isascii() and sign.isalnum())


def check_described(
    gathering: Gathering, name: str, kind: str, declared: list[str], line: int
) -> None:
    """Warn about descriptions of what the declaration does not have."""
    known = set(declared)
    if known.issuperset(gathering.described):
        return
    for part in declared:
        known.update(_RUN.split(part) if "[" not in part and "(" not in part else _clean(part))
    for described in gathering.described:
        if described in known:
            continue
        if kind == "function":
            text = f"Excess function parameter '{described}' description in '{name}'"
            gathering.warn(line, Rule.EXCESS_PARAMETER, text)
        else:
            text = f"Excess {kind} member '{described}' description in '{name}'"
            gathering.warn(line, Rule.EXCESS_MEMBER, text)


def _clean(part: str) -> list[str]:
    """Return the words of a declared name without subscripts and attributes."""
    words = []
    for word in _RUN.split(part):
        start, end = word.find("["), word.rfind("]")
        bare = word[:start] + word[end + 1 :] if 0 <= start < end else word
        if "__attribute__" in bare.lower():
            bare = strip_attributes(bare).replace(" ", "")
        words.append(bare.split("[")[0])
    return words
