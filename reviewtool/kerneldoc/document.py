# SPDX-License-Identifier: GPL-2.0-only
"""What a source file's kernel-doc says: blocks, their parts, and diagnostics.

Texts are kept as the comment has them (white space and line breaks included), because two of the
renderers must reproduce them byte for byte; the properties of Block give them in reading form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_PARAGRAPH_BREAK = re.compile(r"\n[ \t]*\n")
_SENTENCE_END = re.compile(r"(?<=[.!?])[ \t]+(?=[A-Z@%&(])")

CONTEXT = "Context"
DESCRIPTION = "Description"
RETURN = "Return"


class Kind(Enum):
    """What a block documents.

    A function-like macro is a FUNCTION without a return type, as the C domain has no better word.
    """

    FUNCTION = "function"
    OBJECT_MACRO = "macro"
    STRUCT = "struct"
    UNION = "union"
    ENUM = "enum"
    TYPEDEF = "typedef"
    FUNCTION_TYPEDEF = "function typedef"
    DOC = "DOC"


class Severity(Enum):
    """How a diagnostic counts: errors are what could not be parsed at all."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Rule(Enum):
    """The stable identifiers of all diagnostics: (identifier, short name)."""

    MISSING_PARAMETER = ("KD001", "missing-parameter")
    EXCESS_PARAMETER = ("KD002", "excess-parameter")
    EXCESS_MEMBER = ("KD003", "excess-member")
    MISSING_ENUM_VALUE = ("KD004", "missing-enum-value")
    EXCESS_ENUM_VALUE = ("KD005", "excess-enum-value")
    MISSING_RETURN = ("KD006", "missing-return")
    MISSING_PURPOSE = ("KD007", "missing-short-description")
    NOT_KERNEL_DOC = ("KD008", "not-kernel-doc")
    WRONG_IDENTIFIER = ("KD009", "wrong-identifier")
    NOT_A_NAME_LINE = ("KD010", "not-a-name-line")
    OTHER_PROTOTYPE = ("KD011", "other-prototype")
    UNREADABLE_PROTOTYPE = ("KD012", "unreadable-prototype")
    DUPLICATE_SECTION = ("KD013", "duplicate-section")
    BAD_LINE = ("KD014", "bad-line")
    SUSPICIOUS_END = ("KD015", "suspicious-end")
    BAD_INLINE = ("KD016", "bad-inline-comment")
    UNKNOWN_TRACEPOINT = ("KD017", "unknown-tracepoint")
    NAME_NOT_FOUND = ("KD018", "name-not-found")
    NO_COMMENTS = ("KD019", "no-comments")
    UNREADABLE_STRUCT = ("KD020", "unreadable-struct")
    UNREADABLE_ENUM = ("KD021", "unreadable-enum")
    UNREADABLE_TYPEDEF = ("KD022", "unreadable-typedef")
    UNTERMINATED = ("KD023", "unterminated-comment")
    SCANNING = ("KD024", "scanning")
    UNDOCUMENTED_ERROR = ("KD101", "undocumented-error")
    UNDOCUMENTED_NULL = ("KD102", "undocumented-null")
    RETURN_OF_VOID = ("KD103", "return-of-void")
    UNDOCUMENTED_LOCK = ("KD104", "undocumented-lock")
    UNCHECKED_LOCK = ("KD105", "unchecked-lock")
    UNDOCUMENTED_SLEEP = ("KD106", "undocumented-sleep")
    UNUSED_PARAMETER = ("KD107", "unused-parameter")

    @property
    def identifier(self) -> str:
        """KD and three digits; never given to another rule."""
        return self.value[0]

    @property
    def title(self) -> str:
        """The short name to write in a switch."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to tell about a file; `message` may span lines and has no final line feed."""

    rule: Rule
    severity: Severity
    path: str
    line: int
    message: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity.value}: {self.message}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter, struct member or enum constant.

    declaration: its text in C, as the prototype has it; "" where there is none.
    description: the raw text, None where the comment does not describe it.
    line:        where the description starts; 0 if unknown.
    """

    name: str
    declaration: str
    description: str | None
    line: int | None

    @property
    def text(self) -> str:
        """The description on one line; "" where there is none."""
        return " ".join((self.description or "").split())


@dataclass(frozen=True, slots=True)
class Section:
    """A named part of a comment with its raw text."""

    name: str
    text: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of prose, on one line, and the line where it starts."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One documentation comment with the declaration that it belongs to.

    definition:       body of a struct or union, a line for each member, indented with tabs.
    start:            line after the opening mark (1-based), where the name stands.
    end:              line that closes the comment.
    prototype_line:   where the prototype of a function was looked for, None for other kinds.
    declaration_end:  line where the declaration was complete.
    shown:            it is readable and the selection wants it in the output.
    """

    kind: Kind
    name: str
    purpose: str
    return_type: str
    definition: str
    parameters: tuple[Parameter, ...]
    sections: tuple[Section, ...]
    start: int
    end: int
    prototype_line: int | None
    declaration_end: int
    shown: bool = True

    def section(self, name: str) -> str | None:
        """Return the raw text of the section called NAME, None if there is none."""
        return next((part.text for part in self.sections if part.name == name), None)

    @property
    def context(self) -> str | None:
        """What the comment says on context, on one line."""
        return _joined(self.section(CONTEXT))

    @property
    def returns(self) -> str | None:
        """What the comment says on the return value, on one line."""
        return _joined(self.section(RETURN))

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The description's paragraphs, each on one line."""
        text = self.section(DESCRIPTION) or ""
        parts = (" ".join(part.split()) for part in _PARAGRAPH_BREAK.split(text))
        return tuple(part for part in parts if part)

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of all sections, in the order of the comment."""
        found: list[Sentence] = []
        for part in self.sections:
            found.extend(_sentences(part.text, part.line or self.start))
        return tuple(sorted(found, key=lambda sentence: sentence.line))


@dataclass(frozen=True, slots=True)
class Document:
    """All kernel-doc of one file, in its order."""

    path: str
    blocks: tuple[Block, ...]
    diagnostics: tuple[Diagnostic, ...]

    def find(self, name: str) -> Block | None:
        """Return the first block that documents NAME."""
        return next((block for block in self.blocks if block.name == name), None)


def _joined(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def _sentences(text: str, first_line: int) -> list[Sentence]:
    """Split TEXT at sentence ends and blank lines; each sentence knows its line."""
    found: list[Sentence] = []
    words: list[str] = []
    start = first_line

    def finish() -> None:
        if words:
            found.append(Sentence(" ".join(words), start))
            words.clear()

    for number, line in enumerate(text.split("\n"), first_line):
        if not line.strip():
            finish()
            continue
        for piece in _SENTENCE_END.split(line.strip()):
            if not words:
                start = number
            words.append(" ".join(piece.split()))
            if piece.endswith((".", "!", "?")):
                finish()
    finish()
    return found
