# SPDX-License-Identifier: GPL-2.0-only
"""Put a model_line() call before every statement of chosen functions.

No line feed is added or removed, so every line keeps its number in the compiler's messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewtool.tree.source import c_parser

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_LINES = 4096  # MODEL_LINES in harness/line.h


@dataclass(frozen=True)
class Line:
    """A line of the tree that the harness counts: its path and 1-based number."""

    path: str
    number: int


_STATEMENTS = {
    "expression_statement", "if_statement", "for_statement", "while_statement", "do_statement",
    "return_statement", "goto_statement", "break_statement", "continue_statement", "switch_statement",
    "declaration",
}  # fmt: skip
_BODIES = {"if_statement": ("consequence",), "for_statement": ("body",), "while_statement": ("body",),
           "do_statement": ("body",)}  # fmt: skip


class LineTable:
    """Numbers the lines of one build, in the order in which they are met."""

    def __init__(self) -> None:
        self._numbers: dict[Line, int] = {}

    def number(self, line: Line) -> int:
        """Return the number of LINE, a new one if need be; past MOST_LINES all share the last."""
        if line not in self._numbers and len(self._numbers) >= MOST_LINES - 1:
            return MOST_LINES - 1
        return self._numbers.setdefault(line, len(self._numbers))

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every line, by number."""
        return tuple(self._numbers)


def instrument(path: str, text: str, functions: frozenset[str], table: LineTable) -> str:
    """Return TEXT with a counting call before each statement of FUNCTIONS."""
    source = text.encode("utf-8", "surrogateescape")
    insertions: list[tuple[int, int, str]] = []

    def call(node: Node) -> str:
        return f"model_line({table.number(Line(path, node.start_point[0] + 1))}); "

    def visit(node: Node) -> None:
        for child in node.named_children:
            if child.type in _STATEMENTS and node.type in (
                "compound_statement",
                "case_statement",
                "labeled_statement",
            ):
                is_label_before_declaration = (
                    node.type == "labeled_statement" and child.type == "declaration"
                )
                plain = child.type != "declaration" or _is_executed(child)
                if plain and not is_label_before_declaration:
                    insertions.append((child.start_byte, 0, call(child)))
            visit(child)
        for name in _BODIES.get(node.type, ()):
            wrap(node.child_by_field_name(name))
        if node.type == "else_clause":
            wrap(next((c for c in node.named_children if c.type != "comment"), None))

    def wrap(body: Node | None) -> None:
        if body is not None and body.type in _STATEMENTS and body.end_byte > body.start_byte:
            insertions.append((body.start_byte, 1, "{ " + call(body)))
            insertions.append((body.end_byte, -body.start_byte, " }"))

    def walk(node: Node) -> None:
        for child in node.children:
            if child.type == "function_definition":
                if _name(child) in functions:
                    body = child.child_by_field_name("body")
                    # an attribute before the name that the parser does not know is no harm
                    if body is not None and not body.has_error:
                        visit(body)
            elif child.type.startswith(("preproc_if", "preproc_else", "preproc_elif")):
                walk(child)

    walk(c_parser().parse(source).root_node)
    out: list[bytes] = []
    last = 0
    for at, _, insertion in sorted(insertions, key=lambda item: (item[0], item[1])):
        out += [source[last:at], insertion.encode()]
        last = at
    out.append(source[last:])
    return b"".join(out).decode("utf-8", "surrogateescape")


def _is_executed(declaration: Node) -> bool:
    """Whether a declaration computes something: those without initialiser run nowhere."""
    return any(child.type == "init_declarator" for child in declaration.named_children)


def _name(definition: Node) -> str:
    at = definition.child_by_field_name("declarator")
    while at is not None and at.type != "identifier":
        at = at.child_by_field_name("declarator")
    return (at.text or b"").decode("utf-8", "replace") if at is not None else ""
