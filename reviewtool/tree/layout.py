# SPDX-License-Identifier: GPL-2.0-only
"""How the pieces of a tree are put together to be compiled, where that is not file by file.

A slice of a kernel keeps each definition at the path and line where the tree has it, so that
findings name real lines; the compiler gets the definitions in an order that C can read, each
behind a #line that says where it is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Extent:
    """Whole lines of a file: 1-based, inclusive."""

    path: str
    first_line: int
    last_line: int


@dataclass(frozen=True)
class Layout:
    """What is compiled.

    verbatim: files beside the pieces (the model's headers), by path.
    pieces:   file to make -> what it consists of: extents of the tree's files, and text of our own.
    units:    which of the files in `pieces` are compiled; the others are included.
    prelude:  the file that declares all that a table of flags needs.
    """

    verbatim: Mapping[str, str]
    pieces: Mapping[str, tuple[Extent | str, ...]]
    units: tuple[str, ...]
    prelude: str

    def assemble(self, texts: Mapping[str, str]) -> dict[str, str]:
        """Return the files to compile, where TEXTS are the tree's (lines as they were cut)."""
        lines = {path: text.split("\n") for path, text in texts.items()}
        files = dict(self.verbatim)
        for made, pieces in self.pieces.items():
            out: list[str] = []
            for piece in pieces:
                if isinstance(piece, str):
                    out.append(piece)
                    continue
                taken = lines[piece.path][piece.first_line - 1 : piece.last_line]
                out.append(f'#line {piece.first_line} "{piece.path}"')
                out += taken
            files[made] = "\n".join([*out, ""])
        return files
