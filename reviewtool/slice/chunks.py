# SPDX-License-Identifier: GPL-2.0-only
"""A C file cut into what it defines and declares at file level, by brackets and semicolons.

Annotations and macros that no C grammar knows do not matter to the cut: a chunk goes from its first
word to the semicolon or the closing brace that ends it.

    file  = { directive | call-line | chunk }
    chunk = head ";" | head "{" ... "}" (a function) | head "{" ... "}" ... ";" (anything else)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from reviewtool.slice.conditionals import Active, Settings, read_active


class Kind(Enum):
    """What a chunk is."""

    MACRO = "macro"
    FUNCTION = "function"
    PROTOTYPE = "prototype"
    TYPE = "type"
    DATA = "data"


@dataclass(frozen=True)
class Chunk:
    """One definition or declaration.

    names: what it defines: the function, the macro; a type's tags, its enumerators, its typedef name.
    first_line, last_line: 1-based, inclusive.
    head: a function's text before its body, comments left out.
    uses: identifiers in it that are not members and not its own names.
    tokens: its code with single blanks.
    """

    kind: Kind
    path: str
    names: tuple[str, ...]
    first_line: int
    last_line: int
    head: str
    tokens: str
    static: bool

    @property
    def name(self) -> str:
        """Its first name."""
        return self.names[0] if self.names else ""

    @cached_property
    def uses(self) -> frozenset[str]:
        """Identifiers in it that are neither members nor its own names."""
        return identifiers(self.tokens) - frozenset(self.names)


@dataclass(frozen=True)
class CutFile:
    """A file under one configuration: its chunks in order.

    lines: its lines, blank where they are not compiled; code: the same without comments.
    """

    path: str
    lines: tuple[str, ...]
    code: tuple[str, ...]
    chunks: tuple[Chunk, ...]


_KEYWORDS = frozenset(
    """auto break case char const continue default do double else enum extern float for goto if inline int
    long register return short signed sizeof static struct switch typedef union unsigned void volatile while
    typeof __typeof__ _Bool asm __asm__""".split()
)  # fmt: skip
_WORD = re.compile(r"[A-Za-z_]\w*")
_MEMBER = re.compile(r"(?:->|(?<![\d\w.])\.(?!\.)|(?<=[\w\])])\.(?!\.))\s*[A-Za-z_]\w*")
_STRING = re.compile(r"\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?")
_STOP = re.compile(r"[{};()]|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?|\n")
_NOTHING = re.compile(r"[ \t\n\f\v;]*")
_BRACE = re.compile(r"[{}]|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?")
_ATTRIBUTES = frozenset(
    """__attribute__ __acquires __releases __must_hold __cond_acquires __alloc_size __printf __section __aligned
    __no_sanitize __counted_by __acquire __release __context_unsafe __no_context_analysis __guarded_by""".split()
)  # fmt: skip
_CALL_LINE = re.compile(r"[ \t]*([A-Z_][A-Z0-9_]*)[ \t]*\(")


def identifiers(code: str) -> frozenset[str]:
    """Return the identifiers of CODE that are not keywords, members, or in strings."""
    return frozenset(_WORD.findall(_MEMBER.sub(" ", _STRING.sub(" ", code)))) - _KEYWORDS


def cut(path: str, text: str, settings: Settings) -> CutFile:
    """Return what the file at PATH with TEXT defines under SETTINGS.  Any text gives a value."""
    return cut_active(path, read_active(text, settings))


def cut_active(path: str, active: Active) -> CutFile:
    """Return what the file at PATH defines, of which ACTIVE is compiled."""
    chunks = [*_macros(path, active), *_scan(path, active)]
    chunks.sort(key=lambda chunk: (chunk.first_line, chunk.last_line))
    return CutFile(path, active.lines, active.code, tuple(chunks))


def _macros(path: str, active: Active) -> list[Chunk]:
    found: list[Chunk] = []
    for first, last, word, rest in active.directives:
        name = _WORD.match(rest)
        if word == "define" and name:
            tokens = " ".join(rest.split())
            found.append(
                Chunk(Kind.MACRO, path, (name[0],), first + 1, last + 1, "", tokens, static=True)
            )
    return found


def _scan(path: str, active: Active) -> list[Chunk]:
    code = list(active.code)
    for first, last, _, _ in active.directives:
        for number in range(first, last + 1):
            code[number] = ""
    text = "\n".join(code)
    found: list[Chunk] = []
    starts = [0]
    for line in code:
        starts.append(starts[-1] + len(line) + 1)

    line_of = _LineFinder(starts)
    at, end = 0, len(text)
    begin = _skip(text, 0)
    parens = 0
    body_at = -1
    at = begin
    while at < end:
        match = _STOP.search(text, at)
        if match is None:
            break
        stop, at = match[0], match.end()
        if stop == "(":
            parens += 1
        elif stop == ")":
            parens = max(0, parens - 1)
        elif stop == "\n":
            # a call of a macro that defines something, with no semicolon behind it
            if parens == 0 and body_at < 0:
                line = text[begin : match.start()]
                if _CALL_LINE.match(line) and line.rstrip().endswith(")") and _one_call(line):
                    begin = at = _skip(text, at)
        elif stop == ";" and parens == 0:
            _add(found, path, text, begin, at, body_at, line_of)
            begin = at = _skip(text, at)
            body_at = -1
        elif stop == "{":
            if body_at < 0:
                body_at = match.start()
            at = _close(text, at)
            head = text[begin:body_at]
            if parens == 0 and _is_function_head(head):
                _add(found, path, text, begin, at, body_at, line_of)
                begin = at = _skip(text, at)
                body_at = -1
        elif stop == "}":  # one too many: begin anew
            begin = at = _skip(text, at)
            parens, body_at = 0, -1
    return found


class _LineFinder:
    def __init__(self, starts: list[int]) -> None:
        self._starts = starts

    def __call__(self, offset: int) -> int:
        from bisect import bisect_right  # noqa: PLC0415

        return bisect_right(self._starts, offset)


def _skip(text: str, at: int) -> int:
    match = _NOTHING.match(text, at)
    return match.end() if match else at


def _close(text: str, at: int) -> int:
    """Return the offset behind the brace that closes the one before AT."""
    depth = 1
    for match in _BRACE.finditer(text, at):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if not depth:
                return match.end()
    return len(text)


def _one_call(line: str) -> bool:
    depth = 0
    for at, character in enumerate(line):
        if character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if not depth:
                return not line[at + 1 :].strip()
    return False


def _groups(head: str) -> list[tuple[str, int]]:
    """Return the words before each outermost parenthesis of HEAD, and where the word begins."""
    found: list[tuple[str, int]] = []
    depth = 0
    for at, character in enumerate(head):
        if character == "(":
            if depth == 0:
                word = re.search(r"([A-Za-z_]\w*)\s*$", head[:at])
                found.append((word[1], word.start(1)) if word else ("", at))
            depth += 1
        elif character == ")":
            depth -= 1
    return found


def _outside(head: str) -> str:
    """Return HEAD without what is in parentheses."""
    while True:
        less = re.sub(r"\([^()]*\)", " ", head)
        if less == head:
            return less
        head = less


def _is_function_head(head: str) -> bool:
    outside = _outside(head)
    if "=" in outside:
        return False
    return any(word and word not in _ATTRIBUTES for word, _ in _groups(head))


def _function_name(head: str) -> str:
    words = [word for word, _ in _groups(head) if word and word not in _ATTRIBUTES]
    return words[-1] if words else ""


_TAG = re.compile(r"\b(struct|union|enum)\s+(?:__\w+\s+)*([A-Za-z_]\w*)\s*\{")
_ENUM_BODY = re.compile(r"\benum\b[^{;]*\{([^{}]*)\}")


def _type_names(code: str) -> list[str]:
    names = [match[2] for match in _TAG.finditer(code)]
    for body in _ENUM_BODY.finditer(code):
        depthless = _outside(body[1])
        names += [
            word[0]
            for part in depthless.split(",")
            if (word := re.match(r"\s*([A-Za-z_]\w*)", part))
        ]
    return [name.strip() for name in names]


def _add(
    found: list[Chunk],
    path: str,
    text: str,
    begin: int,
    end: int,
    body_at: int,
    line_of: _LineFinder,
) -> None:
    code = text[begin:end]
    tokens = " ".join(code.split())
    if not tokens:
        return
    first, last = line_of(begin), line_of(end - 1)
    head = text[begin:body_at] if body_at >= 0 else code
    outside = _outside(head)
    static = re.search(r"\bstatic\b", head) is not None
    if body_at >= 0 and _is_function_head(head):
        chunk = Chunk(
            Kind.FUNCTION, path, (_function_name(head),), first, last, head, tokens, static
        )
    elif re.match(r"typedef\b", tokens):
        names = _type_names(code)
        pointer = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", code)
        tail = re.findall(
            r"[A-Za-z_]\w*", _outside(re.sub(r"\[[^]]*\]", "", code.rpartition("}")[2] or code))
        )
        names.insert(0, pointer[1] if pointer else tail[-1] if tail else "")
        chunk = Chunk(Kind.TYPE, path, tuple(names), first, last, "", tokens, static)
    elif body_at >= 0 and "=" not in outside and re.match(r"(?:struct|union|enum)\b", tokens):
        chunk = Chunk(Kind.TYPE, path, tuple(_type_names(code)), first, last, "", tokens, static)
    elif (
        body_at < 0
        and "=" not in outside
        and _groups(head)
        and not re.match(r"[A-Z_]+\s*\(", tokens)
    ):
        name = _function_name(head)
        chunk = Chunk(
            Kind.PROTOTYPE, path, (name,), first, last, head.rstrip("; \n"), tokens, static
        )
    else:
        chunk = Chunk(Kind.DATA, path, _data_names(head, code), first, last, "", tokens, static)
    found.append(chunk)


def _data_names(head: str, code: str) -> tuple[str, ...]:
    call = re.match(r"\s*(?:static\s+|extern\s+)*[A-Z_][A-Z0-9_]*\s*\(([^)]*)\)", head)
    if call:
        words = _WORD.findall(call[1])
        return tuple(words[-1:]) if "DEFINE_PER_CPU" in head else tuple(words[:1])
    plain = re.sub(r"\[[^]]*\]|\b__\w+\b", " ", _outside(head).split("=")[0])
    words = _WORD.findall(plain)
    names = words[-1:]
    if code.lstrip().startswith(("struct", "union", "enum")) and re.fullmatch(
        r"\s*(?:struct|union|enum)\s+\w+\s*;?\s*", plain
    ):
        return ()  # a forward declaration
    return tuple(names)
