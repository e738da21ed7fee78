# SPDX-License-Identifier: GPL-2.0-only
"""What a text promises, held against the facts: supported, contradicted, or not checkable.

    sentence  = clause { (", and " | ", but " | "; ") clause }
    clause    = [ lead ] [ condition "," ] subject [ mode ] verb [ [ preposition ] kind ] [ condition ]
              | a whole sentence of the vocabulary
    condition = [ "only" ] ( "if" | "when" | "with" | "unless" | "without" ) flags [ "is set" ... ]

All of a clause has to be explained; one that is not, is not judged, and if it may restrict the others
(a guard of the vocabulary stands in it) those are not judged either.  Verbs, kinds of entry and the
spellings of "no functional change" are the vocabulary's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from reviewtool.behaviour.compare import Comparison, Verdict
from reviewtool.behaviour.facts import PROPERTIES, Facts, Query
from reviewtool.behaviour.vocabulary import Kind, Outcome, Vocabulary, default_vocabulary
from reviewtool.simulate.record import RETURNS


class Judgement(Enum):
    """What the sweep says to a sentence."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_CHECKABLE = "not checkable"


@dataclass(frozen=True)
class Sentence:
    """A sentence of a text, white space made single; line: 1-based, where it begins."""

    text: str
    line: int


@dataclass(frozen=True)
class Claim:
    """A sentence, the judgement, and why in words (with numbers and a witness)."""

    sentence: Sentence
    judgement: Judgement
    why: str


_NEVER, _ALWAYS, _MAY = "never", "always", "may"

# Punctuation that a clause is read without; "()" behind a function's name stays.
_PUNCTUATION = re.compile(r"[`@%&*]|[,:](?= |$)|(?<!\w)\(|(?<!\()\)|(?<=\s)[-\u2013\u2014]+(?=\s)")
_TAIL = re.compile(r"[,;:(]\s*|\s-+\s|\s[\u2013\u2014]\s|\s(?=with |without )")
_JOIN = re.compile(r", (?:and|but) |; ")
_SCOPE = re.compile(
    r"(?:in|on|for|with|under|at|as|to|from|by|given|during|despite|unlike|like|per|of|inside|within|outside) "
)
# What code is done to when nothing is to change; only such a sentence may end in "with(out) ...".
_RESHAPE = re.compile(
    r"(?:clean|convert|consolidate|extract|factor|fold|hoist|inline|merge|move|open-code|refactor|rename|"
    r"reorder|reorganize|replace|restructure|rework|simplify|split|switch|tidy|unify) "
)


def normalise(text: str) -> str:
    """Return TEXT as phrases are matched: lower case, one blank behind each word, hardly punctuation."""
    bare = _PUNCTUATION.sub(" ", text.strip().rstrip(".!").lower())
    return " ".join(bare.split()) + " "


def _vocabulary(vocabulary: Vocabulary | None) -> Vocabulary:
    return default_vocabulary(PROPERTIES) if vocabulary is None else vocabulary


def claims_no_change(text: str, vocabulary: Vocabulary | None = None) -> bool:
    """Return whether TEXT, a sentence, promises that nothing changes."""
    known = _vocabulary(vocabulary)
    if "?" in text:
        return False
    if known.no_change.fullmatch(normalise(text)):
        return True
    for cut in _TAIL.finditer(text):
        head, rest = normalise(text[: cut.start()]), normalise(text[cut.end() :])
        if known.guards.search(head) or known.negations.search(head) or _SCOPE.match(head):
            continue
        if cut[0].isspace() and not _RESHAPE.match(head):
            continue
        if head.strip() and known.no_change.fullmatch(rest):
            return True
    return False


def judge_no_change(sentence: Sentence, comparisons: Sequence[Comparison]) -> Claim:
    """Judge a sentence that promises no functional change."""
    changed = [comparison for comparison in comparisons if comparison.verdict is Verdict.CHANGE]
    if changed:
        worst = max(changed, key=lambda comparison: comparison.changed)
        first = worst.changes[0]
        why = f"{worst.entry}() changes in {worst.changed:,} scenarios; first: {first.witness.words}: {first.witness_before} -> {first.witness_after}"
        return Claim(sentence, Judgement.CONTRADICTED, why)
    if not comparisons or any(comparison.verdict is Verdict.UNKNOWN for comparison in comparisons):
        return Claim(sentence, Judgement.NOT_CHECKABLE, "not everything that changed could be run")
    total = sum(comparison.domain.scenarios for comparison in comparisons)
    return Claim(sentence, Judgement.SUPPORTED, f"no outcome differs over {total:,} scenarios")


@dataclass(frozen=True)
class _Statement:
    """A clause that was understood."""

    property: str
    value: str
    says: str
    kind: Kind | None
    given: tuple[str, ...]
    absent: tuple[str, ...]


