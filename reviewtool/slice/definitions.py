# SPDX-License-Identifier: GPL-2.0-only
"""Where a kernel tree defines a name: its mm code and the headers that this code includes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from reviewtool.slice.chunks import Chunk, CutFile, Kind, cut
from reviewtool.slice.conditionals import Settings
from reviewtool.slice.configuration import DEFINED, VALUES

Read = Callable[[str], "str | None"]

# Definitions are taken out of these files by closure; what any other .c file defines is a stub,
# unless a function under review is in it.
WALK = ("mm/gup.c", "mm/huge_memory.c", "mm/memory.c", "mm/hugetlb.c", "mm/pagewalk.c", "mm/util.c", "mm/pgtable-generic.c",
        "mm/folio-compat.c")  # fmt: skip
CODE = (
    *WALK,
    "mm/ksm.c",
    "mm/migrate.c",
    "mm/mmap.c",
    "mm/swap.c",
    "mm/memremap.c",
    "mm/rmap.c",
    "fs/proc/task_mmu.c",
)
# Headers, in the order in which a name is looked for.
HEADERS = (
    "mm/internal.h", "include/linux/mm.h", "include/linux/mm_types.h", "include/linux/mm_inline.h",
    "include/linux/huge_mm.h", "include/linux/hugetlb.h", "include/linux/hugetlb_inline.h",
    "include/linux/swapops.h", "include/linux/leafops.h", "include/linux/swap.h", "include/linux/pgtable.h",
    "include/asm-generic/pgtable.h", "include/linux/memremap.h", "include/linux/page_ref.h",
    "include/linux/rmap.h", "include/linux/ksm.h", "include/linux/migrate.h", "include/linux/migrate_mode.h",
    "include/linux/userfaultfd_k.h", "include/linux/secretmem.h", "include/linux/pagewalk.h",
    "include/linux/mmap_lock.h", "include/linux/pagemap.h", "include/linux/sched/mm.h",
    "include/linux/sched/signal.h", "include/linux/page-flags.h", "include/linux/mmzone.h", "include/linux/gfp.h",
    "include/linux/mempolicy.h", "include/linux/rwsem.h", "include/linux/mman.h", "include/linux/sched/coredump.h",
    "include/linux/swap_cgroup.h", "include/linux/mmu_notifier.h",
)  # fmt: skip

SETTINGS = Settings(DEFINED, VALUES)


@lru_cache(maxsize=512)
def _cut(path: str, text: str) -> CutFile:
    return cut(path, text, SETTINGS)


class Definitions:
    """The definitions of one tree, read as they are asked for.

    read: path to text, None where the tree has no such file.  extra: further .c files and headers
    (those that a patch touches).
    """

    def __init__(self, read: Read, extra: tuple[str, ...] = ()) -> None:
        self._read = read
        self.code = tuple(dict.fromkeys((*CODE, *(p for p in extra if p.endswith(".c")))))
        headers = [*HEADERS, *(p for p in extra if p.endswith(".h"))]
        self.headers = tuple(dict.fromkeys(headers))
        self._by_name: dict[str, dict[str, list[Chunk]]] = {}
        self._header_names: dict[str, list[Chunk]] | None = None
        self._code_names: dict[str, list[Chunk]] | None = None

    def file(self, path: str) -> CutFile | None:
        """Return the file at PATH cut up, or None."""
        text = self._read(path)
        return None if text is None else _cut(path, text)

    def names(self, path: str) -> dict[str, list[Chunk]]:
        """Return what the file at PATH defines, by name."""
        known = self._by_name.get(path)
        if known is None:
            known = {}
            file = self.file(path)
            for chunk in file.chunks if file else ():
                if chunk.kind is Kind.DATA and chunk.tokens.startswith("EXPORT_SYMBOL"):
                    continue
                for name in chunk.names:
                    known.setdefault(name, []).append(chunk)
            self._by_name[path] = known
        return known

    def in_headers(self, name: str) -> list[Chunk]:
        """Return the chunks of the headers that define or declare NAME, in order of the headers."""
        if self._header_names is None:
            self._header_names = {}
            for path in self.headers:
                for key, chunks in self.names(path).items():
                    self._header_names.setdefault(key, []).extend(chunks)
        return self._header_names.get(name, [])

    def in_code(self, name: str) -> list[Chunk]:
        """Return the functions NAME that the code files define for others."""
        if self._code_names is None:
            self._code_names = {}
            for path in self.code:
                for key, chunks in self.names(path).items():
                    public = [c for c in chunks if c.kind is Kind.FUNCTION and not c.static]
                    if public:
                        self._code_names.setdefault(key, []).extend(public)
        return self._code_names.get(name, [])

    def resolve(self, name: str, path: str) -> Chunk | None:
        """Return what NAME means in the file at PATH: a definition where there is one, else a declaration."""
        local = self.names(path).get(name, []) if path.endswith(".c") else []
        for chunk in local:
            if chunk.kind is not Kind.PROTOTYPE:
                return chunk
        declared: Chunk | None = local[0] if local else None
        for chunk in self.in_headers(name):
            if chunk.kind is Kind.PROTOTYPE:
                declared = declared or chunk
            elif not _is_trivial(chunk):
                return chunk
        defined = self.in_code(name)
        return defined[0] if defined else declared

    def declaration(self, name: str) -> Chunk | None:
        """Return the first chunk anywhere that says how NAME is called."""
        found = self.in_headers(name) or self.in_code(name)
        return found[0] if found else None

    def functions(self) -> Iterator[Chunk]:
        """Yield every function of the code files."""
        for path in self.code:
            file = self.file(path)
            for chunk in file.chunks if file else ():
                if chunk.kind is Kind.FUNCTION:
                    yield chunk


def _is_trivial(chunk: Chunk) -> bool:
    """Whether a macro only says that a function of its name exists."""
    return (
        chunk.kind is Kind.MACRO
        and re.fullmatch(rf"{re.escape(chunk.name)}\s+{re.escape(chunk.name)}", chunk.tokens)
        is not None
    )


def parameter_count(chunk: Chunk) -> int:
    """Return how many parameters the function, prototype or macro CHUNK has."""
    text = chunk.tokens if chunk.kind is Kind.MACRO else chunk.head
    start = text.find(chunk.name)
    opened = text.find("(", start)
    if opened < 0:
        return 0
    depth, count, inside = 0, 1, ""
    for character in text[opened:]:
        depth += (character == "(") - (character == ")")
        if not depth:
            break
        inside += character
        count += character == "," and depth == 1
    return 0 if inside[1:].strip() in ("", "void") else count
