# SPDX-License-Identifier: GPL-2.0-only
"""reStructuredText for Sphinx's C domain.

Source: scripts/kernel-doc of Linux 6.12, the output_*_rst() functions; the markup is Sphinx's
"The C Domain".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from reviewtool.kerneldoc.document import Block, Document, Kind, Section
from reviewtool.kerneldoc.highlight import highlight_rst

_SPACE = re.compile(r"[ \t\n\r\f\v]*")
_POINTED = re.compile(r"\(\*\s*+\)\s*+\(([^)]*)\)", re.ASCII)
_UNDESCRIBED = "*undescribed*\n"
_KINDENT = ".. container:: kernelindent\n\n"


@dataclass(frozen=True, slots=True)
class RstStyle:
    """How to write reST.

    sphinx_major:  below 3 there are no separate directives for structs, unions and enums.
    line_numbers:  write ".. LINENO n", from which Sphinx's kernel-doc directive maps its messages.
    named_only:    DOC: sections go without their titles, as when they are asked for by name.
    """

    sphinx_major: int = 3
    line_numbers: bool = False
    named_only: bool = False

    def line(self, number: int | None) -> str:
        """Return the mark for a source line, "" where none is wanted."""
        if not self.line_numbers or number is None:
            return ""
        return f".. LINENO {number}\n"


_STYLE = RstStyle()


def render_rst(document: Document, style: RstStyle = _STYLE) -> str:
    """Return the shown blocks of DOCUMENT as one reST text."""
    parts = []
    for block in document.blocks:
        if style.line_numbers:
            parts.append(style.line(block.prototype_line))
        if block.shown:
            parts.append(_RENDERERS[block.kind](block, style))
    return "".join(parts)


def render_lines(document: Document, style: RstStyle) -> str:
    """Return only the marks for the lines of prototypes, which the script writes in all modes."""
    if not style.line_numbers:
        return ""
    return "".join(style.line(block.prototype_line) for block in document.blocks)


def prose(text: str, prefix: str) -> str:
    """Return TEXT highlighted, each line behind PREFIX; literal blocks stay as they are."""
    body = _outside_literals(text) if "::" in text else highlight_rst(text)
    body = body.rstrip("\n")
    if not body:
        return ""
    return prefix + body.replace("\n", "\n" + prefix) + "\n"


def _outside_literals(text: str) -> str:
    """Highlight what is no literal block.

    A literal block starts behind a line that ends in "::", is indented as its first line, and ends
    with the first line that is indented less.
    """
    parts: list[str] = []
    block: list[str] = []
    indent: str | None = None
    literal = False
    for line in text.rstrip("\n").split("\n"):
        if literal:
            match = _SPACE.match(line)
            blank = match[0] if match else ""
            if len(blank) == len(line):
                parts.append(line + "\n")
                continue
            if not indent:
                indent = blank
                parts.append(line + "\n")
                continue
            if line.startswith(indent):
                parts.append(line + "\n")
                continue
            literal = False
        block.append(line + "\n")
        if _starts_literal(line):
            literal = True
            indent = None
            parts.append(highlight_rst("".join(block)))
            block.clear()
    parts.append(highlight_rst("".join(block)))
    return "".join(parts)


def _starts_literal(line: str) -> bool:
    if line[:1] != ".":
        return len(line) > 2 and line.endswith("::")
    return line[:3] == ".. " and line[2:].lstrip(" ").startswith("code-block::")


def _sections(sections: tuple[Section, ...], prefix: str, style: RstStyle) -> str:
    parts = []
    for part in sections:
        text = prose(part.text, prefix)
        parts.append(f"{prefix}**{part.name}**\n\n{style.line(part.line)}{text}\n")
    parts.append("\n")
    return "".join(parts)


def split_pointer(declared: str) -> tuple[str, str] | None:
    """Return the type up to "(*" and the parameters of a pointer to a function without its name.

    None for what is no such pointer.  The type starts behind the parenthesis before, if any.
    """
    match = _POINTED.search(declared) if "(" in declared else None
    if match is None:
        return None
    start = declared.rfind("(", 0, match.start()) + 1
    return declared[start : match.start() + 2], match[1]


def signature_of(block: Block) -> str:
    """Return a function's prototype on one line; a macro without parameters is its name."""
    if block.kind is Kind.OBJECT_MACRO:
        return block.name
    parts = []
    for parameter in block.parameters:
        declared = parameter.declaration
        pointer = split_pointer(declared)
        parts.append(f"{pointer[0]}{parameter.name}) ({pointer[1]})" if pointer else declared)
    kind = block.return_type
    return f"{kind + ' ' if kind and kind != '0' else ''}{block.name} ({', '.join(parts)})"


