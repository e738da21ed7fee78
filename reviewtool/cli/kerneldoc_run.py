# SPDX-License-Identifier: GPL-2.0-only
"""What `reviewtool kerneldoc` does once its options are read."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import reviewtool
from reviewtool.errors import InputError, visible
from reviewtool.kerneldoc.batch import BYTES, Format, Job, read_source, run_files
from reviewtool.kerneldoc.document import Diagnostic, Document, Rule
from reviewtool.kerneldoc.draft import Draft
from reviewtool.kerneldoc.man import ManStyle
from reviewtool.kerneldoc.options import Options, Selection, Wanted, exported_symbols
from reviewtool.kerneldoc.parse import parse_source
from reviewtool.kerneldoc.records import diagnostic_text, recode
from reviewtool.kerneldoc.rst import RstStyle
from reviewtool.kerneldoc.settings import Settings, parse_settings, rule_named


@dataclass(frozen=True, slots=True)
class Request:
    """The command line's options, each under its own name."""

    files: tuple[str, ...]
    form: str = "rst"
    names: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    wanted: str | None = None
    export_files: tuple[str, ...] = ()
    no_doc_sections: bool = False
    check: bool = False
    since: str | None = None
    disable: tuple[str, ...] = ()
    report: str = "text"
    draft: bool = False
    in_place: bool = False
    macros: tuple[str, ...] = ()
    sphinx_major: int = 3
    line_numbers: bool = False
    jobs: int = 1
    cache: bool = False
    output: str | None = None
    quiet: bool = False
    config: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Request:
        """Make a request of what the option parser gives; the names are the fields'."""
        return cls(**options)  # type: ignore[arg-type]


def run(request: Request) -> int:
    """Do what REQUEST says; return the exit status.

    Raises: InputError for files, names, rules and revisions that cannot be used.
    """
    if request.since is not None and not request.check:
        raise InputError("--since", "is of use with --check only")
    if request.in_place and not request.draft:
        raise InputError("--in-place", "is of use with --draft only")
    settings = _settings()
    files = _files(request)
    if request.check:
        return _check(request, files, settings)
    if request.draft:
        return _draft(request, files, _options(request, files, settings))
    if not request.names or request.form == "none":
        return _render(request, files, _options(request, files, settings))
    from reviewtool.cli.kerneldoc_behaviour import with_written_comments  # noqa: PLC0415
    from reviewtool.simulate.configuration import read_configuration  # noqa: PLC0415

    configuration = read_configuration(request.config)
    with with_written_comments(files, request.names, configuration) as documented:
        return _render(request, documented, _options(request, documented, settings))


def _settings() -> Settings:
    path = Path("pyproject.toml")
    if not path.is_file():
        return Settings()
    return parse_settings(path.read_text(encoding="utf-8", errors="replace"), str(path))


def _files(request: Request) -> tuple[str, ...]:
    """Return the files that the arguments stand for."""
    found: list[str] = []
    for name in request.files:
        path = Path(name)
        if not path.exists() and not path.is_absolute():
            bundled = Path(reviewtool.__file__).parent / "model" / name
            path = bundled if bundled.exists() else path
        if path.is_dir():
            below = (file for file in path.rglob("*.[ch]") if file.is_file())
            found.extend(sorted(str(file) for file in below))
        elif path.is_file():
            found.append(str(path))
        else:
            reason = "is no file" if path.exists() else "there is no such file"
            raise InputError(name, reason)
    return tuple(dict.fromkeys(found))


def _read(path: str) -> str:
    try:
        return read_source(path)
    except OSError as error:
        raise InputError(path, error.strerror or "cannot be read") from error


def _options(request: Request, files: tuple[str, ...], settings: Settings) -> Options:
    wanted = Wanted(request.wanted) if request.wanted else Wanted.ALL
    names = frozenset(request.names)
    if wanted is not Wanted.ALL and not names:
        sources = (_read(path) for path in (*request.export_files, *files))
        names = frozenset(name for text in sources for name in exported_symbols(text))
    elif names:
        wanted = Wanted.NAMED
    return Options(
        selection=Selection(
            wanted,
            names,
            frozenset(request.hidden),
            doc_sections=not request.no_doc_sections,
        ),
        returns=True,
        purposes=True,
        unterminated=True,
        unreadable=request.line_numbers,
        blocks=request.form != "none",
        strip_macros=(*settings.strip_macros, *request.macros),
    )


@contextmanager
def _output(request: Request) -> Iterator[BinaryIO]:
    """Open what the output goes to."""
    from reviewtool.cli.output import open_result  # noqa: PLC0415

    with open_result(request.output) as stream:
        yield stream


def _write(stream: BinaryIO, data: bytes) -> None:
    """Write DATA, but no escape sequences to a terminal."""
    if stream is sys.stdout.buffer and sys.stdout.isatty():
        data = visible(data.decode(errors="replace")).encode()
    stream.write(data)


def _render(request: Request, files: tuple[str, ...], options: Options) -> int:
    if request.form in {"html", "manual", "json"}:
        return _render_page(request, files, options)
    named = options.selection.wanted is Wanted.NAMED
    lines = request.line_numbers
    job = Job(
        Format(request.form),
        options,
        RstStyle(request.sphinx_major, line_numbers=lines, named_only=named),
        ManStyle(_month(), line_numbers=lines),
    )
    store = None
    if request.cache:
        from reviewtool.kerneldoc.cache import Cache, cache_path  # noqa: PLC0415

        store = Cache(cache_path(), job)
    missing: str | None = None
    written = False
    with _output(request) as stream:
        for result in run_files(files, job, request.jobs, store):
            if result.reason:
                raise InputError(recode(result.path), result.reason)
            _write(stream, result.text.encode(BYTES))
            written = written or bool(result.text)
            if named and not result.text:
                missing = missing or result.path
            elif not request.quiet:
                _complain(result.diagnostics)
    if store is not None:
        store.close()
    if missing is not None and not written and request.form != "none":
        raise _not_found(missing, request.names)
    return 0


