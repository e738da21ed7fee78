# SPDX-License-Identifier: GPL-2.0-only
"""How Sphinx builds the documentation: sphinx-build -W docs OUT.

The reference of commands is not a file: it is made from the commands, as the manual page is.
"""

import click
from sphinx.application import Sphinx

from reviewtool import __version__
from reviewtool.cli import group
from reviewtool.cli.manual import commands_rst

project = "reviewtool"
author = "the reviewtool developers"
copyright = author  # noqa: A001  (Sphinx calls it so)
version = release = __version__
extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "runs the code before and after a patch", "page_width": "70em"}
html_copy_source = False
html_show_sphinx = False
smartquotes = False


def _fill(app: Sphinx, name: str, source: list[str]) -> None:
    del app
    if name == "commands":
        source[0] += "\n" + commands_rst(group, click.Context(group), "-")


def setup(app: Sphinx) -> None:
    """Let the page of commands be filled from the commands."""
    app.connect("source-read", _fill)