def judge(
    sentence: Sentence, facts: Facts, vocabulary: Vocabulary | None = None, *, implied: bool = True
) -> tuple[Claim, ...]:
    """Judge SENTENCE by the facts of the function that it is about; one claim per clause understood.

    IMPLIED says that a clause without a subject is about that function, as in its own kernel-doc.
    """
    known = _vocabulary(vocabulary)
    if "?" not in sentence.text:
        claims: list[Claim] = []
        guarded = False
        clauses = [*_JOIN.split(sentence.text)]
        for part in clauses:
            text = normalise(part)
            statement = _read(text, facts.entry, known, implied=implied)
            if statement is not None:
                claims.append(_hold(sentence, statement, facts))
            elif known.guards.search(text):
                guarded = True
            # What stands first and is not understood may be what the others are about.
            implied = implied and statement is not None
        if claims and not guarded:
            return tuple(claims)
    return (Claim(sentence, Judgement.NOT_CHECKABLE, "no fact of the sweep is about this"),)


_LEAD = r"(?:also |now |thus |so |then |therefore |note that |as a result |and |in addition )?"
_FLAGS = r"(?P<{name}>foll_\w+(?: (?:and|or) foll_\w+)?) (?:(?:is|are) (?:set|given|passed|specified|used) )?(?:by the caller )?"
_BEFORE = (
    rf"(?:(?P<before>if|when|with|unless|without) (?:the )?{_FLAGS.format(name='flags_before')})?"
)
_AFTER = rf"(?:(?P<only>only |exactly )?(?P<after>if|when|with|unless|without) (?:the )?{_FLAGS.format(name='flags_after')})?"
_NEGATIVE = (
    "never ", "does not ", "doesn't ", "do not ", "will not ", "won't ", "will never ", "cannot ", "can not ",
    "can't ", "can never ", "does never ",
)  # fmt: skip
_NO_LONGER = ("no longer ", "will no longer ", "does no longer ", "should no longer ")
_MAYBE = ("may ", "might ", "can ", "may still ", "can still ", "can now ", "may now ")
_PLAIN = (
    "",
    "now ",
    "always ",
    "still ",
    "will ",
    "will always ",
    "will now ",
    "does ",
    "also ",
    "again ",
)
_STATES = ("succeeds", "fails", "returns", "references", "pins")


def _read(text: str, entry: str, known: Vocabulary, *, implied: bool) -> _Statement | None:
    """Return what clause TEXT says about function ENTRY, None unless all of it is understood."""
    if implied or f"{entry}()" in text:
        for fixed in known.sentences:
            bare = re.sub(
                rf"^{_LEAD}(?:(?:it|this function|the function|{re.escape(entry)}\(\)) )?", "", text
            )
            if fixed.pattern.fullmatch(text) or fixed.pattern.fullmatch(bare):
                return _Statement(fixed.property, "", fixed.says, None, (), ())
    subject = rf"(?:(?:the )?(?:\w+'s )?{re.escape(entry)}\(\) |it |this function |the function )"
    if not implied:
        subject = rf"(?:(?:\w+'s )?{re.escape(entry)}\(\) )"
    start = re.compile(rf"{_LEAD}{_BEFORE}{subject}{'?' if implied else ''}").match(text)
    if start is None:
        return None
    for outcome in known.outcomes:
        made = _verb(text[start.end() :], outcome)
        if made is None:
            continue
        says, value, rest = made
        kind, rest = _kind(rest, known)
        end = re.compile(_AFTER).fullmatch(rest)
        if (
            end is None
            or (outcome.needs_kind and kind is None)
            or (start["before"] and end["after"])
        ):
            continue
        return _statement(outcome, says, value, kind, start, end)
    return None


def _verb(text: str, outcome: Outcome) -> tuple[str, str, str] | None:
    """Return what the verb at the start of TEXT says, its value, and what follows."""
    forms = [(mode, outcome.bare, _NEVER) for mode in _NEGATIVE]
    forms += [(mode, outcome.bare, _MAY) for mode in _MAYBE]
    forms += [
        (mode, outcome.bare if "will" in mode or mode == "does " else outcome.third, _ALWAYS)
        for mode in _PLAIN
    ]
    forms += [
        (mode, form, "no longer") for mode in _NO_LONGER for form in (outcome.bare, outcome.third)
    ]
    forms += [("never ", outcome.third, _NEVER)]
    best: tuple[str, str, str] | None = None
    for mode, form, says in forms:
        found = re.match(re.escape(mode) + f"(?:{form})", text)
        if found and (best is None or len(text) - found.end() < len(best[2])):
            best = (says, found.groupdict().get("value") or "", text[found.end() :])
    return best