def _not_found(path: str, names: tuple[str, ...]) -> InputError:
    return InputError(recode(path), f"has no kernel-doc for {', '.join(sorted(names))}")


def _complain(diagnostics: tuple[Diagnostic, ...]) -> None:
    for found in diagnostics:
        sys.stderr.write(visible(diagnostic_text(found)) + "\n")


def _month() -> str:
    """Return the month of SOURCE_DATE_EPOCH, or the present one."""
    stamp = os.environ.get("SOURCE_DATE_EPOCH", "")
    return time.strftime("%B %Y", time.gmtime(int(stamp) if stamp.isdigit() else time.time()))


def _render_page(request: Request, files: tuple[str, ...], options: Options) -> int:
    documents: list[Document] = []
    for path in files:
        text = recode(_read(path))
        documents.append(parse_source(text, path, options))
    shown = any(block.shown for document in documents for block in document.blocks)
    if request.names and not shown:
        raise _not_found(files[0], request.names)
    title = ", ".join(request.files)
    if request.form == "json":
        from reviewtool.kerneldoc.records import documents_json  # noqa: PLC0415

        page = documents_json(documents)
    else:
        from reviewtool.kerneldoc.html import render_html, render_manual  # noqa: PLC0415

        page = (render_html if request.form == "html" else render_manual)(documents, title)
        if not request.quiet:
            for document in documents:
                _complain(document.diagnostics)
    with _output(request) as stream:
        _write(stream, page.encode(errors="replace"))
    return 0


def _check(request: Request, files: tuple[str, ...], settings: Settings) -> int:
    from reviewtool.kerneldoc.compare import (  # noqa: PLC0415
        ALL_WARNINGS,
        compare_diagnostics,
        diagnose,
    )
    from reviewtool.kerneldoc.records import diagnostics_json, diagnostics_sarif  # noqa: PLC0415
    from reviewtool.kerneldoc.revision import read_revisions  # noqa: PLC0415

    disabled = set(settings.disabled)
    disabled |= {rule_named(word, "--disable") for word in request.disable}
    options = replace(ALL_WARNINGS, strip_macros=(*settings.strip_macros, *request.macros))
    found: list[Diagnostic] = []
    gone: list[Diagnostic] = []
    olds: Iterator[tuple[str, str | None]] = ((path, None) for path in files)
    if request.since is not None:
        olds = read_revisions(files, request.since)
    for path, old in olds:
        text = _read(path)
        if text == old:
            continue
        after = diagnose(text, path, options)
        if old is not None:
            change = compare_diagnostics(diagnose(old, path, options), after)
            gone.extend(_listed(change.removed, frozenset(disabled), request.names))
            after = change.added
        found.extend(_listed(after, frozenset(disabled), request.names))
    if gone and not request.quiet:
        sys.stderr.write(f"gone since {visible(str(request.since))}: {len(gone)}\n")
        sys.stderr.writelines(f"  was {visible(diagnostic_text(one))}\n" for one in gone)
    if request.report == "text":
        text = "".join(visible(diagnostic_text(one)) + "\n" for one in found)
    else:
        text = (diagnostics_json if request.report == "json" else diagnostics_sarif)(found)
    with _output(request) as stream:
        _write(stream, text.encode(errors="replace"))
    return 1 if found else 0


def _listed(
    diagnostics: tuple[Diagnostic, ...], disabled: frozenset[Rule], names: tuple[str, ...]
) -> list[Diagnostic]:
    return [
        found
        for found in diagnostics
        if found.rule not in disabled and (not names or found.name in names)
    ]


def _from_behaviour(
    path: str, drafts: tuple[Draft, ...], settings: tuple[str, ...]
) -> tuple[Draft, ...]:
    """Write DRAFTS from a sweep where the file is the model's and the function can be driven."""
    from reviewtool.kerneldoc.behaviour import draft_from_behaviour  # noqa: PLC0415
    from reviewtool.simulate.cache import open_cache  # noqa: PLC0415
    from reviewtool.simulate.configuration import read_configuration  # noqa: PLC0415
    from reviewtool.tree.snapshot import MODEL_ROOT, bundled_model  # noqa: PLC0415

    if MODEL_ROOT not in Path(path).resolve().parents:
        return drafts
    snapshot = bundled_model()
    configuration = read_configuration(settings)
    written = (
        (draft, draft_from_behaviour(snapshot, draft.name, open_cache(), configuration))
        for draft in drafts
    )
    return tuple(
        replace(draft, comment=comment) if isinstance(comment, str) else draft
        for draft, comment in written
    )


def _draft(request: Request, files: tuple[str, ...], options: Options) -> int:
    from reviewtool.cli.output import write_result  # noqa: PLC0415
    from reviewtool.kerneldoc.draft import draft_comments, insert_drafts  # noqa: PLC0415

    names = frozenset(request.names)
    everything = replace(options, selection=Selection())
    drafted = 0
    with _output(request) as stream:
        for path in files:
            text = _read(path)
            document = parse_source(text, path, everything)
            drafts = draft_comments(document, text, names)
            if names:
                drafts = _from_behaviour(path, drafts, request.config)
            drafted += len(drafts)
            if not request.in_place:
                _write(stream, "\n".join(draft.comment for draft in drafts).encode(BYTES))
            elif drafts:
                write_result(insert_drafts(text, drafts).encode(BYTES), os.path.realpath(path))
    if names and not drafted:
        raise InputError(files[0], f"has no function {', '.join(sorted(names))} without comment")
    return 0
