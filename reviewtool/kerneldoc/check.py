# SPDX-License-Identifier: GPL-2.0-only
"""Comments held against the code below them.

A check speaks only where the body itself shows the fact and the comment has no word of it; what
called functions do is nobody's guess here.  Each has a rule of its own and can be switched off.

Source: Documentation/doc-guide/kernel-doc.rst of Linux 6.12, "Function context" and "Return
values", for what a comment should say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewtool.kerneldoc.document import Block, Diagnostic, Document, Kind, Rule, Severity
from reviewtool.kerneldoc.evidence import Evidence, gather_evidence
from reviewtool.kerneldoc.functions import Function, find_functions

CODE_RULES = frozenset(
    {
        Rule.UNDOCUMENTED_ERROR,
        Rule.UNDOCUMENTED_NULL,
        Rule.RETURN_OF_VOID,
        Rule.UNDOCUMENTED_LOCK,
        Rule.UNCHECKED_LOCK,
        Rule.UNDOCUMENTED_SLEEP,
        Rule.UNUSED_PARAMETER,
    }
)

_I = re.IGNORECASE | re.ASCII
_CODE = re.compile(r"(?:-|%-?|\b)(E[A-Z][A-Z0-9]{1,})\b", re.ASCII)
_ANY_ERROR = re.compile(
    r"\b(?:negative|errno|error[ -]?(?:code|number|value|pointer)s?|err(?:or)?|-errno|<\s*0"
    r"|less than (?:0|zero)|non-?zero|otherwise|fail\w*)\b|<\s*0",
    _I,
)
_NO_PAGE = re.compile(
    r"\bNULL\b|ERR_PTR|IS_ERR|\berr(?:or|no)?s?\b|\bfail\w*|\bnone\b|\bnothing\b|-E[A-Z]"
    r"|\bif (?:any|found|present|there|it exists|available|successful|possible)|\bno\b|\bnot\b"
    r"|\bor 0\b|\bzero\b|\botherwise\b|\bunless\b|\bwithout\b|\bunable\b|\bcannot\b|\bcan't\b",
    _I,
)
_NOTHING = re.compile(r"\W*(?:nothing|none|void|no return value|n/?a)\b", _I)
_LOCK_WORD = re.compile(
    r"lock|\bheld\b|\bhold|mutex|\bsem\b|semaphore|\brcu\b|serializ|serialis|protect|exclusive"
    r"|\birqs?\b|interrupts?\b|atomic|concurren|synchroni|_sem\b",
    _I,
)
_LOCK_DEMANDED = re.compile(
    r"\bcallers?\b[^.]{0,30}\b(?:must|should|needs? to)\b[^.]{0,30}\b(?:hold|be holding|have)\b"
    r"[^.]{0,40}(?:lock|mutex|_sem\b|semaphore)"
    r"|\bmust hold\b[^.]{0,40}(?:lock|mutex|_sem\b|semaphore)"
    r"|\bmust be called (?:with|under)\b[^.]{0,40}(?:lock|mutex|_sem\b|semaphore)[^.]{0,20}\bheld"
    r"|(?:lock|mutex|_sem|semaphore)(?:\(\))? must be held\b",
    _I,
)
_NO_LOCK_DEMANDED = re.compile(
    r"\b(?:not|no|without|never|neither|n't)\b|\brcu|\bdrop|releas|\bappropriate\b", _I
)
_SLEEP_WORD = re.compile(
    r"sleep|block|\bwait|schedul|\bcontext\b|mutex|semaphore|_sem\b|mmap_lock|GFP_|gfp|atomic"
    r"|alloc|resched|lock|synchron|might_|user ?space|copy|interrupt",
    _I,
)
_UNUSED = re.compile(r"\b(?:un|not )used\b|\bignored?\b|\breserved\b", _I)
_ASSERTS = re.compile(r"assert|is_locked|lockdep|_held\b|WARN_ON|BUG_ON|walk_lock", re.ASCII)
_CONSTANT_BODY = re.compile(r"\s*(?:return\b[^;]*;|[\w:]+\s*\([^;]*\);)?\s*", re.ASCII)


def check_code(
    document: Document, text: str, rules: frozenset[Rule] = CODE_RULES
) -> tuple[Diagnostic, ...]:
    """Return what the comments of DOCUMENT, which was parsed from TEXT, do not say of their code.

    Only functions that the file itself defines below their comment are looked at.
    """
    functions = {function.name: function for function in find_functions(text)}
    found: list[Diagnostic] = []
    for block in document.blocks:
        function = functions.get(block.name)
        if block.kind is not Kind.FUNCTION or function is None or not block.shown:
            continue
        if not block.end < function.line <= block.declaration_end + 1:
            continue
        checked = _Checked(document.path, block, function)
        found.extend(one for one in checked.run() if one.rule in rules)
    return tuple(found)


class _Checked:
    """One block and its function."""

    def __init__(self, path: str, block: Block, function: Function) -> None:
        self.path = path
        self.block = block
        self.function = function
        self.evidence: Evidence = gather_evidence(function)
        prose = [block.purpose, *(part.text for part in block.sections)]
        prose += [part.description or "" for part in block.parameters if part.name != "void"]
        self.prose = " ".join(" ".join(prose).split())

    def run(self) -> Iterator[Diagnostic]:
        """Yield what each check finds."""
        yield from self._return_value()
        yield from self._locks()
        yield from self._sleep()
        yield from self._parameters()

    def _found(self, rule: Rule, line: int | None, message: str) -> Diagnostic:
        where = self.block.start if line is None else line
        return Diagnostic(rule, Severity.WARNING, self.path, where, message, self.block.name)

    def _section_line(self, name: str) -> int | None:
        return next((part.line for part in self.block.sections if part.name == name), None)

    def _return_value(self) -> Iterator[Diagnostic]:
        block, function = self.block, self.function
        text = block.returns or ""
        line = self._section_line("Return")
        if not function.returns_value:
            if text and not _NOTHING.match(text):
                message = f"'{block.name}' returns nothing, but its comment says what"
                yield self._found(Rule.RETURN_OF_VOID, line, message)
            return
        listed = {match[1] for match in _CODE.finditer(text)}
        if listed and not _ANY_ERROR.search(text):
            mentioned = {match[1] for match in _CODE.finditer(self.prose)}
            missing = [item for item in self.evidence.errors if item[0] not in mentioned]
            if missing:
                codes = ", ".join(f"-{code} (line {number})" for code, number in missing)
                message = f"'{block.name}' also returns {codes}"
                yield self._found(Rule.UNDOCUMENTED_ERROR, line, message)
        pointer = function.return_type.rstrip().endswith("*")
        if pointer and not _NO_PAGE.search(self.prose):
            empty = (part for part in self.evidence.returns if _is_no_object(part.value))
            for part in empty:
                message = f"'{block.name}' may return {part.value} (line {part.line})"
                yield self._found(Rule.UNDOCUMENTED_NULL, line, message)
                break

    def _locks(self) -> Iterator[Diagnostic]:
        name = self.block.name
        asserted = self.evidence.asserted
        if asserted and not _LOCK_WORD.search(self.prose):
            check, lock, number = asserted[0]
            message = f"'{name}' has {check}({lock}) (line {number}), its comment names no lock"
            yield self._found(Rule.UNDOCUMENTED_LOCK, None, message)
        demand = _LOCK_DEMANDED.search(self.prose)
        if demand and not asserted and not _NO_LOCK_DEMANDED.search(demand[0]):
            body = self.function.body
            if not _ASSERTS.search(body) and not _CONSTANT_BODY.fullmatch(body):
                message = f"'{name}' does not assert that a lock is held: \"{demand[0]}\""
                yield self._found(Rule.UNCHECKED_LOCK, None, message)

    def _sleep(self) -> Iterator[Diagnostic]:
        if self.evidence.sleeps and not _SLEEP_WORD.search(self.prose):
            call, number = self.evidence.sleeps[0]
            message = f"'{self.block.name}' may sleep in {call}() (line {number}), "
            message += "its comment does not say so"
            yield self._found(Rule.UNDOCUMENTED_SLEEP, None, message)

    def _parameters(self) -> Iterator[Diagnostic]:
        if _CONSTANT_BODY.fullmatch(self.function.body):
            return
        for parameter in self.block.parameters:
            described = parameter.description is not None and parameter.declaration
            name = parameter.name
            if not described or name == "void" or not name.isidentifier():
                continue
            if name not in self.evidence.words and not _UNUSED.search(parameter.text):
                message = f"'{self.block.name}' does not use its parameter '{name}'"
                yield self._found(Rule.UNUSED_PARAMETER, parameter.line, message)


def _is_no_object(value: str) -> bool:
    return value == "NULL" or value.startswith("ERR_PTR(") or value.endswith(": NULL")
