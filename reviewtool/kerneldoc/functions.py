# SPDX-License-Identifier: GPL-2.0-only
"""The function definitions of a C file, found by their braces.

No compiler and no preprocessor: comments, literals and directives are blanked, and what stands
before an opening brace outside all others, and ends in a parenthesis, is a function.

Source: ISO/IEC 9899:2018, 6.9.1 "Function definitions".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.kerneldoc.declaration import declare
from reviewtool.kerneldoc.gathering import Gathering, Leftovers
from reviewtool.kerneldoc.lines import SPACE
from reviewtool.kerneldoc.options import Options

_HIDDEN = re.compile(
    r"/\*(?:[^*]|\*(?!/))*+(?:\*/)?|//[^\n]*+"
    r'|"(?:[^"\\\n]|\\.)*+"?' + r"|'(?:[^'\\\n]|\\.)*+'?",
    re.DOTALL,
)
_DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\\\n]|\\.)*+", re.MULTILINE | re.DOTALL)
_VISIBLE = re.compile(r"[^\n]")
_SIGN = re.compile(r"[{}();]")
_NAME_BEFORE = re.compile(r"(\w+)\s*$", re.ASCII)
_NOT_A_NAME = frozenset({"if", "for", "while", "switch", "return", "sizeof", "do", "else"})
_WRAPPER = re.compile(r"(?:COMPAT_)?SYSCALL_DEFINE\d$|(?:TRACE|DEFINE)_\w*$|__?attribute__$")


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition.

    parameters:  (name, declaration) in order; () for (void).
    signature:   from the first word of the definition to the brace, on one line.
    body:        what is between the braces; comments and literals are blanks, and so is each
                 directive, but lines and columns are those of the file.
    start, line, end: 1-based lines of the definition's first word, of the brace, of the last brace.
    """

    name: str
    return_type: str
    parameters: tuple[tuple[str, str], ...]
    signature: str
    body: str
    start: int
    line: int
    end: int

    @property
    def is_static(self) -> bool:
        """No other file can call it."""
        return re.search(r"\bstatic\b", self.signature) is not None

    @property
    def returns_value(self) -> bool:
        """It returns something."""
        return not re.search(r"\bvoid\s*$", self.return_type)


def blank_comments(text: str) -> str:
    """Return TEXT with comments and literals blanked; every line feed stays where it is."""
    return _HIDDEN.sub(lambda match: _VISIBLE.sub(" ", match[0]), text)


def find_functions(text: str) -> tuple[Function, ...]:
    """Return the functions that TEXT defines, in order."""
    code = _DIRECTIVE.sub(lambda match: _VISIBLE.sub(" ", match[0]), blank_comments(text))
    found: list[Function] = []
    line, counted = 1, 0
    for start, brace, end in _outer_braces(code):
        head = code[start:brace]
        if head.rstrip(SPACE).endswith(")"):
            first = brace - len(head.lstrip(SPACE))
            begin = line + code.count("\n", counted, first)
            opened = begin + code.count("\n", first, brace)
            line, counted = opened + code.count("\n", brace, end), end
            function = _function(head, code[brace + 1 : end], (begin, opened, line))
            if function:
                found.append(function)
    return tuple(found)


def _outer_braces(code: str) -> Iterator[tuple[int, int, int]]:
    """Yield, for each pair of braces outside all others, where its words, it, and its end are."""
    level = calls = start = 0
    brace = -1
    for match in _SIGN.finditer(code):
        sign, at = match[0], match.start()
        if sign in "()":
            calls = max(0, calls + (1 if sign == "(" else -1))
        elif sign == "{":
            if level == calls == 0:
                brace = at
            level += 1
        elif sign == "}":
            level = max(0, level - 1)
            if level == 0:
                if brace >= 0:
                    yield start, brace, at
                start, brace, calls = at + 1, -1, 0
        elif level == calls == 0:
            start = at + 1


def _function(head: str, body: str, lines: tuple[int, int, int]) -> Function | None:
    """Read the words before a brace; None where they name no function."""
    signature = " ".join(head.split())
    opening = _last_group(signature)
    match = _NAME_BEFORE.search(signature, 0, opening) if opening > 0 else None
    if not match or match[1] in _NOT_A_NAME or _WRAPPER.match(match[1]):
        return None
    gathering = Gathering("", Options(), Leftovers(), [])
    gathering.identifier = match[1].replace("_noprof", "", 1)
    declaration = declare(signature, "function", gathering, 0)
    if declaration is None:
        return None
    parameters = tuple(
        (name, gathering.declarations[name]) for name in gathering.parameters if name != "void"
    )
    return Function(declaration.name, declaration.return_type, parameters, signature, body, *lines)


def _last_group(signature: str) -> int:
    """Return where the parenthesis opens that closes last; -1 if it does not."""
    level = 0
    for match in reversed(list(re.finditer(r"[()]", signature))):
        level += 1 if match[0] == ")" else -1
        if level == 0:
            return match.start()
    return -1
