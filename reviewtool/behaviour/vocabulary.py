# SPDX-License-Identifier: GPL-2.0-only
"""The phrases that claims are read by, from TOML files, compiled for matching.

    phrase = item { item }
    item   = word | word "|" word { "|" word } | "(" runs ")" | "[" runs "]"     [...]: may be left out
    runs   = run { "|" run }
    run    = item { item }
    VALUE  = the word for a value that is returned

`vocabulary.toml` says what the tables of a file are.  A sentence is matched in lower case, its words
one blank apart, commas, colons and parentheses left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reviewtool.errors import InputError
from reviewtool.simulate.domain import FACTOR

Words = re.Pattern[str]
_MOST_BYTES = 1 << 20
VALUE = (
    r"(?P<value>null|-e[a-z0-9]+|err_ptr-e[a-z0-9]+|an error pointer|an error|an errno|an err_ptr"
    r"|the page|a page|true|false|0) "
)
_WORD = re.compile(r"\s*([()\[\]|]|[^\s()\[\]|]+)")


@dataclass(frozen=True)
class Kind:
    """A kind of entry: how it is called, and the states that are meant."""

    words: str
    states: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Outcome:
    """Something that a function does: third person and bare form, each as a regular expression."""

    property: str
    third: str
    bare: str
    negative: bool
    needs_kind: bool


@dataclass(frozen=True)
class Fixed:
    """A whole sentence about one property; says: "never", "always" or "may"."""

    pattern: Words
    property: str
    says: str


@dataclass(frozen=True)
class Vocabulary:
    """All that can be read."""

    no_change: Words
    guards: Words
    negations: Words
    kinds: tuple[Kind, ...]
    outcomes: tuple[Outcome, ...]
    sentences: tuple[Fixed, ...]


class PhraseError(Exception):
    """A phrase is not written as the grammar has it."""


def compile_phrase(phrase: str) -> str:
    """Return a regular expression for PHRASE; each word takes the blank behind it.

    Raises: PhraseError saying what is wrong.
    """
    tokens = [match[1] for match in _WORD.finditer(phrase)]
    regex, rest = _run(tokens, 0, "")
    if rest != len(tokens):
        raise PhraseError(f"'{tokens[rest]}' closes nothing")
    if not regex:
        raise PhraseError("it is empty")
    if re.fullmatch(regex, ""):
        raise PhraseError("all of it may be left out, so it says nothing")
    return regex


def _run(tokens: Sequence[str], at: int, closing: str) -> tuple[str, int]:
    """Read runs up to CLOSING; return the regular expression and where it ended."""
    runs: list[list[str]] = [[]]
    glued = False
    while at < len(tokens) and tokens[at] not in (")", "]"):
        word = tokens[at]
        if word == "|" and not closing:
            # outside of parentheses a bar joins two words
            if not runs[-1] or at + 1 >= len(tokens) or tokens[at + 1] in "()[]|":
                raise PhraseError("'|' stands between two words")
            glued = True
        elif word == "|":
            runs.append([])
        elif word in ("(", "["):
            inner, at = _run(tokens, at + 1, ")" if word == "(" else "]")
            runs[-1].append(f"(?:{inner})" + ("?" if word == "[" else ""))
        else:
            regex = VALUE if word == "VALUE" else re.escape(word.lower()) + " "
            if glued:
                runs[-1][-1] = f"(?:{runs[-1][-1]}|{regex})"
                glued = False
            else:
                runs[-1].append(regex)
        at += 1
    if closing and (at >= len(tokens) or tokens[at] != closing):
        raise PhraseError(f"a '{closing}' is missing")
    made = ["".join(run) for run in runs]
    if len(made) > 1 and not all(made):
        raise PhraseError("an empty choice")
    return "|".join(made), at


@dataclass
class _Reader:
    """Reads the tables of one file; every error names the file and the place in it."""

    source: str

    def fail(self, where: str, reason: str) -> InputError:
        return InputError(self.source, f"{where}: {reason}")

    def phrases(self, table: Mapping[str, object], where: str, key: str) -> list[str]:
        """Return the compiled phrases KEY of TABLE; none where it is not there."""
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.fail(f"{where}.{key}", "must be a list of texts")
        return [self.phrase(item, f"{where}.{key}") for item in value if isinstance(item, str)]

    def phrase(self, text: str, where: str) -> str:
        try:
            return compile_phrase(text)
        except PhraseError as error:
            raise self.fail(where, f'"{text[:60]}": {error}') from error

    def tables(self, data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
        value = data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.fail(key, f"write it [[{key}]]")
        return [item for item in value if isinstance(item, dict)]

    def table(self, data: Mapping[str, object], key: str) -> Mapping[str, object]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(key, f"write it [{key}]")
        return value

    def known(self, table: Mapping[str, object], where: str, keys: set[str]) -> None:
        extra = sorted(set(table) - keys)
        if extra:
            raise self.fail(f"{where}.{extra[0]}", f"no such key; keys: {', '.join(sorted(keys))}")

    def choice(self, table: Mapping[str, object], where: str, key: str, of: Sequence[str]) -> str:
        value = table.get(key)
        if not isinstance(value, str) or value not in of:
            raise self.fail(f"{where}.{key}", f"must be one of {', '.join(of)}")
        return value

    def kinds(self, data: Mapping[str, object]) -> list[Kind]:
        found = []
        for number, table in enumerate(self.tables(data, "kind"), 1):
            where = f"kind {number}"
            self.known(table, where, {"phrases", "states"})
            states = table.get("states")
            if not isinstance(states, dict) or not states:
                raise self.fail(f"{where}.states", "must name factors and their values")
            meant = []
            for name, values in states.items():
                names = [value.name for value in FACTOR[name].values] if name in FACTOR else []
                if not names:
                    raise self.fail(
                        f"{where}.states.{name}", f"no such factor; factors: {', '.join(FACTOR)}"
                    )
                if (
                    not isinstance(values, list)
                    or not values
                    or not set(map(str, values)) <= set(names)
                ):
                    raise self.fail(f"{where}.states.{name}", f"values are {', '.join(names)}")
                meant.append((name, tuple(str(value) for value in values)))
            found += [Kind(words, tuple(meant)) for words in self.phrases(table, where, "phrases")]
        return found

    def outcomes(self, data: Mapping[str, object], properties: Sequence[str]) -> list[Outcome]:
        found = []
        for number, table in enumerate(self.tables(data, "outcome"), 1):
            where = f"outcome {number}"
            self.known(table, where, {"property", "verbs", "negative", "needs_kind", "about"})
            name = self.choice(table, where, "property", properties)
            verbs = table.get("verbs", [])
            if not isinstance(verbs, list):
                raise self.fail(f"{where}.verbs", "must be a list of pairs")
            for pair in verbs:
                if (
                    not isinstance(pair, list)
                    or len(pair) != 2
                    or not all(isinstance(v, str) for v in pair)
                ):
                    raise self.fail(f"{where}.verbs", 'must be pairs: ["fails", "fail"]')
                third, bare = (self.phrase(str(form), f"{where}.verbs") for form in pair)
                if name == "returns" and "(?P<value>" not in third:
                    raise self.fail(f"{where}.verbs", "needs the word VALUE")
                found.append(
                    Outcome(
                        name,
                        third,
                        bare,
                        table.get("negative") is True,
                        table.get("needs_kind") is True,
                    )
                )
        return found

    def sentences(self, data: Mapping[str, object], properties: Sequence[str]) -> list[Fixed]:
        found = []
        for number, table in enumerate(self.tables(data, "sentence"), 1):
            where = f"sentence {number}"
            self.known(table, where, {"property", "says", "phrases"})
            name = self.choice(table, where, "property", [p for p in properties if p != "returns"])
            says = self.choice(table, where, "says", ("never", "always", "may"))
            found += [
                Fixed(re.compile(words), name, says)
                for words in self.phrases(table, where, "phrases")
            ]
        return found


def read_vocabulary(
    files: Sequence[tuple[str, Mapping[str, object]]], properties: Sequence[str]
) -> Vocabulary:
    """Return the vocabulary of FILES, each (name, its TOML), PROPERTIES being what can be asked.

    Raises: InputError naming the file and what is wrong in it.
    """
    openings: list[str] = []
    phrases: list[str] = []
    endings: list[str] = []
    whole: list[str] = []
    guards: list[str] = []
    negations: list[str] = []
    kinds: list[Kind] = []
    outcomes: list[Outcome] = []
    sentences: list[Fixed] = []
    for name, data in files:
        reader = _Reader(name)
        reader.known(data, "file", {"no_change", "guards", "kind", "outcome", "sentence"})
        table = reader.table(data, "no_change")
        reader.known(table, "no_change", {"openings", "phrases", "sentences", "endings"})
        openings += reader.phrases(table, "no_change", "openings")
        phrases += reader.phrases(table, "no_change", "phrases")
        endings += reader.phrases(
            {"endings": [e.strip() for e in _texts(table.get("endings"))]}, "no_change", "endings"
        )
        whole += reader.phrases(table, "no_change", "sentences")
        guard_table = reader.table(data, "guards")
        reader.known(guard_table, "guards", {"words", "negations"})
        negations += reader.phrases(guard_table, "guards", "negations")
        guards += reader.phrases(guard_table, "guards", "words")
        kinds += reader.kinds(data)
        outcomes += reader.outcomes(data, properties)
        sentences += reader.sentences(data, properties)
    promise = _any([f"{_optional(openings)}{_any(phrases)}(?:{_any(endings)}){{0,2}}", *whole])
    return Vocabulary(
        re.compile(promise), _anywhere(guards), _anywhere(negations), tuple(kinds), tuple(outcomes), tuple(sentences),
    )  # fmt: skip


def _anywhere(parts: Sequence[str]) -> Words:
    return re.compile(rf"(?:^|(?<= )){_any(parts)}")


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _any(parts: Sequence[str]) -> str:
    return "(?:" + "|".join(parts or ["(?!)"]) + ")"


def _optional(parts: Sequence[str]) -> str:
    return _any(parts) + "?" if parts else ""


def parse_file(source: str, data: bytes) -> Mapping[str, object]:
    """Return the TOML of DATA.  Raises: InputError with the line that is to blame."""
    if len(data) > _MOST_BYTES:
        raise InputError(source, f"more than {_MOST_BYTES:,} bytes")
    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(source, f"no TOML: {error}") from error


def own_file() -> tuple[str, Mapping[str, object]]:
    """Return the vocabulary that comes with the program."""
    path = Path(__file__).with_name("vocabulary.toml")
    return path.name, parse_file(path.name, path.read_bytes())


@cache
def default_vocabulary(properties: tuple[str, ...]) -> Vocabulary:
    """Return what can be read without a file of the user's."""
    return read_vocabulary([own_file()], properties)


def load_vocabulary(files: Sequence[str], properties: tuple[str, ...]) -> Vocabulary:
    """Return what can be read with FILES of the user's too.

    Raises: InputError naming a file that cannot be read, or what is wrong in it.
    """
    read = [own_file()]
    for name in files:
        try:
            read.append((name, parse_file(name, Path(name).read_bytes())))
        except OSError as error:
            raise InputError(name, error.strerror or "cannot be read") from error
    return read_vocabulary(read, properties)
