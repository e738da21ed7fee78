# SPDX-License-Identifier: GPL-2.0-only
"""Which FOLL_* flags a function passes at a call: constants folded along every path to it.

A value is a set of possibilities.  A possibility says which flags are set, and either that no other
is (`exact`) or which are surely clear while the others may be anything.  Statements are walked in
order: branches join their possibilities, loops and labels are walked until nothing new comes, and
whatever is not understood may be anything, with the reason.  Conditions are not evaluated, so a
possibility may be one that never happens; one that happens is never left out.

Grammar of what is folded: names of flags, enumerators and macros that stand for them, numbers,
`| & ~ ?:`, casts, parentheses, local variables, and the assignments `= |= &=`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from reviewtool.behaviour.constants import (
    Constants,
    macro_body,
    nodes_of,
    only_child,
    operator_of,
    parse,
    parse_expression,
    read_number,
)
from reviewtool.tree.source import Function, SourceIndex, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_POSSIBILITIES = 64
_MOST_ROUNDS = 8
_MOST_DEPTH = 8
_MOST_MASK = 4


@dataclass(frozen=True)
class Possibility:
    """Flags that may be passed together.

    given: surely set; clear: surely not set, of those that are not in `given`.
    exact: nothing but `given` is set.  why: what made it open, "" if exact.
    """

    given: frozenset[str] = frozenset()
    clear: frozenset[str] = frozenset()
    exact: bool = True
    why: str = ""


Value = frozenset[Possibility]
_NOTHING: Value = frozenset()
_ZERO: Value = frozenset([Possibility()])


def _open(why: str) -> Value:
    return frozenset([Possibility(exact=False, why=why)])


def _bounded(value: Value) -> Value:
    return value if len(value) <= MOST_POSSIBILITIES else _open("there are too many possibilities")


def _or(left: Possibility, right: Possibility) -> Possibility:
    given = left.given | right.given
    if left.exact and right.exact:
        return Possibility(given)
    sides = [side for side in (left, right) if not side.exact]
    clear = frozenset.intersection(*(side.clear for side in sides)) - given
    return Possibility(given, clear, exact=False, why=sides[0].why)


def _without(left: Possibility, flags: frozenset[str]) -> Possibility:
    if left.exact:
        return Possibility(left.given - flags)
    return Possibility(left.given - flags, left.clear | flags, exact=False, why=left.why)


def _and(left: Possibility, right: Possibility) -> Value:
    if left.exact and right.exact:
        return frozenset([Possibility(left.given & right.given)])
    if not left.exact and not right.exact:
        clear = left.clear | right.clear
        return frozenset([Possibility(left.given & right.given, clear, exact=False, why=left.why)])
    mask, value = (left, right) if left.exact else (right, left)
    sure, maybe = mask.given & value.given, sorted(mask.given - value.given - value.clear)
    if len(maybe) > _MOST_MASK:
        return _open(value.why)
    return frozenset(
        Possibility(sure | frozenset(some))
        for size in range(len(maybe) + 1)
        for some in combinations(maybe, size)
    )


def _is_endless(loop: Node) -> bool:
    """Return whether LOOP is left by a jump only."""
    condition = loop.child_by_field_name("condition")
    if condition is None:
        return loop.type == "for_statement"
    return text_of(condition).strip("() ") in ("1", "true")


Env = dict[str, Value]


def _join(left: Env | None, right: Env | None) -> Env | None:
    """Join what is known on two paths; None is a path that nobody takes."""
    if left is None or right is None:
        return right if left is None else left
    return {
        name: _bounded(left.get(name, _NOTHING) | right.get(name, _NOTHING))
        for name in left.keys() | right.keys()
    }


@dataclass
class Walk:
    """A walk through one function that notes the flags at each call of CALLEE.

    found: by the place of the call in the source.
    """

    constants: Constants
    callee: str
    position: int
    parameters: frozenset[str]
    found: dict[int, Value] = field(default_factory=dict)
    labels: dict[str, Env | None] = field(default_factory=dict)
    _breaks: list[Env | None] = field(default_factory=list)
    _continues: list[Env | None] = field(default_factory=list)

    def evaluate(self, node: Node | None, env: Env, depth: int = 0) -> Value:
        """Return what expression NODE may stand for."""
        if node is None or depth > _MOST_DEPTH:
            return _open("the argument is not understood")
        text = text_of(node)
        if node.type == "identifier":
            return self._name(text, env, depth)
        if node.type == "number_literal":
            number = read_number(text)
            flags = None if number is None else self.constants.flags_in(number)
            return _open(f"{text} is no flag") if flags is None else frozenset([Possibility(flags)])
        if node.type in ("parenthesized_expression", "cast_expression"):
            return self.evaluate(node.child_by_field_name("value") or only_child(node), env, depth)
        if node.type == "conditional_expression":
            sides = [node.child_by_field_name(name) for name in ("consequence", "alternative")]
            return _bounded(_NOTHING.union(*(self.evaluate(side, env, depth) for side in sides)))
        if node.type == "binary_expression" and operator_of(node) in ("|", "&"):
            return self._binary(node, env, depth)
        if node.type == "assignment_expression":
            left = node.child_by_field_name("left")
            if left is not None and text_of(left) in env:
                return env[text_of(left)]
        return _open(f"{' '.join(text.split())[:40]} is not folded")

    def _name(self, name: str, env: Env, depth: int) -> Value:
        if name in env:
            return env[name]
        if name in self.parameters:
            return _open(f"it passes on its own argument {name}")
        flags = self.constants.flags_of(name)
        if flags is not None:
            return frozenset([Possibility(flags)])
        body = self.constants.macro(name)
        if body is not None and (expression := parse_expression(body)) is not None:
            return self.evaluate(expression, {}, depth + 1)
        return _open(f"{name} is no constant")

    def _binary(self, node: Node, env: Env, depth: int) -> Value:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        value = self.evaluate(left, env, depth)
        if operator_of(node) == "|":
            other = self.evaluate(right, env, depth)
            return _bounded(frozenset(_or(a, b) for a in value for b in other))
        return self._mask(value, right, env, depth)

    def _mask(self, value: Value, right: Node | None, env: Env, depth: int) -> Value:
        """Return VALUE & RIGHT."""
        at = right
        while at is not None and at.type == "parenthesized_expression":
            at = only_child(at)
        if at is not None and at.type == "unary_expression" and operator_of(at) == "~":
            masks = self.evaluate(at.child_by_field_name("argument"), env, depth)
            if any(not mask.exact for mask in masks):
                return _open("what is masked out is not understood")
            return _bounded(frozenset(_without(a, mask.given) for a in value for mask in masks))
        masks = self.evaluate(right, env, depth)
        return _bounded(_NOTHING.union(*(_and(a, mask) for a in value for mask in masks)))

    def effects(self, node: Node | None, env: Env | None) -> Env | None:
        """Return what is known after expression NODE; calls in it are noted."""
        if node is None or env is None:
            return env
        kind = node.type
        if kind in ("conditional_expression", "binary_expression") and (
            kind == "conditional_expression" or operator_of(node) in ("&&", "||")
        ):
            first, *rest = node.named_children
            env = self.effects(first, env)
            return (
                _join(env, self._each(rest, env))
                if kind == "binary_expression"
                else _join(self.effects(rest[0], env), self.effects(rest[-1], env))
            )
        env = self._each(node.named_children, env)
        if env is None:
            return None
        if kind == "assignment_expression":
            return self._assign(node, env)
        if kind in ("update_expression", "pointer_expression"):
            inner = node.child_by_field_name("argument")
            if inner is not None and text_of(inner) in env and not text_of(node).startswith("*"):
                return env | {text_of(inner): _open(f"{text_of(inner)} is changed elsewhere")}
        if kind == "call_expression":
            called = node.child_by_field_name("function")
            if called is not None and text_of(called) == self.callee:
                self._note(node, env)
        return env

    def _note(self, node: Node, env: Env) -> None:
        arguments = node.child_by_field_name("arguments")
        given = (
            []
            if arguments is None
            else [n for n in arguments.named_children if n.type != "comment"]
        )
        value = _open("the argument is missing")
        if self.position < len(given):
            value = self.evaluate(given[self.position], env)
        known = self.found.get(node.start_byte, _NOTHING)
        self.found[node.start_byte] = _bounded(known | value)

    def _assign(self, node: Node, env: Env) -> Env:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None or left.type != "identifier" or text_of(left) not in env:
            return env
        name, operator = text_of(left), operator_of(node)
        if operator == "=":
            return env | {name: self.evaluate(right, env)}
        if operator == "|=":
            other = self.evaluate(right, env)
            return env | {name: _bounded(frozenset(_or(a, b) for a in env[name] for b in other))}
        if operator == "&=":
            return env | {name: self._mask(env[name], right, env, 0)}
        return env | {name: _open(f"{operator} is not folded")}

    def _each(self, nodes: Sequence[Node], env: Env | None) -> Env | None:
        for node in nodes:
            env = self.effects(node, env)
        return env

    def run(self, node: Node | None, env: Env | None) -> Env | None:
        """Return what is known after statement NODE, None if it is never left at its end."""
        if node is None:
            return env
        handler = _STATEMENTS.get(node.type)
        return handler(self, node, env) if handler else self.effects(node, env)

    def _block(self, node: Node, env: Env | None) -> Env | None:
        for child in node.named_children:
            env = self.run(child, env)
        return env

    def _scope(self, node: Node, env: Env | None) -> Env | None:
        """Walk a block of its own scope: a name that it declares again is another variable."""
        outside = env or {}
        declared = {
            text_of(name)
            for child in node.named_children
            if child.type == "declaration"
            for item in child.named_children
            if (name := item.child_by_field_name("declarator") or item).type == "identifier"
        }
        env = self._block(node, env)
        if env is None:
            return None
        return env | {
            name: _open(f"there are two variables {name}") for name in declared & outside.keys()
        }

    def _declare(self, node: Node, env: Env | None) -> Env | None:
        for item in node.named_children:
            if item.type == "init_declarator" and env is not None:
                name, value = (
                    item.child_by_field_name("declarator"),
                    item.child_by_field_name("value"),
                )
                env = self.effects(value, env)
                if name is not None and name.type == "identifier" and env is not None:
                    env = env | {text_of(name): self.evaluate(value, env)}
            elif item.type == "identifier" and env is not None:
                env = env | {text_of(item): _NOTHING}
        return env

    def _if(self, node: Node, env: Env | None) -> Env | None:
        env = self.effects(node.child_by_field_name("condition"), env)
        after = self.run(node.child_by_field_name("consequence"), env)
        other = node.child_by_field_name("alternative")
        return _join(after, env if other is None else self._block(other, env))

    def _loop(self, node: Node, env: Env | None) -> Env | None:
        if node.type == "for_statement":
            start = node.child_by_field_name("initializer")
            env = self.run(start, env) if start is not None else env
        leave: Env | None = None
        for _ in range(_MOST_ROUNDS):
            self._breaks.append(None)
            self._continues.append(None)
            once = env
            if node.type != "do_statement":
                once = self.effects(node.child_by_field_name("condition"), once)
                leave = leave if _is_endless(node) else _join(leave, once)
            once = self.run(node.child_by_field_name("body"), once)
            once = _join(once, self._continues.pop())
            if node.type == "do_statement":
                once = self.effects(node.child_by_field_name("condition"), once)
                leave = leave if _is_endless(node) else _join(leave, once)
            once = self.effects(node.child_by_field_name("update"), once)
            leave = _join(leave, self._breaks.pop())
            again = _join(env, once)
            if again == env:
                return leave
            env = again
        return None if leave is None else {name: _open("a loop changes it") for name in leave}

    def _switch(self, node: Node, env: Env | None) -> Env | None:
        env = self.effects(node.child_by_field_name("condition"), env)
        self._breaks.append(None)
        at: Env | None = None
        body = node.child_by_field_name("body")
        for child in [] if body is None else body.named_children:
            at = (
                self._block(child, _join(at, env))
                if child.type == "case_statement"
                else self.run(child, at)
            )
        return _join(_join(at, env), self._breaks.pop())

    def _jump(self, node: Node, env: Env | None) -> Env | None:
        if node.type == "return_statement":
            self._each(node.named_children, env)
        elif node.type == "goto_statement":
            label = text_of(node.named_children[0]) if node.named_children else ""
            self.labels[label] = _join(self.labels.get(label), env)
        else:
            stack = self._breaks if node.type == "break_statement" else self._continues
            if stack:
                stack[-1] = _join(stack[-1], env)
        return None

    def _label(self, node: Node, env: Env | None) -> Env | None:
        label = node.child_by_field_name("label")
        env = _join(env, self.labels.get(text_of(label) if label is not None else ""))
        for child in node.named_children:
            if label is None or child.id != label.id:
                env = self.run(child, env)
        return env


_STATEMENTS: Mapping[str, Callable[[Walk, Node, Env | None], Env | None]] = {
    "compound_statement": Walk._scope, "declaration": Walk._declare, "if_statement": Walk._if,
    "while_statement": Walk._loop, "do_statement": Walk._loop, "for_statement": Walk._loop,
    "switch_statement": Walk._switch, "return_statement": Walk._jump, "goto_statement": Walk._jump,
    "break_statement": Walk._jump, "continue_statement": Walk._jump, "labeled_statement": Walk._label,
}  # fmt: skip


# What the C grammar does not know in declarations; it means nothing to the value of a flag.
_ANNOTATION = re.compile(
    r"\b(?:__user|__iomem|__rcu|__percpu|__force|__must_check|__maybe_unused|__always_inline) "
)


def passed_flags(
    index: SourceIndex, caller: Function, callee: str, position: int
) -> tuple[Value, ...]:
    """Return what CALLER may pass as argument POSITION (from 0) at each of its calls of CALLEE, in order."""
    constants = Constants(index)
    if caller.macro:
        parameters = re.match(r"#\s*define \w+ ?\(([^)]*)\) ", caller.tokens)
        names = frozenset(re.findall(r"\w+", parameters[1])) if parameters else frozenset()
        text = caller.tokens[parameters.end() :] if parameters else macro_body(index, caller.name)
        tree = parse(f"void f(void) {{ {text} ; }}")
        body = next(iter(nodes_of(tree, "compound_statement")), None)
    else:
        names = frozenset(parameter.name for parameter in caller.parameters)
        tree = parse(_ANNOTATION.sub("", caller.tokens))
        body = next(iter(nodes_of(tree, "compound_statement")), None)
    calls = [n for n in nodes_of(tree, "call_expression")
             if (f := n.child_by_field_name("function")) is not None and text_of(f) == callee]  # fmt: skip
    if body is None or body.has_error:
        return tuple(_open(f"{caller.name}() is not read whole") for _ in calls)
    walk = Walk(constants, callee, position, names)
    known: dict[str, Env | None] = {}
    start: Env = {name: _open(f"it passes on its own argument {name}") for name in names}
    for _ in range(_MOST_ROUNDS):
        walk.run(body, dict(start))
        if walk.labels == known:
            break
        known = dict(walk.labels)
    else:
        return tuple(_open("a loop by goto changes it") for _ in calls)
    dead = _open("no path to the call was found")
    return tuple(walk.found.get(call.start_byte) or dead for call in calls)
