# SPDX-License-Identifier: GPL-2.0-only
"""The conditions that C code decides by: each operand of && and ||, each comparison, each controlling expression.

A condition that came out the same in every scenario is one of which a sweep says nothing: what would
follow from the other answer was not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Decision:
    """One answer of a condition: its path and 1-based line, its text without line breaks, and the answer.

    column: of its first character, in bytes, from 0; it tells two conditions of a line apart.
    """

    path: str
    number: int
    column: int
    text: str
    answer: bool


@dataclass(frozen=True)
class Condition:
    """Where a condition stands in a file, in bytes from start to end, and its first and last line, from 1."""

    start: int
    end: int
    first_line: int
    last_line: int
    column: int
    text: str


_COMPARISONS = {"==", "!=", "<", ">", "<=", ">="}
_LOGIC = {"&&", "||"}
_CONTROLLED = {"if_statement", "while_statement", "do_statement", "for_statement", "conditional_expression"}  # fmt: skip
# Here C wants a constant, or the compiler an expression that it can look into.
_CONSTANT_PLACES = {
    "array_declarator", "sizeof_expression", "alignof_expression", "enumerator", "bitfield_clause",
    "static_assert_declaration", "preproc_call", "preproc_def", "preproc_function_def", "preproc_if", "preproc_elif",
    "attribute_specifier", "type_descriptor", "subscript_designator", "gnu_asm_expression",
}  # fmt: skip
_CONSTANT_CALLS = re.compile(
    r"BUILD_BUG.*|_?_?[sS]tatic_assert|compiletime_assert|__builtin_(constant_p|types_compatible_p|choose_expr|offsetof)"
    r"|sizeof|typeof|__typeof__|IS_ENABLED|IS_BUILTIN|IS_REACHABLE|offsetof|BIT|__same_type"
)
# An assertion that does not fail is as it should be; one that an if asks is a condition.
_ASSERTION = re.compile(
    r"(VM_|MMU_)?(BUG|WARN)(_ON)?(_ONCE)?(_PAGE|_FOLIO|_VMA|_MM|_PGFLAGS)*|lockdep_assert\w*|might_sleep\w*"
)
_TRANSPARENT = re.compile(
    r"likely|unlikely|(VM_)?WARN_ON(_ONCE)?(_PAGE|_FOLIO|_VMA|_MM)*|data_race"
)
_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]*|0[xX][0-9a-fA-F]+[uUlL]*|[0-9]+[uUlL]*|true|false|NULL")


def find_conditions(body: Node) -> Iterator[Condition]:
    """Yield the conditions in the function body BODY, inner ones before those that they are part of."""
    value = body.child_by_field_name("value") if body.type == "case_statement" else None
    for child in body.named_children:
        if child.type in _CONSTANT_PLACES or child == value:
            continue
        if child.type == "call_expression" and _CONSTANT_CALLS.fullmatch(_called(child)):
            continue
        if child.type == "expression_statement" and _is_assertion(child):
            continue
        if child.type == "declaration" and any(
            part.type == "storage_class_specifier" and part.text == b"static"
            for part in child.named_children
        ):
            continue
        yield from find_conditions(child)
        for operand in _decided(child):
            plain = _bare(operand)
            if plain is not None:
                yield _condition(plain)


def _decided(node: Node) -> Iterator[Node]:
    """Yield the expressions whose truth NODE asks for, if they are not made of others."""
    if node.type == "binary_expression" and _operator(node) in _LOGIC:
        for name in ("left", "right"):
            operand = node.child_by_field_name(name)
            if operand is not None:
                yield operand
    elif node.type == "binary_expression" and _operator(node) in _COMPARISONS:
        if not _is_asked(node):
            yield node
    elif node.type in _CONTROLLED:
        condition = node.child_by_field_name("condition")
        if condition is not None:
            yield condition


def _is_asked(node: Node) -> bool:
    """Whether NODE is yielded for what stands around it, too."""
    at = node.parent
    while at is not None and (
        at.type in {"parenthesized_expression", "argument_list"} or _passes_on(at)
    ):
        at = at.parent
    if at is None:
        return False
    if at.type == "binary_expression":
        return _operator(at) in _LOGIC
    if at.type not in _CONTROLLED:
        return False
    condition = at.child_by_field_name("condition")
    return condition is not None and condition.start_byte <= node.start_byte < condition.end_byte


def _bare(node: Node) -> Node | None:
    """Return NODE without parentheses and negations; None for a constant, and for what has operands of its own."""
    at = node
    while at.type in {"parenthesized_expression", "argument_list"} or _passes_on(at):
        inner = [child for child in at.named_children if child.type != "comment"]
        if at.type == "call_expression":
            inner = inner[1:2]
        if len(inner) != 1:
            return None
        at = inner[0]
    if (
        at.type in {"comma_expression", "assignment_expression", "compound_statement"}
        or at.has_error
    ):
        return None
    if at.type == "binary_expression" and _operator(at) in _LOGIC:
        return None
    if at.type == "call_expression" and _CONSTANT_CALLS.fullmatch(_called(at)):
        return None
    text = re.sub(r"\bsizeof\s*\([^()]*\)", "0", (at.text or b"").decode("utf-8", "replace"))
    words = re.findall(r"[A-Za-z_]\w*|[0-9]\w*", text)
    return None if all(_CONSTANT.fullmatch(word) for word in words) else at


def _passes_on(node: Node) -> bool:
    """Whether NODE asks for the truth of what it has inside, and nothing else."""
    if node.type == "call_expression":
        return _TRANSPARENT.fullmatch(_called(node)) is not None
    return node.type == "unary_expression" and _operator(node) == "!"


def _is_assertion(statement: Node) -> bool:
    call = statement.named_children[0] if statement.named_children else None
    return (
        call is not None
        and call.type == "call_expression"
        and _ASSERTION.fullmatch(_called(call)) is not None
    )


def _condition(node: Node) -> Condition:
    text = " ".join((node.text or b"").decode("utf-8", "replace").split())
    return Condition(
        node.start_byte, node.end_byte, node.start_point[0] + 1, node.end_point[0] + 1, node.start_point[1], text
    )  # fmt: skip


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return (operator.text or b"").decode() if operator is not None else ""


def _called(node: Node) -> str:
    function = node.child_by_field_name("function")
    return (function.text or b"").decode("utf-8", "replace") if function is not None else ""
