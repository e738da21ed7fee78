# SPDX-License-Identifier: GPL-2.0-only
r"""The inside of a documentation comment: its name line, its body, DOC: blocks, inline comments.

    comment  = "/**" name-line { body-line } "*/"
    name-line = " * " ( "DOC:" title | [kind] name ["()"] [("-" | ":") purpose] )
    body-line = " * " ( "@" parameter ":" text | section ":" text | text | "" )

The body is a state machine over lines:

    PURPOSE  the short description may go on      text: PURPOSE   blank, section: BODY
    BODY     text belongs to the current section  blank in a named section: BLANK
    BLANK    as BODY, but a line that is indented by one space at most starts a new Description

A section mark is looked for before the end mark, and anywhere behind an asterisk, so
" * @x: y */" does not end the comment, and " * a * note: b" starts a section.

Source: scripts/kernel-doc of Linux 6.12, process_name(), process_body(), process_inline().
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reviewtool.kerneldoc.document import CONTEXT, DESCRIPTION, RETURN, Rule
from reviewtool.kerneldoc.gathering import Gathering
from reviewtool.kerneldoc.lines import SPACE, Reader

INTRODUCTION = "Introduction"

_A = re.ASCII
_DOC = re.compile(r"\*\s*DOC:\s*(.*)", _A)
_KINDS = frozenset({"struct", "union", "enum", "typedef"})
_PLAIN = re.compile(r" \* (?:(struct|union|enum|typedef) )?(\w+)(?:\(\))? - ([!-~][ -~]*)", _A)
_ANY_NAME = re.compile(r"\*\s*(\w+)", _A)
_LONE_NAME = re.compile(r"\s*\*(\s*+)([\w\s]*+)(?:(\(\w*\))\s*+)?(?:[-:].*)?$", _A)
_TYPE = re.compile(r"(struct|union|enum|typedef)\b\s*(\S*)", _A)
_POINTER_NAME = re.compile(
    r"\s*\*\s*(?:\w++\s*+\*\s*)?(\w++)\s*+(?:\(\w*\)\s*+)?(?:[-:].*)?$"
    r"|\s*\*\s*(?:\w++\s*+\*\s*)?(\w.*)[-:]",
    _A,
)
_DEFINE = re.compile(r"define\s+", _A)
_PURPOSE = re.compile(r"[-:](.*)")
_RUN = re.compile(r"\s+", _A)
_SECTION = re.compile(
    r"\*\s*(@[.\w]+|@\.\.\.|description|context|returns?|notes?|examples?)\s*:([^:].*)?$",
    _A | re.IGNORECASE,
)
_AFTER_BLANK = re.compile(r"\s*\*\s?\S", _A)
_SUSPICIOUS_END = re.compile(r"\*\s*[a-zA-Z_0-9:.]+\*/", _A)
_INLINE_NAME = re.compile(r"\*\s*(@\s*\w[\w.]*\s*):(.*)", _A)
_INLINE_END = re.compile(r"\s*\*/\s*$", _A)

_CANONICAL = {
    "description": DESCRIPTION,
    "context": CONTEXT,
    "return": RETURN,
    "returns": RETURN,
}


@dataclass(frozen=True, slots=True)
class Title:
    """What a name line says: kind is "function", "struct", "union", "enum", "typedef" or "DOC".

    goes_on: the purpose may continue on the next lines.
    """

    kind: str
    name: str
    purpose: str
    goes_on: bool


def read_title(line: str, reader: Reader, gathering: Gathering, last_kind: str) -> Title | None:
    """Read the name line; None, with a warning, where it is none.

    last_kind is the kind of the block before: the script forgets to clear it, and after an enum
    does not complain about a comment without name.
    """
    if "DOC:" in line:
        match = _DOC.search(line)
        if match:
            return Title("DOC", match[1] or INTRODUCTION, "", goes_on=False)
    match = _PLAIN.fullmatch(line)
    if match and match[2] not in _KINDS:
        gathering.identifier = match[2]
        purpose = match[3].rstrip(SPACE)
        purpose = _RUN.sub(" ", purpose) if "  " in purpose else purpose
        title = Title(match[1] or "function", match[2], purpose, goes_on=True)
        return title if _accept(title, line, reader, gathering, known=True) else None
    match = _ANY_NAME.search(line)
    if not match:
        text = f"Cannot understand {line}{reader.feed()} on line {reader.number}"
        gathering.warn(reader.number, Rule.NOT_A_NAME_LINE, text + " - I thought it was a doc line")
        return None
    name = _lone_name(line) or match[1]
    kind = ""
    match = _TYPE.match(name)
    if match:
        kind, name = match[1], match[2]
    else:
        match = _POINTER_NAME.match(line)
        if match:
            kind, name = "function", match[1] or match[2]
            name = _DEFINE.sub("", name, 1) if name[:6] == "define" else name
    name = name.rstrip(SPACE)
    gathering.identifier = name
    match = _PURPOSE.search(line)
    purpose = _RUN.sub(" ", match[1].strip(SPACE)) if match else ""
    title = Title(kind or last_kind, name, purpose, goes_on=match is not None)
    return title if _accept(title, line, reader, gathering, known=bool(kind)) else None


def _accept(title: Title, line: str, reader: Reader, gathering: Gathering, *, known: bool) -> bool:
    """Warn about what is wrong with a name line; False where no block follows."""
    number = reader.number
    if not known:
        text = "This comment starts with '/**', but isn't a kernel-doc comment."
        text += f" Refer Documentation/doc-guide/kernel-doc.rst\n{line}"
        gathering.warn(number, Rule.NOT_KERNEL_DOC, text)
    if not title.purpose and gathering.options.purposes:
        text = f"missing initial short description on line:\n{line}"
        gathering.warn(number, Rule.MISSING_PURPOSE, text)
    if not title.name and title.kind != "enum":
        text = f"wrong kernel-doc identifier on line:\n{line}"
        gathering.warn(number, Rule.WRONG_IDENTIFIER, text)
        known = False
    if gathering.options.verbose:
        gathering.inform(number, f"Scanning doc for {title.kind} {title.name}")
    return known


def _lone_name(line: str) -> str:
    """Return the words before the purpose, "" where other signs stand between."""
    match = _LONE_NAME.match(line)
    if not match:
        return ""
    blank, words, call = match.groups()
    if not words:
        return blank[-1:]
    return words if call else words.rstrip(SPACE)


class _Body:
    """The state of the machine that reads a body.

    goes_on:     state PURPOSE.
    after_blank: state BLANK; it lasts, so each line of a paragraph behind it is stored by itself.
    lead:        indentation of the section's first line, which goes from the others, too.
    """

    __slots__ = (
        "after_blank",
        "gathering",
        "goes_on",
        "lead",
        "parts",
        "purpose",
        "reader",
        "section",
    )

    def __init__(self, reader: Reader, gathering: Gathering, title: Title) -> None:
        self.reader = reader
        self.gathering = gathering
        self.purpose = [title.purpose]
        self.goes_on = title.goes_on
        self.after_blank = False
        self.section = DESCRIPTION
        self.lead: str | None = None
        self.parts: list[str] = []

    def store(self) -> None:
        """Hand on what was read of the section, were it nothing; a description follows."""
        self.gathering.add_section(self.section, "".join(self.parts), self.reader.number)
        self.section = DESCRIPTION
        self.parts = []

    def store_text(self) -> None:
        """Hand on what was read of the section unless it is at most one empty line."""
        if self.parts and (len(self.parts) > 1 or self.parts[0] != "\n"):
            self.store()

    def start(self, name: str, text: str | None) -> None:
        """Start the section called NAME.

        A line feed right behind the colon (None) counts as text, but a blank there does not.
        """
        self.store_text()
        canonical = _CANONICAL.get(name.lower(), name)
        self.section = RETURN if canonical == "@return" else canonical
        text = "\n" if text is None else text.lstrip(" ")
        self.parts = [text + "\n"] if text else []
        self.gathering.line = self.reader.number
        self.goes_on = self.after_blank = False
        self.lead = None

    def finish(self, line: str) -> str:
        """Take the line that ends the comment; return the whole purpose."""
        self.store_text()
        if _SUSPICIOUS_END.search(line):
            text = f"suspicious ending line: {line}"
            self.gathering.warn(self.reader.number, Rule.SUSPICIOUS_END, text)
        self.gathering.line = self.reader.number + 1
        purpose = self.purpose
        return _RUN.sub(" ", " ".join(purpose)) if len(purpose) > 1 else purpose[0]

    def add_blank(self) -> None:
        """Take an empty line: it ends the context; another section may go on behind it."""
        self.goes_on = False
        if self.section == CONTEXT:
            self.store()
            self.gathering.line = self.reader.number
            self.after_blank = False
        else:
            self.after_blank = self.section != DESCRIPTION
            self.parts.append("\n")

    def add(self, text: str) -> None:
        """Add a line of text."""
        if not text:
            self.add_blank()
        elif self.goes_on:
            self.purpose.append(text)
        elif self.section[0] == "@" or self.section == CONTEXT:
            if self.lead is None:
                self.lead = text[: len(text) - len(text.lstrip(SPACE))]
            self.parts.append(text.removeprefix(self.lead) + "\n")
        else:
            self.parts.append(text + "\n")


def read_body(reader: Reader, gathering: Gathering, title: Title) -> str | None:
    """Read the body up to its end mark; return the whole purpose, None if the file ends first."""
    body = _Body(reader, gathering, title)
    gathering.line = reader.number + 1
    while lines := reader.read_to_mark():
        for line in lines:
            reader.number += 1
            if body.after_blank and _AFTER_BLANK.match(line):
                body.store()
                gathering.line = reader.number
            if ":" in line and (match := _SECTION.search(line)):
                body.start(match[1], match[2])
            elif "*/" in line:
                return body.finish(line)
            elif (star := line.find("*")) < 0:
                gathering.warn(reader.number, Rule.BAD_LINE, f"bad line: {line}")
            else:
                star += 2 if line[star + 1 : star + 2] == " " else 1
                body.add(line[star:])
    return None


def read_doc(reader: Reader) -> str | None:
    """Return the text of a DOC: block, None if the file ends first."""
    parts: list[str] = []
    while (line := reader.read()) is not None:
        if "*/" in line:
            return "".join(parts)
        star = line.find("*")
        if star >= 0:
            text = line[star + 2 :] if line[star + 1 : star + 2] == " " else line[star + 1 :]
            parts.append(text + "\n")
    return None


def read_inline(reader: Reader, gathering: Gathering) -> bool:
    """Read a comment inside a declaration up to its end mark; False if the file ends first.

    Its first line must name a member; what else it may hold is warned about and left out.
    """
    section = ""
    text = ""
    started = failed = False
    while (line := reader.read()) is not None:
        if not started and not failed and (match := _INLINE_NAME.search(line)):
            section = match[1]
            gathering.line = reader.number
            text = match[2]
            if text:
                text = text.lstrip(" ") + "\n"
            started = True
        elif _INLINE_END.match(line):
            if text not in {"", "\n"}:
                gathering.add_section(section, text, reader.number)
            return True
        elif (star := line.find("*")) >= 0:
            if started:
                rest = line[star + 2 :] if line[star + 1 : star + 2] == " " else line[star + 1 :]
                text += rest + "\n"
                if not text.strip(SPACE):
                    text = ""
            elif not failed:
                failed = True
                message = f"Incorrect use of kernel-doc format: {line}"
                gathering.warn(reader.number, Rule.BAD_INLINE, message)
    return False
