# SPDX-License-Identifier: GPL-2.0-only
"""A well-formed kernel-doc comment from its parts.

Source: Documentation/doc-guide/kernel-doc.rst of Linux 6.12, "Function documentation".
"""

from __future__ import annotations

import textwrap

WIDTH = 78

Outcomes = tuple[tuple[str, str], ...]


def write_comment(
    name: str,
    purpose: str,
    parameters: tuple[tuple[str, str], ...] = (),
    paragraphs: tuple[str, ...] = (),
    context: str | None = None,
    returns: str | Outcomes | None = None,
    *,
    call: bool = True,
) -> str:
    """Return the comment, "/**" to "*/" with a final line feed, in lines of at most 78 columns.

    name:       the function's; with call=False anything that stands there, as "struct foo".
    parameters: (name, description) in the order of the prototype.
    returns:    prose, or (value, when) for each outcome, which becomes a list.
    """
    title = f"{name}() - {_clean(purpose)}" if call else f"{name} - {_clean(purpose)}"
    lines = ["/**", *_wrap(title, " * ", " *   ")]
    for parameter, description in parameters:
        lines += _wrap(f"@{parameter}: {_clean(description)}", " * ", " *\t\t")
    for paragraph in paragraphs:
        lines += (" *", *_wrap(_clean(paragraph), " * ", " * "))
    if context:
        lines += (" *", *_wrap(f"Context: {_clean(context)}", " * ", " *   "))
    if isinstance(returns, str):
        lines += (" *", *_wrap(f"Return: {_clean(returns)}", " * ", " *   "))
    elif returns:
        lines += (" *", " * Return:")
        for value, when in returns:
            lines += _wrap(f"{value} - {_clean(when)}", " * * ", " *   ")
    return "\n".join((*lines, " */", ""))


def _clean(text: str) -> str:
    """Put TEXT on one line and keep it from ending the comment."""
    return " ".join(text.split()).replace("*/", "* /")


def _wrap(text: str, first: str, others: str) -> list[str]:
    wrapped = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=others.expandtabs(8),
        break_long_words=False,
        break_on_hyphens=False,
    )
    prefix = others.expandtabs(8)
    return [others + line[len(prefix) :] if count else line for count, line in enumerate(wrapped)]
