# SPDX-License-Identifier: GPL-2.0-only
"""Factors, state words and the domain laid out from them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from reviewtool.simulate.domain import (
    ALWAYS_IN_PLAY,
    FACTOR,
    FACTORS,
    PLACES,
    VALIDITY,
    column,
    factors_in_play,
    lay_out,
    lay_out_entry,
    pack,
    scenario_header,
    unpack,
)
from reviewtool.simulate.record import FIELDS, SHIFTS, outcome_header


def test_header_and_python_agree_on_every_value() -> None:
    header = scenario_header()
    for factor in FACTORS:
        shift, width = PLACES[factor.name]
        names = ", ".join(f"{factor.name.upper()}_{value.name}" for value in factor.values)
        assert f"enum {{ {names} }};" in header
        found = re.search(
            rf"STATE_{factor.name}\(state\) \(\(\(state\) >> (\d+)\) & (\d+)ul\)", header
        )
        assert found is not None
        assert (int(found[1]), int(found[2])) == (shift, (1 << width) - 1)


def test_factors_do_not_overlap_in_a_state_word() -> None:
    taken = 0
    for factor in FACTORS:
        shift, width = PLACES[factor.name]
        mask = ((1 << width) - 1) << shift
        assert not taken & mask
        assert len(factor.values) <= 1 << width
        taken |= mask
    assert taken < 1 << 64


def test_fields_of_the_record_do_not_overlap() -> None:
    taken = 0
    for field in FIELDS:
        mask = ((1 << field.width) - 1) << SHIFTS[field.name]
        assert not taken & mask
        taken |= mask
        assert f"PACK_{field.name}(value)" in outcome_header()
    assert taken < 1 << 64


@pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)
def test_packed_values_come_back(factor: object) -> None:
    name = getattr(factor, "name", "")
    for code, value in enumerate(FACTOR[name].values):
        word = pack({name: code})
        assert unpack(word)[name] == value.name
        assert column(np.array([word], np.uint64), name)[0] == code


def test_a_layout_holds_exactly_the_valid_combinations() -> None:
    """Factors are laid out one by one; the product of all, filtered at the end, is the same."""
    names = ("level", "entry", "access", "vma", "prot", "pgmap")
    words = lay_out(frozenset(names), ()).words
    product = np.zeros(1, np.uint64)
    for name in names:
        codes = np.arange(len(FACTOR[name].values), dtype=np.uint64) << np.uint64(PLACES[name][0])
        product = (product[:, None] | codes[None, :]).reshape(-1)
    columns = {factor.name: column(product, factor.name) for factor in FACTORS}

    class Is:
        def __call__(self, name: str, *values: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
            codes = [FACTOR[name].code_of(value) for value in values]
            return np.isin(columns[name], codes)

    keep = np.ones(len(product), np.bool_)
    for rule in VALIDITY:
        keep &= rule.allows(Is())  # type: ignore[arg-type]
    assert np.array_equal(words, np.sort(product[keep]))


@pytest.mark.parametrize("rule", VALIDITY, ids=lambda rule: rule.reason)
def test_every_rule_forbids_something_and_leaves_something(rule: object) -> None:
    needs = getattr(rule, "needs", ())
    allows = getattr(rule, "allows", None)
    assert allows is not None
    product = np.zeros(1, np.uint64)
    for name in needs:
        codes = np.arange(len(FACTOR[name].values), dtype=np.uint64) << np.uint64(PLACES[name][0])
        product = (product[:, None] | codes[None, :]).reshape(-1)

    def is_(name: str, *values: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.isin(column(product, name), [FACTOR[name].code_of(value) for value in values])

    allowed = allows(is_)
    assert allowed.any()
    assert not allowed.all()


def test_the_plainest_state_is_valid() -> None:
    assert lay_out(ALWAYS_IN_PLAY, ()).words[0] == 0


def test_a_factor_is_in_play_only_where_its_reader_is_named() -> None:
    assert "fault" not in factors_in_play(frozenset({"pte_present"}))
    assert "fault" in factors_in_play(frozenset({"handle_mm_fault"}))


def test_a_small_budget_combines_fewer_flags_before_it_leaves_any_out() -> None:
    flags = frozenset(
        {"FOLL_WRITE", "FOLL_GET", "FOLL_FORCE", "FOLL_DUMP", "FOLL_PIN", "FOLL_TOUCH"}
    )
    whole = lay_out_entry(frozenset(), flags)
    assert whole.flags[:2] == ("FOLL_WRITE", "FOLL_GET")
    assert set(whole.flags) == flags
    budget = whole.scenarios * 3 // 4
    fewer = lay_out_entry(frozenset(), flags, budget)
    assert set(fewer.flags) | set(fewer.also) == flags
    assert not fewer.cut
    assert fewer.also
    assert fewer.scenarios <= budget
    least = lay_out_entry(frozenset(), flags, 1)
    assert set(least.cut) == flags - set(least.flags)
