# SPDX-License-Identifier: GPL-2.0-only
"""Subjects of patch mails.

    subject = *("Re:" / "Fwd:" / "Aw:" ...) *bracket text
    bracket = "[" *(word / version / count / sep) "]"        only brackets before the text count
    version = "v" digits ["." digits]          as in v2 and, rarely, v2.1
    count   = digits "/" digits / digits "of" digits         blanks around the slash are taken
    sep     = "," / blank

A bracket is a patch's when it holds the word PATCH, or starts with it (PATCH1/8, PATCHv2), or is
an RFC with a count.  Mails that report on a patch (a tree's "+ x.patch added to ...", a bot's
"[tip: ...]") are notices, not submissions.

Source: git-format-patch(1), --subject-prefix, --reroll-count and --numbered; the variants are
those seen on kernel lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# "Re" and "Fwd" as mail programs of other languages have it; the colon may be a wide one.
_REPLY = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|rif|ynt|fwd?|wg|tr|\u56de[\u590d\u8986]|\u7b54[\u590d\u8986]"
    r"|\u8f6c\u53d1|\u8f49\u5bc4)\s*(?:\[\d+\])?\s*[:\uff1a]\s*",
    re.IGNORECASE,
)
_BRACKET = re.compile(r"\s*\[([^\[\]]*)\]")
_NESTED = re.compile(r"\s*\[[^\[\]]*\[[^\[\]]*\][^\[\]]*\]")
_COUNT = re.compile(r"(?<![\w.])(\d{1,5})\s*(?:/|\bof\b)\s*(\d{1,5})(?![\w.])", re.IGNORECASE)
_PATCH_WORD = re.compile(r"patch(?=$|[\d\s,/_:.-]|v\d|set|es)(?:set|es)?", re.IGNORECASE)
_VERSION = re.compile(r"(?<![A-Za-z0-9.])v\.?(\d{1,4})(?:\.(\d{1,3}))?(?![\w.])", re.IGNORECASE)
_BLANKS = re.compile(r"\s+")
_NOTICE = re.compile(
    r"\s*(?:"
    r"[+-]\s+\S+\.patch\s+(?:added\s+to|removed\s+from)\b"
    r"|\[(?:merged|folded-merged|failures?|nacked|alternative-merged|obsolete|to-be-updated|withdrawn"
    r"|dropped|wrecked)\b[^\]]*\]\s+\S+\.patch\b"
    r"|\[tip:[^\]]*\]"
    r"|patch \".*\" has been added to"
    r"|FAILED: patch\b"
    r")",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject taken apart.

    raw:      decoded, on one line, as the mail has it.
    text:     without reply marks and brackets: the first line of the commit.
    words:    the words of the brackets that are neither PATCH, version nor count ("RFC", "-next").
    version:  1 unless a bracket says otherwise.
    number, total: of "2/4"; both None without a count.  A cover letter has number 0.
    """

    raw: str
    text: str
    words: tuple[str, ...]
    version: int
    number: int | None
    total: int | None
    is_reply: bool
    is_patch: bool
    is_notice: bool

    @property
    def is_cover(self) -> bool:
        """Whether the subject is a cover letter's (0/N)."""
        return self.is_patch and self.number == 0 and not self.is_reply


_EMPTY = Subject("", "", (), 1, None, None, is_reply=False, is_patch=False, is_notice=False)


def parse_subject(raw: str) -> Subject:
    """Take the decoded subject RAW apart; any text gives a value."""
    line = _BLANKS.sub(" ", raw).strip()
    if not line:
        return _EMPTY
    rest = line
    is_reply = False
    while match := _REPLY.match(rest):
        is_reply = True
        rest = rest[match.end() :]
    is_notice = _NOTICE.match(rest) is not None
    brackets, rest, marked = _take_brackets(rest)
    inner = re.sub(r"[\[\]]+", " ", " ".join(brackets))
    patch = _PATCH_WORD.search(inner)
    # Only blanks may stand between PATCH and a digit that follows it at once: PATCH1/8, PATCHv2.
    plain = _PATCH_WORD.sub(" ", inner)
    count = _COUNT.search(plain)
    version = _VERSION.search(plain)
    left = _VERSION.sub(" ", _COUNT.sub(" ", plain))
    words = tuple(word for word in re.split(r"[\s,]+", left) if word)
    is_rfc = any(word.upper() == "RFC" for word in words)
    return Subject(
        raw=line,
        text=rest.strip(),
        words=words,
        version=int(version[1]) if version else 1,
        number=int(count[1]) if count else None,
        total=int(count[2]) if count else None,
        is_reply=is_reply or marked,
        is_patch=not is_notice and (patch is not None or (is_rfc and count is not None)),
        is_notice=is_notice,
    )


def _take_brackets(text: str) -> tuple[list[str], str, bool]:
    """Return the brackets before the text, the text, and whether a reply mark stands among them."""
    brackets = []
    is_reply = False
    while match := _BRACKET.match(text) or _NESTED.match(text):
        brackets.append(match[0])
        text = text[match.end() :]
        while reply := _REPLY.match(text):
            is_reply = True
            text = text[reply.end() :]
    return brackets, text, is_reply
