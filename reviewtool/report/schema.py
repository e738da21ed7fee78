# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of `--format json`, derived from the dataclasses of review.py.

Because it is derived, no field can be missing; docs/review.schema.json is the published copy.
Nothing else than what the schema names is allowed in a review, so that a reader of one version never
passes over a field in which another version says what matters.

Source: JSON Schema, draft 2020-12, Core and Validation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from types import UnionType
from typing import Union, get_args, get_origin, get_type_hints

from reviewtool.behaviour.claims import Judgement
from reviewtool.behaviour.compare import Verdict
from reviewtool.review import NOTICE, SCHEMA, Review

DRAFT = "https://json-schema.org/draft/2020-12/schema"
IDENTIFIER = f"urn:reviewtool:review:{SCHEMA}"

Schema = dict[str, object]

_SIMPLE = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
# Fields that are text in the value, because the stages that know the kinds come before it.
_CHOICES = {
    ("PatchReview", "verdict"): [verdict.value for verdict in Verdict],
    ("WholeReview", "verdict"): [verdict.value for verdict in Verdict],
    ("EntryReview", "verdict"): [verdict.value for verdict in Verdict],
    ("ClaimReview", "judgement"): [judgement.value for judgement in Judgement],
}
_FIELD_LINE = re.compile(r"\s*(\w+(?:, \w+)*):\s+(\S.*)")


def render_schema() -> str:
    """Return the schema as JSON, keys in a fixed order."""
    return json.dumps(review_schema(), indent=2, ensure_ascii=True) + "\n"


def review_schema() -> Schema:
    """Return the JSON Schema of what render_json() writes."""
    found: dict[str, Schema] = {}
    reference = schema_of(Review, found)
    return {
        "$schema": DRAFT,
        "$id": IDENTIFIER,
        "title": "A review of a patch series by reviewtool",
        "type": "object",
        "properties": {
            "schema": {"description": "Version of this schema.", "const": SCHEMA},
            "tool": {"const": "reviewtool"},
            "notice": {"description": "What a run on a model is not.", "const": NOTICE},
            "review": reference,
        },
        "required": ["schema", "tool", "notice", "review"],
        "additionalProperties": False,
        "$defs": dict(sorted(found.items())),
    }


@cache
def hints_of(kind: type) -> Mapping[str, object]:
    """Return the fields of the dataclass KIND and their types, in order."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind!r} is no dataclass")
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def schema_of(kind: object, found: dict[str, Schema]) -> Schema:
    """Return the schema of values of KIND; dataclasses go to FOUND.

    Raises: TypeError for a type that JSON cannot give back.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": schema_of(arguments[0], found)}
    if origin is tuple:
        items = [schema_of(argument, found) for argument in arguments]
        size = len(items)
        return {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(argument, found) for argument in arguments]}
    if isinstance(kind, type):
        if kind in _SIMPLE:
            return {"type": _SIMPLE[kind]}
        if issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        if is_dataclass(kind):
            return _reference(kind, found)
    raise TypeError(f"a review cannot hold {kind!r}: JSON would not give it back")


def _reference(kind: type, found: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in found:
        found[name] = {}  # a type may hold itself
        summary, told = _docstring(kind)
        properties: dict[str, Schema] = {}
        for field, hint in hints_of(kind).items():
            choices = _CHOICES.get((name, field))
            one: Schema = {"description": told[field]} if field in told else {}
            one |= {"enum": choices} if choices else schema_of(hint, found)
            properties[field] = one
        found[name] = {
            "description": summary,
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def _docstring(kind: type) -> tuple[str, dict[str, str]]:
    """Return the first paragraph of KIND's docstring, and what it says of single fields."""
    first, _, rest = (kind.__doc__ or "").partition("\n\n")
    told: dict[str, str] = {}
    names: list[str] = []
    for line in rest.split("\n"):
        match = _FIELD_LINE.match(line)
        if match:
            names = match[1].split(", ")
            told |= dict.fromkeys(names, match[2].strip())
        elif line.strip():
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
    return " ".join(first.split()), told
