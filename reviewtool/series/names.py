# SPDX-License-Identifier: GPL-2.0-only
r"""File names in diff headers, read as git apply -p1 reads them, and whether they may be used.

    name        = quoted / plain;  quoted = '"' *(char / "\\" (letter / 3 octal digits)) '"'
    plain       = text up to a tab (or another white space that is no blank)
    traditional = plain [date]       a date after the name is not part of it, tab or no tab

Source: git's apply.c (find_name, find_name_traditional, git_header_name) and quote.c
(unquote_c_style), described here and not copied.
"""

from __future__ import annotations

import re

DEV_NULL = "/dev/null"
_END = re.compile(r"[\t\n\r\v\f]")
_SLASHES = re.compile(r"/{2,}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\([0-3][0-7]{2}|.)")
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
# The end of a traditional header line: date, time and zone, as GNU diff and RCS write them.
_DATE = re.compile(
    r"[ \t]+(?:\d{4}-\d\d-\d\d|\d\d-\d\d-\d{2,4}|\w{3}[ \t]+\w{3}[ \t]+\d{1,2})"
    r"[ \t]+\d\d?:\d\d(?::\d\d(?:\.\d+)?)?"
    r"(?:[ \t]+(?:[+-]\d{2}:?\d{2}|\d{4}|\w{3,4}[ \t]+\d{4}))?[ \t\r]*$"
)
_EPOCH = re.compile(
    r"(?:1970-01-01[ \t]+0[0-9]:|1969-12-31[ \t]+[12]\d:)\d\d:00(?:\.0+)?[ \t]+([+-])(\d\d):?(\d\d)"
)
_GIT_DIRECTORY = re.compile(r"\.git[ .]*$|git~\d+$", re.IGNORECASE)
# What nearly all paths are made of; all that is refused below has another character.
_PLAIN = re.compile(r"\w[\w.+-]*(?:/\w[\w.+-]*)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# Characters that HFS+ leaves out when it compares names.
_IGNORABLE = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")


def unquote(text: str) -> str | None:
    """Return the C-quoted name at the start of TEXT, None if it is not one."""
    match = _QUOTED.match(text)
    if match is None:
        return None
    raw = bytearray()
    rest = match[1]
    at = 0
    for escape in _ESCAPE.finditer(rest):
        raw += rest[at : escape.start()].encode("utf-8", "surrogateescape")
        code = escape[1]
        if len(code) == 3:
            raw.append(int(code, 8))
        elif code in _LETTERS:
            raw.append(_LETTERS[code])
        else:
            return None
        at = escape.end()
    raw += rest[at:].encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "surrogateescape")


def find_name(text: str, strip: int, default: str | None = None) -> str | None:
    """Return the name that starts TEXT without its first STRIP directories.

    DEFAULT is what is returned where none is left, or where it is a shorter form of the name.
    """
    if text.startswith('"'):
        name = unquote(text)
        if name is not None:
            return _strip(name, strip, None)
    end = _END.search(text)
    return _strip(text[: end.start()] if end else text, strip, default)


def find_name_traditional(text: str, strip: int, default: str | None = None) -> str | None:
    """Return the name that starts TEXT, a "--- " line's rest, which may end in a date."""
    if text.startswith('"'):
        name = unquote(text)
        if name is not None:
            return _strip(name, strip, None)
    date = _DATE.search(text) if ":" in text else None
    if date is None:
        return find_name(text, strip, default)
    return _strip(text[: date.start()].rstrip(" \t"), strip, default)


def guess_strip(text: str) -> int | None:
    """Return 0 where the name in TEXT has no directory, as git guesses; None elsewhere."""
    if is_dev_null(text):
        return None
    name = find_name_traditional(text, 0)
    return 0 if name is not None and "/" not in name else None


def is_dev_null(text: str) -> bool:
    """Whether the rest of a header line names no file."""
    return text.startswith(DEV_NULL) and (len(text) == 9 or text[9].isspace())


def has_epoch(text: str) -> bool:
    """Whether the header line carries the time 0, by which diff -N marks a missing file."""
    match = _EPOCH.search(text) if ":" in text else None
    if match is None:
        return False
    hour = int(text[match.start() + 11 :].lstrip()[:2])
    offset = int(match[2]) * 60 + int(match[3])
    offset = -offset if match[1] == "-" else offset
    local = hour * 60 - (24 * 60 if match[0].startswith("1969") else 0)
    minute = int(re.search(r":(\d\d)", match[0])[1])  # type: ignore[index]
    return local + minute - offset == 0


def header_name(text: str, strip: int) -> str | None:
    """Return the name that the rest of a "diff --git " line gives twice, None if it gives two."""
    if text.startswith('"'):
        match = _QUOTED.match(text)
        first = unquote(text)
        if match is None or first is None or not text[match.end() :].startswith(" "):
            return None
        second = find_name(text[match.end() + 1 :], 0)
        return _same(first, second, strip)
    quote = text.find(' "')
    if quote > 0:
        return _same(text[:quote], unquote(text[quote + 1 :]), strip)
    text = text.rstrip("\r")
    at = text.find(" ")
    while at > 0:
        name = _same(text[:at], text[at + 1 :], strip)
        if name is not None:
            return name
        at = text.find(" ", at + 1)
    return None


def refuse_path(path: str) -> str | None:
    """Return why PATH may not be written in a tree, None if it may."""
    if len(path) < 1_000 and _PLAIN.fullmatch(path):
        return None
    if path.startswith("/"):
        return "an absolute path"
    if _CONTROL.search(path):
        return "a control character in the path"
    if len(path.encode("utf-8", "surrogateescape")) > 4000:
        return "a path of more than 4000 bytes"
    for part in path.split("/"):
        if part in {"", "."}:
            return "an empty component in the path"
        if part == "..":
            return "a path that leaves the tree"
        plain = _IGNORABLE.sub("", part).split(":", 1)[0]
        if "\\" in part and any(piece in {"..", ".git"} for piece in part.lower().split("\\")):
            return "a path that leaves the tree"
        if _GIT_DIRECTORY.match(plain):
            return "a path inside .git"
    return None


def _same(first: str | None, second: str | None, strip: int) -> str | None:
    if first is None or second is None:
        return None
    one, two = _strip(first, strip, None), _strip(second, strip, None)
    return one if one is not None and one == two else None


def _strip(name: str, strip: int, default: str | None) -> str | None:
    rest = name
    for _ in range(strip):
        _, slash, rest = rest.partition("/")
        if not slash:
            return default
    if not rest:
        return default
    if default is not None and len(default) < len(rest) and rest.startswith(default):
        rest = default
    return _SLASHES.sub("/", rest)
