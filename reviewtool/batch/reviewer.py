# SPDX-License-Identifier: GPL-2.0-only
"""The program that reviews one series after another for a worker, and may die of any of them.

    request = line of JSON {"key", "message_id", "options", "mails": [[source, line, size] ...]} *(bytes of a mail)
    answer  = line of JSON {fields of Outcome, "review": size} bytes of the review

It ends with its input, and, where its parent was killed in the middle of a series, by itself together
with all that it started.  Started by batch.worker as `python -m reviewtool.batch.reviewer PARENT`: who is
its parent it must be told, because that one may be gone before it could ask.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import BinaryIO

from reviewtool.batch.work import Options, Outcome, State, Unit
from reviewtool.mail.mailbox import RawMail

_LOOK_S = 0.5


def write_request(unit: Unit, options: Options) -> bytes:
    """Return what the program is asked by."""
    head = {
        "key": unit.key,
        "message_id": unit.message_id,
        "options": asdict(options),
        "mails": [[raw.source, raw.line, len(raw.data)] for raw in unit.mails],
    }
    return b"".join((json.dumps(head).encode("ascii"), b"\n", *(raw.data for raw in unit.mails)))


def read_request(line: bytes, stream: BinaryIO) -> tuple[Unit, Options]:
    """Return what write_request() was given; LINE is the first line, STREAM has the mails."""
    head = json.loads(line)
    options = Options(**{**head["options"], "config": tuple(head["options"]["config"])})
    mails = tuple(
        RawMail(source, number, stream.read(size)) for source, number, size in head["mails"]
    )
    return Unit(head["key"], mails, head["message_id"]), options


def write_answer(outcome: Outcome) -> bytes:
    """Return what the program answers."""
    head = {field.name: getattr(outcome, field.name) for field in fields(outcome)}
    head |= {"state": outcome.state.value, "review": len(outcome.review)}
    return json.dumps(head).encode("ascii") + b"\n" + outcome.review


def read_answer(line: bytes) -> tuple[Outcome, int]:
    """Return the outcome in LINE, without its review, and how many bytes of that follow."""
    head: Mapping[str, object] = json.loads(line)
    known = {field.name: head[field.name] for field in fields(Outcome)}
    size = known.pop("review")
    outcome = Outcome(**{**known, "state": State(known["state"]), "review": b""})  # type: ignore[arg-type]
    return outcome, size if isinstance(size, int) else 0


def main() -> None:
    """Answer until the input ends."""
    threading.Thread(target=_die_with_parent, args=(int(sys.argv[1]),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    from reviewtool.batch.judge import judge  # noqa: PLC0415  (slow to import: the watch is on first)

    while line := sys.stdin.buffer.readline():
        unit, options = read_request(line, sys.stdin.buffer)
        _forget_peak()
        start = time.perf_counter()
        outcome = judge(unit, options)
        seconds = time.perf_counter() - start
        outcome = replace(outcome, seconds=round(seconds, 4), memory_bytes=_peak_bytes())
        try:
            answers.write(write_answer(outcome))
            answers.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody waits for it any more


def _die_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    if os.getpgrp() == os.getpid():  # a session of its own, as the worker starts it
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _forget_peak() -> None:
    """Let the peak that /proc tells begin anew.  Source: proc(5), clear_refs."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def _peak_bytes() -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


if __name__ == "__main__":
    main()
