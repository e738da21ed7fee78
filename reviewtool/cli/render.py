# SPDX-License-Identifier: GPL-2.0-only
"""The commands `reviewtool render` and `reviewtool schema`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reviewtool.cli.options import format_option, output_option
from reviewtool.cli.status import exit_status, fail_on_option
from reviewtool.report.formats import FORMATS


@click.command("render")
@click.argument("stored", metavar="REVIEW.json", type=click.Path(path_type=Path))
@format_option(FORMATS)
@output_option
@click.option("--html", metavar="FILE", help="Write the page to FILE too; needs review --map.")
@click.option(
    "--svg", metavar="FILE", help="Write the behaviour map to FILE too; needs review --map."
)
@fail_on_option
def render(
    stored: Path, form: str, output: str | None, html: str | None, svg: str | None, fail_on: str
) -> None:
    """Write a stored review in another format; nothing is run again.

    REVIEW.json is what reviewtool review --format json wrote, of this version's schema.

    \b
    Examples:
      reviewtool review --format json -o review.json series.mbox
      reviewtool render review.json --format sarif -o review.sarif
      reviewtool render review.json --format junit --fail-on contradiction -o review.xml

    Exit status: 0 nothing found that --fail-on names, 1 findings, 2 the input cannot be used.
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.errors import InputError  # noqa: PLC0415
    from reviewtool.report.formats import render_review  # noqa: PLC0415
    from reviewtool.report.stored import read_review_file  # noqa: PLC0415

    review = read_review_file(stored)
    if [output or "-", html, svg].count("-") > 1:
        raise InputError("-", "only one of --output, --html and --svg can be standard output")
    if (html or svg) and all(patch.picture is None for patch in review.patches):
        raise InputError(str(stored), "it has no behaviour maps: review again with --map")
    if html or svg:
        from reviewtool.report.stored_maps import check_maps  # noqa: PLC0415

        check_maps(review, str(stored))
    if html:
        from reviewtool.report.page import render_page  # noqa: PLC0415

        write_result(render_page(review).encode("utf-8", "replace"), html)
    if svg:
        from reviewtool.report.map import render_svg  # noqa: PLC0415

        write_result(render_svg(review).encode("utf-8", "replace"), svg)
    write_result(render_review(review, form).encode("utf-8", "replace"), output)
    sys.exit(exit_status(review, fail_on))


@click.command("schema")
@output_option
def schema(output: str | None) -> None:
    """Write the JSON Schema (draft 2020-12) of review --format json.

    Its version is the field "schema" of a review; docs/review.schema.json is the same.

    \b
    Examples:
      reviewtool schema -o review.schema.json
      reviewtool review --format json series.mbox | check-jsonschema --schemafile review.schema.json -
    """  # noqa: D301  (click reads the character \b)
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.report.schema import render_schema  # noqa: PLC0415

    write_result(render_schema().encode(), output)
