# SPDX-License-Identifier: GPL-2.0-only
"""What comes into a public-inbox repository is read once, whatever happens to its history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtool.batch.plan import Planner, find_left
from reviewtool.batch.scan import Scanner
from reviewtool.batch.store import Selection, Store, open_store
from reviewtool.batch.work import Job, Options, Outcome, State
from reviewtool.errors import InputError
from tests.batch.conftest import Inbox, mail, patch, read_inputs


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "reviews.sqlite") as made:
        yield made


def finish(store: Store, path: Path) -> int:
    """Give what is left of the inbox at PATH a result; return how many that were."""
    left = read_inputs(store, path).left
    store.finish([Outcome(one.key, State.NOT_ABOUT) for one in left], "now")
    return len(left)


def ids(store: Store) -> list[str]:
    return sorted(row.message_id.partition("@")[0] for row in store.rows(Selection()))


def test_only_new_commits_are_read(store: Store, inbox: Inbox) -> None:
    inbox.add(patch("[PATCH] one", ident="a"))
    inbox.add(mail("Hello", ident="x"))
    assert finish(store, inbox.path) == 1
    assert finish(store, inbox.path) == 0
    inbox.add(patch("[PATCH] two", ident="b"))
    assert Scanner(store, print, lambda _: None).scan_inbox(str(inbox.path)) == 1
    assert finish(store, inbox.path) == 1
    assert ids(store) == ["a", "b"]


def test_the_mails_are_those_of_the_commits(store: Store, inbox: Inbox) -> None:
    text = patch("[PATCH] one", ident="a")
    commit = inbox.add(text)
    left = read_inputs(store, inbox.path).left
    with Planner(store, Options(), "test") as planner:
        (job,) = planner.jobs(left)
    assert isinstance(job, Job)
    (raw,) = job.units[0].mails
    assert (raw.data.decode(), raw.source) == (text, f"{inbox.path}:{commit[:12]}")


def test_a_message_that_is_taken_out_has_no_row_any_more(store: Store, inbox: Inbox) -> None:
    text = patch("[PATCH] one", ident="a")
    inbox.add(text)
    inbox.add(patch("[PATCH] two", ident="b"))
    assert finish(store, inbox.path) == 2
    inbox.add(text, "d")
    assert finish(store, inbox.path) == 0
    assert ids(store) == ["b"]


def test_a_history_that_is_written_anew_is_said_and_no_mail_is_reviewed_twice(
    store: Store, inbox: Inbox
) -> None:
    kept, gone = patch("[PATCH] kept", ident="k"), patch("[PATCH] gone", ident="g")
    inbox.add(gone)
    inbox.add(kept)
    assert finish(store, inbox.path) == 2
    inbox.add(kept, first=True)
    inbox.add(patch("[PATCH] new", ident="n"))
    reading = read_inputs(store, inbox.path)
    assert len(reading.left) == 1
    assert len(reading.told) == 1
    assert "is not in its history any more" in reading.told[0]
    finish(store, inbox.path)
    assert ids(store) == ["k", "n"]


def test_version_1_and_several_repositories_are_read(store: Store, tmp_path: Path) -> None:
    first, second = (tmp_path / "list" / "git" / f"{number}.git" for number in (0, 1))
    old, new = patch("[PATCH] old", ident="o"), patch("[PATCH] new", ident="n")
    names = [f"{number:02x}/{number:038x}" for number in (1, 2)]
    for path, text in ((first, old), (second, new)):
        path.mkdir(parents=True)
        made = Inbox(path)
        made.git("init", "--quiet", "--bare", "--initial-branch=master", ".")
        made.add_v1({names[0]: text})
        made.add_v1({names[0]: text, names[1]: mail("Hello", ident="h")})
    assert finish(store, tmp_path / "list") == 2
    assert ids(store) == ["n", "o"]
    Inbox(second).add_v1({names[1]: mail("Hello", ident="h")})
    assert finish(store, tmp_path / "list") == 0
    assert ids(store) == ["o"]


def test_a_series_that_is_still_coming_in_waits_for_the_rest_of_it_for_a_while(
    store: Store, inbox: Inbox
) -> None:
    inbox.add(patch("[PATCH 1/2] one", ident="p1"))
    long_ago = 1_600_000_000  # before the commits
    assert not read_inputs(store, inbox.path, complete_since=long_ago).left
    assert len(find_left(store, [str(inbox.path)], int(time.time()))) == 1
    inbox.add(patch("[PATCH 2/2] two", ident="p2", answers="p1"))
    assert len(read_inputs(store, inbox.path, complete_since=long_ago).left) == 1


def test_what_is_no_inbox_is_refused_by_its_name(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    scanner = Scanner(store, print, lambda _: None)
    for path, reason in ((folder, "no git repository"), (tmp_path / "gone", "no such directory")):
        with pytest.raises(InputError, match=reason) as caught:
            scanner.scan_inbox(str(path))
        assert caught.value.source == str(path)


def test_an_empty_inbox_has_nothing_new(store: Store, inbox: Inbox) -> None:
    assert Scanner(store, print, lambda _: None).scan_inbox(str(inbox.path)) == 0


def test_nothing_in_an_inbox_is_run(store: Store, inbox: Inbox, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    run = inbox.path / "run"
    run.write_text(f"#!/bin/sh\ntouch {canary}\n")
    run.chmod(0o755)
    inbox.add(patch("[PATCH] one", ident="a"))
    with (inbox.path / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {run}\n\tpager = {run}\n[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {run}\n"
        )
    assert finish(store, inbox.path) == 1
    assert not canary.exists()
