# SPDX-License-Identifier: GPL-2.0-only
"""Which mails make a series, and what a mailbox that changes leaves to be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtool.batch.index import Indexer
from reviewtool.batch.plan import Planner
from reviewtool.batch.reading import Broken, Found, read_file
from reviewtool.batch.store import Selection, Store, open_store
from reviewtool.batch.work import Job, Options, Outcome, State, Unit
from reviewtool.errors import InputError
from reviewtool.mail.mailbox import RawMail
from tests.batch.conftest import driver_diff, mail, mbox, patch, read_inputs


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "reviews.sqlite") as made:
        yield made


def units(store: Store, path: Path) -> list[list[str]]:
    """Return the subjects of the mails of each unit that is left, in order."""
    found = []
    for made in planned(store, path):
        assert isinstance(made, Unit), made
        found.append([_subject(raw) for raw in made.mails])
    return found


def planned(store: Store, path: Path) -> list[Unit | Outcome]:
    with Planner(store, Options(), "test") as planner:
        made: list[Unit | Outcome] = []
        for one in planner.jobs(read_inputs(store, path).left):
            made += list(one.units) if isinstance(one, Job) else [one]
        return sorted(made, key=lambda one: one.key)


def _subject(raw: RawMail) -> str:
    return Indexer().index(raw).subject


def write(path: Path, *mails: str) -> Path:
    path.write_bytes(mbox(mails))
    return path


def test_each_version_of_a_series_is_a_unit_and_replies_and_notices_are_none(
    store: Store, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "list.mbox",
        mail("[PATCH 0/2] tidy", ident="c1"),
        patch("[PATCH 1/2] one", ident="p1", answers="c1"),
        patch("Re: [PATCH 1/2] one", ident="r1", answers="p1"),
        patch("[PATCH 2/2] two", ident="p2", answers="p1"),
        mail("[PATCH v2 0/2] tidy", ident="c2", answers="c1"),
        patch("[PATCH v2 1/2] one", ident="q1", answers="c2"),
        patch("[PATCH v2 2/2] two", ident="q2", answers="c2"),
        patch("[PATCH] alone", ident="s1"),
        mail("Lunch?", ident="x1"),
        patch("[tip: x86/mm] two", ident="t1"),
    )
    assert sorted(units(store, path)) == sorted(
        [
            ["[PATCH 0/2] tidy", "[PATCH 1/2] one", "[PATCH 2/2] two"],
            ["[PATCH v2 0/2] tidy", "[PATCH v2 1/2] one", "[PATCH v2 2/2] two"],
            ["[PATCH] alone"],
        ]
    )
    assert store.mail_counts([str(path)]) == {
        "patch": 5, "cover letter": 2, "no patch": 1, "notice": 1, "reply": 1
    }  # fmt: skip


def test_a_series_without_threads_is_one_until_a_number_comes_again(
    store: Store, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "list.mbox",
        patch("[PATCH 1/2] one", ident="a1", minute=1),
        patch("[PATCH 1/2] other", ident="b1", minute=1, sender="Bo <bo@example.org>"),
        patch("[PATCH 2/2] two", ident="a2", minute=2),
        patch("[PATCH 2/2] more", ident="b2", minute=2, sender="Bo <bo@example.org>"),
        patch("[PATCH 1/2] next", ident="a3", minute=30),
        patch("[PATCH 2/2] last", ident="a4", minute=31),
    )
    assert sorted(units(store, path)) == [
        ["[PATCH 1/2] next", "[PATCH 2/2] last"],
        ["[PATCH 1/2] one", "[PATCH 2/2] two"],
        ["[PATCH 1/2] other", "[PATCH 2/2] more"],
    ]


def test_files_of_format_patch_have_no_ids_and_are_a_series(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for number in (1, 2, 3):
        text = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\n"
        text += patch(f"[PATCH {number}/3] part {number}")
        (folder / f"000{number}-part.patch").write_text(text)
    assert units(store, folder) == [[f"[PATCH {number}/3] part {number}" for number in (1, 2, 3)]]


def test_a_patch_sent_again_for_one_of_a_series_brings_the_others_along(
    store: Store, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "list.mbox",
        mail("[PATCH 0/2] tidy", ident="c1"),
        patch("[PATCH 1/2] one", ident="p1", answers="c1"),
        patch("[PATCH 2/2] two", driver_diff("b"), ident="p2", answers="c1"),
        patch("[PATCH v2 2/2] two", driver_diff("c"), ident="q2", answers="p2"),
    )
    made = [one for one in planned(store, path) if isinstance(one, Unit)]
    (reroll,) = (one for one in made if "v2" in _subject(one.mails[-1]))
    assert [_subject(raw) for raw in reroll.mails] == [
        "[PATCH 1/2] one", "[PATCH 2/2] two", "[PATCH v2 2/2] two"
    ]  # fmt: skip
    assert reroll.message_id == "q2@example.org"


def test_the_same_mail_twice_is_one_unit(store: Store, tmp_path: Path) -> None:
    one = patch("[PATCH] alone", ident="s1")
    path = write(tmp_path / "list.mbox", one, one, patch("[PATCH] bare"), patch("[PATCH] bare"))
    assert sorted(units(store, path)) == [["[PATCH] alone"], ["[PATCH] bare"]]


def test_a_binary_mail_costs_itself_and_not_what_stands_behind_it(
    store: Store, tmp_path: Path
) -> None:
    first, third = patch("[PATCH] first", ident="a"), patch("[PATCH] third", ident="c")
    path = tmp_path / "list.mbox"
    path.write_bytes(mbox([first, "Subject: [PATCH] bad\n\n\0\n", third]))
    found = list(read_file(path))
    assert [type(one) for one in found] == [Found, Broken, Found]
    last = found[-1]
    assert isinstance(last, Found)
    lines = path.read_bytes().split(b"\n")
    assert lines[last.raw.line - 1].startswith(b"From x")
    assert path.read_bytes()[last.raw.offset :] == last.raw.data
    made = planned(store, path)
    refused = [one for one in made if isinstance(one, Outcome)]
    assert len(made) == 3
    assert [one.state for one in refused] == [State.REFUSED]
    assert "NUL byte" in refused[0].why


def test_a_mailbox_of_more_than_a_line_may_hold_goes_on_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "list.mbox"
    path.write_bytes(
        mbox([patch("[PATCH] a"), "Subject: long\n\n" + "x" * (12 << 20), patch("[PATCH] b")])
    )
    found = list(read_file(path))
    assert [isinstance(one, Found) for one in found] == [True, False, True]


def finish_all(store: Store, path: Path) -> None:
    outcomes = [Outcome(one.key, State.NOT_ABOUT) for one in read_inputs(store, path).left]
    store.finish(outcomes, "now")


def test_what_is_finished_is_not_left_and_a_mail_that_comes_makes_only_its_series_new(
    store: Store, tmp_path: Path
) -> None:
    series = [
        patch("[PATCH 1/2] one", ident="p1"),
        patch("[PATCH 2/2] two", ident="p2", answers="p1"),
    ]
    alone = patch("[PATCH] alone", ident="s1")
    path = write(tmp_path / "list.mbox", series[0], alone)
    finish_all(store, path)
    assert not read_inputs(store, path).left
    write(path, mail("Hello", ident="h"), series[0], alone, series[1])  # offsets move, too
    assert len(read_inputs(store, path).left) == 1
    assert len(list(store.rows(Selection()))) == 1
    finish_all(store, path)
    assert len(list(store.rows(Selection()))) == 2


def test_a_mail_that_is_gone_from_its_mailbox_takes_its_row_along(
    store: Store, tmp_path: Path
) -> None:
    one, two = patch("[PATCH] one", ident="a"), patch("[PATCH] two", ident="b")
    path = write(tmp_path / "list.mbox", one, two)
    finish_all(store, path)
    write(path, two)
    assert not read_inputs(store, path).left
    assert [row.message_id for row in store.rows(Selection())] == ["b@example.org"]


def test_a_flag_set_in_a_maildir_changes_nothing(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "Maildir"
    for name in ("cur", "new", "tmp"):
        (folder / name).mkdir(parents=True)
    (folder / "new" / "1.a").write_text(patch("[PATCH] one", ident="a"))
    finish_all(store, folder)
    (folder / "new" / "1.a").rename(folder / "cur" / "1.a:2,S")
    assert not read_inputs(store, folder).left
    assert len(list(store.rows(Selection()))) == 1


def test_threads_that_go_in_a_circle_end(store: Store, tmp_path: Path) -> None:
    path = write(
        tmp_path / "list.mbox",
        patch("[PATCH 1/2] one", ident="a", answers="b"),
        patch("[PATCH 2/2] two", ident="b", answers="a"),
    )
    assert sum(len(subjects) for subjects in units(store, path)) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [("-", "cannot be read again"), ("gone.mbox", "no such file"), ("empty", "empty")],
)
def test_an_input_that_cannot_be_read_is_named(
    store: Store, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(InputError, match=reason):
        read_inputs(store, Path(name) if name == "-" else tmp_path / name)


@given(
    st.binary(max_size=400), st.sampled_from(["", "Subject: [PATCH 1/2] \xff\nMessage-ID: <a@b>\n"])
)
def test_any_bytes_are_indexed(data: bytes, head: str) -> None:
    told = Indexer().index(RawMail("x", 1, head.encode("latin-1") + data))
    assert len(told.digest) == 32
