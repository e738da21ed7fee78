# SPDX-License-Identifier: GPL-2.0-only
"""A doctree of documents: docutils with directives and roles of our own for the C domain.

    Document -> page in reST -> docutils' doctree -> made safe -> HTML or a manual page

The directives are those that kernel-doc comments are rendered with (c:function:: and the like), so
that a comment may also use them.  What a comment says comes from strangers: raw and include are
off, and of the doctree nothing stays that loads, redirects or runs.

Source: Docutils, "reStructuredText Directives", "Creating reStructuredText Directives"; Sphinx,
"The C Domain" for the names.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence

from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst.states import Inliner

from reviewtool.errors import InputError
from reviewtool.kerneldoc.document import Block, Document, Kind
from reviewtool.kerneldoc.rst import prose, signature_of

SETTINGS: dict[str, object] = {
    "_disable_config": True,
    "doctitle_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "output_encoding": "unicode",
    "raw_enabled": False,
    "report_level": 5,
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "math_output": "MathML",
}

_TARGET = re.compile(r"(.*?)\s*<([^<>]*)>$", re.DOTALL)
_CALL = re.compile(r"\b(\w+)\(\)", re.ASCII)
_SAFE_LINK = re.compile(r"(?:https?|ftp|mailto|git):", re.IGNORECASE)
_NOT_IN_ID = re.compile(r"[^\w-]+", re.ASCII)
_INDENT = "   "
_LABELS = {
    Kind.STRUCT: ("Members", "struct"),
    Kind.UNION: ("Members", "union"),
    Kind.ENUM: ("Constants", "enum"),
    Kind.TYPEDEF: ("Parameters", "type"),
    Kind.FUNCTION_TYPEDEF: ("Parameters", "type"),
    Kind.OBJECT_MACRO: ("Parameters", "macro"),
    Kind.FUNCTION: ("Parameters", "function"),
}


def anchor(name: str) -> str:
    """Return the identifier in the page of what NAME is called in C."""
    return "c." + _NOT_IN_ID.sub("-", name)


class _Declared(Directive):
    """A declaration with its documentation: a section with the signature, then the content."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True
    option_spec = {"name": directives.unchanged, "signature": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        signature = self.options.get("signature") or self.arguments[0]
        name = self.options.get("name") or _name_in(self.arguments[0])
        kind = self.name.partition(":")[2]
        section = nodes.section(ids=[anchor(name)], names=[], classes=["c-object", f"c-{kind}"])
        section += nodes.title("", "", nodes.literal(text=name), nodes.inline(text=f" ({kind})"))
        section += nodes.literal_block(signature, signature, classes=["c-signature"])
        self.state.nested_parse(self.content, self.content_offset, section)
        return [section]


class _Table(Directive):
    """A table of parameters: a definition list, a row for each term."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        parsed = nodes.container()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        found: list[nodes.Node] = []
        tables = getattr(self.state.document.settings, "kerneldoc_tables", True)
        for child in parsed.children:
            if tables and isinstance(child, nodes.definition_list):
                found.append(_table(self.arguments[0], child))
            else:
                found.append(child)
        return found


class _Title(Directive):
    """A DOC: section."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        title = self.arguments[0]
        section = nodes.section(ids=[anchor(f"doc-{title}")], names=[], classes=["c-doc"])
        section += nodes.title(title, title)
        self.state.nested_parse(self.content, self.content_offset, section)
        return [section]


def _name_in(signature: str) -> str:
    words = re.findall(r"\w+", signature.partition("(")[0], re.ASCII)
    return words[-1] if words else signature


def _table(label: str, terms: nodes.definition_list) -> nodes.table:
    table = nodes.table(classes=["c-parameters"])
    group = nodes.tgroup(cols=2)
    table += group
    group += [nodes.colspec(colwidth=30), nodes.colspec(colwidth=70)]
    head = nodes.row()
    for text in (label, "Description"):
        head += nodes.entry("", nodes.paragraph(text, text))
    group += nodes.thead("", head)
    body = nodes.tbody()
    group += body
    for item in terms.children:
        row = nodes.row()
        cells: list[nodes.Node] = []
        for child in item.children:
            if isinstance(child, nodes.term):
                row += nodes.entry("", nodes.paragraph("", "", *child.children))
            elif isinstance(child, nodes.definition):
                cells += child.children
        row += nodes.entry("", *cells)
        body += row
    return table


def _type_role(
    _role: str,
    rawtext: str,
    text: str,
    _lineno: int,
    inliner: Inliner,
    _options: Mapping[str, object] | None = None,
    _content: Sequence[str] | None = None,
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Refer to a name, as a link where the page documents it."""
    shown = text.replace("\x00", "")
    match = _TARGET.match(shown)
    title, target = (match[1], match[2]) if match else (shown, shown)
    known: frozenset[str] = getattr(inliner.document.settings, "kerneldoc_names", frozenset())
    literal = nodes.literal(rawtext, title.replace("\\", ""))
    name = target.split()[-1] if target.split() else target
    if name not in known:
        return [literal], []
    return [nodes.reference(rawtext, "", literal, refid=anchor(name), internal=True)], []


def _register() -> None:
    for name in ("function", "macro", "struct", "union", "enum", "type", "member", "var"):
        directives.register_directive(f"c:{name}", _Declared)
    directives.register_directive("kerneldoc-table", _Table)
    directives.register_directive("kerneldoc-doc", _Title)
    for name in ("type", "func", "struct", "union", "enum", "macro", "member", "expr", "texpr"):
        # The stub's type of a role knows references only.
        roles.register_local_role(f"c:{name}", _type_role)  # type: ignore[arg-type]


def parse_page(documents: Iterable[Document], *, tables: bool = True) -> nodes.document:
    """Return the shown blocks of DOCUMENTS as one doctree that is safe to render.

    tables: parameters in tables, else in definition lists.
    Raises: InputError for markup that is nested too deeply for docutils.
    """
    _register()
    shown = [block for document in documents for block in document.blocks if block.shown]
    names = frozenset(block.name for block in shown if block.kind is not Kind.DOC)
    overrides = {
        **SETTINGS,
        "kerneldoc_names": names,
        "kerneldoc_tables": tables,
        "warning_stream": io.StringIO(),
    }
    text = "".join(_page_rst(block) for block in shown)
    try:
        tree = publish_doctree(text, settings_overrides=overrides)
        _make_safe(tree, names)
    except RecursionError as error:
        raise InputError(shown[0].name, "its markup is nested too deeply") from error
    return tree


def _page_rst(block: Block) -> str:
    """Return one block as a directive with all that belongs to it inside."""
    lines = _INDENT
    if block.kind is Kind.DOC:
        title = " ".join(block.name.split()) or "DOC"
        return f".. kerneldoc-doc:: {title}\n\n" + "".join(
            f"{prose(part.text, lines)}\n" for part in block.sections
        )
    label, directive = _LABELS[block.kind]
    if not block.return_type and block.kind is Kind.FUNCTION:
        directive = "macro"
    signature = " ".join(_signature(block).split())
    parts = [
        f".. c:{directive}:: {signature}\n{lines}:name: {block.name}\n\n",
        f"{prose(block.purpose, lines)}\n",
    ]
    if block.definition:
        definition = f"{block.kind.value} {block.name} {{\n{block.definition}}};\n"
        body = "".join(f"{lines * 2}{line}\n" for line in definition.expandtabs(4).splitlines())
        parts.append(f"{lines}Definition::\n\n{body}\n")
    rows = [
        f"{lines * 2}``{parameter.declaration or parameter.name}``\n"
        + (prose(parameter.description or "", lines * 3) or f"{lines * 3}*not described*\n")
        + "\n"
        for parameter in block.parameters
        if parameter.name[:1] != "#" and not (block.definition and parameter.description is None)
    ]
    if rows:
        parts.append(f"{lines}.. kerneldoc-table:: {label}\n\n{''.join(rows)}\n")
    parts += [f"{lines}**{part.name}**\n\n{prose(part.text, lines)}\n" for part in block.sections]
    return "".join(parts)


def _signature(block: Block) -> str:
    if block.kind in {Kind.FUNCTION, Kind.OBJECT_MACRO, Kind.FUNCTION_TYPEDEF}:
        return signature_of(block)
    return f"{block.kind.value} {block.name}"


def _make_safe(element: nodes.Element, names: frozenset[str], *, linked: bool = False) -> None:
    """Take out what would load, redirect or run, and make name() a link where NAMES has it.

    The tree is walked from above: docutils' own transforms leave nodes with a wrong parent.
    """
    linked = linked or isinstance(element, nodes.reference | nodes.title | nodes.literal_block)
    kept: list[nodes.Node] = []
    for child in element.children:
        if isinstance(child, nodes.Text):
            kept += [child] if linked else _link_calls(child, names)
        elif isinstance(child, nodes.Element):
            kept += _safe(child, names, linked=linked)
    element.children = kept
    for child in kept:
        child.parent = element


def _safe(node: nodes.Element, names: frozenset[str], *, linked: bool) -> list[nodes.Node]:
    """Return what stays of NODE: nothing of raw and meta, the text of images and odd links."""
    if isinstance(node, nodes.raw | nodes.meta | nodes.decoration):
        return []
    if isinstance(node, nodes.image):
        text = str(node.get("alt") or node.get("uri", ""))
        return [nodes.literal(text, text)]
    link = node.get("refuri")
    unsafe = link is not None and not _SAFE_LINK.match(str(link))
    if isinstance(node, nodes.target) and unsafe:
        del node["refuri"]
    _make_safe(node, names, linked=linked)
    if isinstance(node, nodes.reference) and (unsafe or not (link or "refid" in node)):
        return list(node.children)
    return [node]


def _link_calls(text: nodes.Text, names: frozenset[str]) -> list[nodes.Node]:
    """Make name() a link where the page documents it."""
    value = text.astext()
    if "()" not in value:
        return [text]
    pieces: list[nodes.Node] = []
    position = 0
    for match in _CALL.finditer(value):
        if match[1] in names:
            pieces.append(nodes.Text(value[position : match.start()]))
            pieces.append(nodes.reference("", match[0], refid=anchor(match[1]), internal=True))
            position = match.end()
    return [*pieces, nodes.Text(value[position:])]
