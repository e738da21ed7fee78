# SPDX-License-Identifier: GPL-2.0-only
"""One patch: a mail (or a bare diff) → Patch, or what is wrong with it.

A mail's text is read as git am reads it, with two exceptions: a diff that stands in the log, above
the "---" line that ends it, is named and left out; and a file that changes nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, pairwise

from reviewtool.mail.address import Address
from reviewtool.mail.body import Text, split_text
from reviewtool.mail.diagnostic import Diagnostic, Severity, error, warning
from reviewtool.mail.log import Log, is_cut, read_log
from reviewtool.mail.message import CONTROL, Mail
from reviewtool.mail.subject import Subject, parse_subject
from reviewtool.mail.trailers import Trailer, is_trailer, parse_trailers
from reviewtool.series.check import check_files
from reviewtool.series.diff import Change, FileDiff
from reviewtool.series.scan import FilePlace, Problem, Scan, scan_diff

_DIFF_START = re.compile(rb"(?:diff -|Index: \S|--- [^\n]*\n\+\+\+ )")
_DIFF_BELOW = re.compile(rb"\n" + _DIFF_START.pattern)
_SHA_FROM = re.compile(rb"From [0-9a-f]{40}(?:[0-9a-f]{24})? ")


_Places = tuple[Text, Sequence[FilePlace]]


@dataclass(frozen=True)
class Repair:
    """Something that the diff has otherwise than the mail; source_line: 1-based input line."""

    source_line: int
    what: str


@dataclass(frozen=True)
class Patch:
    """One patch of a series.

    number, total: of "[PATCH 2/4]"; 1 and 1 where the subject has no count.
    mail:        the message that carries it; None for a bare diff.
    author:      the patch's author: the in-body From, else the sender.
    subject:     the commit's first line.
    message:     the log below the subject, without the text under "---".
    log_lines:   (input line, text) of the log as the mail shows it.
    trailers:    of the log; their lines are 1-based input lines.
    diff_bytes:  exactly what is fed to git apply.
    line_runs:   the 1-based input lines of its lines, in one or more runs.
    repairs:     what was mended to make the diff apply; empty for a diff as the mail has it.
    """

    number: int
    total: int
    mail: Mail | None
    source: str
    line: int
    author: Address
    subject: str
    message: str
    log_lines: tuple[tuple[int, str], ...]
    trailers: tuple[Trailer, ...]
    diff_bytes: bytes
    line_runs: Sequence[Sequence[int]]
    files: tuple[FileDiff, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    repairs: tuple[Repair, ...] = ()

    @property
    def diff_text(self) -> str:
        """The text of diff_bytes, with PEP 383 surrogates for what is not UTF-8."""
        return self.diff_bytes.decode("utf-8", "surrogateescape")

    @cached_property
    def diff_source_lines(self) -> Sequence[int]:
        """The 1-based input line of each line of the diff."""
        return tuple(chain.from_iterable(self.line_runs))

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that the patch touches, before and after, each once, in order."""
        found: dict[str, None] = {}
        for file in self.files:
            for path in (file.path_before, file.path_after):
                if path is not None:
                    found[path] = None
        return tuple(found)


