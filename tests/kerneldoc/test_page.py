# SPDX-License-Identifier: GPL-2.0-only
"""The page loads nothing, runs nothing, reads nothing, and has its names linked."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewtool.errors import InputError
from reviewtool.kerneldoc import parse_source
from reviewtool.kerneldoc.html import render_html, render_manual
from reviewtool.kerneldoc.markup import anchor

CASES = Path(__file__).parent / "cases"


class _Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in {"href", "src"}:
                self.links.append(value or "")
            if name == "id":
                self.anchors.add(value or "")
            if name.startswith("on"):
                self.handlers.append(name)


def _page(text: str) -> str:
    return render_html([parse_source(text, "x.c")], "x.c")


@pytest.mark.parametrize("name", ["functions", "structs", "types"])
def test_page_has_blocks_tables_and_links_that_lead_somewhere(name: str) -> None:
    document = parse_source((CASES / f"{name}.c").read_text(), f"{name}.c")
    page = render_html([document], name)
    seen = _Seen(page)
    for block in document.blocks:
        if block.kind.value != "DOC":
            assert anchor(block.name) in seen.anchors
    assert "table" in seen.tags
    inside = [link[1:] for link in seen.links if link.startswith("#")]
    assert inside
    assert [link for link in inside if link not in seen.anchors] == []
    assert len(inside) == len(seen.links)
    assert {"script", "img", "iframe", "link", "object"}.isdisjoint(seen.tags)


ATTACKS = {
    "raw": ".. raw:: html\n *\n *    <script>alert(1)</script>",
    "include": ".. include:: /etc/passwd",
    "literal include": ".. include:: /etc/passwd\n *    :literal:",
    "csv": ".. csv-table::\n *    :file: /etc/passwd",
    "raw file": ".. raw:: html\n *    :file: /etc/passwd",
    "image": ".. image:: http://example.invalid/x.png",
    "figure": ".. figure:: http://example.invalid/x.png\n *    :target: javascript:alert(1)",
    "script link": "`x <javascript:alert(1)>`_",
    "data link": "`x <data:text/html,hi>`_",
    "target": ".. _x: javascript:alert(1)\n *\n * x_",
    "meta": ".. meta::\n *    :http-equiv=refresh: 0; url=http://example.invalid/",
    "raw role": ".. role:: evil(raw)\n *    :format: html\n *\n * :evil:`<script>x</script>`",
    "markup": "<script>alert(1)</script> <img src=x onerror=alert(1)>",
    "title": "</title></style><script>alert(1)</script>",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_comment_cannot_load_run_or_read(name: str) -> None:
    comment = f"/**\n * f() - purpose\n *\n * {ATTACKS[name]}\n */\nvoid f(void);\n"
    page = _page(comment)
    seen = _Seen(page)
    assert {"script", "img", "iframe", "object", "embed"}.isdisjoint(seen.tags)
    assert seen.handlers == []
    assert all(link.startswith("#") for link in seen.links), seen.links
    assert "root:" not in page
    assert page.count("http-equiv") == 1
    assert "root:" not in render_manual([parse_source(comment, "x.c")], "x")


def test_names_in_prose_are_links() -> None:
    text = "/**\n * f() - see g() and &struct s\n */\nvoid f(void);\n"
    text += "/**\n * g() - p\n */\nvoid g(void);\n"
    text += "/**\n * struct s - p\n * @a: a\n */\nstruct s { int a; };\n"
    page = _page(text)
    assert page.count('href="#c.g"') == 2
    assert page.count('href="#c.s"') == 2


def test_manual_page_names_every_block() -> None:
    document = parse_source((CASES / "structs.c").read_text(), "structs.c")
    page = render_manual([document], "structs")
    assert page.startswith('.\\" Man page generated')
    for block in document.blocks:
        assert block.name in page


MARKUP = [
    *(
        "\n",
        "\n\n",
        "   ",
        "::\n",
        "* a\n",
        "`x`_",
        "x__",
        "__ y\n",
        "``",
        "**",
        "|x|",
        "f()",
        "&struct s",
    ),
    *(
        "=====\n",
        ".. image:: x\n",
        ".. figure:: a\n   :target: b_\n\n   c\n",
        ".. _a: javascript:b\n",
    ),
    *(
        ".. meta::\n   :a: b\n",
        ".. header:: x\n",
        ".. contents::\n",
        ".. list-table::\n\n   * - a\n",
    ),
    *(
        "[1]_",
        ".. [1] x\n",
        ".. role:: q\n",
        ".. kerneldoc-table:: x\n\n   a\n     b\n",
        "a\n  b\n",
    ),
    *(
        "+---+\n| a |\n+---+\n",
        ":c:type:`x`",
        ".. c:function:: f(int)\n\n   x\n",
        "\x00",
        "<b>",
        "é",
    ),
]


@given(st.lists(st.sampled_from(MARKUP), max_size=14).map("".join), st.integers(0, 2))
@example(".. [1] x\n   ::\n", 0)
@settings(max_examples=150, deadline=None)
def test_any_markup_gives_a_page_that_loads_nothing(body: str, place: int) -> None:
    lines = "".join(f" * {line}\n" for line in body.split("\n"))
    text = (
        f"/**\n * f() - see g()\n * @a: x\n *\n{lines} */\nvoid f(int a);\n",
        f"/**\n * DOC: t\n{lines} */\n",
        f"/**\n * struct s - p\n * @a: x\n{lines} */\nstruct s {{ int a; }};\n",
    )[place]
    document = parse_source(text, "x.c")
    seen = _Seen(render_html([document, document], "x.c"))
    assert {"script", "img", "iframe", "object", "embed", "link"}.isdisjoint(seen.tags)
    assert all(link.startswith("#") for link in seen.links), seen.links
    render_manual([document], "x.c")


def test_markup_nested_too_deeply_is_refused_by_name() -> None:
    deep = "\n".join(f" * {' ' * number}* a\n *" for number in range(700))
    text = f"/**\n * f() - p\n *\n{deep}\n */\nvoid f(void);\n"
    with pytest.raises(InputError, match="f: its markup is nested too deeply"):
        _page(text)
