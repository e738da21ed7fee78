# SPDX-License-Identifier: GPL-2.0-only
"""One self-contained HTML page, and one manual page, of whole documents.

The page loads nothing and runs nothing, and says so to the browser as well.

Source: Docutils, "Docutils Front-End Tools", html5 and manpage writers; W3C, "Content Security
Policy Level 3".
"""

from __future__ import annotations

import html
import io
from collections.abc import Sequence

from docutils import nodes
from docutils.core import publish_from_doctree
from docutils.writers.html5_polyglot import Writer as HtmlWriter
from docutils.writers.manpage import Writer as ManWriter

from reviewtool.kerneldoc.document import Document, Kind
from reviewtool.kerneldoc.markup import SETTINGS, anchor, parse_page

_STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
section.c-object, section.c-doc { border-top: 1px solid #8888; margin-top: 1.5rem; }
pre, code, tt, .literal { font-family: monospace; }
pre { background: #8882; overflow-x: auto; padding: .5rem; }
pre.c-signature { font-weight: bold; white-space: pre-wrap; }
table { border-collapse: collapse; width: 100%; }
td, th { border: 1px solid #8886; padding: .2rem .5rem; text-align: left; vertical-align: top; }
td p, th p { margin: .2rem 0; }
nav ul { columns: 16rem; list-style: none; padding: 0; }
nav small { opacity: .7; }
.rubric { font-weight: bold; margin-bottom: 0; }
"""


def render_html(documents: Sequence[Document], title: str) -> str:
    """Return the page: declarations, tables of parameters, links between names, an index."""
    writer = HtmlWriter()
    publish_from_doctree(parse_page(documents), writer=writer, settings_overrides=_settings())
    writer.assemble_parts()
    body = writer.parts["body"]
    name = html.escape(title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{name}</h1>\n{_index(documents)}<main>\n{body}</main>\n</body>\n</html>\n"
    )


def _says_something(note: nodes.footnote) -> bool:
    """Return whether NOTE has words beside its mark: the manual page writer takes that for granted."""
    marks = (nodes.label, nodes.system_message)
    return any(part.astext().strip() for part in note.children if not isinstance(part, marks))


def render_manual(documents: Sequence[Document], title: str) -> str:
    """Return one manual page in troff with everything that DOCUMENTS show."""
    tree = parse_page(documents, tables=False)
    tree["title"] = title
    tree.insert(0, nodes.title(title, title))
    for note in list(tree.findall(nodes.footnote)):
        if not _says_something(note):
            note.replace_self(nodes.paragraph("", note.astext()))
    output = publish_from_doctree(tree, writer=ManWriter(), settings_overrides=_settings())
    return output if isinstance(output, str) else output.decode()


def _settings() -> dict[str, object]:
    return {**SETTINGS, "warning_stream": io.StringIO()}


def _index(documents: Sequence[Document]) -> str:
    """Return a list of links to all names, in alphabetical order."""
    shown = [block for document in documents for block in document.blocks if block.shown]
    kinds = {block.name: block.kind for block in shown if block.kind is not Kind.DOC}
    items = "".join(
        f'<li><a href="#{html.escape(anchor(name))}"><code>{html.escape(name)}</code></a>'
        f" <small>{kinds[name].value}</small></li>\n"
        for name in sorted(kinds)
    )
    return f'<nav aria-label="Index">\n<ul>\n{items}</ul>\n</nav>\n' if items else ""
