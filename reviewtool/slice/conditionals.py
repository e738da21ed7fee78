# SPDX-License-Identifier: GPL-2.0-only
"""Preprocessor conditionals, decided under one configuration, before anything else is read.

A line that is not compiled is left blank, so every line keeps its number.  An expression is read by
a parser of its own (never by eval): what cannot be read counts as 0.

Source: C17 6.10.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_COMMENT_OR_STRING = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*|/\*.*\Z)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?""",
    re.DOTALL,
)
_NOT_NEWLINE = re.compile(r"[^\n]")
_DIRECTIVE = re.compile(r"[ \t]*(?:#|%:)[ \t]*(\w+)(.*)", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(\d[\w.]*)|([A-Za-z_]\w*)|(\|\||&&|==|!=|<=|>=|<<|>>|[-+*/%<>!()&|^~?:]))"
)


def without_comments(text: str) -> str:
    """Return TEXT with every comment blank; lengths and lines stay."""
    return _COMMENT_OR_STRING.sub(
        lambda m: _NOT_NEWLINE.sub(" ", m[0]) if m["comment"] is not None else m[0], text
    )


@dataclass(frozen=True)
class Settings:
    """What is known before a file is read: names that are defined, and values of some of them."""

    defined: frozenset[str]
    values: Mapping[str, int]


@dataclass(frozen=True)
class Active:
    """A file as the compiler would read it under one configuration.

    lines: the file's lines without line feeds, blank where they are not compiled; conditionals and
    includes are blank, too.  code: the same without comments.  directives: first and last line
    (0-based, inclusive), word and rest of every other directive.
    """

    lines: tuple[str, ...]
    code: tuple[str, ...]
    directives: tuple[tuple[int, int, str, str], ...]