def _function(block: Block, style: RstStyle) -> str:
    signature = signature_of(block)
    typedef = block.kind is Kind.FUNCTION_TYPEDEF
    start = style.line(block.start)
    if typedef:
        mark = "macro" if style.sphinx_major >= 3 else "type"
        purpose = prose(block.purpose, "")
        head = f".. c:{mark}:: {block.name}\n\n{start}   **Typedef**: {purpose}"
        head += f"\n\n**Syntax**\n\n  ``{signature}``\n\n"
    else:
        if style.sphinx_major >= 3 and not block.return_type:
            head = f".. c:macro:: {block.name}\n\n``{signature}``\n\n"
        else:
            head = f".. c:function:: {signature}\n\n"
        purpose = prose(block.purpose, "   ")
        head += f"{start}{purpose}\n"
    parts = [head]
    if block.parameters:
        parts.append(_KINDENT + "  **Parameters**\n\n")
    for parameter in block.parameters:
        text = parameter.description
        shown_text = f"    {_UNDESCRIBED}" if text is None else prose(text, "    ")
        shown = parameter.declaration or parameter.name
        parts.append(f"  ``{shown}``\n{style.line(parameter.line)}{shown_text}\n")
    parts.append(_sections(block.sections, "  ", style))
    return "".join(parts)


def _struct(block: Block, style: RstStyle) -> str:
    kind = block.kind.value
    mark = f"type:: {kind}" if style.sphinx_major < 3 else f"{kind}::"
    head = f"\n\n.. c:{mark} {block.name}\n\n"
    definition = block.definition.replace("\t", "    ")
    purpose = prose(block.purpose, "  ")
    head += f"{style.line(block.start)}{purpose}\n{_KINDENT}"
    head += f"  **Definition**::\n\n    {kind} {block.name} {{\n{definition}    }};\n\n"
    parts = [head + "  **Members**\n\n"]
    for parameter in block.parameters:
        if parameter.description is None or parameter.name[:1] == "#":
            continue
        shown_text = prose(parameter.description, "    ")
        parts.append(f"{style.line(parameter.line)}  ``{parameter.name}``\n{shown_text}\n")
    parts.append("\n")
    parts.append(_sections(block.sections, "", style))
    return "".join(parts)


def _enum(block: Block, style: RstStyle) -> str:
    mark = "type:: enum" if style.sphinx_major < 3 else "enum::"
    head = f"\n\n.. c:{mark} {block.name}\n\n"
    purpose = prose(block.purpose, "  ")
    parts = [f"{head}{style.line(block.start)}{purpose}\n{_KINDENT}    **Constants**\n\n"]
    for constant in block.parameters:
        text = constant.description
        shown_text = f"      {_UNDESCRIBED}" if text is None else prose(text, "      ")
        parts.append(f"    ``{constant.name}``\n{shown_text}\n")
    parts.append("\n")
    parts.append(_sections(block.sections, "", style))
    return "".join(parts)


def _typedef(block: Block, style: RstStyle) -> str:
    mark = "" if style.sphinx_major >= 3 else "typedef "
    purpose = prose(block.purpose, "   ")
    head = f"\n\n.. c:type:: {mark}{block.name}\n\n{style.line(block.start)}{purpose}\n"
    return head + _sections(block.sections, "", style)


def _doc(block: Block, style: RstStyle) -> str:
    parts = []
    for part in block.sections:
        title = "" if style.named_only else f".. _{part.name}:\n\n**{part.name}**\n\n"
        parts.append(f"{title}{style.line(part.line)}{prose(part.text, '')}\n")
    return "".join(parts)


_RENDERERS: dict[Kind, Callable[[Block, RstStyle], str]] = {
    Kind.FUNCTION: _function,
    Kind.OBJECT_MACRO: _function,
    Kind.FUNCTION_TYPEDEF: _function,
    Kind.STRUCT: _struct,
    Kind.UNION: _struct,
    Kind.ENUM: _enum,
    Kind.TYPEDEF: _typedef,
    Kind.DOC: _doc,
}
