# SPDX-License-Identifier: GPL-2.0-only
"""A function given in plain C, put in the place of the one of that name.

The definition is replaced with its kernel-doc, and the declaration in a header adapted.  Other
files that call a function whose parameters changed are named in the notes: they are not edited.

Source: the layout of kernel sources: a definition begins and ends at the margin.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reviewtool.mail.fragments import Candidate, FunctionFragment
from reviewtool.tree.align import Ambiguity, squeeze
from reviewtool.tree.fit import Fit, ReadFile, Repair, leading, split_text
from reviewtool.tree.indent import Indenter

_CONTEXT = 3
_COLUMNS = 80
_SIGNATURE_LINES_MAX = 12


@dataclass(frozen=True)
class _Edit:
    """Lines [start, end) of a file, and what comes in their place."""

    path: str
    start: int
    end: int
    lines: tuple[str, ...]


def fit_function(fragment: FunctionFragment, read: ReadFile, paths: Sequence[str]) -> Fit:
    """Return FRAGMENT as a change of the tree whose files are PATHS."""
    name = fragment.name
    word = re.compile(rf"\b{re.escape(name)}\s*\(")
    files = {path: text for path in paths if (text := _read_c(path, read)) and word.search(text)}
    # What machines without an MMU have in their place is never what a reply on mm means.
    if len(files) > 1:
        files.pop("mm/nommu.c", None)
    definitions = [
        (path, *span)
        for path, text in files.items()
        for span in _definitions(split_text(text), word)
    ]
    if len(definitions) != 1:
        where = ", ".join(f"{path}:{start + 1}" for path, start, _ in definitions)
        reason = (
            f"{name}() is defined more than once: {where}" if where else f"no {name}() is there"
        )
        return Fit(fragment.source, (), None, ambiguity=Ambiguity(fragment.line, reason))
    path, start, end = definitions[0]
    old = split_text(files[path])
    comment = _comment_start(old, start) if fragment.comment else start
    new, repairs = _new_lines(fragment)
    prototype = _join_signature(new[len(fragment.comment) :])
    if re.match(r"\s*static\b", old[start]) and not prototype.startswith("static"):
        new[len(fragment.comment)] = f"static {new[len(fragment.comment)]}"
        repairs.append(Repair(fragment.line, f"{name}() stays static"))
    edits = [_Edit(path, comment, end, tuple(new))]
    changed = squeeze(_join_signature(old[start:end])) != squeeze(prototype)
    if changed:
        for header, text in files.items():
            for edit in _declarations(header, split_text(text), word, prototype):
                edits.append(edit)
                what = f"declaration in {header}:{edit.start + 1} adapted"
                repairs.append(Repair(fragment.line, what))
    where = f"replaces {path}:{start + 1}-{end}"
    repairs.insert(0, Repair(fragment.line, f"{name}() in plain C {where}"))
    notes = _callers(files, word, edits, name) if changed else ()
    touched = tuple(dict.fromkeys(edit.path for edit in edits))
    texts = [
        _diff(one, split_text(files[one]), [edit for edit in edits if edit.path == one])
        for one in touched
    ]
    diff_text = "".join(texts)
    return Fit(
        fragment.source,
        touched,
        diff_text,
        tuple(repairs),
        notes=notes,
        source_lines=(fragment.line,) * diff_text.count("\n"),
    )


def _read_c(path: str, read: ReadFile) -> str | None:
    return read(path) if path.endswith((".c", ".h")) else None


def _definitions(lines: Sequence[str], word: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return the line ranges of the definitions: signature at the margin, to the closing brace."""
    found = []
    for index, line in enumerate(lines):
        if not word.search(line) or line[:1] in (" ", "\t", "#", "*", "/", ""):
            continue
        brace = next(
            (
                at
                for at in range(index, min(index + _SIGNATURE_LINES_MAX, len(lines)))
                if lines[at].startswith("{") or ";" in lines[at]
            ),
            None,
        )
        if brace is None or not lines[brace].startswith("{"):
            continue
        end = next((at for at in range(brace, len(lines)) if lines[at].startswith("}")), None)
        if end is not None:
            start = index
            # The return type may stand on a line of its own.
            while start and re.match(r"[A-Za-z_][\w\s*]*$", lines[start - 1]):
                start -= 1
            found.append((start, end + 1))
    return found


def _comment_start(lines: Sequence[str], start: int) -> int:
    """Return where the comment directly above START begins; START without one."""
    if start == 0 or not lines[start - 1].rstrip().endswith("*/"):
        return start
    for index in range(start - 1, -1, -1):
        if lines[index].startswith("/*"):
            return index
        if lines[index][:2] != " *":
            break
    return start


