# SPDX-License-Identifier: GPL-2.0-only
"""The header of a mail: fields, folded lines, parameters.

    header = [">"] "From " line / *(field / continuation) blank line
    field  = name ":" body;  continuation = blank text

A header ends at the first line that is neither, with a diagnostic when that line is not empty.

Source: RFC 5322, section 2.2; RFC 2045, section 5.1 and RFC 2231, section 3 for parameters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.mail.words import decode_charset, decode_words

FIELD_BYTES_MAX = 1 << 20
FIELDS_MAX = 10_000
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:")
_PARAMETER = re.compile(r';\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;\s]*))')


@dataclass(frozen=True)
class Field:
    """One header field: its name in lower case, its unfolded raw text, its 1-based line."""

    name: str
    raw: str
    line: int

    @property
    def text(self) -> str:
        """The field's text with encoded words decoded."""
        return decode_words(self.raw)


@dataclass(frozen=True)
class Header:
    """The fields of a header and where the body begins.

    body_index: index into the lines given of the first body line.
    problem:    None, or what is wrong, at problem_line (an index).
    """

    fields: tuple[Field, ...]
    body_index: int
    problem: str | None = None
    problem_index: int = 0
    fatal: bool = False

    def get(self, name: str) -> str:
        """Return the decoded text of the first field NAME (lower case), "" without one."""
        field = self.field(name)
        return "" if field is None else field.text

    def field(self, name: str) -> Field | None:
        """Return the first field NAME (lower case)."""
        return next((field for field in self.fields if field.name == name), None)

    def all_raw(self, name: str) -> str:
        """Return all fields NAME (lower case) as one comma-separated raw text."""
        return ", ".join(field.raw for field in self.fields if field.name == name)


def read_header(lines: list[bytes], first_line: int, start: int = 0) -> Header:
    """Read a header from LINES[START:]; LINES[0] is input line FIRST_LINE."""
    fields: list[Field] = []
    index = start
    if index < len(lines) and lines[index].startswith((b"From ", b">From ")):
        index += 1
    while index < len(lines):
        line = lines[index].rstrip(b"\r\n")
        if not line.strip():
            return Header(tuple(fields), index + 1)
        match = _FIELD.match(line)
        if match is None:
            problem = "the header ends without an empty line" if fields else None
            return Header(tuple(fields), index, problem, index)
        end = index + 1
        size = len(line)
        while end < len(lines) and lines[end][:1] in (b" ", b"\t") and lines[end].strip():
            size += len(lines[end])
            end += 1
        if size > FIELD_BYTES_MAX or len(fields) >= FIELDS_MAX:
            what = (
                f"a header field of {size} bytes" if size > FIELD_BYTES_MAX else "too many fields"
            )
            return Header(tuple(fields), index, what, index, fatal=True)
        value = [line[match.end() :], *(part.rstrip(b"\r\n") for part in lines[index + 1 : end])]
        text, _ = decode_charset(b"".join(value), "")
        fields.append(Field(match[1].decode("ascii").lower(), text.strip(), first_line + index))
        index = end
    return Header(tuple(fields), index)


def parse_parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return a field's first word in lower case, and its parameters by lower-case name.

    Continued (name*0) and encoded (name*) parameters are put together.
    """
    first = value.split(";", 1)[0].strip().lower()
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, bytes]] = {}
    charsets: dict[str, str] = {}
    for match in _PARAMETER.finditer(value):
        name = match[1].lower()
        text = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3]
        if "*" not in name:
            plain.setdefault(name, decode_words(text))
            continue
        base, _, rest = name.partition("*")
        encoded = name.endswith("*")
        digits = rest.rstrip("*")
        number = int(digits) if digits.isdecimal() and len(digits) < 4 else 0
        if encoded and number == 0 and text.count("'") >= 2:
            charsets[base], _, text = text.split("'", 2)
        raw = _unquote(text) if encoded else text.encode("utf-8", "replace")
        parts.setdefault(base, {})[number] = raw
    for base, pieces in parts.items():
        joined = b"".join(pieces[number] for number in sorted(pieces))
        plain.setdefault(base, decode_charset(joined, charsets.get(base, ""))[0])
    return first, plain


def _unquote(text: str) -> bytes:
    from urllib.parse import unquote_to_bytes  # noqa: PLC0415  (slow to import, rarely needed)

    return unquote_to_bytes(text)
