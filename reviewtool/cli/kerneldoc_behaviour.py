# SPDX-License-Identifier: GPL-2.0-only
"""For functions of the bundled model that nobody has documented: a comment out of a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from reviewtool.kerneldoc.parse import parse_source
from reviewtool.scratch import scratch_folder
from reviewtool.simulate.configuration import Configuration
from reviewtool.tree.snapshot import MODEL_ROOT
from reviewtool.tree.source import read_source


@contextmanager
def with_written_comments(
    files: tuple[str, ...], names: tuple[str, ...], configuration: Configuration
) -> Iterator[tuple[str, ...]]:
    """Give FILES back; those of the model that lack kernel-doc for one of NAMES as copies that have it.

    A function that cannot be driven stays without.
    """
    missing = {file: found for file in files if (found := _missing(Path(file), names))}
    if not missing:
        yield files
        return
    with scratch_folder("kerneldoc") as folder:
        yield tuple(
            _copy(Path(file), missing[file], folder, configuration) if file in missing else file
            for file in files
        )


def _missing(path: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    if not names or MODEL_ROOT not in path.resolve().parents:
        return ()
    text = path.read_text(encoding="utf-8", errors="replace")
    document = parse_source(text, str(path))
    defined = {
        function.name for function in read_source(str(path), text).functions if not function.macro
    }
    return tuple(name for name in names if document.find(name) is None and name in defined)


def _copy(path: Path, names: tuple[str, ...], folder: Path, configuration: Configuration) -> str:
    from reviewtool.kerneldoc.behaviour import NotDriven, draft_from_behaviour  # noqa: PLC0415
    from reviewtool.simulate.cache import open_cache  # noqa: PLC0415
    from reviewtool.tree.snapshot import bundled_model  # noqa: PLC0415
    from reviewtool.tree.source import index_sources  # noqa: PLC0415

    snapshot = bundled_model()
    inside = path.resolve().relative_to(MODEL_ROOT).as_posix()
    lines = snapshot.files[inside].split("\n")
    index = index_sources(snapshot)
    found = [
        function
        for name in names
        if (function := index.functions.get(name)) and function.path == inside
    ]
    for function in sorted(found, key=lambda function: -function.first_line):
        written = draft_from_behaviour(snapshot, function.name, open_cache(), configuration)
        if isinstance(written, NotDriven):
            continue
        lines[function.first_line - 1 : function.first_line - 1] = written.rstrip("\n").split("\n")
        click.echo(
            f"reviewtool: {function.name}() has no kernel-doc; this is written from a sweep of it",
            err=True,
        )
    copy = folder / path.name
    copy.write_text("\n".join(lines), encoding="utf-8")
    return str(copy)
