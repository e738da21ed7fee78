# SPDX-License-Identifier: GPL-2.0-only
"""Whatever is done to a patch on its way: it is fitted to what was sent, or refused."""

from __future__ import annotations

import difflib
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from reviewtool.mail.body import Text
from reviewtool.mail.fragments import find_fragments
from reviewtool.series.patch import parse_diff
from reviewtool.tree.fit import fit_patch, split_text
from reviewtool.tree.redefine import fit_function

BASE = (Path(__file__).parent / "base/mm/tally.c").read_text()
LINES = split_text(BASE)
NEW = ["\tsum += 2;", "\tif (flags)", "\t\treturn 1;", "", "\t/*", "\t * Why.", "\t */", "#endif"]
REMARKS = ["Why is this?", "return 0;", "I would rather not.", "}", "See above:", "- one", "> two"]


_WORDS = st.lists(st.sampled_from(REMARKS), min_size=1, max_size=4)
_C = st.sampled_from([*LINES, *NEW, *REMARKS, "int tally_pages(int a)", "{", "}"])


def read(path: str) -> str | None:
    return BASE if path == "mm/tally.c" else None


@st.composite
def edits(draw: st.DrawFn) -> list[str]:
    """Return the base with some lines removed and some added."""
    new = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(new)))
        del new[at : at + draw(st.integers(0, 2))]
        new[at:at] = draw(st.lists(st.sampled_from(NEW), max_size=3))
    return new


def squeezed(lines: list[str]) -> list[str]:
    """Return the lines that are not blank, without white space."""
    return [text for line in lines if (text := "".join(line.split()))]


def applied(diff_text: str) -> list[str]:
    """Apply a diff that must fit exactly, as git apply does without any fuzz."""
    files, errors = parse_diff(diff_text, "x")
    assert errors == ()
    out: list[str] = []
    at = 0
    for hunk in files[0].hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        out += LINES[at:start]
        old = [line.text for line in hunk.lines if line.kind.value != "+"]
        assert old == LINES[start : start + hunk.old_count]
        out += [line.text for line in hunk.lines if line.kind.value != "-"]
        at = start + hunk.old_count
    return out + LINES[at:]


@settings(max_examples=300, deadline=None)
@given(
    edits(),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 60), _WORDS), max_size=3),
)
@example([*LINES[:20], "\tsum += 2;", *LINES[20:]], True, [(12, ["Why is this?"])])
def test_a_patch_with_remarks_and_without_indentation_is_fitted_or_refused(
    new: list[str], strip: bool, remarks: list[tuple[int, list[str]]]
) -> None:
    diff = list(difflib.unified_diff(LINES, new, "a/mm/tally.c", "b/mm/tally.c", lineterm=""))
    if not diff or "@@ -0,0" in diff[2]:
        return
    sent = []
    for line in diff:
        if strip and not line.startswith(("---", "+++", "@@")):
            mark = line[0] if line[0] in "+-" else ""
            sent.append(f"{mark} {line[1:].strip()}".strip() if mark else line.strip())
        else:
            sent.append(line)
    for at, words in remarks:
        place = 3 + at % (len(sent) - 2)
        sent[place:place] = ["", *words, ""]
    text = Text(tuple(sent), tuple(range(1, len(sent) + 1)))
    (fragment,) = find_fragments(text, "x", loose=True).patches
    fit = fit_patch(fragment, read)
    if fit.diff_text is None:
        assert strip or remarks
        assert fit.ambiguity is not None
        assert 1 <= fit.ambiguity.line <= len(sent)
    else:
        assert squeezed(applied(fit.diff_text)) == squeezed(new)
        assert len(fit.source_lines) == fit.diff_text.count("\n")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([*LINES, *NEW, *REMARKS, "int tally_pages(int a)", "{", "}"]), max_size=30
    )
)
def test_any_lines_with_a_function_are_fitted_or_refused(lines: list[str]) -> None:
    text = Text(tuple(lines), tuple(range(1, len(lines) + 1)))
    for function in find_fragments(text, "x", loose=True).functions:
        fit = fit_function(function, read, ["mm/tally.c"])
        if fit.diff_text:
            applied(fit.diff_text)
        else:
            assert fit.ambiguity is not None or fit.diff_text == ""
