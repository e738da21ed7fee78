# SPDX-License-Identifier: GPL-2.0-only
"""The program kernel-doc: options, messages and exit status of the kernel's own script.

It stands in for scripts/kernel-doc in a kernel build and below Sphinx's kerneldoc directive, which
start it for each file.  So it has to start fast: it is no part of reviewtool.cli, whose import of
click takes as long as a file, and imports what few runs need where they need it.

Source: scripts/kernel-doc of Linux 6.12, its manual page (pod) and the code that reads arguments.
"""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from reviewtool.kerneldoc.batch import BYTES, Format, Job, read_source, run_file
from reviewtool.kerneldoc.document import Severity
from reviewtool.kerneldoc.man import ManStyle
from reviewtool.kerneldoc.options import Options, Selection, Wanted, exported_symbols
from reviewtool.kerneldoc.rst import RstStyle

USAGE = """\
Usage: kernel-doc [OPTION...] FILE...

Print the kernel-doc comments of C files.

Output:
  -rst                     reStructuredText for Sphinx (default)
  -man                     manual pages
  -none                    nothing but warnings
  -sphinx-version VERSION  dialect of reStructuredText; default: the installed Sphinx's
  -enable-lineno           with source line numbers
  -module NAME             name of the manual in manual pages

Selection:
  -export, -internal       only exported symbols, or only the others
  -export-file FILE        look there for exports, too
  -function NAME           only this symbol or DOC: section (repeatable)
  -nosymbol NAME           not this one (repeatable)
  -no-doc-sections         no DOC: sections

Warnings:
  -Wreturn                 about return values that are not described
  -Wshort-desc             about missing short descriptions
  -Wcontents-before-sections, -Wall
  -Werror                  exit with the number of warnings
  -v                       say what is read

Exit status: the number of errors, 0 with -none; 1 for wrong usage.
"""

_SPHINX_VERSION = re.compile(r"^\s*sphinx-build\s+(\d+)\.[\d.]+(?:\+/[\da-f]+)?$", re.MULTILINE)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


class _UsageError(Exception):
    """The arguments cannot be used."""


@dataclass(slots=True)
class _Arguments:
    """What the command line says; a later output mode or selection wins."""

    files: list[str] = field(default_factory=list)
    format: Format = Format.RST
    wanted: Wanted = Wanted.ALL
    names: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    export_files: list[str] = field(default_factory=list)
    sphinx_version: str = ""
    module: str = "Kernel API"
    flags: set[str] = field(default_factory=set)

    def flag(self, name: str) -> bool:
        return name in self.flags


_FORMATS = {"rst": Format.RST, "man": Format.MAN, "none": Format.NONE}
_FLAGS = frozenset(
    {"v", "Werror", "Wreturn", "Wshort-desc", "Wcontents-before-sections", "Wall"}
    | {"no-doc-sections", "enable-lineno", "show-not-found"}
)
_WITH_VALUE = frozenset({"function", "nosymbol", "export-file", "sphinx-version", "module"})


def _parse_arguments(words: list[str]) -> _Arguments:
    """Read options up to the first word that is none; the rest are files."""
    if not words:
        raise _UsageError("No arguments!")
    arguments = _Arguments()
    rest = list(words)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0).removeprefix("-").removeprefix("-")
        option = "Wshort-desc" if option == "Wshort-description" else option
        if option in _FORMATS:
            arguments.format = _FORMATS[option]
        elif option in _WITH_VALUE:
            _set_value(arguments, option, rest.pop(0) if rest else "")
        elif option in {"export", "internal"}:
            arguments.wanted = Wanted.EXPORTED if option == "export" else Wanted.INTERNAL
            arguments.names.clear()
        elif option in _FLAGS:
            arguments.flags.add(option)
        else:
            raise _UsageError("Argument unknown!")
        if not rest:
            raise _UsageError("FILE argument missing")
    arguments.files = rest
    return arguments


def _set_value(arguments: _Arguments, option: str, value: str) -> None:
    if option == "function":
        arguments.wanted = Wanted.NAMED
        arguments.names.add(value)
    elif option == "nosymbol":
        arguments.hidden.add(value)
    elif option == "export-file":
        arguments.export_files.append(value)
    elif option == "module":
        arguments.module = value
    elif value[:1].isdigit():
        arguments.sphinx_version = value
    else:
        raise _UsageError("Sphinx version should either major.minor or major.minor.patch format")


def kernel_doc(words: list[str]) -> int:
    """Do what the command line WORDS say; return the exit status."""
    if any(word.lstrip("-") in {"h", "help"} for word in words if word.startswith("-")):
        sys.stdout.write(USAGE)
        return 0
    try:
        arguments = _parse_arguments(words)
    except _UsageError as error:
        sys.stderr.write(f"{error}\n{USAGE}")
        return 1
    gc.disable()  # nothing here makes reference cycles, looking for them takes time
    errors = _Counter()
    job = _job(arguments, errors)
    for path in arguments.files:
        name = _mapped(path)
        result = run_file(name, job)
        sys.stdout.buffer.write(result.text.encode(BYTES))
        if result.reason:
            errors.fail(f"Error: Cannot open file {name}\n")
        for found in result.diagnostics:
            errors.count(found.severity)
            _complain(f"{found}\n")
    return _exit_status(arguments, errors)


