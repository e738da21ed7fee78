# SPDX-License-Identifier: GPL-2.0-only
"""Workers that die take nothing along, and nobody but us can ask them for anything."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from reviewtool.batch.cluster import Crew, Done, open_crew
from reviewtool.batch.judge import tool_name
from reviewtool.batch.work import Job, Options, State, Unit
from reviewtool.mail.mailbox import RawMail
from tests.batch.conftest import SAMPLES, patch

pytestmark = pytest.mark.filterwarnings("default")  # what distributed uses is its own affair


@pytest.fixture
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with open_crew(1, None, tmp_path) as made:
        yield made


def job(*texts: bytes) -> Job:
    units = tuple(Unit(str(at), (RawMail("x", 1, text),)) for at, text in enumerate(texts))
    return Job(units, Options(), tool_name())


def take(crew: Crew) -> Done:
    last = time.monotonic() + 120
    while time.monotonic() < last:
        done = crew.take(0.2)
        if done is not None:
            return done
    raise TimeoutError


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def wait_for_reviewer(not_of: int = 0) -> int:
    """Return the worker process that has a reviewing process, and is not NOT_OF."""
    last = time.monotonic() + 60
    while time.monotonic() < last:
        for worker in children(os.getpid()):
            with suppress(OSError):
                if worker != not_of and children(worker):
                    return worker
        time.sleep(0.05)
    raise TimeoutError


def abandoned(folder: Path) -> list[int]:
    """Return the processes that use FOLDER and have no parent any more, if they do not end soon."""
    last = time.monotonic() + 20
    while True:
        found = []
        for path in Path("/proc").iterdir():
            with suppress(OSError):
                own = (
                    path.name.isdigit() and str(folder).encode() in (path / "environ").read_bytes()
                )
                if own and "\nPPid:\t1\n" in (path / "status").read_text():
                    found.append(int(path.name))
        if not found or time.monotonic() > last:
            return found
        time.sleep(0.2)


def test_a_job_whose_worker_dies_is_done_again_and_given_back_when_it_dies_again(
    crew: Crew, tmp_path: Path
) -> None:
    heavy = (SAMPLES / "lock-leak.patch").read_bytes()
    crew.submit(job(heavy))
    first = wait_for_reviewer()
    os.kill(first, signal.SIGKILL)
    os.kill(wait_for_reviewer(first), signal.SIGKILL)
    done = take(crew)
    assert (done.outcomes, done.why) == (None, "the worker that reviewed it died, twice")
    crew.submit(job(patch("[PATCH] light").encode()))
    outcomes = take(crew).outcomes
    assert outcomes is not None
    assert [one.state for one in outcomes] == [State.NOT_ABOUT]
    assert crew.waiting == 0
    assert not abandoned(tmp_path)


def test_the_workers_listen_on_loopback_with_keys_and_serve_no_pages(crew: Crew) -> None:
    assert crew.size == 1
    own = {os.getpid(), *children(os.getpid())}
    ports = _listening(own)
    assert ports
    assert {address for address, _ in ports} == {"0100007F"}
    kinds = [_kind(port) for _, port in ports]
    assert set(kinds) == {"keys", "nothing"}


def _listening(pids: set[int]) -> set[tuple[str, int]]:
    """Return the addresses, as /proc has them, and ports on which the processes PIDS listen."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in inodes:
                address, port = words[1].split(":")
                found.add((address, int(port, 16)))
    return found


def _kind(port: int) -> str:
    """Return what answers on PORT of the loopback address."""
    with suppress(HTTPException, TimeoutError, ConnectionError):
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=2) as page:
                return f"a page: {page.status}"
        except HTTPError as problem:
            return "nothing" if problem.code == 404 else str(problem.code)
        except URLError:
            pass
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # where a missing key ends the handshake
    with closing(socket.create_connection(("127.0.0.1", port), 5)) as plain:
        with suppress(ssl.SSLError), context.wrap_socket(plain):
            return "open to all"
        return "keys"
