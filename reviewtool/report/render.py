# SPDX-License-Identifier: GPL-2.0-only
"""The only user of Jinja2: templates from templates/ over plain values.

Every text that is put in goes through `visible`, so nothing from a mail can move a cursor; Markdown
has its own escape.  Templates hold loops and conditions; how a paragraph is laid out is said here.
"""

from __future__ import annotations

import re
import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtool.errors import ToolError, visible

if TYPE_CHECKING:
    from jinja2 import Environment

WIDTH = 78


def template_folder() -> Path:
    """Return where the templates are: in the installed package, or beside it in a checkout.

    Raises: ToolError when there are none.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "review.txt.j2").is_file():
            return folder
    raise ToolError("reviewtool", "its templates are not installed")


def wrap(text: str, indent: int = 0, hang: int = 2, width: int = WIDTH) -> str:
    """Return TEXT as lines of at most WIDTH columns, INDENTed, later lines by HANG more."""
    return textwrap.fill(
        " ".join(visible(text).split()),
        width=width,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_long_words=False,
        break_on_hyphens=False,
    )


def number(value: int) -> str:
    """Return VALUE with thousands marked."""
    return f"{value:,}"


def percent(share: float) -> str:
    """Return SHARE (0 to 1) in percent; what is there never reads as nothing."""
    return f"{share:.2%}" if share >= 0.0001 or share == 0 else "< 0.01%"


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def escape_markdown(text: str) -> str:
    """Return TEXT so that Markdown shows it as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", " ".join(visible(text).split()))


def _show(value: object) -> object:
    """Return VALUE as it may stand in markup: text without characters that control anything."""
    return visible(value) if type(value) is str else value


@cache
def _environment(*, markup: bool) -> Environment:
    import jinja2  # noqa: PLC0415

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=markup,  # noqa: S701  (texts and Markdown have escapes of their own)
        finalize=_show if markup else None,
    )
    environment.filters |= {
        "wrap": wrap,
        "number": number,
        "percent": percent,
        "md": escape_markdown,
        "visible": visible,
    }
    return environment


def render(template: str, **values: object) -> str:
    """Return TEMPLATE filled in with VALUES."""
    return _environment(markup=False).get_template(template).render(**values)


def render_markup(template: str, **values: object) -> str:
    """Return TEMPLATE, of HTML or SVG, filled in with VALUES: every text is escaped."""
    return _environment(markup=True).get_template(template).render(**values)


def read_asset(name: str) -> str:
    """Return the style sheet or script NAME, which markup takes as it is."""
    from markupsafe import Markup  # noqa: PLC0415

    return Markup((template_folder() / name).read_text("utf-8"))  # noqa: S704  (our own file)
