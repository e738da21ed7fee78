# SPDX-License-Identifier: GPL-2.0-only
"""The database: one row a series, one writer at a time, and one clear line for whatever is wrong with it."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
import zlib
from pathlib import Path

import pytest

from reviewtool.batch.store import Row, Selection, open_results, open_store, unpack_review
from reviewtool.batch.table import LISTS
from reviewtool.batch.work import Outcome, State
from reviewtool.errors import InputError
from tests.batch.conftest import mbox, patch, read_inputs


def filled(tmp_path: Path, count: int = 3) -> Path:
    """Return a database with COUNT finished series."""
    mails = [patch(f"[PATCH] number {number}", ident=f"m{number}") for number in range(count)]
    (tmp_path / "list.mbox").write_bytes(mbox(mails))
    path = tmp_path / "reviews.sqlite"
    with open_store(path) as store:
        left = read_inputs(store, tmp_path / "list.mbox").left
        stored = zlib.compress(b"{}")
        made = [
            Outcome(one.key, State.REVIEWED, verdict="could not tell", review=stored)
            for one in left
        ]
        store.finish(made, "2023-08-01T10:00:00+00:00")
    return path


def test_a_result_that_comes_twice_is_one_row(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with open_store(path) as store:
        rows = list(store.rows(Selection()))
        store.finish([Outcome(rows[0].unit, State.DIED, "again")], "later")
        assert len(list(store.rows(Selection()))) == len(rows) == 3
        assert [row.state for row in store.rows(Selection(states=("died",)))] == [State.DIED]


def test_a_second_run_on_one_database_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with open_store(path):
        with pytest.raises(InputError, match="another run is writing it"), open_store(path):
            pass
        with open_results(path) as store:
            assert len(list(store.rows(Selection()))) == 3
    with open_results(path) as store, pytest.raises(InputError, match="readonly"):
        store.run("DELETE FROM result")
    assert [one.name for one in sorted(tmp_path.glob("reviews*"))] == ["reviews.sqlite"]


def test_a_database_of_another_version_or_of_something_else_is_refused_and_left_alone(
    tmp_path: Path,
) -> None:
    path = filled(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    other = tmp_path / "other.sqlite"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE bookmarks (url)")
    connection.close()
    text = tmp_path / "notes.txt"
    text.write_text("shopping list\n" * 100)
    for name, reason in (
        (path, "version is 99"),
        (other, "something else"),
        (text, "not a database"),
    ):
        before = name.read_bytes()
        for opened in (open_store, open_results):
            with pytest.raises(InputError, match=reason) as caught, opened(name):
                pass
            assert "\n" not in str(caught.value)
        assert name.read_bytes() == before


def test_a_full_disk_is_one_line_and_what_was_there_is_kept(tmp_path: Path) -> None:
    path = filled(tmp_path)
    with open_store(path) as store:
        pages = store.number("PRAGMA page_count")
        store.run(f"PRAGMA max_page_count = {pages}")
        key = next(store.rows(Selection())).unit
        with pytest.raises(InputError, match="cannot be used: database or disk is full"):
            store.finish([Outcome(key, State.REVIEWED, review=os.urandom(1 << 16))], "later")
        assert [row.state for row in store.rows(Selection())] == [State.REVIEWED] * 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.parent.chmod(0o555)
    try:
        with (
            pytest.raises(InputError, match="cannot be written"),
            open_store(tmp_path / "new.sqlite"),
        ):
            pass
        with open_results(path) as store:
            assert len(list(store.rows(Selection()))) == 3
    finally:
        path.parent.chmod(0o755)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="cannot be written: No such"),
        open_store(tmp_path / "a" / "b"),
    ):
        pass
    with pytest.raises(InputError, match="no such database"), open_results(tmp_path / "a"):
        pass


def test_rows_made_otherwise_are_not_mixed(tmp_path: Path) -> None:
    with open_store(tmp_path / "reviews.sqlite") as store:
        store.agree({"--tree": "", "--budget": ""})
        store.agree({"--tree": "", "--budget": ""})
        with pytest.raises(InputError, match="--tree none, and not /srv/linux"):
            store.agree({"--tree": "/srv/linux", "--budget": ""})


def test_a_row_is_found_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    with open_results(filled(tmp_path)) as store:
        unit = next(store.rows(Selection())).unit
        row, stored = store.review(unit[:8])
        assert (row.unit, unpack_review(stored, "x")) == (unit, b"{}")
        for beginning, reason in (("0" * 20, "no row"), ("%", "not the id"), ("", "not the id")):
            with pytest.raises(InputError, match=reason):
                store.review(beginning)


@pytest.mark.parametrize("stored", [b"", b"junk", zlib.compress(b"x" * 1000)[:-6]])
def test_a_damaged_review_is_refused(stored: bytes) -> None:
    with pytest.raises(InputError, match="damaged"):
        unpack_review(stored, "x")


def row_of(title: str, why: str = "") -> Row:
    where = ("Ada <ada@example.org>", "m@example.org", "list.mbox", 1)
    return Row("ab" * 10, State.REFUSED, "", why, title, *where, 0, 0, 0, 0, 0.5, 1 << 20, "now")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", " =", "\r=", "\uff1d"])
def test_no_cell_of_csv_is_a_formula(start: str) -> None:
    row = row_of(f'{start}HYPERLINK("http://example.org/x","y")', why="a\n=b")
    (_, cells) = csv.reader(io.StringIO("".join(LISTS["csv"]([row])), newline=""))
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))]
    assert any(cell.startswith("'") and "HYPERLINK" in cell for cell in cells)


def test_no_list_moves_a_cursor_and_json_keeps_what_came() -> None:
    row = row_of("\x1b[2Jgone\r\u202e")
    for form in ("table", "csv"):
        text = "".join(LISTS[form]([row]))
        assert "\x1b" not in text
        assert "\u202e" not in text
    (told,) = json.loads("".join(LISTS["json"]([row])))
    assert (told["title"], told["state"]) == (row.title, "refused")
    assert json.loads("".join(LISTS["json"]([]))) == []
