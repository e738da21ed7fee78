# SPDX-License-Identifier: GPL-2.0-only
"""Rewrite a WebAssembly module so that it knows, of every value, what that value depends on.

Beside each local variable and each place of the operand stack comes a 64-bit variable, its *shadow*;
memory has shadows too.  What shadows mean is the business of harness/shadow.c, whose functions are
called here.  A condition, an address, a divisor and an index of a table are *read*: from there on the
run depends on them, whatever becomes of their values.

Nothing is taken from the source, and nothing depends on what the optimiser did: the rewriting is of
the instructions that run.  An instruction that is not known here is refused, never passed by.

Source: WebAssembly Core Specification 3.0, binary format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from reviewtool.errors import ToolError

I32, I64, F32, F64 = 0x7F, 0x7E, 0x7D, 0x7C
_VOID = 0x40


class Role(Enum):
    """What a function of harness/shadow.c is called for."""

    READ = "shadow_read"
    JOIN = "shadow_join"
    SET_OF = "shadow_set_of"
    ZERO = "shadow_zero"
    AND = "shadow_and"
    OR = "shadow_or"
    XOR = "shadow_xor"
    EQUAL = "shadow_equal"
    MIX = "shadow_mix"
    EITHER = "shadow_either"
    SPREAD = "shadow_spread"
    SHIFT = "shadow_shift"
    ADD = "shadow_add"
    LOAD = "shadow_load"
    STORE = "shadow_store"
    COPY = "shadow_copy"
    FILL = "shadow_fill"


RUNTIME_EXPORTS = (
    *(role.value for role in Role),
    "shadow_args",
    "shadow_result",
    "shadow_troubled",
)
_MOST_ARGUMENTS = 32


def unsigned(value: int) -> bytes:
    """Return VALUE as an unsigned LEB128 number."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def signed(value: int) -> bytes:
    """Return VALUE as a signed LEB128 number."""
    out = bytearray()
    while True:
        byte = value & 0x7F
        value >>= 7
        done = (value == 0 and not byte & 0x40) or (value == -1 and byte & 0x40)
        out.append(byte | (0 if done else 0x80))
        if done:
            return bytes(out)


