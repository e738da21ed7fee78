# SPDX-License-Identifier: GPL-2.0-only
"""The Sphinx extension: `.. kernel-doc:: FILE` with the options of the kernel's own directive.

    extensions = ["reviewtool.sphinx"]
    kerneldoc_srctree = "path/to/linux"     # relative to the documentation's source directory

Options: doc, export, internal, functions, identifiers, no-identifiers.  Files are read and parsed
in this process, nothing is run.

Source: Documentation/doc-guide/kernel-doc.rst of Linux 6.12, "Including kernel-doc comments".
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles
from sphinx.util.typing import ExtensionMetadata, OptionSpec

import reviewtool
from reviewtool.kerneldoc import (
    Diagnostic,
    Options,
    RstStyle,
    Selection,
    Wanted,
    exported_symbols,
    parse_source,
    render_rst,
)
from reviewtool.kerneldoc.batch import read_source
from reviewtool.kerneldoc.records import recode

_LINE = re.compile(r"\.\. LINENO (\d+)$")
_log = logging.getLogger(__name__)


class KernelDocDirective(SphinxDirective):
    """Include the kernel-doc comments of one file."""

    required_arguments = 1
    optional_arguments = 0
    has_content = False
    option_spec: ClassVar[OptionSpec] = {
        "doc": directives.unchanged_required,
        "export": directives.unchanged,
        "internal": directives.unchanged,
        "identifiers": directives.unchanged,
        "functions": directives.unchanged,
        "no-identifiers": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return what the comments say; a file that cannot be read is an error in the page."""
        path = self._tree() / self.arguments[0]
        self.env.note_dependency(str(path.resolve()))
        try:
            text = read_source(str(path))
            selection = self._selection(text)
        except OSError as error:
            message = f"kernel-doc: {path}: {error.strerror}"
            _log.warning(message, location=self.get_location())
            return [self.state.document.reporter.error(message, line=self.lineno)]
        options = Options(selection=selection, unreadable=True)
        document = parse_source(text, str(path), options)
        for found in document.diagnostics:
            self._complain(found)
        style = RstStyle(line_numbers=True, named_only=selection.wanted is Wanted.NAMED)
        return self._parse(recode(render_rst(document, style)), str(path))

    def _tree(self) -> Path:
        return Path(self.env.srcdir) / str(self.config.kerneldoc_srctree)

    def _selection(self, text: str) -> Selection:
        """Say which symbols the options ask for.

        Raises: OSError.
        """
        options: dict[str, str] = {name: value or "" for name, value in self.options.items()}
        hidden = frozenset(options.get("no-identifiers", "").split())
        for option, wanted in (("export", Wanted.EXPORTED), ("internal", Wanted.INTERNAL)):
            if option in options:
                names = exported_symbols(text) | self._exports(options[option])
                return Selection(wanted, names - hidden, hidden)
        if "doc" in options:
            return Selection(Wanted.NAMED, frozenset({options["doc"]}), hidden)
        asked = options.get("functions", options.get("identifiers"))
        if asked is None:
            return Selection(hidden=hidden)
        names = frozenset(asked.split())
        if not names:
            return Selection(hidden=hidden, doc_sections=False)
        return Selection(Wanted.NAMED, names, hidden)

    def _exports(self, patterns: str) -> frozenset[str]:
        """Return what the files that match PATTERNS export."""
        names: set[str] = set()
        for pattern in patterns.split():
            for path in sorted(self._tree().glob(pattern)):
                self.env.note_dependency(str(path.resolve()))
                names |= exported_symbols(read_source(str(path)))
        return frozenset(names)

    def _complain(self, found: Diagnostic) -> None:
        if self.config.kerneldoc_verbosity > 0:
            message = " ".join(recode(found.message).split())
            _log.warning(
                message,
                location=f"{found.path}:{found.line}",
                type="kernel-doc",
                subtype=found.rule.title,
            )

    def _parse(self, rst: str, path: str) -> list[nodes.Node]:
        """Parse reST whose LINENO marks say which source line the next one comes from."""
        lines = StringList()
        offset = 0
        for line in rst.expandtabs(8).split("\n"):
            match = _LINE.match(line)
            if match:
                offset = max(0, int(match[1]) - 1)
            else:
                lines.append(line, path, offset)
                offset += 1
        section = nodes.section(document=self.state.document)
        nested_parse_with_titles(self.state, lines, section)
        return section.children


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directive and its configuration."""
    app.add_config_value("kerneldoc_srctree", ".", "env")
    app.add_config_value("kerneldoc_verbosity", 1, "env")
    app.add_directive("kernel-doc", KernelDocDirective)
    version = getattr(reviewtool, "__version__", "0")
    return {"version": version, "parallel_read_safe": True, "parallel_write_safe": True}
