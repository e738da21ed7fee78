# SPDX-License-Identifier: GPL-2.0-only
"""Small wrong versions of a function: one token changed, or one statement gone.

Each mutant is one edit of one place, told as the text before and after, so that whoever reads of a
survivor can make it by hand.  The operators:

    relational, logical, bitwise, arithmetic and shift operators, and assignments with them, replaced
    by their next of kin; a "!", "~" or unary "-" dropped; a condition negated; "++" and "--" swapped;
    true and false swapped; a number replaced by its successor, 0 and 1 by each other;
    a constant (FOLL_*, VM_*, E* and others of a family) replaced by the next of its family in the file;
    a called function replaced by the next of equal signature; a goto sent to the next label;
    break and continue swapped; a statement, an else branch or a case label deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewtool.tree.snapshot import Snapshot
from reviewtool.tree.source import Function, SourceIndex, c_parser, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True)
class Mutant:
    """One edit of FUNCTION: OLD, at byte START of the file (1-based LINE), becomes NEW.

    serial: which of the equal edits of the function this is, from 0; names it across other changes.
    """

    path: str
    function: str
    line: int
    start: int
    old: str
    new: str
    operator: str
    serial: int = 0

    @property
    def name(self) -> str:
        """What it is called in lists: stays as it is when other code of the file moves."""
        return f"{self.function}: {self.edit}"

    @property
    def edit(self) -> str:
        """What is done to the function, in one line."""
        turn = f" #{self.serial + 1}" if self.serial else ""
        return f"{_short(self.old)} -> {_short(self.new) or 'nothing'}{turn}"

    def apply(self, tree: Snapshot) -> Snapshot:
        """Return TREE with this edit.  Raises: ValueError when OLD is not at its place in it."""
        source = tree.files[self.path].encode("utf-8", "surrogateescape")
        old = self.old.encode("utf-8", "surrogateescape")
        if source[self.start : self.start + len(old)] != old:
            raise ValueError(f"{self.path} has no {self.old!r} at byte {self.start}")
        made = source[: self.start] + self.new.encode() + source[self.start + len(old) :]
        return Snapshot({**tree.files, self.path: made.decode("utf-8", "surrogateescape")})


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:40]} ... {words[-15:]}"


_SWAPS = {
    "==": ("!=",), "!=": ("==",), "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"),
    "&&": ("||",), "||": ("&&",), "&": ("|",), "|": ("&",), "^": ("|",), "+": ("-",), "-": ("+",),
    "*": ("/",), "/": ("*",), "%": ("*",), "<<": (">>",), ">>": ("<<",),
    "+=": ("-=", "="), "-=": ("+=", "="), "|=": ("&=", "="), "&=": ("|=", "="), "*=": ("=",), "<<=": (">>=",), ">>=": ("<<=",),
    "++": ("--",), "--": ("++",), "true": ("false",), "false": ("true",),
}  # fmt: skip
_OPERATOR_PARENTS = {
    "binary_expression", "assignment_expression", "update_expression", "true", "false",
}  # fmt: skip
_FAMILY = re.compile(r"^(FOLL|VM_FAULT|FAULT_FLAG|VM|MMF|SWP)_\w+$|^E[A-Z0-9]+$")
_STATEMENTS = {
    "expression_statement", "return_statement", "goto_statement", "break_statement", "continue_statement",
    "if_statement", "while_statement", "do_statement", "for_statement", "switch_statement",
}  # fmt: skip
_PLACES = ("compound_statement", "case_statement", "labeled_statement", "else_clause")


def find_mutants(tree: Snapshot, index: SourceIndex, names: frozenset[str]) -> tuple[Mutant, ...]:
    """Return every mutant of the functions NAMES of TREE, whose index is INDEX, in the order of the text.

    Functions that the tree does not have, macros, and code with a parse error have none.
    """
    known = [index.functions[name] for name in sorted(names) if name in index.functions]
    wanted = {(function.path, function.name) for function in known if not function.macro}
    found: list[Mutant] = []
    for path in sorted({path for path, _ in wanted}):
        source = tree.files[path].encode("utf-8", "surrogateescape")
        families = _families(source.decode("utf-8", "surrogateescape"))
        siblings = _siblings(index, path)
        for node in _definitions(c_parser().parse(source).root_node):
            name, body = _name(node), node.child_by_field_name("body")
            if body is None or body.has_error or (path, name) not in wanted:
                continue
            seen: dict[tuple[str, str], int] = {}
            for at, old, new, operator in _edits(body, families, siblings):
                serial = seen[old, new] = seen.get((old, new), -1) + 1
                line = source.count(b"\n", 0, at) + 1
                found.append(Mutant(path, name, line, at, old, new, operator, serial))
    return tuple(found)


_Edit = tuple[int, str, str, str]


def _edits(body: Node, families: Mapping[str, str], siblings: Mapping[str, str]) -> Iterator[_Edit]:
    labels = [text_of(n.children[0]) for n in _walk(body) if n.type == "labeled_statement"]
    for node in _walk(body):
        yield from _token_edits(node, families, siblings)
        yield from _statement_edits(node, labels)


def _token_edits(
    node: Node, families: Mapping[str, str], siblings: Mapping[str, str]
) -> Iterator[_Edit]:
    parent = node.parent
    text = text_of(node) if not node.named_children else ""
    if parent is None:
        return
    if text in _SWAPS and (parent.type in _OPERATOR_PARENTS or node.type in _OPERATOR_PARENTS):
        for new in _SWAPS[text]:
            yield node.start_byte, text, new, "operator"
    elif text in ("!", "~", "-") and parent.type == "unary_expression":
        if parent.parent is not None and parent.parent.type == "unary_expression":
            return  # of "!!" either makes the same
        yield node.start_byte, text, "", "dropped"
    elif node.type == "number_literal":
        yield node.start_byte, text, {"0": "1", "1": "0"}.get(text, f"({text} + 1)"), "number"
    elif node.type == "identifier" and text in families and parent.type != "case_statement":
        yield node.start_byte, text, families[text], "constant"
    elif node.type == "identifier" and parent.type == "call_expression" and text in siblings:
        yield node.start_byte, text, siblings[text], "call"
    elif (
        node.type == "parenthesized_expression"
        and parent.type in ("if_statement", "while_statement", "do_statement")
        and not _is_negated_by_a_token(node.named_children[0])
    ):
        yield node.start_byte, text_of(node), f"(!{text_of(node)})", "condition"


def _is_negated_by_a_token(condition: Node) -> bool:
    """Whether another operator makes the opposite of CONDITION already."""
    operator = condition.child_by_field_name("operator")
    return operator is not None and operator.type in ("!", "==", "!=")


def _statement_edits(node: Node, labels: list[str]) -> Iterator[_Edit]:
    parent = node.parent
    if parent is None:
        return
    text = text_of(node)
    body_of = parent.type in ("if_statement", "while_statement", "for_statement", "do_statement")
    if node.type in _STATEMENTS and (parent.type in _PLACES or body_of):
        yield node.start_byte, text, ";", "statement"
    if node.type == "goto_statement" and len(labels) > 1:
        label = text_of(node.named_children[0])
        if label in labels:
            other = labels[(labels.index(label) + 1) % len(labels)]
            yield node.start_byte, text, f"goto {other};", "jump"
    if node.type == "break_statement":
        yield node.start_byte, text, "continue;", "jump"
    if node.type == "continue_statement":
        yield node.start_byte, text, "break;", "jump"
    if node.type == "else_clause":
        yield node.start_byte, text, "", "statement"
    if node.type == "case_statement":
        value = node.child_by_field_name("value")
        colon = next((child for child in node.children if child.type == ":"), None)
        if value is not None and colon is not None:
            head = (node.text or b"")[: colon.end_byte - node.start_byte].decode("utf-8", "replace")
            yield node.start_byte, head, "", "statement"


def _walk(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type == "comment":
            continue
        yield child
        yield from _walk(child)


def _definitions(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type == "function_definition":
            yield child
        elif child.type.startswith(("preproc_if", "preproc_else", "preproc_elif")):
            yield from _definitions(child)


def _name(definition: Node) -> str:
    at = definition.child_by_field_name("declarator")
    while at is not None and at.type != "identifier":
        at = at.child_by_field_name("declarator")
    return text_of(at) if at is not None else ""


def _families(text: str) -> Mapping[str, str]:
    """Return for each constant that the file uses the next of its family, in name order."""
    families: dict[str, set[str]] = {}
    for word in set(re.findall(r"[A-Za-z_]\w*", text)):
        match = _FAMILY.match(word)
        if match:
            families.setdefault(match[1] or "E", set()).add(word)
    following: dict[str, str] = {}
    for members in families.values():
        ordered = sorted(members)
        if len(ordered) > 1:
            following |= dict(zip(ordered, [*ordered[1:], ordered[0]], strict=True))
    return following


def _siblings(index: SourceIndex, path: str) -> Mapping[str, str]:
    """Return for each function that code in PATH can call the next one of equal signature, in name order."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, function in sorted(index.functions.items()):
        visible = function.path == path or function.path.startswith("include/")
        if visible and not function.macro and function.parameters:
            groups.setdefault(_kind(function), []).append(name)
    following: dict[str, str] = {}
    for members in groups.values():
        if len(members) > 1:
            following |= dict(zip(members, [*members[1:], members[0]], strict=True))
    return following


def _kind(function: Function) -> tuple[str, ...]:
    return (function.return_type, *(parameter.type for parameter in function.parameters))
