# SPDX-License-Identifier: GPL-2.0-only
"""kernel-doc: comments read, checked against their code, rendered and drafted.

text --parse_source--> Document(Block...) --render_rst|render_man|render_html--> text
"""

from __future__ import annotations

from reviewtool.kerneldoc.document import (
    Block,
    Diagnostic,
    Document,
    Kind,
    Parameter,
    Rule,
    Section,
    Sentence,
    Severity,
)
from reviewtool.kerneldoc.man import ManStyle, render_man
from reviewtool.kerneldoc.options import Options, Selection, Wanted, exported_symbols
from reviewtool.kerneldoc.parse import parse_source
from reviewtool.kerneldoc.rst import RstStyle, render_rst
from reviewtool.kerneldoc.write import write_comment

__all__ = [
    "Block",
    "Diagnostic",
    "Document",
    "Kind",
    "ManStyle",
    "Options",
    "Parameter",
    "RstStyle",
    "Rule",
    "Section",
    "Selection",
    "Sentence",
    "Severity",
    "Wanted",
    "exported_symbols",
    "parse_source",
    "render_man",
    "render_rst",
    "write_comment",
]
