# SPDX-License-Identifier: GPL-2.0-only
"""The parts of a mail, and which of them carry its text and its patches.

    entity = header body;  a multipart body = *("--" boundary newline entity) "--" boundary "--"

Of multipart/alternative only the plain text is read (one mail, one diff); of others every text
part, and every part that is named or typed as a patch.  A part that repeats a diff which was
already read is dropped with a note.  A message that is attached whole is a message of its own.

Source: RFC 2046, section 5.1; RFC 2183 (Content-Disposition).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reviewtool.mail.body import Text, decode_transfer, split_lines
from reviewtool.mail.diagnostic import Diagnostic, error, note, warning
from reviewtool.mail.flowed import unflow
from reviewtool.mail.header import Header, parse_parameters, read_header
from reviewtool.mail.mailbox import MAIL_BYTES_MAX
from reviewtool.mail.words import decode_lines, is_unicode

DEPTH_MAX = 50
PARTS_MAX = 1_000
_PATCH_TYPES = frozenset(
    {"text/x-patch", "text/x-diff", "text/x-diffs", "text/patch", "text/diff"}
    | {"application/x-patch", "application/x-diff", "application/mbox"}
)
_MESSAGE = "message/rfc822"
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_UNREAD_KINDS = frozenset({"application/pgp-signature", "application/pkcs7-signature", "text/html"})
_PATCH_NAME = re.compile(r"\.(?:patch|diff)(?:\.txt)?$", re.IGNORECASE)
_DIFF_START = re.compile(r"(?:diff --git |Index: |--- )")


@dataclass(frozen=True)
class Leaf:
    """A part that holds no other parts: its type, its name and its still encoded bytes.

    bare: there is no header, and nobody says what the character set is.
    """

    kind: str
    parameters: dict[str, str]
    encoding: str
    filename: str
    attached: bool
    raw: bytes
    first_line: int
    bare: bool

    @property
    def is_patch(self) -> bool:
        """Whether the part is named or typed as a patch."""
        named = _PATCH_NAME.search(self.filename) is not None
        return self.kind in _PATCH_TYPES or (named and not self.kind.startswith("image/"))

    @property
    def is_text(self) -> bool:
        """Whether the part is read as text."""
        return self.kind in {"text/plain", "text", ""} or self.is_patch


@dataclass(frozen=True)
class Contents:
    """The text of a mail: what stands in it, then its attached patches one by one.

    forwarded: the bytes of each attached message, with the input line of the first.
    """

    text: Text
    attachments: tuple[Text, ...]
    diagnostics: tuple[Diagnostic, ...]
    forwarded: tuple[tuple[bytes, int], ...] = ()


def read_contents(header: Header, body: bytes, first_line: int, source: str) -> Contents:
    """Return the text of the mail whose HEADER was read and whose body begins at FIRST_LINE."""
    if not header.fields and b"\r" not in body and b"\0" not in body:
        return Contents(Text.of_bytes(body, first_line), (), ())
    reader = _Reader(source)
    leaves = reader.leaves(header, body, first_line)
    texts: list[Text] = []
    attached: list[Text] = []
    for leaf in leaves:
        text = reader.text_of(leaf)
        if leaf.attached or leaf.is_patch:
            attached.append(text)
        else:
            texts.append(text)
    text_body = texts[0] if texts else Text()
    for text in texts[1:]:
        text_body = text_body + text
    kept: list[Text] = []
    for text in attached:
        if _repeats(text, [text_body, *kept]):
            reader.say(note("attachment-repeated", source, text.number(0), "the same diff again"))
        else:
            kept.append(text)
    if not texts and kept:
        text_body = kept.pop(0)
    return Contents(text_body, tuple(kept), tuple(reader.diagnostics), tuple(reader.forwarded))


def _repeats(text: Text, before: list[Text]) -> bool:
    """Whether the diff in TEXT stands, line for line, in one of the texts BEFORE."""
    start = next((i for i, line in enumerate(text.lines) if _DIFF_START.match(line)), None)
    if start is None:
        return False
    wanted = "\n".join(line.rstrip() for line in text.lines[start:]).rstrip()
    return any(wanted in "\n".join(line.rstrip() for line in other.lines) for other in before)


class _Reader:
    """Walks the parts of one mail and collects what there is to say."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.forwarded: list[tuple[bytes, int]] = []

    def say(self, diagnostic: Diagnostic) -> None:
        self.diagnostics.append(diagnostic)

    def leaves(self, header: Header, whole: bytes, first_line: int) -> list[Leaf]:
        """Return the parts that are read, in the mail's order, without recursion."""
        found: list[Leaf] = []
        stack = [(header, whole, first_line, 0)]
        seen = 0
        while stack:
            entity, body, line, depth = stack.pop()
            seen += 1
            kind, parameters = parse_parameters(_raw(entity, "content-type"))
            self.check_size(entity)
            if not kind.startswith("multipart/"):
                bare = depth == 0 and not entity.fields
                leaf = _leaf(entity, kind, parameters, body, line, bare=bare)
                if leaf.is_text:
                    found.append(leaf)
                elif kind == _MESSAGE and leaf.encoding in _PLAIN:
                    self.forwarded.append((body, line))
                else:
                    self.skip(leaf, is_root=depth == 0)
                continue
            if depth >= DEPTH_MAX or seen > PARTS_MAX:
                limit = f"{DEPTH_MAX} deep" if depth >= DEPTH_MAX else f"more than {PARTS_MAX}"
                self.say(error("mime-limit", self.source, line, f"MIME parts nested {limit}"))
                return []
            parts = self.parts(kind, parameters, body, line)
            stack.extend((*part, depth + 1) for part in reversed(parts))
        return found

    def check_size(self, entity: Header) -> None:
        """Refuse a part that says it is larger than any message that is read."""
        claims = [(field, field.raw) for field in entity.fields if field.name == "content-length"]
        where = entity.field("content-disposition")
        if where is not None:
            claims.append((where, parse_parameters(where.raw)[1].get("size", "")))
        for field, text in claims:
            digits = text.strip()
            if digits.isdecimal() and (len(digits) > 12 or int(digits) > MAIL_BYTES_MAX):
                what = f"a part that claims to have {digits[:30]} bytes"
                self.say(error("part-size", self.source, field.line, what))

    def parts(
        self, kind: str, parameters: dict[str, str], body: bytes, first_line: int
    ) -> list[tuple[Header, bytes, int]]:
        """Return the entities of a multipart body that are to be read."""
        lines = split_lines(body)
        boundary = parameters.get("boundary", "")
        if not boundary:
            self.say(error("mime-boundary", self.source, first_line, "multipart without boundary"))
            return []
        marker = b"--" + boundary.encode("utf-8", "surrogateescape")
        cuts: list[int] = []
        closed = False
        for index, line in enumerate(lines):
            if line.startswith(marker):
                rest = line[len(marker) :].strip()
                if rest in {b"", b"--"}:
                    cuts.append(index)
                if rest == b"--":
                    closed = True
                    break
        if not closed:
            self.say(
                warning("mime-boundary", self.source, first_line, "the last MIME part has no end")
            )
            cuts.append(len(lines))
        entities = []
        for start, end in pairwise(cuts):
            part = lines[start + 1 : end]
            header = read_header(part, first_line + start + 1)
            if header.fatal:
                where = first_line + start + 1 + header.problem_index
                self.say(error("header-limit", self.source, where, header.problem or ""))
                continue
            below = first_line + start + 1 + header.body_index
            entities.append((header, b"".join(part[header.body_index :]), below))
        if kind == "multipart/alternative":
            plain = [e for e in entities if _kind(e[0]) in {"text/plain", ""}]
            nested = [e for e in entities if _kind(e[0]).startswith("multipart/")]
            return (plain or nested or entities)[:1]
        return entities

    def skip(self, leaf: Leaf, *, is_root: bool) -> None:
        """Say which part is not read, unless nobody expects it to be."""
        if not is_root and leaf.kind in _UNREAD_KINDS:
            return
        name = f" {leaf.filename!r}" if leaf.filename else ""
        make = error if is_root else warning
        text = f"a part of type {leaf.kind}{name} is not read"
        self.say(make("part-not-read", self.source, leaf.first_line, text))

    def text_of(self, leaf: Leaf) -> Text:
        """Return the lines of LEAF, decoded, without carriage returns and format=flowed."""
        if _is_plain(leaf):
            return Text.of_bytes(leaf.raw, leaf.first_line)
        decoded = decode_transfer(split_lines(leaf.raw), leaf.first_line, leaf.encoding)
        if decoded.problem is not None:
            self.say(error("encoding", self.source, decoded.problem_line, decoded.problem))
        pieces = decoded.lines
        open_ended = bool(pieces) and not pieces[-1].endswith(b"\n")
        if _ends_in_carriage_returns(pieces[: -1 if open_ended else None]):
            pieces = [piece.rstrip(b"\r\n") for piece in pieces]
        else:
            pieces = [piece.rstrip(b"\n") for piece in pieces]
        texts, assumed, bad = decode_lines(pieces, leaf.parameters.get("charset", ""))
        numbers = tuple(decoded.numbers)
        if assumed is not None:
            where = numbers[bad] if bad < len(numbers) else leaf.first_line
            self.say(warning("charset", self.source, where, assumed))
        binary = next((index for index, line in enumerate(texts) if "\0" in line), None)
        if binary is not None:
            self.say(error("binary", self.source, numbers[binary], "binary data (a NUL byte)"))
        text = Text(tuple(texts), numbers, open_ended=open_ended)
        if leaf.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delsp=leaf.parameters.get("delsp", "").lower() == "yes")
        return text


