# SPDX-License-Identifier: GPL-2.0-only
"""References in prose: %CONST, &struct x, &x->m, @param and func() in an output's own markup.

The order of the substitutions is the script's; those that leave the text as it is are not made.
Each starts with a sign that most texts lack, which is a cheap test.

Source: scripts/kernel-doc of Linux 6.12, @highlights_rst and @highlights_man; the signs are those
of Documentation/doc-guide/kernel-doc.rst.
"""

from __future__ import annotations

import re

_A = re.ASCII
_LITERAL = re.compile(r"\b``([^`]+)``\b", _A)
_CONSTANT = re.compile(r"%([-_*\w]+)", _A)
_CALL = re.compile(r"(\w+)\(\)", _A)
_MEMBER = re.compile(r"&(\w+)(\.|->)(\w+)(\(\))?", _A)
_CALLED_PARAMETER = re.compile(r"@(\w+)\(\)", _A)
_CALLED_MEMBER = re.compile(r"@(\w+->\S+)\(\)", _A)
_TYPE = re.compile(r"&(?:((?:enum|struct|typedef|union)\s*(\w+))|(\w+))", _A)
_PARAMETER = re.compile(r"([!~*]?)@(\w*(?:\.\w+|->\w+)*(?:\.\.\.)?)", _A)

_MAN_KIND = re.compile(r"&((?:enum|struct|typedef|union)\s*\w+)", _A)
_MAN_PARAMETER = re.compile(r"@(\w*(?:\.\w+|->\w+)*(?:\.\.\.)?)", _A)
_MAN_MEMBER = re.compile(r"&(\w+(?:\.|->)\w+)", _A)
_MAN_TYPE = re.compile(r"&(\w+)", _A)


def _rst_member(match: re.Match[str]) -> str:
    owner, dot, member, call = match.groups()
    brackets = r"\(\)" if call else ""
    return f":c:type:`{owner}{dot}{member}{brackets} <{owner}>`"


def _rst_type(match: re.Match[str]) -> str:
    whole, name, alone = match.groups()
    return f":c:type:`{alone}`" if whole is None else f":c:type:`{whole} <{name}>`"


def highlight_rst(text: str) -> str:
    """Return TEXT with reST roles for the references in it."""
    if "%" in text:
        text = _CONSTANT.sub(r"``\1``", text)
    at = "@" in text
    if "&" in text:
        text = _MEMBER.sub(_rst_member, text)
        if at and "()" in text:
            text = _called(text)
        text = _TYPE.sub(_rst_type, text)
    elif at and "()" in text:
        text = _called(text)
    return _PARAMETER.sub(r"**\1\2**", text) if at else text


def _called(text: str) -> str:
    text = _CALLED_PARAMETER.sub(r"**\1\\(\\)**", text)
    return _CALLED_MEMBER.sub(r"**\1\\(\\)**", text)


def highlight_man(text: str) -> str:
    """Return TEXT with troff's font changes for the references in it."""
    if "``" in text:
        text = _LITERAL.sub(r"\1", text)
    if "%" in text:
        text = _CONSTANT.sub(r"\1", text)
    if "()" in text:
        text = _CALL.sub(r"\\fB\1\\fP", text)
    if "&" in text:
        text = _MAN_KIND.sub(r"\\fI\1\\fP", text)
    if "@" in text:
        text = _MAN_PARAMETER.sub(r"\\fI\1\\fP", text)
    if "&" in text:
        text = _MAN_MEMBER.sub(r"\\fI\1\\fP", text)
        text = _MAN_TYPE.sub(r"\\fI\1\\fP", text)
    return text
