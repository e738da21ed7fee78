# SPDX-License-Identifier: GPL-2.0-only
"""Messages: any bytes give a value, and what is hostile gives a diagnostic with its line."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.errors import InputError
from reviewtool.mail.address import parse_addresses
from reviewtool.mail.body import Text, decode_transfer, split_lines
from reviewtool.mail.diagnostic import Severity
from reviewtool.mail.flowed import unflow
from reviewtool.mail.fragments import find_fragments
from reviewtool.mail.inputs import InputSource
from reviewtool.mail.log import read_log
from reviewtool.mail.mailbox import split_mbox
from reviewtool.mail.message import parse_mail
from reviewtool.mail.trailers import parse_trailers
from reviewtool.mail.words import decode_words, encode_words
from reviewtool.series.listing import list_messages

FIELDS = [
    b"From: A <a@example.org>\n",
    b"Subject: [PATCH] x\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: text/plain; charset=utf-16; format=flowed; delsp=yes\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"\n",
    b"--b\n",
    b"--b--\n",
    b"=C3=\n",
    b"Zm9v\n",
    b"> quoted \n",
    b"-- >8 --\n",
    b"---\n",
    b"diff --git a/x b/x\n",
    b"--- a/x\n",
    b"+++ b/x\n",
    b"@@ -1 +1 @@\n",
    b"-a\n",
    b"+b\n",
    b" c \r\n",
    b"int f(void)\n",
    b"{\n",
    b"}\n",
    b"\xff\xfe\n",
]


@given(st.binary(max_size=400) | st.lists(st.sampled_from(FIELDS), max_size=40).map(b"".join))
def test_any_bytes_are_a_mail_whose_lines_are_numbered(raw: bytes) -> None:
    mail = parse_mail(raw, "x")
    count = len(split_lines(raw))
    for text in (mail.body, *mail.attachments):
        assert len(text.lines) == len(text.numbers)
        assert all(1 <= number <= count for number in text.numbers)
        assert list(text.numbers) == sorted(text.numbers)
        assert not any("\n" in line for line in text.lines)
    assert mail.subject.raw is not None
    assert mail.references is not None
    assert mail.sent is None or mail.date
    find_fragments(mail.body, "x", loose=True)


@given(st.text())
def test_any_text_is_a_list_of_addresses(field: str) -> None:
    for address in parse_addresses(field):
        assert str(address)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Ann <ann@example.org>", [("Ann", "ann@example.org")]),
        ("ann@example.org (Ann Author)", [("Ann Author", "ann@example.org")]),
        ('"Author, A" <a@example.org>, b@x.org', [("Author, A", "a@example.org"), ("", "b@x.org")]),
        ("=?utf-8?q?J=C3=B6rg?= <j@example.org>", [("Jörg", "j@example.org")]),
        ("list: a@example.org, b@example.org;", [("", "a@example.org"), ("", "b@example.org")]),
        ("undisclosed-recipients:;", []),
        ("Ann Author", [("Ann Author", "")]),
    ],
)  # fmt: skip
def test_addresses_are_read_in_all_their_forms(field: str, expected: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in parse_addresses(field)] == expected


@given(st.text())
def test_encoded_words_decode_to_what_was_encoded(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode("utf-8")
    words = encode_words(clean)
    assert all(len(word) <= 75 for word in words)
    assert decode_words(" ".join(words)) == clean


def test_encoded_line_ends_are_the_mails_also_when_plain_ones_follow() -> None:
    head = b"Subject: [PATCH] x\nContent-Transfer-Encoding: quoted-printable\n\n"
    body = b"From: Ann <ann@example.org>=0D=0A=0D=0AThe lo=\ng.=0D=0A---=0D=0A"
    mail = parse_mail(head + body + b"\n\n", "mail")
    assert tuple(mail.body.lines)[:4] == ("From: Ann <ann@example.org>", "", "The log.", "---")
    assert not any("\r" in line for line in mail.body.lines)
    kept = parse_mail(head + body + b"plain\n", "mail")
    assert kept.body.lines[0].endswith("\r")


@given(
    st.binary(max_size=300), st.sampled_from(["base64", "quoted-printable", "8bit", "x-uuencode"])
)
def test_any_bytes_can_be_transfer_decoded(raw: bytes, encoding: str) -> None:
    decoded = decode_transfer(split_lines(raw), 1, encoding)
    assert len(decoded.lines) == len(decoded.numbers)


@given(st.lists(st.text(alphabet=" >+-@ab", max_size=8), max_size=20))
def test_flowed_text_loses_no_word(lines: list[str]) -> None:
    text = unflow(Text(tuple(lines), tuple(range(1, len(lines) + 1))), delsp=False)
    assert "".join("".join(lines).split()).replace(">", "") == "".join(
        "".join(text.lines).split()
    ).replace(">", "")


@given(st.lists(st.text(), max_size=10))
def test_any_log_has_trailers_or_none(lines: list[str]) -> None:
    for trailer in parse_trailers(lines):
        assert 1 <= trailer.line <= len(lines)


def test_trailers_are_those_of_the_last_paragraph() -> None:
    log = ["Title", "", "Note: prose", "", "Cc: a", "Fixes: 1 (x", " y)", "Signed-off-by: A <a@x>"]
    assert [(item.key, item.value, item.line) for item in parse_trailers(log)] == [
        ("Cc", "a", 5),
        ("Fixes", "1 (x y)", 6),
        ("Signed-off-by", "A <a@x>", 8),
    ]


def test_a_header_field_of_2_mib_is_refused_at_its_line() -> None:
    mail = parse_mail(b"From: a@example.org\nSubject: " + b"x" * (2 << 20) + b"\n\ntext\n", "x")
    (error,) = mail.diagnostics
    assert (error.code, error.line) == ("header-limit", 2)


class Endless:
    """A stream of one line that never ends."""

    def read(self, size: int) -> bytes:
        return b"x" * size


def test_a_line_of_2_gib_is_refused_before_it_is_read() -> None:
    with pytest.raises(InputError, match="a line of more than 4 MiB"):
        list(split_mbox(cast("BinaryIO", Endless()), "x"))


def test_a_nul_byte_is_refused_at_its_line() -> None:
    with pytest.raises(InputError, match="x:3: binary"):
        list(list_messages([InputSource("x", data=b"Subject: x\n\na\0b\n")]))


def values(*log: str) -> list[str]:
    return [item.value for item in parse_trailers(log)]


def test_a_log_of_nothing_but_a_trailer_has_it() -> None:
    assert values("Signed-off-by: A <a@example.org>") == ["A <a@example.org>"]
    assert values("mm: a title") == []


def test_a_comment_in_brackets_of_several_lines_is_no_part_of_a_trailer() -> None:
    log = ["Signed-off-by: A <a@x.org>", "[B: rename the", " constants: all]", "Cc: C <c@x.org>"]
    assert values(*log) == ["A <a@x.org>", "C <c@x.org>"]
    assert values("Cc: A <a@x.org>", "[B: never closed", "Cc: C <c@x.org>") == [
        "A <a@x.org>",
        "C <c@x.org>",
    ]


def test_a_title_that_was_wrapped_without_indentation_goes_on() -> None:
    log = ['Fixes: 0123456789ab ("mm: a title that', 'goes on")', "Cc: A <a@x.org>"]
    assert values(*log) == ['0123456789ab ("mm: a title that goes on")', "A <a@x.org>"]


@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[1] / "series/mails").glob("*.eml")),
    ids=lambda path: path.name,
)
def test_liblore_finds_the_same_trailers_in_our_mails(path: Path) -> None:
    lore = pytest.importorskip("liblore.series")
    mail = parse_mail(path.read_bytes(), "x")
    if mail.forwarded or any(item.severity is Severity.ERROR for item in mail.diagnostics):
        pytest.skip("refused, or forwarded")
    if path.name.startswith(("04-", "05-", "08-attached-f")):
        pytest.skip("what stands in such a log is a choice of ours")
    theirs = lore.extract_trailers(message_from_bytes(path.read_bytes(), policy=policy.default))
    ours = parse_trailers(read_log(mail.body).lines)
    assert [item.key for item in ours] == [item.name for item in theirs]
