# SPDX-License-Identifier: GPL-2.0-only
"""Documents and diagnostics for other programs: text lines, JSON and SARIF.

Bytes that were read as latin-1 are turned back into UTF-8 here, where they are.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from reviewtool.kerneldoc.document import Block, Diagnostic, Document, Rule, Severity

_LEVELS = {Severity.INFO: "note", Severity.WARNING: "warning", Severity.ERROR: "error"}


def recode(text: str) -> str:
    """Return what TEXT, a byte for each character, says in UTF-8; other bytes stay latin-1."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text


def diagnostic_text(found: Diagnostic) -> str:
    """Return a diagnostic as one line with its identifier."""
    message = " ".join(found.message.split())
    rule = f"{found.rule.identifier} {found.rule.title}"
    return recode(f"{found.path}:{found.line}: {found.severity.value}: {message} [{rule}]")


def documents_json(documents: Sequence[Document]) -> str:
    """Return all shown blocks and all diagnostics as JSON."""
    files = [
        {
            "path": recode(document.path),
            "blocks": [_block(block) for block in document.blocks if block.shown],
            "diagnostics": [_diagnostic(found) for found in document.diagnostics],
        }
        for document in documents
    ]
    return json.dumps({"version": 1, "files": files}, indent=2, ensure_ascii=False) + "\n"


def diagnostics_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return diagnostics as JSON."""
    rows = [_diagnostic(found) for found in diagnostics]
    return json.dumps({"version": 1, "diagnostics": rows}, indent=2, ensure_ascii=False) + "\n"


def diagnostics_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """Return diagnostics as a SARIF log."""
    used = sorted({found.rule for found in diagnostics}, key=lambda rule: rule.identifier)
    run = {
        "tool": {
            "driver": {
                "name": "reviewtool kerneldoc",
                "rules": [{"id": rule.identifier, "name": rule.title} for rule in used],
            }
        },
        "results": [
            {
                "ruleId": found.rule.identifier,
                "ruleIndex": used.index(found.rule),
                "level": _LEVELS[found.severity],
                "message": {"text": recode(found.message)},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": recode(found.path)},
                            "region": {"startLine": max(1, found.line)},
                        }
                    }
                ],
            }
            for found in diagnostics
        ],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    log = {"$schema": schema, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def severity_named(word: str) -> Severity:
    """Return the severity with this name.

    Raises: ValueError if there is none.
    """
    return Severity(word)


def find_rule(word: str) -> Rule | None:
    """Return the rule with this identifier or title."""
    return next((rule for rule in Rule if word in {rule.identifier, rule.title}), None)


def _diagnostic(found: Diagnostic) -> dict[str, object]:
    return {
        "rule": found.rule.identifier,
        "title": found.rule.title,
        "severity": found.severity.value,
        "path": recode(found.path),
        "line": found.line,
        "name": recode(found.name),
        "message": recode(found.message),
    }


def _block(block: Block) -> dict[str, object]:
    return {
        "kind": block.kind.value,
        "name": recode(block.name),
        "purpose": recode(block.purpose),
        "return_type": block.return_type,
        "definition": recode(block.definition),
        "parameters": [
            {
                "name": recode(one.name),
                "declaration": recode(one.declaration),
                "description": None if one.description is None else recode(one.description),
                "line": one.line,
            }
            for one in block.parameters
        ],
        "sections": [
            {"name": recode(one.name), "text": recode(one.text), "line": one.line}
            for one in block.sections
        ],
        "start": block.start,
        "end": block.end,
        "declaration_end": block.declaration_end,
    }
