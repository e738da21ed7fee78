# SPDX-License-Identifier: GPL-2.0-only
"""What a tree must not say, because it would speak to the harness instead of to the model.

The harness is compiled with the tree's headers and linked with its code.  Code that names the
harness's variables could write outcomes by itself, and a macro could take the place of a call in it:
both would let a patch choose its own verdict.  So the harness's names, macros for words that it
uses, and the attributes and directives that reach past names, are refused.

The bundled model's headers name some of them; their own lines are known and pass.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from reviewtool.simulate.phases import read_code, without_strings
from reviewtool.tree.snapshot import MODEL_ROOT

# Names that are the harness's wherever they stand, and those of the linker and of setjmp()'s lowering.
_NAME = re.compile(
    r"(?<![\w.])(?<!->)(?:harness_\w+|world_\w+|model_\w+|(?:model|world)(?!\w)|lazy_(?:begin|run|leaves|others|choose_flag|value|kind|end|marks|mark|touch)(?!\w)"
    r"|__wasm_\w+|__builtin_(?:wasm_(?:re)?throw|setjmp|longjmp)(?!\w)|__c_longjmp|__cpp_exception|_?(?:setjmp|longjmp)(?!\w)"
    r"|__(?:stack_pointer|stack_low|stack_high|heap_base|heap_end|data_end|global_base|memory_base|table_base|dso_handle|tls_\w+)(?!\w))"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_DEFINE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*(?:define|undef)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_LINE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*(?:line\b|\d)", re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*include[ \t]*[<\"]([^>\"\n]+)[>\"]", re.MULTILINE)
_KEYWORDS = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if int long register
    return short signed sizeof static struct switch typedef union unsigned void volatile while _Bool
    _Static_assert typeof __typeof__ __attribute__
    """.split()
)
_ATTRIBUTES = re.compile(
    r"\b(?:__)?(export_name|import_name|import_module|constructor|destructor|ifunc|alias|weakref|weak_import)(?:__)?\b"
)
_ATTRIBUTE = re.compile(r"\b__attribute(?:__)?\s*\(\s*\(|\[\[")
# What the calls that the harness makes are written with; headers may make macros of these.
_CALLING = frozenset(
    """
    true false NULL PAGE_SIZE WORLD_ADDRESS WORLD_NEXT FAULT_FLAG_WRITE FW_ZEROPAGE page_to_pfn page_folio bool const
    """.split()
)


@dataclass(frozen=True)
class _Harness:
    """What is known of the harness.

    words: those in its code that the model's headers do not define.  files: their names.
    lines: lines of the model's headers with names of the harness, by path.
    expanding: the names among those that macros of the headers expand to.
    """

    words: frozenset[str]
    files: frozenset[str]
    lines: Mapping[str, frozenset[str]]
    expanding: frozenset[str]


@cache
def _harness() -> _Harness:
    words: set[str] = set()
    files = {"scenario.h", "outcome.h", "autoconf.h"}
    for path in sorted((MODEL_ROOT / "harness").iterdir()):
        files.add(path.name)
        words |= set(_WORD.findall(without_strings(path.read_text())))
    lines: dict[str, frozenset[str]] = {}
    named: set[str] = set()
    expanding: set[str] = {
        "model_line",
        "model_decided",
        "lazy_touch",
    }  # what the instrumentation adds
    for path in sorted(MODEL_ROOT.rglob("*.h")):
        name = path.relative_to(MODEL_ROOT).as_posix()
        if name.startswith("harness/"):
            continue
        text = without_strings(read_code(path.read_text()).text)
        lines[name] = frozenset(
            " ".join(line.split()) for line in text.split("\n") if _NAME.search(line)
        )
        named |= set(_WORD.findall(text))
        for define in re.findall(r"^[ \t]*#[ \t]*define.*", text, re.MULTILINE):
            expanding |= set(_NAME.findall(define))
    return _Harness(
        frozenset(words - named | _KEYWORDS), frozenset(files), lines, frozenset(expanding)
    )


def find_reserved(path: str, code: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, reason) for what in CODE, the file at PATH without comments and splices, is reserved."""
    harness = _harness()
    known = harness.lines.get(path, frozenset())
    for match in _NAME.finditer(code):
        first = code.rfind("\n", 0, match.start()) + 1
        end = code.find("\n", match.end())
        line = " ".join(code[first : end if end >= 0 else len(code)].split())
        if line not in known:
            yield match.start(), f"{match[0]} is a name of the harness"
    for match in _DEFINE.finditer(code):
        if match[1] in harness.words:
            yield (
                match.start(),
                f"a macro {match[1]} would change the harness, which uses that word",
            )


def find_files(code: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, reason) for files of the harness that CODE, without comments and splices, names."""
    harness = _harness()
    for match in _LINE.finditer(code):
        yield match.start(), "#line would hide where code is from"
    for match in _INCLUDE.finditer(code):
        if match[1] in harness.files or match[1].startswith("_harness/"):
            yield match.start(), f'"{match[1]}" is a file of the harness'


def find_pasted(code: str, spelled: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Yield (offset, reason) for names of the harness in CODE, expanded text of a tree's file.

    spelled: such names that the file itself has, which find_reserved() has looked at.
    """
    allowed = _harness().expanding | spelled
    for match in _NAME.finditer(code):
        if match[0] not in allowed:
            yield match.start(), f"{match[0]}, put together by macros, is a name of the harness"


def spelled_names(text: str) -> frozenset[str]:
    """Return the names of the harness in TEXT."""
    return frozenset(_NAME.findall(text))


def find_attributes(code: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, reason) for attributes in CODE, expanded text, that act on linking or run by themselves."""
    for opening in _ATTRIBUTE.finditer(code):
        depth, at = 0, opening.end() - 1
        while at < len(code):
            depth += (code[at] in "([") - (code[at] in ")]")
            at += 1
            if not depth:
                break
        for match in _ATTRIBUTES.finditer(code, opening.end(), at):
            yield match.start(), f"the attribute {match[1]} is not allowed in a patch"


def changed_call(calls: str, expanded: str) -> str | None:
    """Return a word of CALLS, what the harness calls the tree's functions with, that macros took away.

    EXPANDED is CALLS as the preprocessor left it.
    """
    wanted = Counter(word for word in _WORD.findall(calls) if word not in _CALLING)
    found = Counter(_WORD.findall(expanded))
    return next((word for word in wanted if found[word] < wanted[word]), None)
