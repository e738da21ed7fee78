# SPDX-License-Identifier: GPL-2.0-only
"""What has been gathered of the block that is being read, and what outlives it.

The only mutable values of the parser.  `Gathering` starts afresh with each block; `Leftovers`
belongs to the file, for the script keeps some of its variables from one block to the next and
its output shows it:

- `excess`: a DOC: title that holds "@name" counts as a parameter description of the next block;
- `parameter_lines`, `section_lines`: the line of an undescribed parameter is that of the last
  block which described one of this name (LINENO output only);
- `anonymous`: after an anonymous struct or union, a lone "}" is no parameter, in later blocks too.

Source: scripts/kernel-doc of Linux 6.12, reset_state() and the variables that it leaves alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from reviewtool.kerneldoc.document import DESCRIPTION, Diagnostic, Rule, Severity
from reviewtool.kerneldoc.options import Options

_PARAMETER_NAME = re.compile(r"@(\w*(?:\.\w+|->\w+)*(?:\.\.\.)?)", re.ASCII)


@dataclass(slots=True)
class Leftovers:
    """What the script carries from block to block of one file."""

    excess: list[str] = field(default_factory=list)
    parameter_lines: dict[str, int] = field(default_factory=dict)
    section_lines: dict[str, int] = field(default_factory=dict)
    anonymous: bool = False


class Gathering:
    """The parts of one block, in the order in which they were found.

    described: names in the order of their descriptions, for the check against the declaration.
    declared:  names in the declaration of a struct, without white space.
    line:      start line of the text that is being read; 0 once it is used up.
    """

    __slots__ = (
        "declarations",
        "declared",
        "described",
        "descriptions",
        "diagnostics",
        "identifier",
        "left",
        "line",
        "options",
        "parameters",
        "path",
        "section_order",
        "sections",
    )

    def __init__(
        self, path: str, options: Options, left: Leftovers, diagnostics: list[Diagnostic]
    ) -> None:
        self.path = path
        self.options = options
        self.left = left
        self.diagnostics = diagnostics
        self.identifier = ""
        self.line = 0
        self.descriptions: dict[str, str] = {}
        self.described: list[str] = left.excess
        self.sections: dict[str, str] = {}
        self.section_order: list[str] = []
        self.parameters: list[str] = []
        self.declarations: dict[str, str] = {}
        self.declared: list[str] = []
        left.excess = []

    def warn(self, line: int, rule: Rule, message: str) -> None:
        """Add a warning about this block."""
        self.diagnostics.append(
            Diagnostic(rule, Severity.WARNING, self.path, line, message, self.identifier)
        )

    def fail(self, line: int, rule: Rule, message: str) -> None:
        """Add an error: the declaration could not be read at all."""
        self.diagnostics.append(
            Diagnostic(rule, Severity.ERROR, self.path, line, message, self.identifier)
        )

    def inform(self, line: int, message: str) -> None:
        """Add what is no more than progress."""
        self.diagnostics.append(
            Diagnostic(Rule.SCANNING, Severity.INFO, self.path, line, message, self.identifier)
        )

    def add_section(self, name: str, text: str, number: int) -> None:
        """Store TEXT under NAME: a parameter's description if NAME holds an @, else a section.

        A section that is given twice is continued, and only the second "Description" is no
        surprise: paragraphs after the parameters belong to it.
        """
        match = _PARAMETER_NAME.search(name) if "@" in name else None
        if match:
            parameter = match[1]
            self.descriptions[parameter] = text
            if parameter:
                self.described.append(parameter)
            self.left.parameter_lines[parameter] = self.line
            self.line = 0
            return
        before = self.sections.get(name)
        if before:
            if name != DESCRIPTION:
                self.warn(number, Rule.DUPLICATE_SECTION, f"duplicate section name '{name}'")
            self.sections[name] = before + text
        else:
            self.sections[name] = text
            self.section_order.append(name)
            self.left.section_lines[name] = self.line
            self.line = 0