def _kind(text: str, known: Vocabulary) -> tuple[Kind | None, str]:
    best: tuple[Kind | None, str] = (None, text)
    for kind in known.kinds:
        found = re.match(
            rf"(?:(?:for|on|at|in|of|from|through|with) )?(?:the |a |any )?(?:{kind.words})", text
        )
        if found and len(text) - found.end() < len(best[1]):
            best = (kind, text[found.end() :])
    return best


def _statement(
    outcome: Outcome,
    says: str,
    value: str,
    kind: Kind | None,
    start: re.Match[str],
    end: re.Match[str],
) -> _Statement | None:
    name = outcome.property
    if outcome.negative:
        turned = {_ALWAYS: _NEVER, _NEVER: "not never"}
        says = turned.get(says, "")
    if says == "no longer":
        # What failed and no longer does, succeeds at least somewhere; what else is gone, is gone.
        name, says = ("succeeds", _MAY) if name == "fails" else (name, _NEVER)
    word = start["before"] or end["after"]
    given: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    if word is not None:
        named = (start["flags_before"] or end["flags_after"]).upper()
        flags = tuple(re.findall(r"FOLL_\w+", named))
        if " OR " in named or (word in ("unless", "without") and len(flags) > 1):
            return None
        given, absent = ((), flags) if word in ("unless", "without") else (flags, ())
    if end["only"]:
        # "only with X": never without it.
        if len(given) != 1 or says not in (_ALWAYS, _MAY):
            return None
        given, absent, says = (), given, _NEVER
    number = _value(value)
    if says not in (_NEVER, _ALWAYS, _MAY) or number is None:
        return None
    return _Statement(name, number, says, kind, given, absent)


def _value(said: str) -> str | None:
    """Return a value as record.RETURNS has it; None where it has no such value."""
    bare = said.strip().removeprefix("err_ptr").removeprefix("-")
    known = {"": "", "null": "null", "the page": "page", "a page": "page"}
    if said.startswith(("an err", "an errno")):
        return "error"
    name = known.get(bare, bare.upper() if bare.startswith("e") else bare)
    return name if name in ("", "page", *RETURNS) else None


def _hold(sentence: Sentence, said: _Statement, facts: Facts) -> Claim:
    """Judge what is SAID by FACTS."""
    states = said.kind.states if said.kind else ()
    ordinary = said.property in _STATES and (said.says == _ALWAYS or said.property == "fails")
    query = Query(said.property, said.value, states, said.given, said.absent, ordinary=ordinary)
    fact = facts.ask(query) if facts.ask else facts.get(said.property)
    if fact is None:
        why = f"the sweep of {facts.entry}() has no such scenario"
        return Claim(sentence, Judgement.NOT_CHECKABLE, why)
    counts = [] if " of " in fact.when else [f"{fact.count:,} of {fact.of:,}"]
    details = [*counts, *_scope(said, ordinary=ordinary)]
    why = f"{fact.subject}: {fact.when}" + (f" ({', '.join(details)})" if details else "")
    if said.says == _ALWAYS and said.property not in _STATES and 0 < fact.count < fact.of:
        return Claim(sentence, Judgement.NOT_CHECKABLE, f"{why}; the sentence does not say when")
    holds = {_NEVER: fact.count == 0, _ALWAYS: fact.count == fact.of, _MAY: fact.count > 0}[
        said.says
    ]
    if holds:
        return Claim(sentence, Judgement.SUPPORTED, why)
    example = fact.witness if said.says == _NEVER else fact.counter
    shown = f"; for example {example.words}" if example else ""
    return Claim(sentence, Judgement.CONTRADICTED, f"{why}{shown}")


def _scope(said: _Statement, *, ordinary: bool) -> Iterator[str]:
    """Yield of which scenarios a claim was asked."""
    if said.given:
        yield f"with {' and '.join(said.given)}"
    if said.absent:
        yield f"without {' and '.join(said.absent)}"
    if ordinary:
        yield "in ordinary states: no other CPU, good counts, faults resolve"


_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z@%&(\"']|[a-z_]\w*\(\))|\n\s*\n|(?<=:)\s*\n")


def split_sentences(lines: Sequence[tuple[int, str]]) -> tuple[Sentence, ...]:
    """Return the sentences of numbered LINES of prose, in order."""
    text = ""
    starts: list[tuple[int, int]] = []
    for number, content in lines:
        starts.append((len(text), number))
        text += content + "\n"
    sentences: list[Sentence] = []
    at = 0
    for part in _END.split(text):
        found = text.find(part, at)
        at = found + len(part)
        words = " ".join(part.split())
        if words:
            first = found + len(part) - len(part.lstrip())
            line = max((number for start, number in starts if start <= first), default=1)
            sentences.append(Sentence(words, line))
    return tuple(sentences)
