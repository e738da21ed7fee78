# SPDX-License-Identifier: GPL-2.0-only
"""The command `reviewtool kerneldoc`."""

from __future__ import annotations

import sys

import click

from reviewtool.cli.configuration import config_option

_FORMATS = ("rst", "man", "none", "html", "manual", "json")


@click.command("kerneldoc", short_help="Render, check and draft kernel-doc comments.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--rst", "form", flag_value="rst", default="rst", help="reST for Sphinx (default).")
@click.option("--man", "form", flag_value="man", help="Manual pages, one for each comment.")
@click.option("--none", "form", flag_value="none", help="Nothing but warnings.")
@click.option("--html", "form", flag_value="html", help="One self-contained HTML page.")
@click.option("--manual", "form", flag_value="manual", help="One manual page of everything.")
@click.option("--json", "form", flag_value="json", help="Blocks and warnings as JSON.")
@click.option("--function", "-f", "names", multiple=True, help="Only this symbol or DOC: section.")
@click.option("--nosymbol", "hidden", multiple=True, help="Not this symbol.")
@click.option("--export", "wanted", flag_value="exported", help="Only exported symbols.")
@click.option("--internal", "wanted", flag_value="internal", help="Only what is not exported.")
@click.option("--export-file", "export_files", multiple=True, help="Look there for exports, too.")
@click.option("--no-doc-sections", is_flag=True, help="No DOC: sections.")
@click.option("--check", is_flag=True, help="List what is wrong, with the code or by itself.")
@click.option("--since", metavar="REV", help="With --check: only what is new since REV.")
@click.option("--disable", multiple=True, metavar="RULE", help="Leave out a rule (KD106).")
@click.option(
    "--report",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    help="How --check writes its list.",
)
@click.option("--draft", is_flag=True, help="Write comments for functions that have none.")
@click.option("--in-place", is_flag=True, help="With --draft: into the file.")
@config_option
@click.option("--strip-macro", "macros", multiple=True, help="A macro to drop from declarations.")
@click.option("--sphinx-major", type=int, default=3, show_default=True, help="Dialect of reST.")
@click.option("--line-numbers", is_flag=True, help="Mark source lines in reST.")
@click.option("--jobs", "-j", type=click.IntRange(1, 256), default=1, help="Processes to use.")
@click.option("--cache", is_flag=True, help="Keep results of unchanged files between runs.")
@click.option("--output", "-o", type=click.Path(dir_okay=False), help="Write to this file.")
@click.option("--quiet", "-q", is_flag=True, help="No warnings.")
def kerneldoc(**options: object) -> None:
    """Render, check and draft kernel-doc comments of C files.

    A relative FILE that does not exist is looked up in the bundled model; a directory stands for
    all its *.c and *.h files.

    \b
    Examples:
      reviewtool kerneldoc mm/gup.c --function follow_page --man | man -l -
      reviewtool kerneldoc --html include/linux/mm.h -o mm.html
      reviewtool kerneldoc --check --since HEAD~1 mm/gup.c
      reviewtool kerneldoc --draft --function follow_page mm/gup.c

    Exit status: 0, or 1 where --check lists something, or 2 for input that cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.kerneldoc_run import Request, run  # noqa: PLC0415
    from reviewtool.errors import ReviewtoolError, visible  # noqa: PLC0415

    try:
        status = run(Request.from_options(options))
    except ReviewtoolError as error:
        click.echo(f"reviewtool: {visible(str(error))}", err=True)
        status = 2
    sys.exit(status)
