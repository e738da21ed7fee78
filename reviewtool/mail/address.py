# SPDX-License-Identifier: GPL-2.0-only
"""Mail addresses as header fields carry them.

    list    = [mailbox] *("," [mailbox])
    mailbox = [phrase] "<" addr ">" / addr / phrase ":" list ";"     (a group's name is dropped)
    phrase  = *(word / quoted-string / encoded-word)
    comment = "(" ... ")"            names the mailbox when there is no phrase, and is a part of the
                                     name when there is one: "Ann Author (Company) <ann@...>"

Source: RFC 5322, section 3.4; RFC 2047 for encoded words, which are decoded before and after
the split where they stand in a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reviewtool.mail.words import decode_words

_TOKEN = re.compile(
    r"(?P<word>=\?[^?\s]+\?[bBqQ]\?[^?]*\?=)"
    r'|"(?P<quoted>(?:[^"\\]|\\.)*)"?'
    r"|\((?P<comment>(?:[^()\\]|\\.)*)\)?"
    r"|<(?P<angle>[^<>]*)>?"
    r"|(?P<mark>[,;:])"
    r'|(?P<text>(?:(?!=\?)[^"(<,;:])+|=)',
    re.DOTALL,
)
_BLANKS = re.compile(r"\s+")
_SPECIAL = re.compile(r'[()<>\[\]:;@\\,."]')


@dataclass(frozen=True, slots=True)
class Address:
    """A name (possibly empty) and an address (possibly not a valid one)."""

    name: str
    address: str

    def __str__(self) -> str:
        if not self.name:
            return self.address
        name = self.name
        if not self.address:
            return name
        if _SPECIAL.search(name):
            escaped = name.replace("\\", "\\\\").replace('"', '\\"')
            name = f'"{escaped}"'
        return f"{name} <{self.address}>"


def parse_addresses(field: str) -> tuple[Address, ...]:
    """Return the mailboxes of a header field's raw text, in order; empty ones are left out."""
    return tuple(_mailboxes(_BLANKS.sub(" ", field)))


def _mailboxes(field: str) -> Iterator[Address]:
    words: list[str] = []
    angle: str | None = None
    comment = ""
    for token in _TOKEN.finditer(field):
        kind = token.lastgroup
        if kind == "mark":
            if token["mark"] == ":" and angle is None and "@" not in "".join(words):
                words = []
                continue
            yield from _finish(words, angle, comment)
            words, angle, comment = [], None, ""
        elif kind == "angle":
            angle = token["angle"]
        elif kind == "comment":
            comment = token["comment"]
        elif kind == "quoted":
            words.append(re.sub(r"\\(.)", r"\1", token["quoted"], flags=re.DOTALL))
        else:
            words.append(token["word"] or token["text"])
    yield from _finish(words, angle, comment)


def _finish(words: list[str], angle: str | None, comment: str) -> Iterator[Address]:
    phrase = decode_words("".join(words).strip()).strip()
    if angle is not None:
        about = decode_words(comment).strip()
        phrase = f"{phrase} ({about})".strip() if about else phrase
        if angle.strip() or phrase:
            yield Address(phrase, angle.strip())
    elif "@" not in phrase:
        if phrase:  # An archive's page shows the name alone.
            yield Address(phrase, "")
    else:
        yield Address(decode_words(comment).strip(), phrase.replace(" ", ""))
