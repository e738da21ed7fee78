# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of a review: published, complete, and true of what is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtool.errors import InputError
from reviewtool.report.schema import render_schema, review_schema, schema_of
from reviewtool.report.stored import read_review, read_review_file
from reviewtool.report.summary import render_json
from reviewtool.review import SCHEMA, Review
from reviewtool.series.series import Series
from tests.report.hostile import hostile_review

Reviews = Callable[[str], tuple[Review, Series]]
TOP = Path(__file__).parents[2]
PUBLISHED = TOP / "docs" / "review.schema.json"
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
# What is no number of JSON is never in a review.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
GOLDEN = sorted((TOP / "tests" / "golden").glob("*.json"))


def _fields(schema: dict[str, object]) -> set[str]:
    found = set()
    kinds = schema["$defs"]
    assert isinstance(kinds, dict)
    for name, kind in kinds.items():
        found |= {f"{name}.{field}" for field in kind["properties"]}
    return found


def test_the_published_schema_has_every_field_of_a_review(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PUBLISHED.write_text(render_schema(), encoding="utf-8")
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    here, there = _fields(review_schema()), _fields(published)
    advice = (
        "; run pytest --update-golden, and raise SCHEMA in review.py if this version is released"
    )
    assert here - there == set(), f"not in docs/review.schema.json: {sorted(here - there)}{advice}"
    assert there - here == set(), f"no longer in a review: {sorted(there - here)}{advice}"
    assert render_schema() == PUBLISHED.read_text(encoding="utf-8"), f"types or words{advice}"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(review_schema())
    assert review_schema()["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_every_golden_review_fits_the_schema_and_is_read_back_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    errors = jsonschema.Draft202012Validator(review_schema()).iter_errors(json.loads(text))
    assert [f"{error.json_path}: {error.message[:200]}" for error in errors] == []
    assert render_json(read_review_file(path)) == text


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.from_type(Review))
def test_any_review_is_read_back_as_it_was(review: Review) -> None:
    assert read_review(render_json(review).encode("ascii"), "x") == review


@settings(max_examples=100)
@given(st.data())
def test_a_review_with_any_place_replaced_is_read_or_refused_in_one_line(
    data: st.DataObject,
) -> None:
    body = json.loads(GOLDEN[0].read_text(encoding="utf-8"))
    place = body
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not isinstance(inner, (dict, list)) or not inner or data.draw(st.integers(0, 9)) == 0:
            break
        place = inner
    place[key] = data.draw(_JSON)
    try:
        read_review(json.dumps(body).encode(), "x")
    except InputError as problem:
        assert "\n" not in str(problem)  # noqa: PT017


def test_there_is_a_golden_review() -> None:
    assert GOLDEN


def test_a_hostile_review_fits_the_schema_and_is_read_back_whole(review_sample: Reviews) -> None:
    bad = hostile_review(review_sample("lock-leak.patch")[0])
    text = render_json(bad)
    jsonschema.Draft202012Validator(review_schema()).validate(json.loads(text))
    assert text.isascii()
    assert read_review(text.encode(), "x") == bad


def test_a_field_that_json_cannot_give_back_is_refused_when_it_is_added() -> None:
    with pytest.raises(TypeError, match="JSON would not give it back"):
        schema_of(dict[str, int], {})


def _stored(review_sample: Reviews) -> dict[str, object]:
    body = json.loads(render_json(review_sample("true-refactoring.patch")[0]))
    assert isinstance(body, dict)
    return body


def _refusal(body: object) -> str:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(InputError) as caught:
        read_review(data, "review.json")
    text = str(caught.value)
    assert text.startswith("review.json:")
    assert "\n" not in text
    return text


def test_another_schema_version_is_refused_by_its_number(review_sample: Reviews) -> None:
    body = _stored(review_sample) | {"schema": SCHEMA + 1}
    expected = f"its schema version is {SCHEMA + 1}, this reviewtool reads {SCHEMA}"
    assert expected in _refusal(body)


def test_a_missing_or_unknown_field_is_named_with_its_place(review_sample: Reviews) -> None:
    body = _stored(review_sample)
    review = body["review"]
    assert isinstance(review, dict)
    patch = review["patches"][0]
    kept = patch.pop("verdict")
    assert "review.patches[0]: verdict is missing" in _refusal(body)
    patch["verdict"] = kept
    patch["extra"] = 1
    assert 'review.patches[0]: "extra" is not a field' in _refusal(body)
    del patch["extra"]
    patch["a\nb\x1b"] = 1
    assert '"a\\nb\\u001b" is not a field' in _refusal(body)
    del patch["a\nb\x1b"]
    patch["subject"] = 3
    assert "review.patches[0].subject: not of type str" in _refusal(body)
    patch["subject"] = "x"
    review["version"] = True
    assert "review.version: not of type int" in _refusal(body)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not JSON"),
        (b'{"a":\n\n nonsense}', "review.json:3: not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 200_000, "nested too deep"),
        (b"[]", "not a review"),
        (b'{"tool": "other", "schema": 1}', "not a review"),
        (b'{"tool": "reviewtool", "schema": "1"}', "its schema version is none"),
        (b'{"tool": "reviewtool", "schema": true}', "its schema version is none"),
        (b'{"tool": "reviewtool", "schema": NaN}', "NaN is no number"),
        (b'{"tool": "reviewtool", "schema": 1}', "review: not an object"),
    ],
)
def test_what_is_no_review_is_one_clear_line(data: bytes, reason: str) -> None:
    assert reason in _refusal(data)


def test_a_stored_review_of_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: cannot be read"):
        read_review_file(tmp_path / "none.json")


def test_every_text_format_reads_the_same_from_a_stored_review(review_sample: Reviews) -> None:
    from reviewtool.report.formats import FORMATS, render_review  # noqa: PLC0415

    review = review_sample("lock-leak.patch")[0]
    again = read_review(render_json(review).encode(), "x")
    assert again == review
    assert again != replace(review, title="other")
    for form in FORMATS:
        assert render_review(again, form) == render_review(review, form)