@dataclass(slots=True)
class _Counter:
    errors: int = 0
    warnings: int = 0

    def count(self, severity: Severity) -> None:
        self.errors += severity is Severity.ERROR
        self.warnings += severity is Severity.WARNING

    def fail(self, message: str) -> None:
        self.errors += 1
        _complain(message)


def _complain(message: str) -> None:
    sys.stderr.buffer.write(message.encode(BYTES, "surrogateescape"))


def _exit_status(arguments: _Arguments, counter: _Counter) -> int:
    """Return the status; it is a byte, so 256 warnings count as none, here as there."""
    if arguments.flag("v") or "1" in os.environ.get("KBUILD_VERBOSE", ""):
        if counter.errors:
            _complain(f"{counter.errors} errors\n")
        if counter.warnings:
            _complain(f"{counter.warnings} warnings\n")
    flags = os.environ.get("KCFLAGS", "").split()
    werror = os.environ.get("KDOC_WERROR")
    strict = arguments.flag("Werror") or "-Werror" in flags
    strict = strict if werror is None else werror not in {"", "0"} or arguments.flag("Werror")
    if strict and counter.warnings:
        _complain(f"{counter.warnings} warnings as Errors\n")
        return counter.warnings & 0xFF
    return 0 if arguments.format is Format.NONE else counter.errors & 0xFF


def _job(arguments: _Arguments, counter: _Counter) -> Job:
    everything = arguments.flag("Wall")
    names = frozenset(arguments.names)
    if arguments.wanted in {Wanted.EXPORTED, Wanted.INTERNAL}:
        found = _exported([*arguments.export_files, *arguments.files], counter)
        names |= found - arguments.hidden
    lines = arguments.flag("enable-lineno")
    options = Options(
        selection=Selection(
            arguments.wanted,
            names,
            frozenset(arguments.hidden),
            doc_sections=not arguments.flag("no-doc-sections"),
        ),
        returns=everything or arguments.flag("Wreturn"),
        purposes=everything or arguments.flag("Wshort-desc"),
        verbose=arguments.flag("v") or "1" in os.environ.get("KBUILD_VERBOSE", ""),
        blocks=lines or arguments.format is not Format.NONE,
        unreadable=lines,
    )
    major = 3
    if arguments.format is Format.RST:
        major = _sphinx_major(arguments.sphinx_version)
    month = _build_month() if arguments.format is Format.MAN else ""
    return Job(
        arguments.format,
        options,
        RstStyle(major, line_numbers=lines, named_only=arguments.wanted is Wanted.NAMED),
        ManStyle(month, arguments.module, line_numbers=lines),
    )


def _exported(files: Iterable[str], counter: _Counter) -> frozenset[str]:
    names: set[str] = set()
    for path in files:
        name = _mapped(path)
        try:
            names |= exported_symbols(read_source(name))
        except OSError:
            counter.fail(f"Error: Cannot open file {name}\n")
    return frozenset(names)


def _mapped(path: str) -> str:
    """Return the file below SRCTREE, where a kernel build with its own output directory has it."""
    tree = os.environ.get("SRCTREE")
    return path if tree is None else f"{tree}/{path}"


def _sphinx_major(version: str) -> int:
    """Return the major version that was asked for, or that of the sphinx-build on the path."""
    if version:
        return int(re.split(r"\D", version)[0])
    from shutil import which  # noqa: PLC0415  (slow to import, and a kernel build says the version)

    program = which("sphinx-build")
    if program is None:
        _complain("Warning: Sphinx version not found. Using default (Sphinx version 1.2.0)\n")
        return 1
    match = _SPHINX_VERSION.search(_output_of(program, "--version"))
    return int(match[1]) if match else 0


def _build_month() -> str:
    """Return the month of KBUILD_BUILD_TIMESTAMP, in UTC as date(1) reads it, or the present."""
    stamp = os.environ.get("KBUILD_BUILD_TIMESTAMP")
    moment = time.localtime()
    if stamp is not None:
        seconds = _output_of("date", f"-d{stamp}", "+%s").strip()
        if seconds.lstrip("-").isdigit():
            moment = time.gmtime(int(seconds))
    return f"{_MONTHS[moment.tm_mon - 1]} {moment.tm_year}"


def _output_of(*argv: str) -> str:
    """Return what a program prints, "" where it cannot be run."""
    from pathlib import Path  # noqa: PLC0415

    from reviewtool.errors import ToolError  # noqa: PLC0415
    from reviewtool.process import run_program  # noqa: PLC0415

    try:
        finished = run_program(argv, cwd=Path.cwd(), environment=os.environ)
    except ToolError:
        return ""
    return (finished.stdout + finished.stderr).decode(BYTES) if finished.status == 0 else ""


def main() -> None:
    """Run the program with the process's arguments."""
    try:
        status = kernel_doc(sys.argv[1:])
        sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            sys.stderr.write(f"kernel-doc: {error.filename or 'output'}: {error.strerror}\n")
        # What is still to be written goes nowhere; the interpreter would complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 2
    sys.exit(status)
