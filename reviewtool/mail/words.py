# SPDX-License-Identifier: GPL-2.0-only
"""Text out of bytes: character sets and encoded words.

    encoded-word = "=?" charset ["*" language] "?" ("B" / "Q") "?" text "?="

Source: RFC 2047 (encoded words), RFC 2231 section 5 (the language suffix).
"""

from __future__ import annotations

import binascii
import codecs
import re

_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_GAP = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_SURROGATES = re.compile("[\udc80-\udcff]+")
# An encoded word has at most 75 characters, 12 of them around the text (RFC 2047, section 2).
_WORD_ROOM = 62
_ASCII_LIKE = frozenset(
    {"", "us-ascii", "ascii", "ansi_x3.4-1968", "utf-8", "utf8", "8bit", "7bit"}
)
# Character sets that Python knows and that carry text one can read line by line.
_REFUSED_CODECS = frozenset(
    {"rot13", "base64", "hex", "quopri", "uu", "bz2", "zlib", "idna", "punycode", "undefined"}
    | {"unicode_escape", "raw_unicode_escape", "mbcs", "oem"}
)


def decode_charset(raw: bytes, charset: str) -> tuple[str, str | None]:
    """Return RAW as text, and None or what had to be assumed to get there.

    UTF-8 is tried where nothing else is named; what is neither valid nor named is latin-1 in its
    Windows form, as every mail reader has it.
    """
    name = charset.strip().strip("\"'").lower()
    if name in _ASCII_LIKE:
        try:
            return raw.decode("utf-8"), None
        except UnicodeDecodeError:
            what = f"charset={name}" if name else "no charset"
            return _decode_western(raw), f"{what}, but not UTF-8: read as Windows-1252"
    codec = _text_codec(name)
    if codec == "iso8859-1":  # Mail programs of Windows call their own set so.
        return _decode_western(raw), None
    if codec is not None:
        try:
            return raw.decode(codec), None
        except (UnicodeDecodeError, ValueError):
            return raw.decode(codec, "replace"), f"bytes that charset={name} does not have"
    try:
        return raw.decode("utf-8"), f"charset={name} is not known: read as UTF-8"
    except UnicodeDecodeError:
        return _decode_western(raw), f"charset={name} is not known: read as Windows-1252"


def decode_words(field: str) -> str:
    """Return FIELD with its encoded words decoded; what does not decode stays as it is."""
    if "=?" not in field:
        return field
    return _WORD.sub(_decode_word, _GAP.sub(r"\1", field))


def _decode_word(match: re.Match[str]) -> str:
    charset, kind, text = match.groups()
    try:
        if kind in "bB":
            raw = binascii.a2b_base64(text.encode("ascii") + b"=" * (-len(text) % 4))
        else:
            raw = binascii.a2b_qp(text.encode("ascii"), header=True)
    except (binascii.Error, UnicodeEncodeError):
        return match[0]
    decoded, _ = decode_charset(raw, charset)
    return decoded


def _decode_western(raw: bytes) -> str:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _text_codec(name: str) -> str | None:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return None if info.name.replace("-", "_") in _REFUSED_CODECS else info.name


def is_unicode(charset: str) -> bool:
    """Whether CHARSET names UTF-8, a part of it, or nothing."""
    return charset.strip().strip("\"'").lower() in _ASCII_LIKE


def decode_lines(raw: list[bytes], charset: str) -> tuple[list[str], str | None, int]:
    """Return the lines RAW as text, None or what was assumed, and the index of the line to blame.

    Where no usable character set is named, bytes that are not UTF-8 stay as they are (as lone
    surrogates, PEP 383): in a diff they are bytes of the file, and nobody may change them.
    readable() shows them as a reader would expect.
    """
    name = charset.strip().strip("\"'").lower()
    whole = b"\n".join(raw)
    codec = None if name in _ASCII_LIKE else _text_codec(name)
    if codec is not None and codec != "utf-8":
        try:
            text, assumed = whole.decode(codec), None
            text.encode("utf-8")  # not every codec refuses lone surrogates
        except (UnicodeError, ValueError):
            text, assumed = _keep_bytes(whole), f"bytes that charset={name} does not have"
        if assumed is None and not whole.isascii():
            assumed = f"read as {name}; a diff in it is taken to be of UTF-8 files"
    else:
        unknown = codec is None and name not in _ASCII_LIKE
        assumed = f"charset={name} is not known: read as UTF-8" if unknown else None
        try:
            text = whole.decode("utf-8")
        except UnicodeDecodeError:
            text = _keep_bytes(whole)
            what = f"charset={name}" if name else "no charset"
            assumed = f"{what}, but not UTF-8: shown as Windows-1252"
    lines = text.split("\n") if raw else []
    if len(lines) != len(raw):  # A multi-byte set in which a line feed is not one.
        lines = [_keep_bytes(line) for line in raw]
        assumed = f"charset={name} does not keep lines apart"
    bad = 0
    if assumed is not None:
        bad = next((index for index, line in enumerate(raw) if not line.isascii()), 0)
    return lines, assumed, bad


def readable(text: str) -> str:
    """Return TEXT with bytes that were kept as surrogates read as Windows-1252."""
    if text.isascii():
        return text
    return _SURROGATES.sub(
        lambda match: _decode_western(match[0].encode("utf-8", "surrogateescape")), text
    )


def _keep_bytes(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def encode_words(text: str) -> list[str]:
    """Return TEXT as encoded words (UTF-8, Q), each short enough for a header line.

    Decoded and put together they give TEXT; no character is divided between two words.
    """
    words: list[str] = []
    current = ""
    for char in text:
        piece = _encode_char(char)
        if len(current) + len(piece) > _WORD_ROOM:
            words.append(f"=?UTF-8?q?{current}?=")
            current = ""
        current += piece
    return [*words, f"=?UTF-8?q?{current}?="]


def _encode_char(char: str) -> str:
    if char == " ":
        return "_"
    if char.isascii() and char.isalnum():
        return char
    return "".join(f"={byte:02X}" for byte in char.encode("utf-8", "replace"))
