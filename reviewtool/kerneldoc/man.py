# SPDX-License-Identifier: GPL-2.0-only
"""Manual pages in troff, one after another.

Quotes are not balanced and not escaped where the script does neither.

Source: scripts/kernel-doc of Linux 6.12, the output_*_man() functions; man(7).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from reviewtool.kerneldoc.document import Block, Document, Kind, Section
from reviewtool.kerneldoc.highlight import highlight_man
from reviewtool.kerneldoc.lines import SPACE
from reviewtool.kerneldoc.parameters import UNDESCRIBED
from reviewtool.kerneldoc.rst import split_pointer


@dataclass(frozen=True, slots=True)
class ManStyle:
    """What a page's title says.

    month:  the month of the build and its year, in English ("January 2024").
    module: the name of the manual that the page of a type belongs to.
    line_numbers: write ".. LINENO n" before functions; of no use here, yet the script does it.
    """

    month: str = ""
    module: str = "Kernel API"
    line_numbers: bool = False


_STYLE = ManStyle()


def render_man(document: Document, style: ManStyle = _STYLE) -> str:
    """Return the shown blocks of DOCUMENT as manual pages, a page for each."""
    parts = []
    for block in document.blocks:
        if style.line_numbers and block.prototype_line is not None:
            parts.append(f".. LINENO {block.prototype_line}\n")
        if block.shown:
            parts.append(_RENDERERS[block.kind](block, style))
    return "".join(parts)


def _prose(text: str | None) -> str:
    """Return TEXT highlighted; a line that starts with a dot is no request."""
    body = highlight_man(text or "").rstrip("\n")
    if not body:
        return ""
    lines = (line.lstrip(SPACE) for line in body.split("\n"))
    return "".join(f"\\&{line}\n" if line[:1] == "." else f"{line}\n" for line in lines)


def _sections(sections: tuple[Section, ...], *, upper: bool = False) -> str:
    return "".join(
        f'.SH "{_upper(part.name) if upper else part.name}"\n{_prose(part.text)}'
        for part in sections
    )


def _upper(text: str) -> str:
    """Return TEXT with ASCII letters in upper case; others are bytes to the script."""
    return text.upper() if text.isascii() else re.sub("[a-z]+", lambda m: m[0].upper(), text)


def _title(name: str, title: str, style: ManStyle, manual: str = "API Manual") -> str:
    return f'.TH "{name}" 9 "{title}" "{style.month}" "{manual}" LINUX\n'


def _described(block: Block, *, skip: bool) -> str:
    parts = []
    for parameter in block.parameters:
        text = parameter.description
        directive = parameter.name[:1] == "#"
        if skip and (directive or text is None):
            continue
        if text is None and not directive:
            text = UNDESCRIBED
        parts.append(f'.IP "{parameter.name}" 12\n{_prose(text)}')
    return "".join(parts)


def _function(block: Block, style: ManStyle) -> str:
    name = block.name
    kind = block.return_type
    parts = [
        _title(name, name, style, "Kernel Hacker's Manual"),
        f".SH NAME\n{name} \\- {block.purpose}\n.SH SYNOPSIS\n",
        f'.B "{kind}" {name}\n' if kind else f'.B "{name}\n',
    ]
    opening = "("
    for count, parameter in enumerate(block.parameters, 1):
        closing = ");" if count == len(block.parameters) else ","
        declared = parameter.declaration
        if pointer := split_pointer(declared):
            parts.append(f'.BI "{opening}{pointer[0]}"  ") ({pointer[1]}){closing}"\n')
        else:
            gap = "" if declared.endswith("*") or not declared else " "
            parts.append(f'.BI "{opening}{declared}{gap}"  "{closing}"\n')
        opening = ""
    if block.parameters:
        parts.append(".SH ARGUMENTS\n")
    parts += (_described(block, skip=False), _sections(block.sections, upper=True))
    return "".join(parts)


def _enum(block: Block, style: ManStyle) -> str:
    name = block.name
    parts = [
        _title(style.module, f"enum {name}", style),
        f".SH NAME\nenum {name} \\- {block.purpose}\n.SH SYNOPSIS\nenum {name} {{\n",
    ]
    last = len(block.parameters)
    for count, constant in enumerate(block.parameters, 1):
        closing = "\n};\n" if count == last else ", \n.br\n"
        parts.append(f'.br\n.BI "    {constant.name}"\n{closing}')
    parts += (".SH Constants\n", _described(block, skip=False), _sections(block.sections))
    return "".join(parts)


def _struct(block: Block, style: ManStyle) -> str:
    name = f"{block.kind.value} {block.name}"
    definition = block.definition.replace("\t", "  ").replace("\n", '"\n.br\n.BI "')
    return "".join(
        (
            _title(style.module, name, style),
            f".SH NAME\n{name} \\- {block.purpose}\n.SH SYNOPSIS\n{name} {{\n.br\n",
            f'.BI "{definition}\n}};\n.br\n\n.SH Members\n',
            _described(block, skip=True),
            _sections(block.sections),
        )
    )


def _typedef(block: Block, style: ManStyle) -> str:
    title = _title(style.module, block.name, style)
    head = f"{title}.SH NAME\ntypedef {block.name} \\- {block.purpose}\n"
    return head + _sections(block.sections)


def _doc(block: Block, style: ManStyle) -> str:
    """DOC: text loses its blank lines here, and only here."""
    parts = [_title(style.module, style.module, style)]
    for part in block.sections:
        lines = "".join(f"{line}\n" for line in part.text.split("\n") if line)
        parts.append(f'.SH "{part.name}"\n{_prose(lines)}')
    return "".join(parts)


_RENDERERS: dict[Kind, Callable[[Block, ManStyle], str]] = {
    Kind.FUNCTION: _function,
    Kind.OBJECT_MACRO: _function,
    Kind.FUNCTION_TYPEDEF: _function,
    Kind.STRUCT: _struct,
    Kind.UNION: _struct,
    Kind.ENUM: _enum,
    Kind.TYPEDEF: _typedef,
    Kind.DOC: _doc,
}
