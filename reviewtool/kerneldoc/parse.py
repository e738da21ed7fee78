# SPDX-License-Identifier: GPL-2.0-only
"""A source file is read from one documentation comment to the next.

    SEEK --"/**"--> TITLE --DOC:--> DOC --"*/"--> SEEK
                    TITLE --name--> BODY --"*/"--> PROTOTYPE --complete--> SEEK
                    TITLE --anything else, with a warning--> SEEK

Source: scripts/kernel-doc of Linux 6.12, process_file().
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.kerneldoc.comment import read_body, read_doc, read_title
from reviewtool.kerneldoc.declaration import Declaration, declare
from reviewtool.kerneldoc.document import (
    Block,
    Diagnostic,
    Document,
    Kind,
    Parameter,
    Rule,
    Section,
)
from reviewtool.kerneldoc.gathering import Gathering, Leftovers
from reviewtool.kerneldoc.lines import Reader
from reviewtool.kerneldoc.options import Options
from reviewtool.kerneldoc.parameters import UNDESCRIBED
from reviewtool.kerneldoc.prototype import read_prototype

_DEFAULT = Options()
_FUNCTIONS = frozenset({Kind.FUNCTION, Kind.OBJECT_MACRO, Kind.FUNCTION_TYPEDEF})


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where a block starts and ends, as Block has it."""

    start: int
    end: int
    prototype: int | None
    declaration_end: int


def parse_source(text: str, path: str, options: Options = _DEFAULT) -> Document:
    """Read all kernel-doc of one C file.

    Never raises: what cannot be read is a diagnostic.  For the script's own bytes decode the file
    as latin-1, as it does; `path` is only put into diagnostics.

    Source: Documentation/doc-guide/kernel-doc.rst of Linux 6.12.
    """
    diagnostics: list[Diagnostic] = []
    blocks: list[Block] = []
    if "/**" in text:
        reader = Reader(text)
        left = Leftovers()
        kind = ""
        while reader.seek_comment():
            start = reader.number + 1
            gathering = Gathering(path, options, left, diagnostics)
            line = reader.read()
            if line is None:
                break
            title = read_title(line, reader, gathering, kind)
            if title is None:
                continue
            if title.kind == "DOC":
                block = _read_doc(reader, gathering, title.name, start)
            else:
                kind = title.kind
                purpose = read_body(reader, gathering, title)
                if purpose is None:
                    _cut_off(gathering, start)
                    break
                block = _read_declaration(reader, gathering, kind, purpose, start)
            if block:
                blocks.append(block)
    return Document(path, tuple(blocks), tuple(diagnostics))


def _cut_off(gathering: Gathering, start: int) -> None:
    if gathering.options.unterminated:
        gathering.warn(start, Rule.UNTERMINATED, "the file ends inside this comment")


def _read_doc(reader: Reader, gathering: Gathering, title: str, start: int) -> Block | None:
    """Read a DOC: block; its text is a section under its title."""
    gathering.line = start
    text = read_doc(reader)
    if text is None:
        _cut_off(gathering, start)
        return None
    options = gathering.options
    if not options.selection.shows_doc(title):
        return None
    gathering.add_section(title, text, reader.number)
    gathering.left.excess = gathering.described
    if not options.blocks:
        return None
    lines = _Lines(start, reader.number, None, reader.number)
    return _build(gathering, Declaration(Kind.DOC, title), "", lines)


def _read_declaration(
    reader: Reader, gathering: Gathering, kind: str, purpose: str, start: int
) -> Block | None:
    """Read what the comment documents."""
    end = reader.number
    prototype = read_prototype(reader, gathering, kind)
    if prototype is None:
        _cut_off(gathering, start)
        return None
    line = gathering.line if kind == "function" else None
    declaration = declare(prototype, kind, gathering, reader.number)
    options = gathering.options
    readable = declaration is not None
    if declaration is None and options.unreadable and line is not None:
        declaration = Declaration(Kind.FUNCTION, gathering.identifier)
    if declaration is None or not options.blocks:
        return None
    lines = _Lines(start, end, line, reader.number)
    return _build(gathering, declaration, purpose, lines, readable=readable)


def _build(
    gathering: Gathering,
    declaration: Declaration,
    purpose: str,
    lines: _Lines,
    *,
    readable: bool = True,
) -> Block:
    """Freeze what was gathered."""
    descriptions = gathering.descriptions
    declarations = gathering.declarations
    described_at = gathering.left.parameter_lines
    parameters = []
    for name in gathering.parameters:
        description = descriptions.get(name)
        if description == UNDESCRIBED:
            description = None
        declared = declarations.get(name, "")
        parameters.append(Parameter(name, declared, description, described_at.get(name)))
    sections = gathering.sections
    section_lines = gathering.left.section_lines
    kind, name = declaration.kind, declaration.name
    selection = gathering.options.selection
    shown = kind is Kind.DOC or selection.shows(name, function=kind in _FUNCTIONS)
    return Block(
        kind=kind,
        name=name,
        purpose=purpose,
        return_type=declaration.return_type,
        definition=declaration.definition,
        parameters=tuple(parameters),
        sections=tuple(
            Section(title, sections[title], section_lines.get(title))
            for title in gathering.section_order
        ),
        start=lines.start,
        end=lines.end,
        prototype_line=lines.prototype,
        declaration_end=lines.declaration_end,
        shown=shown and readable,
    )
