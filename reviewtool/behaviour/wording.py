# SPDX-License-Identifier: GPL-2.0-only
"""Rules and scenarios as a reviewer would say them."""

from __future__ import annotations

from dataclasses import dataclass

from reviewtool.behaviour.rules import Literal, Rule
from reviewtool.simulate.domain import FACTOR, Domain, unpack

_NEGATED = {
    "is": "is not", "has": "does not have", "lacks": "has", "maps": "does not map", "ends": "does not end",
    "clears": "does not clear", "replaces": "does not replace",
    "goes": "does not go", "holds": "does not hold", "keeps": "does not keep",
    "splits": "does not split", "starts": "does not start", "frees": "does not free",
    "resolves": "does not resolve", "runs": "does not run", "hits": "does not hit", "hold": "do not hold",
    "does": "does not do",
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """One scenario: values of the factors that differ from the plainest, and the flags passed.

    word, subset: where it is in its domain.
    settings:     (factor, value) pairs, as `--set FACTOR=VALUE` takes them.
    """

    word: int
    subset: int
    settings: tuple[tuple[str, str], ...]
    flags: tuple[str, ...]
    takes_flags: bool = True

    @property
    def words(self) -> str:
        """Say the scenario in one sentence part."""
        parts = [f"{FACTOR[name].subject} {_value(name, value)}" for name, value in self.settings]
        parts = _merge(parts)
        if self.takes_flags:
            parts.append("flags " + ("|".join(self.flags) or "0"))
        return ", ".join(parts)

    @property
    def options(self) -> str:
        """Give the options of `reviewtool simulate` that run it."""
        parts = [f"--set {name}={value}" for name, value in self.settings]
        if self.flags:
            parts.append("--set flags=" + ",".join(self.flags))
        return " ".join(parts)


def _value(name: str, value: str) -> str:
    factor = FACTOR[name]
    return factor.values[factor.code_of(value)].words


def scenario_at(domain: Domain, word: int, subset: int) -> Scenario:
    """Return the scenario of state WORD and flag SUBSET; entry and access are always told."""
    values = unpack(word)
    settings: list[tuple[str, str]] = []
    flags = [flag for bit, flag in enumerate(domain.flags) if subset >> bit & 1]
    mapped = values["entry"] in ("present", "zero", "special", "devmap")
    for factor in domain.factors:
        value = values[factor.name]
        if factor.name == "also":
            if value != "none":
                flags.append(domain.also[int(value.removeprefix("flag")) - 1])
            continue
        plain = value == factor.values[0].name
        if factor.name in ("level", "entry") or (factor.name == "access" and mapped) or not plain:
            settings.append((factor.name, value))
    return Scenario(word, subset, tuple(settings), tuple(flags), takes_flags=bool(domain.flags))


def literal_words(literal: Literal, domain: Domain) -> str:
    """Say one literal about a factor."""
    factor = FACTOR[literal.axis.name]
    others = tuple(code for code in literal.of if code not in literal.values)
    if factor.name == "also":
        return _also_words(literal.values, others, domain)
    chosen, words = literal.values, [factor.values[code].words for code in literal.values]
    names, occurring = (
        {factor.values[c].name for c in chosen},
        {factor.values[c].name for c in literal.of},
    )
    for members, group_words in factor.groups:
        if len(names) > 1 and members & occurring == names:
            return f"{factor.subject} {group_words}"
    if len(others) < len(chosen):
        words = [_negate(factor.values[code].words) for code in others]
        return f"{factor.subject} " + " and ".join(_same_verb(words, " nor "))
    return f"{factor.subject} " + " or ".join(_same_verb(words, " or "))


def _same_verb(words: list[str], joined: str) -> list[str]:
    """Say a shared beginning once: "is A", "is B" become "is A or B"."""
    heads = {
        word.rsplit(" ", 1)[0] if word.startswith(("is not", "does not")) else word.split(" ")[0]
        for word in words
    }
    if len(words) > 1 and len(heads) == 1:
        head = heads.pop()
        return [
            head + " " + joined.strip().join(f" {word[len(head) + 1 :]} " for word in words).strip()
        ]
    return words


def _negate(words: str) -> str:
    verb, _, rest = words.partition(" ")
    negated = _NEGATED.get(verb)
    if verb == "does" and rest == "nothing":
        return "does something"
    return f"{negated} {rest}".strip() if negated else f"not: {words}"


def _also_words(values: tuple[int, ...], others: tuple[int, ...], domain: Domain) -> str:
    def names(codes: tuple[int, ...]) -> str:
        return ", ".join(domain.also[code - 1] for code in codes if code)

    if 0 in values:
        return f"without {names(others)}"
    return "with one of " + names(values) if len(values) > 1 else f"with {names(values)}"


def rule_words(rule: Rule, domain: Domain) -> str:
    """Say RULE: conditions on entry, VMA, page, then the flags."""
    factors = [literal for literal in rule.literals if not literal.axis.is_flag]
    order = {name: at for at, name in enumerate(("access", "entry", "level"))}
    factors.sort(key=lambda literal: order.get(literal.axis.name, len(order)))
    parts = _merge([literal_words(literal, domain) for literal in factors])
    given = [
        literal.axis.name
        for literal in rule.literals
        if literal.axis.is_flag and literal.values == (1,)
    ]
    absent = [
        literal.axis.name
        for literal in rule.literals
        if literal.axis.is_flag and literal.values == (0,)
    ]
    if given:
        parts.append("with " + " and ".join(given))
    if absent:
        parts.append("without " + " and ".join(absent))
    return ", ".join(parts) or "always"


def _merge(parts: list[str]) -> list[str]:
    """Say a subject once: "the entry is X", "the entry maps Y" become "the entry is X and maps Y"."""
    merged: list[str] = []
    for part in parts:
        subject = " ".join(part.split(" ")[:2])
        if (
            merged
            and subject in ("the entry", "the VMA", "the page")
            and merged[-1].startswith(subject + " ")
        ):
            merged[-1] += " and" + part[len(subject) :]
        else:
            merged.append(part)
    return merged
