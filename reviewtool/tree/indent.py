# SPDX-License-Identifier: GPL-2.0-only
"""Indentation of C lines whose leading white space is lost.

A line is one of: inside a comment; inside brackets (aligned with what follows the bracket); the
continuation of a statement (one level deeper); a preprocessor line or a label (at the margin); a
case label (one level less); a statement, whose level is the number of open blocks plus the
control statements without braces that wait for it.

    state            on                                     next state
    statement        "{" at the end                         one block deeper
    statement        "if (...)", "else", "for (...)" ...    one waiting control statement more
    statement        ";" or "}" at the end                  no waiting control statement
    statement        an open bracket at the end             inside brackets
    statement        anything else                          continuation

Source: Documentation/process/coding-style.rst of the kernel: tabs of eight columns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LITERAL = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|/\*.*?\*/|//.*")
_CONTROL = re.compile(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while|switch|[a-z_]*for_each\w*)\s*\("
    r"|(?:\}\s*)?else\b|do\b"
)
_LABEL = re.compile(r"[A-Za-z_]\w*\s*:(?!:)\s*$")
_CASE = re.compile(r"(?:case\b.*|default\s*):")
_TAB = 8


@dataclass
class Indenter:
    """The state between two lines.  Feed it every line in order; it says where each begins.

    blocks:    the level outside of each open block.
    waiting:   control statements without braces that wait for their body.
    brackets:  for each open bracket, the column where the next line is aligned.
    statement: leading white space of the statement's first line; continued: the same, or None
               where the next line begins a statement.
    comment:   leading white space of an open comment, None outside of one.
    """

    blocks: list[int] = field(default_factory=list)
    level: int = 0
    waiting: int = 0
    brackets: list[int] = field(default_factory=list)
    continued: str | None = None
    comment: str | None = None
    macro: bool = False
    statement: str = ""
    is_control: bool = False

    def feed(self, text: str, known: str | None = None) -> str:
        """Take the stripped line TEXT; return its leading white space.

        known: its leading white space where it is known; that is what is returned then.
        """
        if not text:
            return ""
        white = self._white(text) if known is None else known
        self._advance(text, white)
        return white

    def _white(self, text: str) -> str:
        if self.comment is not None:
            return f"{self.comment} " if text.startswith("*") else f"{self.comment}   "
        if text.startswith("#") and not self.brackets:
            return ""
        if self.brackets:
            column = self.brackets[-1]
            return "\t" * (column // _TAB) + " " * (column % _TAB)
        if self.continued is not None:
            return f"{self.continued}\t"
        if text.startswith("}"):
            return "\t" * max(self.blocks[-1] if self.blocks else 0, 0)
        if self.level and _LABEL.match(text) and not _CASE.match(text):
            return ""
        if _CASE.match(text):
            return "\t" * max(self.level - 1, 0)
        if text.startswith("{"):
            return "\t" * (self.level + max(self.waiting - 1, 0))
        return "\t" * (self.level + self.waiting)

    def _advance(self, text: str, white: str) -> None:
        if self.comment is not None:
            if "*/" in text:
                self.comment = None
            return
        if self.macro or (text.startswith("#") and not self.brackets):
            self.macro = text.endswith("\\")
            return
        code = _LITERAL.sub(lambda match: "x" * len(match[0]) if match[0][0] in "\"'" else "", text)
        opened = code.find("/*")
        if opened >= 0:
            self.comment = white + " " * (opened if code[:opened].strip() else 0)
            code = code[:opened]
        code = code.rstrip()
        if not code:
            return
        starts = self.continued is None and not self.brackets
        self._count_brackets(code, white)
        first = white if starts else self.continued or self.statement
        self.statement = first
        self._finish(code, first, starts=starts)

    def _count_brackets(self, code: str, white: str) -> None:
        column = len(white.expandtabs(_TAB))
        for offset, char in enumerate(code):
            if char in "([":
                rest = code[offset + 1 :].strip()
                after = column + offset + 1
                self.brackets.append(after if rest else len(self.statement.expandtabs(8)) + _TAB)
            elif char in ")]" and self.brackets:
                self.brackets.pop()

    def _finish(self, code: str, first: str, *, starts: bool) -> None:
        """Decide what the end of a line means for the next one."""
        if starts:
            self.is_control = _CONTROL.match(code) is not None
        tabs = len(first.expandtabs(_TAB)) // _TAB
        if code.startswith("}") and starts:
            self.level = self.blocks.pop() if self.blocks else 0
            self.waiting = 0
        if self.brackets:
            return
        self.continued = None
        ends = code[-1]
        closes = code.count("}") - (1 if code.startswith("}") and starts else 0)
        opens = code.count("{")
        if opens > closes:
            self.blocks.append(tabs)
            self.level = tabs + 1
            self.waiting = 0
        elif self.is_control and (ends == ")" or code.endswith(("else", "do")) or code == "do"):
            self.waiting = tabs - self.level + 1
        elif ends in ";}" or (starts and (_CASE.match(code) or _LABEL.match(code))):
            if closes > opens and self.blocks:
                self.level = self.blocks.pop()
            self.waiting = 0
        elif ends == "," and self.blocks and not self.is_control:
            self.waiting = 0
        elif self.level or not (ends == ")" or code.replace(" ", "").isidentifier()):
            self.continued = first
