# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler must not be shown: C that would read a file outside the tree.

Two looks are taken.  Before the preprocessor runs, every directive of every file is checked: it may
include only by a literal name that stays inside the tree.  After it ran, the expanded text is
checked for assembly, which no token pasting can hide any more: an assembler has its own ways to
read files (.incbin, .include), so only empty templates (compiler barriers) pass.

Source: C17 5.1.1.2 (translation phases: splices before comments before directives); 6.10.2, 6.10.3.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from reviewtool.simulate.phases import TOKEN, read_code, without_strings
from reviewtool.simulate.reserved import (
    changed_call,
    find_attributes,
    find_files,
    find_pasted,
    find_reserved,
    spelled_names,
)
from reviewtool.tree.layout import Extent, Layout
from reviewtool.tree.snapshot import Snapshot


@dataclass(frozen=True)
class Refusal:
    """Why a file does not go to the compiler: its path, 1-based line, and the reason."""

    path: str
    line: int
    reason: str


_RAW = re.compile(r"(?:\b(?:u8|[uUL])|\b)R\"")
_DIRECTIVE = re.compile(
    r"^[ \t\f\v]*(?:\#|%:|\?\?=)[ \t\f\v]*(include|include_next|import|embed)\b[ \t]*(.*)$",
    re.MULTILINE,
)
_HAS = re.compile(r"\b__has_(?:include|include_next|embed)\b")
_PRAGMA = re.compile(
    r"^[ \t]*(?:\#|%:)[ \t]*pragma[ \t]+(?!once\b|GCC diagnostic\b|clang diagnostic\b)(.*)$|\b_Pragma\b",
    re.MULTILINE,
)
_ASM = re.compile(r"\b(?:asm|__asm|__asm__)\b")
_EMPTY_ASM = re.compile(
    r"\b(?:asm|__asm|__asm__)\b\s*(?:(?:volatile|__volatile__|__volatile)\s*)?\(\s*\"\"\s*[:)]"
)
_MARKER = re.compile(r'^# (\d+) "((?:[^"\\]|\\.)*)"', re.MULTILINE)


def vet_source(path: str, text: str, files: Container[str] = ()) -> tuple[Refusal, ...]:
    """Return what keeps the file at PATH from the preprocessor, in line order.

    files: paths of the tree's C files.  A name with ".." must lead to one of them from the folder
    of PATH: only then is it found before the compiler tries it from its include folders, too.
    """
    code = read_code(text)
    refusals: list[Refusal] = []
    for match in _DIRECTIVE.finditer(code.text):
        what, operand = match[1], match[2].strip()
        at = code.line(match.start(1))
        if what in ("embed", "import"):
            refusals.append(Refusal(path, at, f"#{what} is not allowed in a patch"))
            continue
        literal = re.fullmatch(r"<([^>\n]+)>|\"([^\"\n]+)\"", operand)
        if literal is None:
            refusals.append(
                Refusal(path, at, f"#{what} of something other than a literal file name")
            )
            continue
        name = literal[1] or literal[2]
        inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
        climbs = ".." in name.split("/")
        straight = re.fullmatch(r"(?:\.\./)+(?!.*\.\.).+", name) is not None
        found = what == "include" and literal[2] is not None and straight and inside in files
        if (
            name.startswith(("/", "~", "\\"))
            or ":" in name
            or "\0" in name
            or (climbs and not found)
        ):
            refusals.append(Refusal(path, at, f'#{what} "{name}" leaves the tree'))
    for pattern, reason in (
        (_HAS, "__has_include and __has_embed can look outside the tree"),
        (_PRAGMA, "this #pragma is not allowed in a patch"),
        (_RAW, "a raw string literal is not allowed in a patch"),
    ):
        refusals += [
            Refusal(path, code.line(m.start()), reason) for m in pattern.finditer(code.text)
        ]
    return tuple(sorted(refusals, key=lambda refusal: refusal.line))


def vet_names(path: str, text: str, *, made: bool = False) -> tuple[Refusal, ...]:
    """Return where the file at PATH of a tree speaks to the harness, in line order: see reserved.py.

    made: whether it is put together by us, so that its #lines are ours.
    """
    code = read_code(text)
    bare = without_strings(code.text)
    found = [*find_reserved(path, bare), *(() if made else find_files(code.text))]
    return tuple(Refusal(path, code.line(at), reason) for at, reason in sorted(found))


@dataclass(frozen=True)
class _Region:
    """A run of expanded text from one file: offsets, the file as the compiler names it, first line."""

    start: int
    end: int
    file: str
    line: int


