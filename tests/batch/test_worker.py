# SPDX-License-Identifier: GPL-2.0-only
"""A mail that kills what reviews it, or is no mail at all, costs its own row, with the reason."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtool.batch.judge import judge, tool_name
from reviewtool.batch.reviewer import read_answer, read_request, write_answer, write_request
from reviewtool.batch.work import Job, Options, Outcome, State, Unit
from reviewtool.batch.worker import review_units, stop_reviewer
from reviewtool.mail.mailbox import RawMail
from tests.batch.conftest import COMMENT_DIFF, SAMPLES, patch


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compile anew: what is in a cache takes no time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    yield
    stop_reviewer()


def unit(text: str | bytes, key: str = "key") -> Unit:
    data = text.encode() if isinstance(text, str) else text
    return Unit(key, (RawMail("list.mbox", 1, data),))


def sample(name: str) -> Unit:
    return unit((SAMPLES / name).read_bytes(), name)


LIGHT = unit(patch("[PATCH] light", ident="l"), "light")


def work(*units: Unit, time_s: float = 60, memory_bytes: int = 2 << 30) -> list[Outcome]:
    options = Options(time_limit_s=time_s, memory_bytes=memory_bytes)
    return review_units(Job(units, options, tool_name()))


def test_each_unit_has_its_outcome(tmp_path: Path) -> None:
    del tmp_path
    comment = unit(patch("[PATCH] mm/ksm: say it", COMMENT_DIFF), "comment")
    made = work(LIGHT, comment, sample("hostile-include.patch"), unit("Subject: [PATCH] x\n\nhi\n"))
    assert [(one.state, one.verdict) for one in made] == [
        (State.NOT_ABOUT, ""),
        (State.REVIEWED, "no semantic change"),
        (State.REFUSED, ""),
        (State.NO_PATCH, ""),
    ]
    assert "only comments" in made[1].why
    assert made[1].review
    assert "/etc/passwd" in made[2].why
    assert all(one.memory_bytes > 1 << 20 for one in made)


def test_one_that_takes_too_long_is_stopped_and_the_next_one_is_reviewed() -> None:
    made = work(sample("lock-leak.patch"), LIGHT, time_s=2)
    assert [one.state for one in made] == [State.DIED, State.NOT_ABOUT]
    assert made[0].why == "stopped: it took longer than 2 s"


def test_one_that_takes_too_much_memory_is_stopped() -> None:
    (made,) = work(sample("lock-leak.patch"), memory_bytes=8 << 20)
    assert (made.state, made.why) == (State.DIED, "stopped: it took more than 8 MiB")


def test_one_that_crashes_its_process_says_by_what() -> None:
    work(LIGHT)  # the process is there
    own = {
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and _parent(path.name) == os.getpid()
    }
    (reviewer,) = (pid for pid in own if b"reviewtool.batch.reviewer" in _command(pid))

    def crash() -> None:
        time.sleep(1)
        os.kill(reviewer, signal.SIGSEGV)

    killer = threading.Thread(target=crash)
    killer.start()
    made = work(sample("lock-leak.patch"), LIGHT)
    killer.join()
    assert [one.state for one in made] == [State.DIED, State.NOT_ABOUT]
    assert made[0].why == "the process that reviewed it was killed by SIGSEGV"


def _parent(pid: str) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):
        return -1


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_worker_that_is_another_reviewtool_says_so() -> None:
    (made,) = review_units(Job((LIGHT,), Options(), "0.0.0/0/000000000000"))
    assert made.state is State.FAILED
    assert "install the same" in made.why


@pytest.mark.parametrize(
    "data",
    [b"", b"\0" * 100, b"\xff" * 1000, b"Subject: [PATCH]\n\n--- a/x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n",
     b"From: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n" * 50],
)  # fmt: skip
def test_no_bytes_are_more_than_a_row(data: bytes) -> None:
    made = judge(unit(data), Options())
    assert made.state in {State.REFUSED, State.NO_PATCH}
    assert made.why
    assert "fault of reviewtool" not in made.why


def test_a_fault_of_ours_is_a_row_of_one_line() -> None:
    broken = Unit("key", (RawMail("x", 1, None),))  # type: ignore[arg-type]  # what must not happen
    made = judge(broken, Options())
    assert made.state is State.FAILED
    assert made.why.startswith("a fault of reviewtool: AttributeError")


def test_what_is_asked_and_answered_comes_through_a_pipe(tmp_path: Path) -> None:
    asked = Unit("k", (RawMail("a\n", 3, b"x\ny"), RawMail("b", 1, b"")), "id@example.org")
    options = Options(tree="/x", config=("KSM=off",))
    path = tmp_path / "pipe"
    path.write_bytes(write_request(asked, options))
    with path.open("rb") as stream:
        assert read_request(stream.readline(), stream) == (asked, options)
    answered = Outcome("k", State.REVIEWED, "why", review=b"\n\0")
    line, _, rest = write_answer(answered).partition(b"\n")
    outcome, size = read_answer(line)
    assert (outcome.state, size, rest) == (State.REVIEWED, 2, b"\n\0")
