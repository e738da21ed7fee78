# SPDX-License-Identifier: GPL-2.0-only
"""The body of a struct or union: nested ones flattened, and the definition laid out for readers.

A nested member is known by its path: "struct { int b; } a;" gives the members "a" and "a.b".

Source: scripts/kernel-doc of Linux 6.12, dump_struct().
"""

from __future__ import annotations

import re

from reviewtool.kerneldoc.lines import SPACE

_A = re.ASCII
_FLAT_CHARACTERS = 1 << 22
_DEPTH = 100
_PASSES = 20
_PRIVATE = re.compile(r"/\*\s*private:", _A | re.IGNORECASE)
_PUBLIC = re.compile(r"/\*\s*public:", _A | re.IGNORECASE)
_KEYWORD = re.compile(r"(?:struct|union)(?=.)", re.DOTALL)
_TOKEN = re.compile(r"[{};]")
_POINTER = re.compile(r"([^(]+\(\*?\s*)([\w.]*)(\s*\).*)", _A)
_BITS = re.compile(r":\s*\d+\s*", _A)
_SUBSCRIPT = re.compile(r"\[.*\]")
_NAMES = re.compile(r"(.*)\s+(\S+)", _A)
_STARRED = re.compile(r"\s*\**(\S+)\s*", _A)
_INNER_BRACES = re.compile(r"\{[^{}]*\}")
_CLAUSE_END = re.compile(r"[{;]")
_CLOSED = re.compile(r"\}\s+;", _A)
_ENUM = re.compile(r"(enum\s+\{[^}])([^}]*\}?)", _A)
_ENUM_COMMA = re.compile(r",(?=[^\n])")
_RUN = re.compile(r"\s+", _A)


def strip_private(text: str) -> str:
    """Drop what stands between "private:" and "public:" comments, or the end."""
    parts: list[str] = []
    position = 0
    while match := _PRIVATE.search(text, position):
        public = _PUBLIC.search(text, match.end())
        end = text.find("*/", public.end()) if public else -1
        parts.append(text[position : match.start()])
        if end < 0:
            return "".join(parts)
        position = end + 2
    return "".join([*parts, text[position:]])


def strip_comments(text: str) -> str:
    """Drop comments; one that does not end stays."""
    if "/*" not in text:
        return text
    parts: list[str] = []
    position = 0
    while (start := text.find("/*", position)) >= 0:
        end = text.find("*/", start + 2)
        if end < 0:
            break
        parts.append(text[position:start])
        position = end + 2
    return "".join([*parts, text[position:]])


class TooManyMembersError(Exception):
    """The paths of nested members would be longer than any real struct's.

    Each name of a nested struct repeats its members, so a few bytes can stand for 2**30 of them.
    """


class _Level:
    """The text inside one pair of braces, or outside all.

    head:    what stands before the opening brace, back to the last sign.
    pending: what was read since the last sign.
    nested:  braces are left in the text, so the struct around them cannot be flattened.
    """

    __slots__ = ("head", "nested", "pending", "texts")

    def __init__(self, head: str) -> None:
        self.head = head
        self.texts: list[str] = []
        self.pending = ""
        self.nested = False

    def text(self) -> str:
        return "".join(self.texts) + self.pending

    def flattened(self, names: str) -> str | None:
        """Return what replaces this struct, None if it is none or cannot be replaced."""
        match = None if self.nested else _KEYWORD.search(self.head)
        if not match:
            return None
        return self.head[: match.start()] + _flattened(match[0], self.text(), names)

    def add(self, text: str) -> None:
        """Append TEXT; what follows its last semicolon may belong to the next declaration."""
        end = text.rfind(";") + 1
        if end:
            self.texts.append(self.pending + text[:end])
            self.pending = text[end:]
        else:
            self.pending += text


def flatten(members: str) -> str:
    """Replace each nested struct or union by its members' paths, the innermost first.

    Where semicolons are missing, one that has gone may show the name of the one before it, hence
    the repetition.  Other braces, as those of enums, are dropped with what is in them.

    Raises: TooManyMembersError.
    """
    for _ in range(_PASSES):
        before = members
        members = _flatten_once(members)
        if members == before or "{" not in members:
            break
    return _INNER_BRACES.sub("", members)


