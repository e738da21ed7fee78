# SPDX-License-Identifier: GPL-2.0-only
"""What the constants of a tree stand for: FOLL_* flags, enumerators, macros and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from reviewtool.tree.source import SourceIndex, c_parser, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_DEPTH = 8


@dataclass(frozen=True)
class Constants:
    """What names stand for: flags by name, and macros and enumerators by the C that defines them."""

    index: SourceIndex

    def flags_of(self, name: str) -> frozenset[str] | None:
        """Return the flags that constant NAME stands for, None if it stands for something else."""
        if name in self._atoms:
            return frozenset([name])
        value = self._number(name)
        return None if value is None else self.flags_in(value)

    def flags_in(self, value: int) -> frozenset[str] | None:
        """Return the flags that make up the number VALUE, None where a bit is no flag."""
        found = {name for name, bit in self._atoms.items() if bit is not None and value & bit}
        covered = sum({bit for bit in self._atoms.values() if bit is not None and value & bit})
        return frozenset(found) if covered == value else None

    @property
    def _atoms(self) -> Mapping[str, int | None]:
        return _atoms_of(self.index)

    def _number(self, name: str) -> int | None:
        return _number_of(self.index, name, 0)

    def macro(self, name: str) -> str | None:
        """Return what object-like macro NAME stands for, None if there is no such macro."""
        return macro_body(self.index, name)


def macro_body(index: SourceIndex, name: str) -> str | None:
    """Return what object-like macro NAME stands for, None if there is no such macro."""
    function = index.functions.get(name)
    if function is None or not function.macro:
        return None
    match = re.fullmatch(rf"#\s*define {re.escape(name)} ([^(].*|\(.*)", function.tokens, re.DOTALL)
    return match[1] if match else None


@cache
def _enumerators(index: SourceIndex) -> Mapping[str, str]:
    """Return the C of the value of each enumerator that is given one, or follows one that is."""
    found: dict[str, str] = {}
    for file in index.files:
        for line in file.other_tokens.split("\n"):
            if "enum" not in line or "FOLL_" not in line:
                continue
            before = "-1"
            for node in nodes_of(parse(line), "enumerator"):
                name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
                if name is not None:
                    before = text_of(value) if value is not None else f"({before}) + 1"
                    found[text_of(name)] = before
    return found


def _number_of(index: SourceIndex, name: str, depth: int) -> int | None:
    text = _enumerators(index).get(name) or macro_body(index, name)
    if text is None or depth > _MOST_DEPTH:
        return None
    expression = parse_expression(text)
    return None if expression is None else _calculate(expression, index, depth + 1)


_BINARY: Mapping[str, Callable[[int, int], int]] = {
    "|": lambda a, b: a | b, "&": lambda a, b: a & b, "^": lambda a, b: a ^ b, "+": lambda a, b: a + b,
    "-": lambda a, b: a - b, "<<": lambda a, b: a << min(b, 64),
}  # fmt: skip


def _calculate(node: Node, index: SourceIndex, depth: int) -> int | None:
    """Return the number that constant expression NODE stands for, None if it is not understood."""
    text = text_of(node)
    if node.type == "number_literal":
        return read_number(text)
    if node.type == "identifier":
        return _number_of(index, text, depth)
    if node.type in ("parenthesized_expression", "cast_expression"):
        inner = node.child_by_field_name("value") or only_child(node)
        return None if inner is None else _calculate(inner, index, depth)
    if node.type == "unary_expression" and text.startswith("-"):
        inner = node.child_by_field_name("argument")
        value = None if inner is None else _calculate(inner, index, depth)
        return None if value is None else -value
    if node.type == "call_expression":
        match = re.fullmatch(r"BIT(?:_ULL)?\s*\(\s*(\d+)\s*\)", text)
        return 1 << int(match[1]) if match and int(match[1]) < 64 else None
    if node.type == "binary_expression":
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        values = [None if side is None else _calculate(side, index, depth) for side in sides]
        operation = _BINARY.get(operator_of(node))
        if operation is not None and values[0] is not None and values[1] is not None:
            return operation(values[0], max(values[1], 0) if "<<" in text else values[1])
    return None


def read_number(text: str) -> int | None:
    """Return the value of number literal TEXT, None if it is no integer."""
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)[uUlL]*", text)
    if match is None:
        return None
    digits = match[1]
    return int(digits, 16 if digits[:2].lower() == "0x" else 8 if digits[0] == "0" else 10)


@cache
def _atoms_of(index: SourceIndex) -> Mapping[str, int | None]:
    """Return the flags of INDEX with their bits; None where the value is not understood."""
    found: dict[str, int | None] = {}
    for name in sorted(index.constants):
        if not re.fullmatch(r"FOLL_[A-Z0-9_]+", name):
            continue
        value = _number_of(index, name, 0)
        if value is None or (value > 0 and value & (value - 1) == 0):
            body = _enumerators(index).get(name) or macro_body(index, name) or ""
            if not re.search(r"\bFOLL_", body):  # another name for a flag is not a flag of its own
                found[name] = value
    return found


def parse(text: str) -> Node:
    """Return the syntax tree of TEXT, any text."""
    return c_parser().parse(text.encode("utf-8", "surrogateescape")).root_node


def parse_expression(text: str) -> Node | None:
    """Return the expression that TEXT is, None if it is none."""
    tree = parse(f"int x = {text} ;")
    found = next(iter(nodes_of(tree, "init_declarator")), None)
    return None if tree.has_error or found is None else found.child_by_field_name("value")


def nodes_of(node: Node, kind: str) -> Iterator[Node]:
    """Yield the nodes of KIND in NODE, itself among them, in order."""
    if node.type == kind:
        yield node
    for child in node.named_children:
        yield from nodes_of(child, kind)


def only_child(node: Node) -> Node | None:
    """Return what NODE, a pair of parentheses or a cast, holds."""
    inner = [child for child in node.named_children if child.type != "comment"]
    return inner[-1] if inner else None


def operator_of(node: Node) -> str:
    """Return the operator of NODE, "" without one."""
    operator = node.child_by_field_name("operator")
    return "" if operator is None else text_of(operator)