def _new_lines(fragment: FunctionFragment) -> tuple[list[str], list[Repair]]:
    """Return the comment and the function as they are to stand in the file."""
    kept = any(candidate.text.startswith("\t") for candidate in fragment.lines)
    repairs: list[Repair] = []
    new: list[str] = []
    indenter = Indenter()
    for candidate in (*fragment.comment, *fragment.lines):
        text = candidate.text.replace("\u00a0", " ").rstrip()
        line = text if kept else _indented(text, indenter, candidate, fragment)
        if line != candidate.text:
            repairs.append(Repair(candidate.line, f"indented: {text.strip()}"))
        new.append(line)
    return new, repairs


def _indented(
    text: str, indenter: Indenter, candidate: Candidate, fragment: FunctionFragment
) -> str:
    stripped = text.strip()
    if candidate in fragment.comment:
        return f" {stripped}" if stripped.startswith("*") else stripped
    return indenter.feed(stripped) + stripped


def _join_signature(lines: Sequence[str]) -> str:
    """Return the signature that LINES begin with, on one line, without the brace."""
    parts: list[str] = []
    for line in lines[:_SIGNATURE_LINES_MAX]:
        if line.startswith("{"):
            break
        parts.append(line.strip())
    return " ".join(parts).rstrip(" {;")


def _declarations(
    path: str, lines: Sequence[str], word: re.Pattern[str], prototype: str
) -> list[_Edit]:
    """Return the edits of the declarations of the function in a file."""
    found = []
    for index, line in enumerate(lines):
        if line[:1] in (" ", "\t", "#", "*", "/", "") or not word.search(line):
            continue
        end = index
        while end < min(index + _SIGNATURE_LINES_MAX, len(lines)) - 1 and ";" not in lines[end]:
            if "{" in lines[end]:
                break
            end += 1
        if not lines[end].rstrip().endswith(");"):
            continue
        extern = "extern " if line.startswith("extern ") else ""
        found.append(_Edit(path, index, end + 1, tuple(_wrap(f"{extern}{prototype};"))))
    return found


def _wrap(prototype: str) -> list[str]:
    """Break a declaration at commas, aligned below its first parameter."""
    lines: list[str] = []
    rest = prototype
    column = prototype.find("(") + 1
    while len(rest.expandtabs(8)) > _COLUMNS:
        at = rest.rfind(", ", 0, _COLUMNS - (8 * (column // 8) if lines else 0))
        if at < 0:
            break
        lines.append(rest[: at + 1])
        rest = "\t" * (column // 8) + " " * (column % 8) + rest[at + 2 :]
    return [*lines, rest]


def _callers(
    files: dict[str, str], word: re.Pattern[str], edits: Sequence[_Edit], name: str
) -> tuple[str, ...]:
    """Name the places that mention the function and were not edited."""
    edited = {(edit.path, line) for edit in edits for line in range(edit.start, edit.end)}
    found = [
        f"{path}:{index + 1}"
        for path, text in files.items()
        for index, line in enumerate(split_text(text))
        if word.search(line)
        and (path, index) not in edited
        and leading(line)
        and not line.lstrip().startswith(("*", "/*", "//"))
    ]
    if not found:
        return ()
    return (f"the parameters of {name}() change; callers are as before: {', '.join(found)}",)


def _diff(path: str, old: list[str], edits: Sequence[_Edit]) -> str:
    """Return the edits of one file as a diff with three lines of context."""
    new: list[str] = []
    opcodes: list[tuple[str, int, int, int, int]] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        new += old[at : edit.start]
        matcher = SequenceMatcher(None, old[edit.start : edit.end], edit.lines, autojunk=False)
        opcodes += [
            (tag, a + edit.start, b + edit.start, c + len(new), d + len(new))
            for tag, a, b, c, d in matcher.get_opcodes()
            if tag != "equal"
        ]
        new += edit.lines
        at = edit.end
    new += old[at:]
    if not opcodes:
        return ""
    groups: list[list[tuple[str, int, int, int, int]]] = [[opcodes[0]]]
    for code in opcodes[1:]:
        if code[1] - groups[-1][-1][2] <= 2 * _CONTEXT:
            groups[-1].append(code)
        else:
            groups.append([code])
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    return head + "".join(_hunk(group, old, new) for group in groups)


def _hunk(group: list[tuple[str, int, int, int, int]], old: list[str], new: list[str]) -> str:
    start = max(group[0][1] - _CONTEXT, 0)
    end = min(group[-1][2] + _CONTEXT, len(old))
    new_start = group[0][3] - (group[0][1] - start)
    new_end = group[-1][4] + (end - group[-1][2])
    lines: list[str] = []
    at = start
    for _, a, b, c, d in group:
        lines += [f" {line}" for line in old[at:a]]
        lines += [f"-{line}" for line in old[a:b]]
        lines += [f"+{line}" for line in new[c:d]]
        at = b
    lines += [f" {line}" for line in old[at:end]]
    ranges = f"-{start + 1},{end - start} +{new_start + 1},{new_end - new_start}"
    return f"@@ {ranges} @@\n" + "".join(f"{line}\n" for line in lines)