class _Expression:
    """A preprocessor expression: precedence climbing over its tokens."""

    _LEVELS = (
        ("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="), ("<<", ">>"),
        ("+", "-"), ("*", "/", "%"),
    )  # fmt: skip

    def __init__(self, text: str, defined: set[str], values: Mapping[str, int]) -> None:
        self.tokens = [next(filter(None, m.groups())) for m in _TOKEN.finditer(text)]
        self.at = 0
        self.defined = defined
        self.values = values

    def _next(self) -> str:
        piece = self.tokens[self.at] if self.at < len(self.tokens) else ""
        self.at += 1
        return piece

    def _peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def value(self) -> int:
        if len(self.tokens) > 400:  # nested deeper than any person writes
            return 0
        condition = self._binary(0)
        if self._peek() == "?":
            self._next()
            first = self.value()
            self._next()
            second = self.value()
            return first if condition else second
        return condition

    def _binary(self, level: int) -> int:
        if level == len(self._LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        while self._peek() in self._LEVELS[level]:
            operator = self._next()
            left = _apply(operator, left, self._binary(level + 1))
        return left

    def _unary(self) -> int:
        piece = self._next()
        if piece == "!":
            return int(not self._unary())
        if piece in ("-", "+", "~"):
            value = self._unary()
            return -value if piece == "-" else ~value if piece == "~" else value
        if piece == "(":
            value = self.value()
            self._next()
            return value
        if piece == "defined":
            bracket = self._peek() == "("
            if bracket:
                self._next()
            name = self._next()
            if bracket:
                self._next()
            return int(name in self.defined)
        if piece in ("IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE"):
            self._next()
            name = self._next()
            self._next()
            return int(name in self.defined)
        if piece[:1].isdigit():
            digits = re.match(r"0[xX][0-9a-fA-F]+|\d+", piece)
            return int(digits[0], 0 if digits[0][:2] in ("0x", "0X") else 10) if digits else 0
        if self._peek() == "(":  # a macro's call: read over it
            depth = 0
            while self.at < len(self.tokens):
                step = self._next()
                depth += (step == "(") - (step == ")")
                if not depth:
                    break
            return 0
        return self.values.get(piece, 0)


def _apply(operator: str, left: int, right: int) -> int:
    if operator in ("/", "%"):
        return 0 if right == 0 else left // right if operator == "/" else left % right
    if operator in ("<<", ">>"):
        return 0 if not 0 <= right < 64 else left << right if operator == "<<" else left >> right
    return int(
        {
            "||": left or (right and 1), "&&": left and right, "|": left | right, "^": left ^ right, "&": left & right,
            "==": left == right, "!=": left != right, "<": left < right, ">": left > right, "<=": left <= right,
            ">=": left >= right, "+": left + right, "-": left - right, "*": left * right,
        }[operator]
    )  # fmt: skip


def evaluate(text: str, defined: set[str], values: Mapping[str, int]) -> bool:
    """Return whether the expression TEXT of an #if holds."""
    return bool(_Expression(text, defined, values).value())


def read_active(text: str, settings: Settings) -> Active:
    """Return what of TEXT is compiled under SETTINGS.  Any text gives a value."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    code = without_comments(text).split("\n")
    defined = set(settings.defined)
    directives: list[tuple[int, int, str, str]] = []
    # per open conditional: (it is compiled here, a branch was taken already, outer is compiled)
    stack: list[tuple[bool, bool, bool]] = []
    active = True
    number = 0
    while number < len(lines):
        match = (
            _DIRECTIVE.match(code[number]) if "#" in code[number] or "%:" in code[number] else None
        )
        if match is None:
            if not active:
                lines[number] = code[number] = ""
            number += 1
            continue
        last = number
        whole = [match[2]]
        while code[last].rstrip().endswith("\\") and last + 1 < len(lines):
            last += 1
            whole.append(code[last])
        rest = " ".join(part.rstrip().removesuffix("\\") for part in whole).strip()
        word = match[1]
        keep = False
        if word in ("if", "ifdef", "ifndef"):
            holds = active and _holds(word, rest, defined, settings.values)
            stack.append((holds, holds, active))
            active = holds
        elif word in ("elif", "else") and stack:
            _, taken, outer = stack.pop()
            holds = (
                outer and not taken and (word == "else" or evaluate(rest, defined, settings.values))
            )
            stack.append((holds, taken or holds, outer))
            active = holds
        elif word == "endif" and stack:
            active = stack.pop()[2]
        elif active and word in ("define", "undef"):
            name = re.match(r"\w*", rest)
            if name and word == "define":
                defined.add(name[0])
            elif name:
                defined.discard(name[0])
            keep = True
        elif active and word not in ("include", "error", "warning", "if", "elif", "else", "endif"):
            keep = True
        if keep:
            directives.append((number, last, word, rest))
        else:
            for at in range(number, last + 1):
                lines[at] = code[at] = ""
        number = last + 1
    return Active(tuple(lines), tuple(code), tuple(directives))


def read_everything(text: str) -> tuple[Active, tuple[tuple[str, ...], ...]]:
    """Return TEXT as if every branch of every conditional were compiled, and the conditions around each line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines, code = text.split("\n"), without_comments(text).split("\n")
    around: list[tuple[str, ...]] = []
    directives: list[tuple[int, int, str, str]] = []
    stack: list[str] = []
    number = 0
    while number < len(lines):
        match = _DIRECTIVE.match(code[number])
        last = number
        if match:
            while code[last].rstrip().endswith("\\") and last + 1 < len(lines):
                last += 1
            parts = [match[2], *code[number + 1 : last + 1]]
            rest = " ".join(" ".join(part.rstrip().removesuffix("\\") for part in parts).split())
            word = match[1]
            if word in ("if", "ifdef", "ifndef"):
                stack.append(f"{word} {rest}")
            elif word in ("elif", "else") and stack:
                stack[-1] += f"; {word} {rest}"
            elif word == "endif" and stack:
                stack.pop()
            elif word in ("define", "undef"):
                directives.append((number, last, word, rest))
            if word not in ("define", "undef"):
                for at in range(number, last + 1):
                    code[at] = ""
        around += [tuple(stack)] * (last + 1 - number)
        number = last + 1
    return Active(tuple(lines), tuple(code), tuple(directives)), tuple(around)


def _holds(word: str, rest: str, defined: set[str], values: Mapping[str, int]) -> bool:
    if word == "if":
        return evaluate(rest, defined, values)
    name = re.match(r"\w*", rest)
    return (bool(name) and name[0] in defined) == (word == "ifdef") if name else False
