# SPDX-License-Identifier: GPL-2.0-only
"""Put a model_line() call before every statement of chosen functions, and model_decided() around conditions.

No line feed is added or removed, so every line keeps its number in the compiler's messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewtool.simulate.decisions import Decision, find_conditions
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
_PLACES = {"compound_statement", "case_statement", "labeled_statement"}
_BODIES = {"if_statement": ("consequence",), "for_statement": ("body",), "while_statement": ("body",),
           "do_statement": ("body",)}  # fmt: skip


Counted = Line | Decision
"""What the harness counts: a line that ran, or a condition that came out one way."""


class LineTable:
    """Numbers what one build counts, in the order in which it is met.

    touched: names of the functions that tell when they are entered.
    """

    def __init__(self) -> None:
        self._numbers: dict[Counted, int] = {}
        self.touched: set[str] = set()

    def number(self, counted: Counted) -> int:
        """Return the number of COUNTED, a new one if need be; past MOST_LINES all share the last."""
        if counted not in self._numbers and len(self._numbers) >= MOST_LINES - 1:
            return MOST_LINES - 1
        return self._numbers.setdefault(counted, len(self._numbers))

    @property
    def room(self) -> int:
        """How many more can be told apart."""
        return MOST_LINES - 1 - len(self._numbers)

    @property
    def lines(self) -> tuple[Counted, ...]:
        """All of them, by number."""
        return tuple(self._numbers)


def instrument(
    path: str,
    text: str,
    functions: frozenset[str],
    table: LineTable,
    decided: frozenset[int] = frozenset(),
    *,
    only_decided: bool = False,
) -> str:
    """Return TEXT with a counting call before each statement of FUNCTIONS, and for each condition on lines DECIDED.

    only_decided: for a lazy run: leave out the statements that are not on those lines, and begin each
    function with what tells that it was entered.
    """
    source = text.encode("utf-8", "surrogateescape")
    counter = _Counter(path, table, decided if only_decided else None)
    insertions: list[Insertion] = []
    for name, body in _bodies(c_parser().parse(source).root_node, functions):
        if only_decided:
            insertions.append((body.start_byte + 1, -1, " lazy_touch();"))
            table.touched.add(name)
        insertions += counter.calls(body)
        if decided:
            insertions += _decide(path, body, table, decided)
    out: list[bytes] = []
    last = 0
    for at, _, insertion in sorted(insertions, key=lambda item: (item[0], item[1])):
        out += [source[last:at], insertion.encode()]
        last = at
    out.append(source[last:])
    return b"".join(out).decode("utf-8", "surrogateescape")


Insertion = tuple[int, int, str]
"""Where, in which order at one place, and what."""


def _bodies(node: Node, functions: frozenset[str]) -> Iterator[tuple[str, Node]]:
    """Yield the names and bodies of FUNCTIONS below NODE, as far as they can be parsed."""
    for child in node.children:
        if child.type == "function_definition":
            name = _name(child)
            if name in functions:
                body = child.child_by_field_name("body")
                # an attribute before the name that the parser does not know is no harm
                if body is not None and not body.has_error:
                    yield name, body
        elif child.type.startswith(("preproc_if", "preproc_else", "preproc_elif")):
            yield from _bodies(child, functions)


@dataclass
class _Counter:
    """Puts calls before statements; lines: only before those that begin on one of them."""

    path: str
    table: LineTable
    lines: frozenset[int] | None

    def calls(self, node: Node) -> Iterator[Insertion]:
        """Yield a call for each statement inside of NODE."""
        for child in node.named_children:
            if child.type in _STATEMENTS and node.type in _PLACES:
                before_label = node.type == "labeled_statement" and child.type == "declaration"
                plain = child.type != "declaration" or _is_executed(child)
                if plain and not before_label and self._wants(child):
                    yield child.start_byte, 0, self._call(child)
            yield from self.calls(child)
        for name in _BODIES.get(node.type, ()):
            yield from self._wrap(node.child_by_field_name(name))
        if node.type == "else_clause":
            yield from self._wrap(
                next((c for c in node.named_children if c.type != "comment"), None)
            )

    def _wrap(self, body: Node | None) -> Iterator[Insertion]:
        if body is None or body.type not in _STATEMENTS or body.end_byte <= body.start_byte:
            return
        if self._wants(body):
            yield body.start_byte, 1, "{ " + self._call(body)
            yield body.end_byte, -body.start_byte, " }"

    def _wants(self, statement: Node) -> bool:
        return self.lines is None or statement.start_point[0] + 1 in self.lines

    def _call(self, statement: Node) -> str:
        line = Line(self.path, statement.start_point[0] + 1)
        return f"model_line({self.table.number(line)}); "


def _decide(
    path: str, body: Node, table: LineTable, decided: frozenset[int]
) -> Iterator[Insertion]:
    """Yield what goes around the conditions in BODY that stand on lines DECIDED, as place, order and text."""
    for condition in find_conditions(body):
        lines = range(condition.first_line, condition.last_line + 1)
        if decided.isdisjoint(lines) or table.room < 2:
            continue
        place = (path, condition.first_line, condition.column, condition.text)
        no, _ = [table.number(Decision(*place, answer)) for answer in (False, True)]
        # what begins at the same place opens before what ends earlier, and closes after it
        yield condition.start, 2 - condition.end, f"model_decided({no}, !!("
        yield condition.end, -condition.start, "))"


def _is_executed(declaration: Node) -> bool:
    """Whether a declaration computes something: those without initialiser run nowhere."""
    return any(child.type == "init_declarator" for child in declaration.named_children)


def _name(definition: Node) -> str:
    at = definition.child_by_field_name("declarator")
    while at is not None and at.type != "identifier":
        at = at.child_by_field_name("declarator")
    return (at.text or b"").decode("utf-8", "replace") if at is not None else ""
