# SPDX-License-Identifier: GPL-2.0-only
"""The table of macros that are dropped or replaced before a declaration is parsed.

A row is a word that must occur in the text (a cheap test that spares most texts the pattern), the
pattern, and its replacement.  Rows apply in their order, because some leave text for later ones.
An argument is at most 999 characters long, so that a text full of openings takes no longer.

Source: scripts/kernel-doc of Linux 6.12, dump_function() and dump_struct().
"""

from __future__ import annotations

import re
from functools import lru_cache

from reviewtool.kerneldoc.lines import SPACE

_Row = tuple[str, re.Pattern[str], str]

# Storage words go once each, and only in this order: "inline static" keeps its "static".
_STORAGE = re.compile(
    r"(?:static +)?(?:extern +)?(?:asmlinkage +)?(?:inline +)?(?:__inline__ +)?(?:__inline +)?"
    r"(?:__always_inline +)?(?:noinline +)?(?:__FORTIFY_INLINE +)?"
)


def _row(word: str, pattern: str, by: str = "", *, any_case: bool = False) -> _Row:
    return word, re.compile(pattern, re.ASCII | (re.IGNORECASE if any_case else 0)), by


_FUNCTION_ROWS: tuple[_Row, ...] = (
    *(
        _row(word, word + " +")
        for word in ("__init", "__init_or_module", "__deprecated", "__flatten", "__meminit")
    ),
    *(_row(word, word + " +") for word in ("__must_check", "__weak", "__sched")),
    _row("_noprof", "_noprof"),
    _row("__printf", r"__printf\s*+\(\s*+\d*+\s*+,\s*+\d*+\s*+\) +"),
    _row("alloc_size", r"__(?:re)?alloc_size\s*+\(\s*+\d++\s*+(?:,\s*+\d++\s*+)?\) +"),
    _row("__diagnose_as", r"__diagnose_as\s*+\(\s*+\S{1,99}\s*+(?:,\s*+\d*+\s*+)*+\) +"),
    _row(
        "DECL_BUCKET_PARAMS",
        r"DECL_BUCKET_PARAMS\s*+\(\s*+(\S{1,99})\s*+,\s*+(\S{1,99})\s*+\)",
        r"\1, \2",
    ),
)
# These two come after a leading "#define" has gone.
_ATTRIBUTE_ROWS: tuple[_Row, ...] = (
    _row("__attribute_const__", r"__attribute_const__ +"),
    _row("__attribute__", r"__attribute__\s*\(\((?:[\w\s]++(?:\([^)]{0,999}+\))?\s*+,?)++\)\)\s+"),
)
_ARG = r"([^,)]{1,999})"
_MEMBER_ROWS: tuple[_Row, ...] = (
    _row("__aligned", r"(?<!\s)\s*+__aligned\s*+\([^;]{0,1999}\)", " "),
    _row("__counted_by", r"(?<!\s)\s*+__counted_by\s*+\([^;]{0,1999}\)", " "),
    _row("__counted_by_", r"(?<!\s)\s*+__counted_by_(?:le|be)\s*+\([^;]{0,1999}\)", " "),
    _row("__packed", r"(?:(?<!\s)\s*+)?__packed\s*", " "),
    _row("CRYPTO_MINALIGN_ATTR", r"(?<!\s)\s*+CRYPTO_MINALIGN_ATTR", " "),
    _row("____cacheline_aligned_in_smp", r"(?<!\s)\s*+____cacheline_aligned_in_smp", " "),
    _row("____cacheline_aligned", r"(?<!\s)\s*+____cacheline_aligned", " "),
    _row("struct_group", r"\bstruct_group\s*\([^,]{0,1999},", "STRUCT_GROUP("),
    _row("struct_group_attr", r"\bstruct_group_attr\s*\((?:[^,]{0,1999},){2}", "STRUCT_GROUP("),
    _row(
        "struct_group_tagged",
        r"\bstruct_group_tagged\s*\(([^,]{0,1999}),([^,]{0,1999}),",
        r"struct \1 \2; STRUCT_GROUP(",
    ),
    _row("__struct_group", r"\b__struct_group\s*\((?:[^,]{0,1999},){3}", "STRUCT_GROUP("),
)
_BITMAP_ROWS: tuple[_Row, ...] = (
    _row(
        "__ETHTOOL_DECLARE_LINK_MODE_MASK",
        r"__ETHTOOL_DECLARE_LINK_MODE_MASK\s*\(([^)]{1,999})\)",
        r"DECLARE_BITMAP(\1, __ETHTOOL_LINK_MODE_MASK_NBITS)",
    ),
    _row(
        "DECLARE_PHY_INTERFACE_MASK",
        r"DECLARE_PHY_INTERFACE_MASK\s*\(([^)]{1,999})\)",
        r"DECLARE_BITMAP(\1, PHY_INTERFACE_MODE_MAX)",
    ),
    _row(
        "DECLARE_BITMAP",
        rf"DECLARE_BITMAP\s*\({_ARG},\s*{_ARG}\)",
        r"unsigned long \1[BITS_TO_LONGS(\2)]",
    ),
    _row(
        "DECLARE_HASHTABLE",
        rf"DECLARE_HASHTABLE\s*\({_ARG},\s*{_ARG}\)",
        r"unsigned long \1[1 << ((\2) - 1)]",
    ),
    _row("DECLARE_KFIFO", rf"DECLARE_KFIFO\s*\({_ARG},\s*{_ARG},\s*{_ARG}\)", r"\2 *\1"),
    _row("DECLARE_KFIFO_PTR", rf"DECLARE_KFIFO_PTR\s*\({_ARG},\s*{_ARG}\)", r"\2 *\1"),
    _row("DECLARE_FLEX_ARRAY", rf"(?:__)?DECLARE_FLEX_ARRAY\s*\({_ARG},\s*{_ARG}\)", r"\1 \2[]"),
    _row("DEFINE_DMA_UNMAP_ADDR", rf"DEFINE_DMA_UNMAP_ADDR\s*\({_ARG}\)", r"dma_addr_t \1"),
    _row("DEFINE_DMA_UNMAP_LEN", rf"DEFINE_DMA_UNMAP_LEN\s*\({_ARG}\)", r"__u32 \1"),
)
_GROUP = re.compile(r"\bSTRUCT_GROUP\(")
_PARENTHESIS = re.compile(r"[()]")
_ATTRIBUTE_OPENING = re.compile(r"__attribute__\s*\(\(", re.ASCII | re.IGNORECASE)
_ATTRIBUTE_RUN = re.compile(r"[a-z0-9,_*\s()]*+", re.ASCII | re.IGNORECASE)