def _regions(expanded: str) -> list[_Region]:
    markers = list(_MARKER.finditer(expanded))
    ends = [marker.start() for marker in markers[1:]] + [len(expanded)]
    return [
        _Region(marker.end(), end, posixpath.normpath(marker[2]), int(marker[1]))
        for marker, end in zip(markers, ends, strict=True)
    ]


def vet_linking(
    path: str, expanded: str, texts: Mapping[str, str], calls: str = ""
) -> tuple[Refusal, ...]:
    """Return where EXPANDED, the preprocessed unit PATH of a tree, speaks to the harness or to the linker.

    texts: the tree's files by path.  calls: what was put behind the unit to call its functions.
    """
    bare = without_strings(expanded)
    spelled: dict[str, frozenset[str]] = {}
    refusals: list[Refusal] = []
    own: list[str] = []
    for region in _regions(expanded):
        if region.file == "<stdin>":
            own.append(bare[region.start : region.end])
        if region.file not in texts:
            continue
        if region.file not in spelled:
            spelled[region.file] = spelled_names(texts[region.file])
        code = bare[region.start : region.end]
        refusals += [
            Refusal(region.file, region.line + code.count("\n", 0, at) - 1, reason)
            for at, reason in (*find_pasted(code, spelled[region.file]), *find_attributes(code))
        ]
    word = changed_call(without_strings(calls), "".join(own))
    if word is not None:
        refusals.append(Refusal(path, 1, f"a macro {word} changes how functions are called"))
    return tuple(refusals)


_MACRO = re.compile(r"^[ \t]*#[ \t]*define(?:.*\\\n)*.*", re.MULTILINE)


def with_our_own(sources: Mapping[str, str], layout: Layout | None) -> dict[str, str]:
    """Return SOURCES, each with what we put beside it: names that may stand in what it expands to.

    The model's own headers lie under names that the tree's have, too, and what the tree brings is renamed there.
    """
    if layout is None:
        return dict(sources)
    pieces = (piece for made in layout.pieces.values() for piece in made)
    ours = "\n".join(piece for piece in pieces if isinstance(piece, str))
    ours += "\n".join(m[0] for text in layout.verbatim.values() for m in _MACRO.finditer(text))
    return {p: "\n".join((text, layout.verbatim.get(p, ""), ours)) for p, text in sources.items()}


def vet_tree(snapshot: Snapshot) -> tuple[Refusal, ...]:
    """Return what of SNAPSHOT must not be shown to the compiler, as it stands and as it is laid out."""
    sources = dict(snapshot.sources())
    refusals = [r for path, text in sources.items() for r in vet_source(path, text, sources)]
    refusals += [
        Refusal(path, 1, "a file of this name would be taken for one of ours")
        for path in sources
        if path.startswith(("_harness/", "_slice/")) or '"' in path or "\\" in path
    ]
    if snapshot.layout is None:
        refusals += [r for path, text in sources.items() for r in vet_names(path, text)]
    if snapshot.layout is not None:
        made = snapshot.layout.assemble(sources)
        for path in snapshot.layout.pieces:
            refusals += vet_source(path, made[path], made)
        refusals += _vet_taken(snapshot.layout, sources)
    return tuple(refusals)


def _vet_taken(layout: Layout, sources: Mapping[str, str]) -> list[Refusal]:
    """Return where what LAYOUT takes of the tree's files speaks to the harness."""
    lines = {path: text.split("\n") for path, text in sources.items()}
    extents = (p for pieces in layout.pieces.values() for p in pieces if isinstance(p, Extent))
    return [
        replace(refusal, line=refusal.line + extent.first_line - 1)
        for extent in extents
        for refusal in vet_names(
            extent.path, "\n".join(lines[extent.path][extent.first_line - 1 : extent.last_line])
        )
    ]


def vet_expanded(path: str, expanded: str) -> tuple[Refusal, ...]:
    """Return what keeps EXPANDED, the preprocessed text of PATH, from the compiler."""
    refusals: list[Refusal] = []
    refusals += [
        Refusal(path, 1, f"reads {name}, which is outside of the tree")
        for name in sorted({marker[2] for marker in _MARKER.finditer(expanded)})
        if name.startswith("/") or posixpath.normpath(name).startswith("..")
    ]
    code = TOKEN.sub(lambda m: m[0] if m["string"] is None or m[0] == '""' else '"s"', expanded)
    for match in _ASM.finditer(code):
        if not _EMPTY_ASM.match(code, match.start()):
            where, line = path, 1
            for marker in _MARKER.finditer(expanded, 0, len(expanded)):
                if marker.start() > match.start():
                    break
                where, line = path, int(marker[1])
            refusals.append(Refusal(where, line, "inline assembly is not simulated"))
    return tuple(refusals)