@dataclass(frozen=True)
class NotAPatch:
    """A mail without a diff that can be read, and why; errors is empty where there is none.

    has_diff: there is a diff, or what is left of one.
    """

    mail: Mail
    errors: tuple[Diagnostic, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    has_diff: bool = False


def parse_patch(mail: Mail) -> Patch | NotAPatch:
    """Return the patch in MAIL, or what kept it from being one."""
    errors = [item for item in mail.diagnostics if item.severity is Severity.ERROR]
    said = [item for item in mail.diagnostics if item.severity is not Severity.ERROR]
    log = read_log(_above_diff(mail.body))
    diffs: list[_Places] = []
    has_diff = False
    for text in (mail.body, *mail.attachments):
        scan = scan_diff(text.raw)
        if text is mail.body and mail.has_header and scan.problem is not None and not scan.files:
            scan = _below_log(mail, text, log, scan, said)
        places: Sequence[FilePlace] = scan.files
        if text is mail.body and (above := _in_log(mail, text, scan)):
            places = scan.files[len(above) :]
            log = read_log(text, diff_at=places[0].line)
            said.extend(above)
        if scan.problem is not None:
            has_diff = True
            errors.append(_problem(mail, text, scan.problem))
        if places:
            diffs.append((text, places))
    if diffs and diffs[0][0] is not mail.body and _SHA_FROM.match(diffs[0][0].raw):
        log, mail = _attached_log(diffs[0][0], mail)
    files = [_file(text, place) for text, places in diffs for place in places]
    has_diff = has_diff or bool(files)
    errors.extend(_in_body_controls(mail, log))
    errors.extend(check_files(files, mail.source))
    if errors or not files:
        if not files and not errors:
            errors.extend(_context_diff(mail))
            has_diff = bool(errors)
        return NotAPatch(mail, tuple(errors), tuple(said), has_diff)
    if mail.has_header:
        said.extend(_trailers_below(mail, _above_diff(mail.body), log, diffs[0][1][0].line))
    subject = parse_subject(log.subject) if log.subject is not None else mail.subject
    first = log.start
    numbered = tuple(zip(mail.body.numbers[first : first + len(log.lines)], log.lines, strict=True))
    trailers = tuple(
        replace(item, line=numbered[item.line - 1][0]) for item in parse_trailers(log.lines)
    )
    title, lines = _title(subject, log, mail)
    number = mail.subject.number if mail.subject.number is not None else 1
    return Patch(
        number=number,
        total=mail.subject.total if mail.subject.total is not None else 1,
        mail=mail if mail.has_header else None,
        source=mail.source,
        line=mail.line,
        author=log.author or mail.sender,
        subject=title,
        message="".join(f"{text}\n" for text in lines),
        log_lines=numbered if mail.has_header else (),
        trailers=trailers if mail.has_header else (),
        diff_bytes=b"".join(
            _ended(text.raw[start:end])
            for text, places in diffs
            for start, end, *_ in _joined(places)
        ),
        line_runs=tuple(
            text.numbers[start:end]
            for text, places in diffs
            for _, _, start, end in _joined(places)
        ),
        files=tuple(files),
        diagnostics=tuple(said),
    )


def parse_diff(
    text: str, source: str, numbers: Sequence[int] | None = None
) -> tuple[tuple[FileDiff, ...], tuple[Diagnostic, ...]]:
    """Return the files of the bare diff TEXT and the errors in it.

    numbers: for each line, the 1-based input line that it stands for; without them, its own.
    """
    whole = Text.of_bytes(text.encode("utf-8", "surrogateescape"), 1)
    if numbers is not None:
        whole = Text(whole.lines, numbers, open_ended=whole.open_ended)
    scan = scan_diff(whole.raw)
    files = tuple(_file(whole, place) for place in scan.files)
    errors = list(check_files(files, source))
    if scan.problem is not None:
        number = whole.number(scan.problem.index)
        errors.append(error(scan.problem.code, source, number, scan.problem.text))
    return files, tuple(errors)


def _below_log(mail: Mail, text: Text, log: Log, scan: Scan, said: list[Diagnostic]) -> Scan:
    """Return the scan from the end of the log on, where only what stands in the log is no diff."""
    problem = scan.problem
    if problem is None or problem.index >= log.cut:
        return scan
    at = 0
    for _ in range(log.cut):
        at = text.raw.find(b"\n", at) + 1
    below = scan_diff(text.raw, at)
    if not below.files or below.problem is not None:
        return scan
    what = f"{problem.text} stands in the log: left out"
    said.append(warning("diff-in-log", mail.source, text.number(problem.index), what))
    return below


def _in_log(mail: Mail, text: Text, scan: Scan) -> list[Diagnostic]:
    """Return a warning for each file above the last "---" line that another diff follows."""
    if not mail.has_header or len(scan.files) < 2:
        return []
    cut = None
    for before, after in pairwise(scan.files):
        between = text.raw[before.end : after.start]
        if between and any(is_cut(line) for line in split_text(between)):
            cut = after.start
    return [
        warning(
            "diff-in-log",
            mail.source,
            text.number(place.line),
            f"a diff of {place.header.new_name or place.header.old_name!r} stands in the log:"
            " left out, but git am would apply it",
        )
        for place in scan.files
        if cut is not None and place.start < cut
    ]


def _trailers_below(mail: Mail, above: Text, log: Log, diff_start: int) -> list[Diagnostic]:
    """Return a warning for each trailer between the cut and the diff; ABOVE: what is over it."""
    if not log.has_cut:
        return []
    lines = (above if diff_start <= len(above) else mail.body).lines
    return [
        warning(
            "trailer-below-cut",
            mail.source,
            mail.body.number(index),
            f"{lines[index].strip()!r} is below the '---' line: git am drops it",
        )
        for index in range(log.cut + 1, min(diff_start, len(lines)))
        if is_trailer(lines[index])
    ]


def _in_body_controls(mail: Mail, log: Log) -> list[Diagnostic]:
    """Refuse control characters in an in-body header, as in one of the mail."""
    if log.author is None and log.subject is None:
        return []
    return [
        error(
            "header-control",
            mail.source,
            mail.body.number(index),
            "a control character in the in-body header",
        )
        for index, line in enumerate(mail.body.lines[: log.start])
        if CONTROL.search(line.replace("\t", " "))
    ][:1]


def _attached_log(text: Text, mail: Mail) -> tuple[Log, Mail]:
    """Return the log of an attached git-format-patch file, and the mail with its text as body."""
    return read_log(text, start=1), replace(mail, body=text)


def _context_diff(mail: Mail) -> list[Diagnostic]:
    lines = mail.body.lines
    for index, line in enumerate(lines[:-1]):
        if line.startswith("*** ") and lines[index + 1].startswith("--- "):
            where = mail.body.number(index)
            return [error("context-diff", mail.source, where, "a context diff (diff -c)")]
    return []


def _problem(mail: Mail, text: Text, problem: Problem) -> Diagnostic:
    what = problem.text
    if problem.hunk is not None:
        what = f"{what} (the hunk begins at line {text.number(problem.hunk)})"
    return error(problem.code, mail.source, text.number(problem.index), what)


def _file(text: Text, place: FilePlace) -> FileDiff:
    header = place.header
    change = Change.MODIFIED
    is_new, is_deleted = header.is_new, header.is_deleted
    if not header.is_git and len(place.hunks) == 1:
        # A traditional diff tells of a new or a deleted file by its empty range alone.
        hunk = place.hunks[0]
        is_new = is_new or (hunk.old_start == 0 and hunk.old_count == 0)
        is_deleted = is_deleted or (hunk.new_start == 0 and hunk.new_count == 0)
    if is_new:
        change = Change.ADDED
    elif is_deleted:
        change = Change.DELETED
    elif header.is_rename:
        change = Change.RENAMED
    elif header.is_copy:
        change = Change.COPIED
    old_mode = header.old_mode or (None if is_new else header.index_mode)
    new_mode = header.new_mode or (None if is_deleted else header.old_mode or header.index_mode)
    return FileDiff(
        path_before=None if is_new else header.old_name,
        path_after=None if is_deleted else header.new_name,
        change=change,
        mode_before=old_mode,
        mode_after=new_mode,
        binary=place.binary,
        text=text,
        places=place.hunks,
        source_line=text.number(place.line),
        blob_before=header.blobs[0] if header.blobs else None,
    )


def _joined(places: Sequence[FilePlace]) -> Iterator[tuple[int, int, int, int]]:
    """Yield start and end, as places in the text and as lines, of files that follow each other."""
    first = last = places[0]
    for place in places[1:]:
        if place.start != last.end:
            yield first.start, last.end, first.line, last.end_line
            first = place
        last = place
    yield first.start, last.end, first.line, last.end_line


def _ended(raw: bytes) -> bytes:
    return raw if raw.endswith(b"\n") else raw + b"\n"


def _above_diff(text: Text) -> Text:
    """Return TEXT up to its first diff, and the two lines that show that it is one."""
    match = _DIFF_START.match(text.raw) or _DIFF_BELOW.search(text.raw)
    if match is None:
        return text
    end = text.raw.find(b"\n", match.start() + 1) + 1
    end = text.raw.find(b"\n", end) + 1 if end else 0
    return text.head(end) if end else text


def _title(subject: Subject, log: Log, mail: Mail) -> tuple[str, Sequence[str]]:
    """Return the title and the log below it.

    A patch without a header, as quilt has it, starts with the title or with nothing.
    """
    if mail.has_header:
        return subject.text, log.lines
    if not log.lines:
        return mail.source.rsplit("/", 1)[-1], ()
    rest = list(log.lines[1:])
    while rest and not rest[0]:
        rest.pop(0)
    return log.lines[0], rest