class _Bytes:
    """Reads numbers and names from a run of bytes."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def unsigned(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def signed(self) -> int:
        start = self.at
        value = self.unsigned()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if self.data[self.at - 1] & 0x40 else value

    def take(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]

    def name(self) -> str:
        return self.take(self.unsigned()).decode("utf-8", "replace")


@dataclass(frozen=True)
class _Signature:
    parameters: tuple[int, ...]
    results: tuple[int, ...]


@dataclass
class _Parsed:
    """The parts of a module that rewriting needs; `sections` has all of it, in order."""

    sections: list[tuple[int, bytes]]
    types: list[_Signature] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    globals: list[int] = field(default_factory=list)  # their first values
    exports: dict[str, int] = field(default_factory=dict)
    in_tables: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


def _parse(wasm: bytes) -> _Parsed:
    if wasm[:8] != b"\0asm\1\0\0\0":
        raise ToolError("the module", "is no WebAssembly")
    reader = _Bytes(wasm, 8)
    parsed = _Parsed([])
    while reader.at < len(wasm):
        kind = reader.byte()
        parsed.sections.append((kind, reader.take(reader.unsigned())))
    for kind, body in parsed.sections:
        part = _Bytes(body)
        parse = _PARTS.get(kind)
        if parse is not None:
            for _ in range(part.unsigned()):
                parse(part, parsed)
    return parsed


def _parse_type(part: _Bytes, parsed: _Parsed) -> None:
    if part.byte() != 0x60:
        raise ToolError("the module", "has a type that is no function")
    parameters = tuple(part.take(part.unsigned()))
    parsed.types.append(_Signature(parameters, tuple(part.take(part.unsigned()))))


def _parse_import(part: _Bytes, _: _Parsed) -> None:
    raise ToolError("the module", f"imports {part.name()}")


def _parse_function(part: _Bytes, parsed: _Parsed) -> None:
    parsed.functions.append(part.unsigned())


def _constant(part: _Bytes) -> int:
    if part.byte() not in (0x41, 0x42):
        raise ToolError("the module", "has a constant that is no number")
    value = part.signed()
    part.byte()  # end
    return value


def _parse_global(part: _Bytes, parsed: _Parsed) -> None:
    part.take(2)
    parsed.globals.append(_constant(part))


def _parse_export(part: _Bytes, parsed: _Parsed) -> None:
    name = part.name()
    part.byte()
    parsed.exports[name] = part.unsigned()


def _parse_element(part: _Bytes, parsed: _Parsed) -> None:
    if part.unsigned() != 0:
        raise ToolError("the module", "has a table of an unknown kind")
    _constant(part)
    parsed.in_tables += [part.unsigned() for _ in range(part.unsigned())]


def _parse_body(part: _Bytes, parsed: _Parsed) -> None:
    parsed.bodies.append(part.take(part.unsigned()))


def _parse_tag(part: _Bytes, parsed: _Parsed) -> None:
    part.byte()
    parsed.tags.append(part.unsigned())


_PARTS = {1: _parse_type, 2: _parse_import, 3: _parse_function, 6: _parse_global, 7: _parse_export,
          9: _parse_element, 10: _parse_body, 13: _parse_tag}  # fmt: skip

# Instructions by what they do to the operand stack; those with more to them are in _Body.
_IS_ZERO = 0x50  # of 64 bits; what is left of a word in 32 is not all of it
_ZERO_COMPARED = {0x51, 0x52}
_UNARY = {0x45, 0x50, 0x67, 0x68, 0x69, 0x79, 0x7A, 0x7B, *range(0x8B, 0x92), *range(0x99, 0xA0), *range(0xA8, 0xAC), 0xAC,
          *range(0xAE, 0xBC), *range(0xC0, 0xC5)}  # fmt: skip
_TRUTHS = set(range(0x45, 0x67))
_KEEP = {0xA7, 0xAD, 0xBC, 0xBD, 0xBE, 0xBF}  # the same bits, as another type
_BINARY = {
    *range(0x46, 0x50),
    *range(0x51, 0x67),
    *range(0x6A, 0x79),
    *range(0x7C, 0x8B),
    *range(0x92, 0x99),
    *range(0xA0, 0xA7),
}
_JOINED_BY = {0x46: Role.EQUAL, 0x47: Role.EQUAL, 0x51: Role.EQUAL, 0x52: Role.EQUAL, 0x71: Role.MIX, 0x83: Role.MIX,
              0x72: Role.EITHER, 0x84: Role.EITHER, 0x73: Role.MIX, 0x85: Role.MIX}  # fmt: skip
_DIVIDE = {0x6D, 0x6E, 0x6F, 0x70, 0x7F, 0x80, 0x81, 0x82}
_AND, _OR, _XOR, _ADD, _SUB = {0x71, 0x83}, {0x72, 0x84}, {0x73, 0x85}, {0x6A, 0x7C}, {0x6B, 0x7D}
_BITWISE = _AND | _OR | _XOR
_SHL, _SHR = {0x74, 0x86}, {0x76, 0x88}
_LOADS = {0x28: 4, 0x29: 8, 0x2A: 4, 0x2B: 8, 0x2C: 1, 0x2D: 1, 0x2E: 2, 0x2F: 2, 0x30: 1, 0x31: 1, 0x32: 2, 0x33: 2,
          0x34: 4, 0x35: 4}  # fmt: skip
_SIGNED_LOADS = {0x2C, 0x2E, 0x30, 0x32, 0x34}
_STORES = {0x36: (4, I32), 0x37: (8, I64), 0x38: (4, F32), 0x39: (8, F64), 0x3A: (1, I32), 0x3B: (2, I32), 0x3C: (1, I64),
           0x3D: (2, I64), 0x3E: (4, I64)}  # fmt: skip
_END = {0x0B}


@dataclass
class _Slot:
    """A place of the operand stack.

    clean:    whether its shadow is known to be empty; constant: its value, where that is known.
    is_truth: whether it is 0 or 1.
    """

    clean: bool
    constant: int | None = None
    is_truth: bool = False


@dataclass
class _Frame:
    """A block that is open: how high the stack was, and how many values a branch to it takes and leaves."""

    height: int
    branch: int
    results: int
    live: bool


class _Body:
    """Rewrites one function."""

    def __init__(self, module: _Parsed, roles: dict[Role, int], index: int) -> None:
        self.module = module
        self.roles = roles
        signature = module.types[module.functions[index]]
        self.results = len(signature.results)
        self.reader = _Bytes(module.bodies[index])
        declared = [
            (self.reader.unsigned(), self.reader.byte()) for _ in range(self.reader.unsigned())
        ]
        self.parameters = len(signature.parameters)
        self.locals = self.parameters + sum(count for count, _ in declared)
        self.declared = declared
        # four scratch variables for values, one for an address; then shadows of variables, then of the stack
        self.scratch = {
            kind: self.locals + number for number, kind in enumerate((I32, I64, F32, F64))
        }
        self.address = self.locals + 4
        self.shadows = self.locals + 5
        self.stack: list[_Slot] = []
        self.deepest = 0
        self.frames = [_Frame(0, self.results, self.results, live=True)]
        self.out = bytearray()

    def rewrite(self) -> bytes:
        """Return the new body, without its length."""
        arguments = self.module.globals[self.module.exports["shadow_args"]]
        for number in range(self.parameters):
            self.out += b"\x42" + signed(arguments + 8 * number) + b"\x29\x03\x00"
            self._set_local(self.shadows + number)
        while self.frames:
            self._instruction()
        groups = [*self.declared, (1, I32), (1, I64), (1, F32), (1, F64), (1, I64),
                  (self.locals + self.deepest, I64)]  # fmt: skip
        head = unsigned(len(groups)) + b"".join(unsigned(n) + bytes([kind]) for n, kind in groups)
        return head + bytes(self.out)

    # What is emitted.

    def _set_local(self, local: int) -> None:
        self.out += b"\x21" + unsigned(local)

    def _get_local(self, local: int) -> None:
        self.out += b"\x20" + unsigned(local)

    def _place(self, depth: int) -> int:
        return self.shadows + self.locals + depth

    def _get(self, depth: int) -> None:
        """Put the shadow of the place at DEPTH on the stack."""
        if self.stack[depth].clean:
            self.out += b"\x42\x00"
        else:
            self._get_local(self._place(depth))

    def _call(self, role: Role) -> None:
        self.out += b"\x10" + unsigned(self.roles[role])

    def _read(self, depth: int) -> None:
        if not self.stack[depth].clean:
            self._get(depth)
            self._call(Role.READ)

    def _push(self, slot: _Slot) -> int:
        self.stack.append(slot)
        self.deepest = max(self.deepest, len(self.stack))
        return len(self.stack) - 1

    def _push_shadow(self) -> None:
        """Make the shadow that was emitted that of a new place."""
        self._set_local(self._place(self._push(_Slot(clean=False))))

    def _apply(self, depth: int, role: Role, *numbers: tuple[int, int]) -> None:
        """Put the shadow at DEPTH through ROLE, with constants of (type, value)."""
        if self.stack[depth].clean:
            return
        self._get(depth)
        for kind, value in numbers:
            self.out += (b"\x41" if kind == I32 else b"\x42") + signed(value)
        self._call(role)
        self._set_local(self._place(depth))

    def _move(self, target: _Frame) -> None:
        """Move the shadows of what a branch to TARGET takes to where they will be looked for."""
        first = len(self.stack) - target.branch
        outermost = target is self.frames[0]
        for number in range(target.branch):
            if outermost:
                self._leave(first + number)
            else:
                self._get(first + number)
                self._set_local(self._place(target.height + number))

    def _leave(self, depth: int) -> None:
        result = self.module.globals[self.module.exports["shadow_result"]]
        self.out += b"\x42" + signed(result)
        self._get(depth)
        self.out += b"\x37\x03\x00"

    # What is read.

    def _block_type(self) -> tuple[int, int]:
        at = self.reader.at
        kind = self.reader.signed()
        if kind >= 0:
            signature = self.module.types[kind]
            return len(signature.parameters), len(signature.results)
        self.reader.at = at
        return 0, 0 if self.reader.byte() == _VOID else 1

    def _target(self, depth: int) -> _Frame:
        return self.frames[-1 - depth]

    def _instruction(self) -> None:
        start = self.reader.at
        opcode = self.reader.byte()
        if not self.frames[-1].live:
            self._skip(opcode, start)
            return
        if opcode in _LOADS:
            self._load(opcode, start)
        elif opcode in _STORES:
            self._store(opcode, start)
        elif opcode in _BINARY:
            self._binary(opcode, start)
        elif opcode in _UNARY:
            self._copy(start)
            role = Role.ZERO if opcode == _IS_ZERO else Role.SET_OF
            self._apply(len(self.stack) - 1, role)
            self.stack[-1].constant = None
            self.stack[-1].is_truth = opcode in _TRUTHS
        elif opcode in _KEEP:
            self._copy(start)
            self.stack[-1].constant = None
        elif opcode in _HANDLERS:
            _HANDLERS[opcode](self, start)
        else:
            raise ToolError("the module", f"has instruction {opcode:#x}, which is not known here")

    def _copy(self, start: int) -> None:
        self.out += self.reader.data[start : self.reader.at]

    def _skip(self, opcode: int, start: int) -> None:
        """Copy an instruction that never runs."""
        if opcode in (0x02, 0x03, 0x04):
            self._block_type()
            self.frames.append(_Frame(len(self.stack), 0, 0, live=False))
            self._copy(start)
        elif opcode == 0x1F:
            self._block_type()
            self._catches()
            self.frames.append(_Frame(len(self.stack), 0, 0, live=False))
            self._copy(start)
        elif opcode == 0x05:
            self._copy(start)
            self._revive()
        elif opcode in _END:
            self._copy(start)
            self._close()
        else:
            self._immediates(opcode)
            self._copy(start)

    def _revive(self) -> None:
        frame = self.frames[-1]
        outer_live = len(self.frames) < 2 or self.frames[-2].live
        if outer_live:
            frame.live = True
            del self.stack[frame.height :]

    def _immediates(self, opcode: int) -> None:
        reader = self.reader
        if opcode in _LOADS or opcode in _STORES:
            reader.unsigned()
            reader.unsigned()
        elif opcode in (0x0C, 0x0D, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x08, 0x3F, 0x40):
            reader.unsigned()
        elif opcode == 0x0E:
            for _ in range(reader.unsigned() + 1):
                reader.unsigned()
        elif opcode == 0x11:
            reader.unsigned()
            reader.unsigned()
        elif opcode in (0x41, 0x42):
            reader.signed()
        elif opcode == 0x43:
            reader.take(4)
        elif opcode == 0x44:
            reader.take(8)
        elif opcode == 0x1C:
            reader.take(reader.unsigned())
        elif opcode == 0xFC:
            kind = reader.unsigned()
            reader.take({10: 2, 11: 1}.get(kind, 0))
        elif opcode not in _UNARY | _KEEP | _BINARY | {0x00, 0x01, 0x0F, 0x1A, 0x1B, 0x0A}:
            raise ToolError("the module", f"has instruction {opcode:#x}, which is not known here")

    # Control.

    def _open(self, start: int) -> None:
        opcode = self.reader.data[start]
        parameters, results = self._block_type()
        if parameters:
            raise ToolError("the module", "has a block with parameters")
        if opcode == 0x1F:
            self._catches()
        if opcode == 0x04:
            self._read(len(self.stack) - 1)
            self.stack.pop()
        self._copy(start)
        branch = 0 if opcode == 0x03 else results
        self.frames.append(_Frame(len(self.stack), branch, results, live=True))

    def _catches(self) -> None:
        for _ in range(self.reader.unsigned()):
            kind = self.reader.byte()
            if kind in (0, 1):
                self.reader.unsigned()
            self.reader.unsigned()

    def _else(self, start: int) -> None:
        self._settle()
        self._copy(start)
        del self.stack[self.frames[-1].height :]

    def _settle(self) -> None:
        """Where a block is left at its end: its results get shadows that can be looked for."""
        frame = self.frames[-1]
        first = len(self.stack) - frame.results
        if frame is self.frames[0]:
            for number in range(frame.results):
                self._leave(first + number)
            return
        for number in range(frame.results):
            if self.stack[first + number].clean:
                self.out += b"\x42\x00"
                self._set_local(self._place(first + number))

    def _end(self, start: int) -> None:
        self._settle()
        self._copy(start)
        self._close()

    def _close(self) -> None:
        frame = self.frames.pop()
        del self.stack[frame.height :]
        if self.frames and self.frames[-1].live:
            for _ in range(frame.results):
                self._push(_Slot(clean=False))

    def _dead(self) -> None:
        self.frames[-1].live = False

    def _unreachable(self, start: int) -> None:
        self._copy(start)
        self._dead()

    def _nop(self, start: int) -> None:
        self._copy(start)

    def _br(self, start: int) -> None:
        self._move(self._target(self.reader.unsigned()))
        self._copy(start)
        self._dead()

    def _br_if(self, start: int) -> None:
        target = self._target(self.reader.unsigned())
        self._read(len(self.stack) - 1)
        self.stack.pop()
        if target.branch:
            scratch = self.scratch[I32]
            self.out += b"\x22" + unsigned(scratch) + b"\x20" + unsigned(scratch) + b"\x04\x40"
            self._move(target)
            self.out += b"\x0b"
        self._copy(start)

    def _br_table(self, start: int) -> None:
        targets = [self._target(self.reader.unsigned()) for _ in range(self.reader.unsigned() + 1)]
        self._read(len(self.stack) - 1)
        self.stack.pop()
        for target in targets:
            if target.branch:
                raise ToolError("the module", "has a table of branches that take values")
        self._copy(start)
        self._dead()

    def _return(self, start: int) -> None:
        self._move(self.frames[0])
        self._copy(start)
        self._dead()

    def _throw(self, start: int) -> None:
        tag = self.module.types[self.module.tags[self.reader.unsigned()]]
        for number in range(len(tag.parameters)):
            self._read(len(self.stack) - 1 - number)
        self._copy(start)
        self._dead()

    def _throw_ref(self, start: int) -> None:
        self._copy(start)
        self._dead()

    def _call_known(self, start: int) -> None:
        callee = self.module.types[self.module.functions[self.reader.unsigned()]]
        self._called(callee, start)

    def _call_indirect(self, start: int) -> None:
        callee = self.module.types[self.reader.unsigned()]
        self.reader.unsigned()
        self._read(len(self.stack) - 1)
        self.stack.pop()
        self._called(callee, start)

    def _called(self, callee: _Signature, start: int) -> None:
        arguments = self.module.globals[self.module.exports["shadow_args"]]
        count = len(callee.parameters)
        if count > _MOST_ARGUMENTS:
            raise ToolError("the module", f"has a function of {count} parameters")
        first = len(self.stack) - count
        for number in range(count):
            self.out += b"\x42" + signed(arguments + 8 * number)
            self._get(first + number)
            self.out += b"\x37\x03\x00"
        self._copy(start)
        del self.stack[first:]
        for _ in callee.results:
            result = self.module.globals[self.module.exports["shadow_result"]]
            self.out += b"\x42" + signed(result) + b"\x29\x03\x00"
            self._push_shadow()

    # Values.

    def _drop(self, start: int) -> None:
        self.stack.pop()
        self._copy(start)

    def _select(self, start: int) -> None:
        if self.reader.data[start] == 0x1C:
            self.reader.take(self.reader.unsigned())
        condition = len(self.stack) - 1
        if all(slot.clean for slot in self.stack[-3:]):
            self._copy(start)
            del self.stack[-2:]
            self.stack[-1] = _Slot(clean=True)
            return
        first, second = (slot.constant for slot in self.stack[-3:-1])
        if first is not None and second is not None:
            # which of two constants: only the bits in which they differ tell
            self._copy(start)
            self._get(condition)
            self.out += b"\x42" + signed(first ^ second)
            self._call(Role.SPREAD)
            truths = {first, second} <= {0, 1}
            del self.stack[-3:]
            self._push_shadow()
            self.stack[-1].is_truth = truths
            return
        scratch = self.scratch[I32]
        self.out += b"\x22" + unsigned(scratch)
        self._copy(start)
        self._get(condition - 2)
        self._get(condition - 1)
        self._get_local(scratch)
        self.out += b"\x1b"
        if not self.stack[condition].clean:
            self._get(condition)
            self._call(Role.SET_OF)
            self._call(Role.MIX)
        truths = all(self._is_truth(slot) for slot in self.stack[-3:-1])
        del self.stack[-3:]
        self._push_shadow()
        self.stack[-1].is_truth = truths

    @staticmethod
    def _is_truth(slot: _Slot) -> bool:
        return slot.is_truth or slot.constant in (0, 1)

    def _local_get(self, start: int) -> None:
        local = self.reader.unsigned()
        self._copy(start)
        self._get_local(self.shadows + local)
        self._push_shadow()

    def _local_set(self, start: int) -> None:
        local = self.reader.unsigned()
        self._get(len(self.stack) - 1)
        self._set_local(self.shadows + local)
        self._copy(start)
        if self.reader.data[start] == 0x21:
            self.stack.pop()
        else:
            self.stack[-1].constant = None

    def _global_get(self, start: int) -> None:
        self.reader.unsigned()
        self._copy(start)
        self._push(_Slot(clean=True))

    def _global_set(self, start: int) -> None:
        self.reader.unsigned()
        self._read(len(self.stack) - 1)
        self._copy(start)
        self.stack.pop()

    def _const(self, start: int) -> None:
        opcode = self.reader.data[start]
        value: int | None = None
        if opcode in (0x41, 0x42):
            value = self.reader.signed()
        else:
            self.reader.take(4 if opcode == 0x43 else 8)
        self._copy(start)
        self._push(_Slot(clean=True, constant=value))

    def _load(self, opcode: int, start: int) -> None:
        self.reader.unsigned()
        offset = self.reader.unsigned()
        top = len(self.stack) - 1
        self._read(top)
        self.out += b"\x22" + unsigned(self.address)
        self._copy(start)
        self.stack.pop()
        self._emit_address(offset)
        self.out += b"\x41" + signed(_LOADS[opcode])
        self._call(Role.LOAD)
        if opcode in _SIGNED_LOADS:
            self._call(Role.SET_OF)
        self._push_shadow()

    def _emit_address(self, offset: int) -> None:
        self._get_local(self.address)
        if offset:
            self.out += b"\x42" + signed(offset) + b"\x7c"

    def _store(self, opcode: int, start: int) -> None:
        self.reader.unsigned()
        offset = self.reader.unsigned()
        size, kind = _STORES[opcode]
        value = len(self.stack) - 1
        self._read(value - 1)
        scratch = self.scratch[kind]
        self._set_local(scratch)
        self.out += b"\x22" + unsigned(self.address)
        self._get_local(scratch)
        self._copy(start)
        self._emit_address(offset)
        self.out += b"\x41" + signed(size)
        self._get(value)
        self._call(Role.STORE)
        del self.stack[-2:]

    def _binary(self, opcode: int, start: int) -> None:
        self._copy(start)
        right, left = self.stack.pop(), self.stack.pop()
        at = len(self.stack)
        is_truth = opcode in _TRUTHS or (left.is_truth and right.is_truth and opcode in _BITWISE)
        if left.clean and right.clean:
            self._push(_Slot(clean=True, is_truth=is_truth))
            return
        # the places are looked up by depth, so they stand where they stood
        self.stack += [left, right]
        if opcode in _DIVIDE:
            self._read(at + 1)
        if left.is_truth and right.constant is not None and opcode in _SHL:
            self._get(at)
            self.out += b"\x42" + signed(1 << (right.constant & 63))
            self._call(Role.SPREAD)
        elif left.clean or right.clean:
            other, known = (at, right.constant) if right.clean else (at + 1, left.constant)
            self._get(other)
            self._with_known(opcode, known, constant_is_right=right.clean)
        else:
            self._get(at)
            self._get(at + 1)
            both_truths = left.is_truth and right.is_truth
            self._call(Role.JOIN if both_truths else _JOINED_BY.get(opcode, Role.JOIN))
        del self.stack[-2:]
        self._push_shadow()
        self.stack[-1].is_truth = is_truth

    def _with_known(self, opcode: int, known: int | None, *, constant_is_right: bool) -> None:
        """Turn the shadow that was emitted into that of OPCODE with a constant, or with a value that depends on nothing."""
        role, number, kind = Role.SET_OF, None, I64
        if known is None:
            if _JOINED_BY.get(opcode) in (Role.MIX, Role.EITHER):
                role, number = Role.MIX, 0
        elif opcode in _ZERO_COMPARED and known == 0:
            role = Role.ZERO
        elif opcode in _AND:
            role, number = Role.AND, known & 0xFFFFFFFF if opcode == 0x71 else known
        elif opcode in _OR:
            role, number = Role.OR, known & 0xFFFFFFFF if opcode == 0x72 else known
        elif opcode in _XOR:
            role, number = Role.XOR, known & 0xFFFFFFFF if opcode == 0x73 else known
        elif opcode in _ADD:
            role, number = Role.ADD, known
        elif opcode in _SUB and constant_is_right:
            role, number = Role.ADD, -known
        elif opcode in _SHL and constant_is_right:
            role, number, kind = Role.SHIFT, -(known & 63), I32
        elif opcode in _SHR and constant_is_right:
            role, number, kind = Role.SHIFT, known & 63, I32
        if number is not None:
            self.out += (b"\x41" if kind == I32 else b"\x42") + signed(number)
        self._call(role)

    def _bulk(self, start: int) -> None:
        kind = self.reader.unsigned()
        if kind < 8:
            self._copy(start)
            self._apply(len(self.stack) - 1, Role.SET_OF)
            return
        if kind not in (10, 11):
            raise ToolError("the module", f"has instruction 0xfc {kind}, which is not known here")
        self.reader.take(2 if kind == 10 else 1)
        top = len(self.stack) - 1
        self._read(top - 2)
        self._read(top)
        if kind == 10:
            self._read(top - 1)
        # [to, from or byte, size]: the last two go aside, the first stays
        middle = I64 if kind == 10 else I32
        size, second = self.address, self.scratch[middle]
        self._set_local(size)
        self._set_local(second)
        to = self._spare_to()
        self.out += b"\x22" + unsigned(to)
        self._get_local(second)
        self._get_local(size)
        self._copy(start)
        self._get_local(to)
        if kind == 10:
            self._get_local(second)
            self._get_local(size)
            self._call(Role.COPY)
        else:
            self._get_local(size)
            self._get(top - 1)
            self._call(Role.FILL)
        del self.stack[-3:]

    def _spare_to(self) -> int:
        """Return a variable that is free here: the shadow of a place above all that is in use."""
        depth = len(self.stack)
        self.deepest = max(self.deepest, depth + 1)
        return self._place(depth)


_HANDLERS = {
    0x00: _Body._unreachable, 0x01: _Body._nop, 0x02: _Body._open, 0x03: _Body._open, 0x04: _Body._open, 0x05: _Body._else,
    0x08: _Body._throw, 0x0A: _Body._throw_ref, 0x0B: _Body._end, 0x0C: _Body._br, 0x0D: _Body._br_if, 0x0E: _Body._br_table,
    0x0F: _Body._return, 0x10: _Body._call_known, 0x11: _Body._call_indirect, 0x1A: _Body._drop, 0x1B: _Body._select,
    0x1C: _Body._select, 0x1F: _Body._open, 0x20: _Body._local_get, 0x21: _Body._local_set, 0x22: _Body._local_set,
    0x23: _Body._global_get, 0x24: _Body._global_set, 0x41: _Body._const, 0x42: _Body._const, 0x43: _Body._const,
    0x44: _Body._const, 0xFC: _Body._bulk,
}  # fmt: skip


def _callees(module: _Parsed, index: int) -> set[int]:
    """Return the functions that function INDEX calls by name."""
    body = _Body(module, {}, index)
    found: set[int] = set()
    reader = body.reader
    while reader.at < reader.end:
        opcode = reader.byte()
        if opcode in (0x02, 0x03, 0x04):
            body._block_type()
        elif opcode == 0x1F:
            body._block_type()
            body._catches()
        elif opcode == 0x10:
            found.add(reader.unsigned())
        elif opcode not in (0x05, 0x0B):
            body._immediates(opcode)
    return found


def add_shadows(wasm: bytes) -> bytes:
    """Return WASM with shadows in everything that can be called through its table.

    That is the entries, which harness/lazy.c calls so, and all that they call.  Raises: ToolError where an
    instruction is not known.
    """
    module = _parse(wasm)
    roles = {role: module.exports[role.value] for role in Role}
    todo, rewritten = list(module.in_tables), set(module.in_tables)
    while todo:
        for callee in _callees(module, todo.pop()) - rewritten:
            rewritten.add(callee)
            todo.append(callee)
    bodies = [
        _Body(module, roles, index).rewrite() if index in rewritten else body
        for index, body in enumerate(module.bodies)
    ]
    code = unsigned(len(bodies)) + b"".join(unsigned(len(body)) + body for body in bodies)
    out = bytearray(wasm[:8])
    for kind, section in module.sections:
        if kind == 0:
            continue  # names and producers are of no use to a machine
        body = code if kind == 10 else section
        out += bytes([kind]) + unsigned(len(body)) + body
    return bytes(out)