def _ends_in_carriage_returns(pieces: Sequence[bytes]) -> bool:
    """Whether every line of PIECES, its empty ones at the end apart, ends in CR LF: then that is the mail's, not the patch's.

    Line feeds that were encoded are often followed by plain ones of whoever sent the mail.
    """
    last = len(pieces)
    while last and pieces[last - 1] == b"\n":
        last -= 1
    return last > 0 and all(piece.endswith(b"\r\n") for piece in pieces[:last])


def _is_plain(leaf: Leaf) -> bool:
    """Whether the bytes of LEAF are its text: nothing is encoded, flowed or of another charset."""
    raw = leaf.raw
    if leaf.encoding not in _PLAIN or b"\0" in raw or (b"\r" in raw and b"\r\n" in raw):
        return False
    charset = leaf.parameters.get("charset", "")
    if not is_unicode(charset) or leaf.parameters.get("format", "").lower() == "flowed":
        return False
    if leaf.bare or raw.isascii():
        return True
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _leaf(
    header: Header,
    kind: str,
    parameters: dict[str, str],
    raw: bytes,
    first_line: int,
    *,
    bare: bool,
) -> Leaf:
    disposition, about = parse_parameters(_raw(header, "content-disposition"))
    return Leaf(
        kind=kind,
        parameters=parameters,
        encoding=header.get("content-transfer-encoding").strip().lower(),
        filename=about.get("filename", "") or parameters.get("name", ""),
        attached=disposition == "attachment",
        raw=raw,
        first_line=first_line,
        bare=bare,
    )


def _raw(header: Header, name: str) -> str:
    field = header.field(name)
    return "" if field is None else field.raw


def _kind(header: Header) -> str:
    return parse_parameters(_raw(header, "content-type"))[0]
