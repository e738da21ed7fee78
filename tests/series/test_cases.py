# SPDX-License-Identifier: GPL-2.0-only
"""One small mail for each oddity of kernel lists; tests/series/mails/README.md lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtool.errors import InputError
from reviewtool.mail.diagnostic import Severity
from reviewtool.mail.inputs import InputSource
from reviewtool.series.diff import Change, FileDiff
from reviewtool.series.patch import Patch
from reviewtool.series.read import read_series
from reviewtool.series.series import Role, Series

MAILS = Path(__file__).parent / "mails"


def series(name: str, *, repair: bool = False) -> Series:
    return read_series([InputSource.named(str(MAILS / name))], repair=repair)


def patch(name: str) -> Patch:
    found = series(name)
    assert len(found.patches) == 1
    return found.patches[0]


def only_file(name: str) -> FileDiff:
    found = patch(name)
    assert len(found.files) == 1
    return found.files[0]


def refusal(name: str) -> InputError:
    with pytest.raises(InputError) as caught:
        series(name)
    return caught.value


def codes(name: str) -> list[tuple[str, int]]:
    return [(item.code, item.line) for item in series(name).all_diagnostics]


# 1, 2: who and what


def test_01_in_body_from_is_the_author_and_from_stays_the_sender() -> None:
    found = patch("01-in-body-from.eml")
    assert str(found.author) == "Ann Author <ann@example.org>"
    assert found.mail is not None
    assert found.mail.sender.address == "sam@example.org"
    assert found.message.startswith("The counter missed")


def test_02_in_body_subject_wins_over_the_field() -> None:
    assert patch("02-in-body-subject.eml").subject == "mm: inner title"


def test_02_what_stands_above_scissors_is_no_log() -> None:
    found = patch("02-scissors.eml")
    assert found.subject == "mm: count the fresh pages"
    assert "how about this" not in found.message


def test_01_a_comment_is_a_part_of_the_name_as_git_has_it() -> None:
    raw = b"From: Ann Author (Company) <ann@example.org>\nSubject: [PATCH] x\n\nLog.\n---\n"
    diff = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    (found,) = read_series([InputSource("x", data=raw + diff)]).patches
    assert str(found.author) == '"Ann Author (Company)" <ann@example.org>'


# 3: mbox


def test_03_from_in_a_log_begins_no_message_and_a_mboxo_mark_stays() -> None:
    found = patch("03-from-in-log.mbox")
    assert "From here on the counter is right.\n" in found.message
    assert ">From the old days.\n" in found.message


def test_03_marks_are_taken_off_in_a_mboxrd_only_once() -> None:
    found = patch("03-mboxrd.mbox")
    assert "\nFrom here" in f"\n{found.message}"
    assert ">From an older mail.\n" in found.message
    assert ">>From" not in found.message


# 4, 5: the log


def test_04_an_unindented_diff_in_the_log_is_named_and_not_applied() -> None:
    found = patch("04-diff-in-log.eml")
    assert found.paths == ("mm/count.c",)
    assert "other.c" not in found.diff_text
    (said,) = found.diagnostics
    assert (said.code, said.line, said.severity) == ("diff-in-log", 10, Severity.WARNING)
    assert "'mm/other.c'" in said.text
    assert [item.key for item in found.trailers] == ["Signed-off-by"]


def test_04_an_indented_diff_in_the_log_is_text() -> None:
    found = patch("04-indented-diff-in-log.eml")
    assert found.paths == ("mm/count.c",)
    assert found.diagnostics == ()
    assert "  diff --git a/mm/other.c" in found.message


def test_04_a_hunk_without_a_file_in_the_log_is_named_and_the_patch_is_read() -> None:
    found = patch("04-hunk-in-log.eml")
    assert found.diff_text == patch("plain.eml").diff_text
    assert codes("04-hunk-in-log.eml") == [("diff-in-log", 10)]


def test_04_a_hunk_without_a_file_is_refused_where_no_patch_follows() -> None:
    raw = b"Subject: [PATCH] x\n\nLog.\n\n@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(InputError, match="x:5: a hunk without a file header"):
        read_series([InputSource("x", data=raw)])


def test_05_a_line_of_dashes_and_text_cuts_the_log_as_in_git_and_lost_tags_are_named() -> None:
    raw = (MAILS / "plain.eml").read_bytes().replace(b"Signed-off", b"--- Log ---\nx\n\nSigned-off")
    (found,) = read_series([InputSource("x", data=raw)]).patches
    assert (found.message, found.trailers) == ("The counter missed the new pages.\n", ())
    assert [(item.code, item.line) for item in found.diagnostics] == [("trailer-below-cut", 13)]


def test_05_tags_below_a_cut_in_the_log_are_warned_of() -> None:
    assert codes("05-cut-before-tags.eml") == [("trailer-below-cut", 12), ("trailer-below-cut", 13)]
    assert patch("05-cut-before-tags.eml").trailers == ()


# 6, 7: encodings


@pytest.mark.parametrize(
    "name", ["06-base64-crlf.eml", "06-crlf.eml", "06-quoted-printable.eml", "09-alternative.eml"]
)
def test_06_every_encoding_gives_the_diff_of_the_plain_mail(name: str) -> None:
    assert patch(name).diff_text == patch("plain.eml").diff_text
    assert "\r" not in "".join(patch(name).paths)


def test_06_hunk_lines_keep_the_input_line_through_quoted_printable() -> None:
    (file,) = patch("06-quoted-printable.eml").files
    lines = (MAILS / "06-quoted-printable.eml").read_text().split("\n")
    for line in file.hunks[0].lines:
        if line.text.strip():
            word = line.text.split()[0]
            assert word in lines[line.source_line - 1]


@pytest.mark.parametrize("name", ["07-flowed.eml", "07-flowed-delsp.eml"])
def test_07_a_flowed_diff_is_the_diff_before_it_flowed(name: str) -> None:
    flowed, plain = only_file(name), only_file("07-unflowed.eml")
    assert [line.text for line in flowed.hunks[0].lines] == [
        line.text for line in plain.hunks[0].lines
    ]


# 8, 9: parts


@pytest.mark.parametrize("kind", ["x-patch", "x-diff", "octet"])
def test_08_an_attached_patch_is_read_and_the_text_is_its_log(kind: str) -> None:
    found = patch(f"08-attached-{kind}.eml")
    assert found.diff_text == patch("plain.eml").diff_text
    assert found.message == patch("plain.eml").message


def test_08_an_attached_format_patch_brings_its_own_header() -> None:
    found = patch("08-attached-format-patch.eml")
    assert found.subject == "mm: count the attached pages"
    assert found.author.address == "ann@example.org"
    assert found.message == patch("plain.eml").message


def test_08_a_diff_inline_and_attached_is_one_diff() -> None:
    assert patch("08-inline-and-attached.eml").diff_text == patch("plain.eml").diff_text
    assert codes("08-inline-and-attached.eml") == [("attachment-repeated", 40)]


def test_09_alternative_parts_give_one_diff() -> None:
    assert len(patch("09-alternative.eml").files) == 1


def test_08_a_forwarded_patch_is_read_with_its_own_author_and_message_id() -> None:
    found = patch("08-forwarded.eml")
    assert found.diff_text == patch("plain.eml").diff_text
    assert found.mail is not None
    assert (found.mail.sender.address, found.mail.message_id) == (
        "ann@example.org",
        "1@example.org",
    )
    assert found.files[0].source_line == 30
    assert [entry.role for entry in series("08-forwarded.eml").entries] == [Role.REPLY, Role.PATCH]


# 10: character sets


def test_10_an_unknown_charset_is_read_as_utf_8_with_a_warning() -> None:
    assert "mißed" in patch("10-charset-y.eml").message
    assert codes("10-charset-y.eml") == [("charset", 11)]


def test_10_latin_1_without_charset_is_shown_as_such_with_a_warning() -> None:
    assert "mißed" in patch("10-latin1-unlabelled.eml").message
    assert codes("10-latin1-unlabelled.eml") == [("charset", 8)]


def test_10_bytes_of_an_unlabelled_diff_reach_git_unchanged() -> None:
    assert b"/* f\xfcr */" in patch("10-latin1-unlabelled-diff.eml").diff_bytes


def test_10_a_labelled_latin_1_diff_is_made_utf_8_with_a_warning() -> None:
    assert "/* für */" in patch("10-latin1-labelled.eml").diff_text
    assert codes("10-latin1-labelled.eml") == [("charset", 27)]


def test_10_a_no_break_space_for_a_blank_is_refused_at_its_line() -> None:
    assert refusal("10-no-break-space.eml").line == 23
    assert "no-break space" in refusal("10-no-break-space.eml").reason


# 11, 12: hunks and headers


def test_11_lines_of_dashes_and_pluses_are_a_removed_and_an_added_line() -> None:
    file = only_file("11-removed-dashes.eml")
    texts = [(line.kind.value, line.text) for line in file.hunks[0].lines]
    assert texts == [(" ", "keep"), ("-", "-- old"), ("+", "++ new"), (" ", "end")]


def test_11_a_count_that_takes_in_the_signature_is_an_error_and_no_deletion() -> None:
    error = refusal("11-count-too-high.eml")
    assert error.line == 20
    assert "signature" in error.reason


def test_12_a_pure_rename() -> None:
    file = only_file("12-rename.eml")
    assert (file.change, file.path_before, file.path_after) == (
        Change.RENAMED,
        "mm/old.c",
        "mm/new.c",
    )
    assert "-- " not in patch("12-rename.eml").diff_text


def test_12_a_rename_with_a_mode_change() -> None:
    file = only_file("12-rename-mode.eml")
    assert (file.change, file.path, file.mode_changed) == (Change.RENAMED, "bin/tool.sh", True)


def test_12_a_mode_change_alone() -> None:
    file = only_file("12-mode.eml")
    assert (file.change, file.mode_before, file.mode_after) == (Change.MODIFIED, "100644", "100755")


def test_12_an_empty_new_file() -> None:
    file = only_file("12-empty-new-file.eml")
    assert (file.change, file.path_before, file.hunks) == (Change.ADDED, None, ())


def test_12_a_binary_patch_ends_before_the_signature() -> None:
    assert only_file("12-binary.eml").binary
    assert patch("12-binary.eml").diff_text.endswith("HcmV?d00001\n\n")


def test_12_an_octal_quoted_name_is_decoded() -> None:
    assert only_file("12-quoted-name.eml").path == "doc/grün.txt"


def test_12_no_newline_in_the_middle_of_a_hunk_belongs_to_the_line_above() -> None:
    lines = only_file("12-no-newline.eml").hunks[0].lines
    assert [line.no_newline for line in lines] == [False, True, True]


def test_12_no_newline_may_be_said_in_any_language() -> None:
    raw = b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ Kein Zeilenumbruch am Dateiende.\n"
    (found,) = read_series([InputSource("x", data=raw)]).patches
    assert [line.no_newline for line in found.files[0].hunks[0].lines] == [False, True]


# 14: choosing


def test_14_of_two_shuffled_versions_the_later_is_taken_in_order() -> None:
    found = series("14-two-versions-shuffled.mbox")
    assert found.version == 2
    assert [item.number for item in found.patches] == [1, 3, 4]
    assert all("v2_" in item.diff_text for item in found.patches)
    assert found.cover is not None
    assert found.cover.subject.version == 2


def test_14_a_missing_patch_is_named() -> None:
    found = series("14-two-versions-shuffled.mbox")
    assert (found.missing, found.total) == ((2,), 4)
    assert "missing" in [item.code for item in found.diagnostics]


def test_14_a_message_that_came_through_two_lists_counts_once() -> None:
    found = series("14-two-versions-shuffled.mbox")
    assert [entry.line for entry in found.entries if entry.role is Role.DUPLICATE] == [224]
    assert len([item for item in found.patches if item.number == 1]) == 1


def test_14_a_partial_re_roll_takes_the_place_of_its_patch() -> None:
    found = series("14-re-roll-and-proposal.mbox")
    assert [item.number for item in found.patches] == [1, 2, 3, 4]
    assert ["v2_" in item.diff_text for item in found.patches] == [False, True, False, False]


def test_14_a_diff_in_a_reply_is_a_proposal_and_no_patch_of_the_series() -> None:
    found = series("14-re-roll-and-proposal.mbox")
    (proposal,) = found.proposals
    assert "proposed" in proposal.patch.diff_text
    assert proposal.mail.sender.address == "rita@example.org"
    assert all("proposed" not in item.diff_text for item in found.patches)


def test_14_two_series_in_one_mbox_must_be_told_apart() -> None:
    assert "choose one by a message-id" in refusal("14-two-topics.mbox").reason
    source = InputSource.named(str(MAILS / "14-two-topics.mbox"))
    chosen = read_series([source], message_id="<b2@example.org>")
    assert [item.subject for item in chosen.patches] == ["net: one", "net: two"]


def test_14_a_notice_of_a_tree_is_not_a_submission() -> None:
    found = series("14-notice.mbox")
    assert len(found.patches) == 1
    assert [entry.role for entry in found.entries] == [Role.NOTICE, Role.PATCH]


def test_14_a_reply_whose_diff_cannot_be_read_is_listed_with_the_reason() -> None:
    reply = b"Subject: Re: [PATCH] mm: x\nFrom: R <r@example.org>\n\nSo:\n\n@@ -1 +1 @@\n-a\n+b\n"
    source = InputSource("reply", data=reply)
    found = read_series([InputSource.named(str(MAILS / "plain.eml")), source])
    assert [(entry.role, entry.why) for entry in found.entries[1:]] == [
        (Role.REPLY, "line 6: a hunk without a file header")
    ]


# 15: damage


@pytest.mark.parametrize(
    ("name", "line"), [("15-wrapped-line.eml", 25), ("15-stripped-blanks.eml", 20)]
)
def test_15_damage_is_an_error_at_its_line(name: str, line: int) -> None:
    assert refusal(name).line == line


@pytest.mark.parametrize("name", ["15-wrapped-line.eml", "15-stripped-blanks.eml"])
def test_15_damage_is_to_be_fitted_to_the_tree_when_repair_is_asked_for(name: str) -> None:
    found = series(name, repair=True)
    assert found.patches == ()
    (recovery,) = found.recoveries
    assert [piece.path for piece in recovery.fragments.patches] == ["mm/count.c"]


# 16: dialects


@pytest.mark.parametrize("option", ["cc", "combined"])
def test_16_a_combined_diff_is_refused_by_name(option: str) -> None:
    name = "16-combined-cc.diff" if option == "cc" else "16-combined.diff"
    assert f"diff --{option}" in refusal(name).reason


def test_16_a_context_diff_is_refused_by_name() -> None:
    assert "context diff" in refusal("16-context-diff.diff").reason


@pytest.mark.parametrize(
    "name", ["16-no-git-header.diff", "16-other-prefix.diff", "16-index-and-timestamps.diff"]
)
def test_16_other_dialects_give_the_same_path_and_hunk(name: str) -> None:
    file, plain = only_file(name), only_file("plain.eml")
    assert (file.path_before, file.path_after) == ("mm/count.c", "mm/count.c")
    assert file.hunks[0].body == plain.hunks[0].body


# What is no patch, and what must not be one


def test_a_bare_diff_has_no_mail() -> None:
    assert patch("16-no-git-header.diff").mail is None


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("empty.mbox", None, "empty"),
        ("no-patch.eml", 1, "a mail without a patch"),
        ("no-change.diff", 1, "nothing changes in 'mm/count.c'"),
        ("binary.bin", 1, "binary"),
        ("path-up.eml", 12, "leaves the tree"),
        ("path-absolute.diff", 1, "an absolute path"),
        ("path-hook.eml", 12, "inside .git"),
        ("path-newline.eml", 12, "control character in the path"),
        ("symlink.eml", 17, "points out of the tree"),
        ("case-collision.eml", 18, "letter case"),
        ("forged-subject.eml", 1, "a line break hidden in From"),
    ],
)
def test_bad_input_is_refused_with_input_line_and_reason(
    name: str, line: int | None, reason: str
) -> None:
    error = refusal(name)
    assert error.source == str(MAILS / name)
    assert error.line == line
    assert reason in error.reason


def test_an_unreadable_file_is_refused() -> None:
    assert "cannot be read" in refusal("there-is-no-such-file").reason
