# SPDX-License-Identifier: GPL-2.0-only
"""What a review reads from a block, and what it writes as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reviewtool.kerneldoc import Kind, Options, parse_source, write_comment

TEXT = """\
int other(void);
/**
 * look_up() - find a page
 * @vma: where
 *	to look
 * @flags: how
 *
 * Finds it.  It may fail, however
 * it never sleeps.
 *
 * Second paragraph, of @vma.
 *
 * Context: Any context.
 * Return: the page, or %NULL.
 */
struct page *look_up(struct vm_area_struct *vma, unsigned int flags)
{
}
"""


def test_block_gives_its_parts_in_reading_form() -> None:
    (block,) = parse_source(TEXT, "x.c").blocks
    assert (block.kind, block.name, block.purpose) == (Kind.FUNCTION, "look_up", "find a page")
    assert [(one.name, one.text) for one in block.parameters] == [
        ("vma", "where to look"),
        ("flags", "how"),
    ]
    assert block.parameters[0].declaration == "struct vm_area_struct *vma"
    assert block.paragraphs == (
        "Finds it. It may fail, however it never sleeps.",
        "Second paragraph, of @vma.",
    )
    assert (block.context, block.returns) == ("Any context.", "the page, or %NULL.")
    assert (block.start, block.end, block.declaration_end) == (3, 15, 17)


def test_sentences_know_their_lines() -> None:
    (block,) = parse_source(TEXT, "x.c").blocks
    lines = TEXT.split("\n")
    for sentence in block.sentences:
        assert sentence.text.split()[0] in lines[sentence.line - 1]
    assert "It may fail, however it never sleeps." in [one.text for one in block.sentences]


def test_warnings_have_stable_identifiers() -> None:
    text = "/**\n * f\n * @b: x\n */\nint f(int a);\n"
    found = parse_source(text, "x.c", Options(returns=True, purposes=True)).diagnostics
    assert [one.rule.identifier for one in found] == ["KD007", "KD001", "KD002", "KD006"]


def test_strip_macro_drops_it_from_functions_and_members() -> None:
    text = "/**\n * f - p\n * @a: x\n */\n__mine(3) int f(int a);\n"
    text += "/**\n * struct s - p\n * @a: x\n */\nstruct s { int a __mine; };\n"
    assert len(parse_source(text, "x.c").diagnostics) > 0
    plain = parse_source(text, "x.c", Options(strip_macros=("__mine",)))
    assert plain.diagnostics == ()
    assert [block.name for block in plain.blocks] == ["f", "s"]


WORDS = st.text(alphabet="abc defg, .-*/%&", min_size=1, max_size=200).filter(
    lambda text: any(sign.isalpha() for sign in text)
)


@given(WORDS, WORDS, WORDS, WORDS, WORDS)
def test_written_comment_is_read_back(
    purpose: str, first: str, second: str, paragraph: str, when: str
) -> None:
    comment = write_comment(
        "f",
        purpose,
        (("a", first), ("b", second)),
        (paragraph,),
        "Any context.",
        (("0", when), ("%-EINVAL", "never")),
    )
    assert all(len(line.expandtabs(8)) <= 78 for line in comment.split("\n"))
    options = Options(returns=True, purposes=True)
    document = parse_source(f"{comment}int f(int a, int b);\n", "x.c", options)
    (block,) = document.blocks
    assert document.diagnostics == ()
    assert block.context == "Any context."
    assert [one.name for one in block.parameters] == ["a", "b"]
    assert block.returns is not None
    assert block.returns.endswith("* %-EINVAL - never")
