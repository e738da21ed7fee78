# SPDX-License-Identifier: GPL-2.0-only
"""The functions of a C tree: where they are, what they take, and what they reach.

tree-sitter reads every file whole, however broken; a function with a parse error inside keeps its
extent and its identifiers, and says so (`damaged`).  Preprocessor conditionals are not evaluated:
both branches count as reached, which errs on the side of sweeping more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, TreeCursor

from reviewtool.errors import InputError
from reviewtool.tree.snapshot import Snapshot


@dataclass(frozen=True)
class Parameter:
    """A parameter: its type with white space made single ("struct page **"), and its name."""

    type: str
    name: str


@dataclass(frozen=True)
class Function:
    """A function definition, or a function-like macro (then without types).

    first_line, last_line: 1-based, inclusive, from the return type to the closing brace.
    tokens:      the code without comments and white space; equal tokens compile to equal code.
    identifiers: every identifier in it, calls and flags included.
    """

    name: str
    path: str
    first_line: int
    last_line: int
    return_type: str
    parameters: tuple[Parameter, ...]
    static: bool
    macro: bool
    damaged: bool
    tokens: str
    identifiers: frozenset[str]

    @property
    def signature(self) -> str:
        """The declaration in one line, as a person would write it."""
        inside = ", ".join(_spell(p.type, p.name) for p in self.parameters) or "void"
        return f"{_spell(self.return_type, self.name)}({inside})"


def _spell(type_: str, name: str) -> str:
    return f"{type_}{name}" if type_.endswith("*") else f"{type_} {name}".strip()


@dataclass(frozen=True)
class SourceFile:
    """What one file defines: functions, and everything else as one string of tokens."""

    path: str
    functions: tuple[Function, ...]
    other_tokens: str
    constants: frozenset[str]


@cache
def c_parser() -> Parser:
    """Return the C parser (made once: loading the grammar takes a while)."""
    import tree_sitter_c  # noqa: PLC0415
    from tree_sitter import Language, Parser  # noqa: PLC0415

    return Parser(Language(tree_sitter_c.language()))


# What walks syntax trees calls itself for each level; code of kernels nests some fifty deep.
_MOST_LEVELS = 200


def _refuse_depth(path: str, cursor: TreeCursor) -> None:
    """Look at every node below CURSOR.  Raises: InputError where one lies too deep."""
    depth = 0
    while True:
        if cursor.goto_first_child():
            depth += 1
            if depth > _MOST_LEVELS:
                line = cursor.node.start_point[0] + 1 if cursor.node else None
                raise InputError(path, f"code nested more than {_MOST_LEVELS} levels deep", line)
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
            depth -= 1


def text_of(node: Node) -> str:
    """Return the source text of NODE."""
    return (node.text or b"").decode("utf-8", "replace")


def leaves(node: Node) -> Iterator[Node]:
    """Yield the tokens of NODE in order, comments left out."""
    if node.type == "comment":
        return
    if not node.children or node.type in ("string_literal", "char_literal"):
        yield node
        return
    for child in node.children:
        yield from leaves(child)


def _tokens(node: Node) -> str:
    return " ".join(" ".join(text_of(leaf).split()) for leaf in leaves(node))


def _identifiers(node: Node) -> frozenset[str]:
    found: set[str] = set()
    for leaf in leaves(node):
        if leaf.type in ("identifier", "field_identifier", "type_identifier"):
            found.add(text_of(leaf))
        elif leaf.type == "preproc_arg":
            found.update(_words(text_of(leaf)))
    return frozenset(found)


def _words(text: str) -> set[str]:
    import re  # noqa: PLC0415

    return set(re.findall(r"[A-Za-z_]\w*", text))


def _declarator(node: Node) -> tuple[str, Node | None]:
    """Return the stars of a declarator and its function declarator."""
    stars = ""
    at: Node | None = node
    while at is not None and at.type != "function_declarator":
        if at.type == "pointer_declarator":
            stars += "*"
        at = at.child_by_field_name("declarator") or next(
            (c for c in at.named_children if c.type.endswith("declarator")), None
        )
    return stars, at


def _parameter(node: Node) -> Parameter | None:
    declarator = node.child_by_field_name("declarator")
    before = [
        text_of(c)
        for c in node.children
        if declarator is None or c.end_byte <= declarator.start_byte
    ]
    type_ = " ".join(" ".join(before).split())
    name = ""
    at = declarator
    while at is not None:
        if at.type in {"pointer_declarator", "array_declarator"}:
            type_ += " *" if not type_.endswith("*") else "*"
        elif at.type == "identifier":
            name = text_of(at)
            break
        at = at.child_by_field_name("declarator") or next(
            (
                c
                for c in at.named_children
                if c.type.endswith("declarator") or c.type == "identifier"
            ),
            None,
        )
    if type_ == "void" and not name:
        return None
    return Parameter(type_.replace("__maybe_unused", "").strip(), name)


_SPECIFIERS = {
    "static",
    "inline",
    "extern",
    "__always_inline",
    "__must_check",
    "__init",
    "noinline",
    "__maybe_unused",
}


def _function(node: Node, path: str) -> Function | None:
    declarator = node.child_by_field_name("declarator")
    body = node.child_by_field_name("body")
    if declarator is None or body is None:
        return None
    stars, called = _declarator(declarator)
    if called is None:
        return None
    name_node = called.child_by_field_name("declarator")
    parameters = called.child_by_field_name("parameters")
    if name_node is None or parameters is None:
        return None
    head = [text_of(c) for c in node.children if c.end_byte <= declarator.start_byte]
    words = " ".join(" ".join(head).split()).split(" ")
    type_ = " ".join(word for word in words if word not in _SPECIFIERS)
    taken = [_parameter(c) for c in parameters.named_children if c.type == "parameter_declaration"]
    return Function(
        name=text_of(name_node),
        path=path,
        first_line=node.start_point[0] + 1,
        last_line=node.end_point[0] + 1,
        return_type=f"{type_} {stars}".strip(),
        parameters=tuple(parameter for parameter in taken if parameter),
        static="static" in words,
        macro=False,
        damaged=node.has_error,
        tokens=_tokens(node),
        identifiers=_identifiers(node),
    )


def _macro(node: Node, path: str) -> Function | None:
    name = node.child_by_field_name("name")
    if name is None:
        return None
    return Function(
        text_of(name), path, node.start_point[0] + 1, node.end_point[0], "", (), static=True, macro=True,
        damaged=False, tokens=_tokens(node), identifiers=_identifiers(node) - {text_of(name)},
    )  # fmt: skip


_NESTS = (
    "preproc_if",
    "preproc_ifdef",
    "preproc_else",
    "preproc_elif",
    "linkage_specification",
    "declaration_list",
)


def read_source(path: str, text: str) -> SourceFile:
    """Return what TEXT, the file at PATH, defines.

    Any text gives a value.  Raises: InputError for code that is nested too deep to be walked.
    """
    tree = c_parser().parse(text.encode("utf-8", "surrogateescape"))
    _refuse_depth(path, tree.walk())
    root = tree.root_node
    functions: list[Function] = []
    others: list[str] = []
    constants: set[str] = set()

    def visit(node: Node) -> None:
        for child in node.children:
            if child.type == "function_definition":
                function = _function(child, path)
                if function:
                    functions.append(function)
                    continue
            if child.type in ("preproc_function_def", "preproc_def"):
                macro = _macro(child, path)
                if macro:
                    functions.append(macro)
                    constants.add(macro.name)
                    continue
            if child.type in _NESTS:
                visit(child)
                continue
            tokens = _tokens(child)
            if tokens:
                others.append(tokens)
            if child.type in ("enum_specifier", "declaration", "type_definition"):
                _enumerators(child, constants)

    visit(root)
    return SourceFile(path, tuple(functions), "\n".join(others), frozenset(constants))


def _enumerators(node: Node, into: set[str]) -> None:
    if node.type == "enumerator":
        name = node.child_by_field_name("name")
        if name is not None:
            into.add(text_of(name))
        return
    for child in node.named_children:
        _enumerators(child, into)


@dataclass(frozen=True)
class SourceIndex:
    """Every function of a tree, by name.  Where two files define a name, the .c file's wins."""

    files: tuple[SourceFile, ...]

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """Functions and macros by name."""
        found: dict[str, Function] = {}
        for file in self.files:
            for function in file.functions:
                known = found.get(function.name)
                if known is None or (known.path.endswith(".h") and function.path.endswith(".c")):
                    found[function.name] = function
        return found

    @cached_property
    def constants(self) -> frozenset[str]:
        """Names of all macros and enumerators."""
        return frozenset().union(*(file.constants for file in self.files))

    @cached_property
    def callers(self) -> Mapping[str, tuple[str, ...]]:
        """For each function, the functions that name it, in name order."""
        found: dict[str, list[str]] = {}
        for name, function in sorted(self.functions.items()):
            for used in function.identifiers:
                if used in self.functions and used != name:
                    found.setdefault(used, []).append(name)
        return {name: tuple(users) for name, users in found.items()}

    def closure(self, name: str) -> frozenset[str]:
        """Return NAME and every function or macro that it reaches by name."""
        reached: set[str] = set()
        todo = [name]
        while todo:
            at = todo.pop()
            if at in reached or at not in self.functions:
                continue
            reached.add(at)
            todo += self.functions[at].identifiers
        return frozenset(reached)

    def identifiers(self, names: frozenset[str]) -> frozenset[str]:
        """Return every identifier in the functions NAMES."""
        return frozenset().union(*(self.functions[name].identifiers for name in names))


_read_cached = cache(read_source)


def index_sources(snapshot: Snapshot) -> SourceIndex:
    """Return the index of all C files of SNAPSHOT; unchanged files are read once per process."""
    return SourceIndex(tuple(_read_cached(path, text) for path, text in snapshot.sources()))