def strip_function_macros(prototype: str, extra: tuple[str, ...] = ()) -> tuple[str, bool]:
    """Return PROTOTYPE without storage words and attributes, and whether it was a #define."""
    match = _STORAGE.match(prototype)
    if match and match.end():
        prototype = prototype[match.end() :]
    if "__" in prototype or "_noprof" in prototype or "DECL_BUCKET_PARAMS" in prototype:
        prototype = _apply(_FUNCTION_ROWS, prototype, 1)
    if extra:
        prototype = _strip_extra(prototype, extra)
    is_define = False
    if prototype[:1] == "#":
        rest = prototype[1:].lstrip(SPACE)
        if rest[:6] == "define" and rest[6:7].isspace():
            prototype = rest[6:].lstrip(SPACE)
            is_define = True
    if "__attribute" in prototype:
        prototype = _apply(_ATTRIBUTE_ROWS, prototype, 1)
    return prototype, is_define


def strip_member_macros(members: str, extra: tuple[str, ...] = ()) -> str:
    """Return a struct body with attributes dropped and declaring macros written out."""
    if "__attribute__" in members.lower():
        members = strip_attributes(members)
    if extra:
        members = _strip_extra(members, extra)
    if "__" in members or "struct_group" in members or "CRYPTO_MINALIGN_ATTR" in members:
        members = _apply(_MEMBER_ROWS, members, 0)
    if "STRUCT_GROUP(" in members:
        members = _unwrap_groups(members)
    if "DECLARE_" in members or "DEFINE_DMA_UNMAP_" in members:
        members = _apply(_BITMAP_ROWS, members, 0)
    return members


def strip_attributes(text: str) -> str:
    """Replace each __attribute__((...)), and the white space before it, with a space.

    An attribute reaches to the last "))" before a character that no attribute holds; such a run
    of characters is looked at once, however many openings it has.
    """
    parts: list[str] = []
    position = run_end = 0
    close = -1
    for match in _ATTRIBUTE_OPENING.finditer(text):
        opened = match.end()
        if match.start() < position:
            continue
        if opened >= run_end:
            run = _ATTRIBUTE_RUN.match(text, opened)
            run_end = run.end() if run else opened
            close = text.rfind("))", opened, run_end)
        if close >= opened:
            parts.append(text[position : match.start()].rstrip(SPACE))
            position = close + 2
    return " ".join([*parts, text[position:]])


def _unwrap_groups(text: str) -> str:
    """Replace STRUCT_GROUP(members) up to its semicolon with the members."""
    closing = _matching_parentheses(text)
    parts: list[str] = []
    position = 0
    for match in _GROUP.finditer(text):
        if match.start() < position:
            continue
        close = closing.get(match.end() - 1)
        end = -1 if close is None else text.find(";", close)
        if close is not None and end >= 0:
            parts += (text[position : match.start()], text[match.end() : close])
            position = end + 1
    return "".join(parts) + text[position:]


def _matching_parentheses(text: str) -> dict[int, int]:
    """Return for each opening parenthesis that is closed the place where it is."""
    closing: dict[int, int] = {}
    opened: list[int] = []
    for match in _PARENTHESIS.finditer(text):
        if match[0] == "(":
            opened.append(match.start())
        elif opened:
            closing[opened.pop()] = match.start()
    return closing


@lru_cache(maxsize=8)
def _extra_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    words = "|".join(re.escape(name) for name in names)
    return re.compile(rf"\b(?:{words})\b\s*+(?:\([^()]*+\))?\s*+", re.ASCII)


def _strip_extra(text: str, names: tuple[str, ...]) -> str:
    """Drop the macros called NAMES, with their arguments."""
    return _extra_pattern(names).sub("", text)


def _apply(rows: tuple[_Row, ...], text: str, count: int) -> str:
    for word, pattern, by in rows:
        if word in text:
            text = pattern.sub(by, text, count)
    return text
