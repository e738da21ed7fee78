# SPDX-License-Identifier: GPL-2.0-only
"""`reviewtool doctor`: what this machine offers, and what confines the code of strangers here."""

from __future__ import annotations

import platform

import click

from reviewtool import __version__
from reviewtool.errors import ReviewtoolError, visible


@click.command("doctor")
def doctor() -> None:
    """Say what reviews stand on here: versions, the cache, and how the compiler is confined.

    Nothing is written but the secret that marks cache entries as your own.

    \b
    Examples:
      reviewtool doctor

    Exit status: 0.
    """  # noqa: D301  (click reads the character \b)
    from importlib.metadata import version  # noqa: PLC0415

    from reviewtool.confinement import state  # noqa: PLC0415
    from reviewtool.private import cache_folder, make_private, user_secret  # noqa: PLC0415
    from reviewtool.simulate.build import compiler_identity  # noqa: PLC0415

    try:
        make_private(cache_folder())
        user_secret()
        kept = f"{cache_folder()}, private and authenticated"
    except OSError as error:
        kept = f"not used: {error.filename}: {error.strerror}"
    try:
        compiles = compiler_identity()
    except (ReviewtoolError, ImportError) as error:
        compiles = f"not there: {error}"
    for name, what in (
        (
            "reviewtool",
            f"{__version__} on {platform.system()} {platform.release()} {platform.machine()}",
        ),
        ("compiler", compiles),
        ("sandbox", f"wasmtime {version('wasmtime')}: no imports, fixed memory, bounded time"),
        ("the compiler is confined", str(state())),
        ("cache", kept),
    ):
        click.echo(visible(f"{name}: {what}"))