def _flatten_once(members: str) -> str:
    """Go over the text once: "{" opens a level, "}" closes it, text up to ";" names it."""
    levels = [_Level("")]
    closed: _Level | None = None
    budget = _FLAT_CHARACTERS
    position = 0
    for token in _TOKEN.finditer(members):
        text = members[position : token.start()]
        position = token.end()
        sign = token[0]
        level = levels[-1]
        if closed is not None:
            size = (text.count(",") + 1) * (len(closed.pending) + sum(map(len, closed.texts)))
            if size > budget or len(levels) > _DEPTH:
                raise TooManyMembersError
            flattened = closed.flattened(text) if sign == ";" else None
            if flattened is not None:
                budget -= len(flattened)
                level.add(flattened)
                closed = None
                continue
            level.texts.append(f"{level.pending}{closed.head}{{{closed.text()}}}")
            level.pending = ""
            level.nested = True
            closed = None
        if sign == "{":
            levels.append(_Level(level.pending + text))
            level.pending = ""
        elif sign == "}" and len(levels) > 1:
            closed = levels.pop()
            closed.pending += text
        else:
            level.texts.append(level.pending + text + sign)
            level.pending = ""
    rest = f"{closed.head}{{{closed.text()}}}" if closed else ""
    rest += members[position:]
    opened = (f"{level.head}{{{level.text()}" for level in levels[1:])
    return "".join((levels[0].text(), *opened, rest))


def _flattened(kind: str, content: str, names: str) -> str:
    """Return the declarations that stand for "kind tag { content } names;"."""
    parts: list[str] = []
    pieces = [piece for piece in content.split(";") if piece.strip(SPACE)]
    declarators = names.split(",") if names else []
    while declarators and not declarators[-1]:
        declarators.pop()
    for declarator in declarators:
        parts.append(f"{kind} {declarator}; ")
        owner = declarator.split(":", 1)[0].split("[", 1)[0]
        owner = _STARRED.sub(r"\1", owner, 1) if _STARRED.match(owner) else owner
        prefix = f"{owner}." if owner.strip(SPACE) else ""
        for piece in pieces:
            match = _POINTER.match(piece)
            if match:
                if match[2] not in {"", "0"}:
                    parts.append(f"{match[1]}{prefix}{match[2]}{match[3]}; ")
            else:
                parts.extend(_declarators(piece.strip(SPACE), prefix))
    return "".join(parts)


def _declarators(piece: str, prefix: str) -> list[str]:
    """Return a declaration for each name of "type a, *b[3], c:4"."""
    if ":" in piece:
        piece = _BITS.sub("", piece)
    if "[" in piece:
        piece = _SUBSCRIPT.sub("", piece)
    if "," in piece:
        head, *rest = piece.split(",")
        middle = [part.strip(SPACE) for part in rest[:-1]]
        piece = ",".join([head.rstrip(SPACE), *middle, rest[-1].lstrip(SPACE)])
    match = _NAMES.match(piece)
    if not match:
        return [f"{piece}; "]
    found = []
    for name in match[2].split(","):
        bare = _STARRED.sub(r"\1", name, 1)
        if bare.strip(SPACE):
            found.append(f"{match[1]} {prefix}{bare}; ")
    return found


def lay_out(declaration: str) -> str:
    """Return a struct's body with a line for each clause, indented with tabs by its level."""
    text = _CLAUSE_END.sub(lambda match: match[0] + "\n", declaration)
    if "}" in text:
        text = _CLOSED.sub("};", text)
        if "enum" in text:
            text = _ENUM.sub(_break_enum, text)
    elif "enum" in text:
        text = _ENUM.sub(_break_enum, text)
    lines: list[str] = []
    level = 1
    for line in text.split("\n"):
        clause = _RUN.sub(" ", line.strip(SPACE), 1)
        if clause in {"", "0"}:
            continue
        closes = "}" in clause
        if closes and level > 1:
            level -= 1
        indent = "" if clause[0] == "#" else "\t" * level
        lines.append(f"{indent}\t{clause}\n")
        if not closes and "{" in clause:
            level += 1
    return "".join(lines)


def _break_enum(match: re.Match[str]) -> str:
    return match[1] + _ENUM_COMMA.sub(",\n", match[2])
