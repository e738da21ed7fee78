# SPDX-License-Identifier: GPL-2.0-only
"""The workers, through dask.distributed: a cluster of this machine's, or a scheduler that there is.

The only user of distributed, which is imported when workers are needed.  A cluster of our own listens
on the loopback address only, with keys made for it: whoever else may connect there could have it run
anything.  What a scheduler elsewhere accepts is up to who set it up.
"""

from __future__ import annotations

import logging
import re
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from reviewtool.batch.work import Job, Outcome, State
from reviewtool.batch.worker import review_units
from reviewtool.errors import InputError, ToolError

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_S = 10
_GONE_S = 5.0
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:\[[0-9A-Fa-f:.%]+\]|[\w.-]+):\d{1,5}")
_SETTINGS = {
    "distributed.comm.timeouts.connect": f"{_CONNECT_S}s",
    # A worker process that is lost takes its job with it once more at most: then it costs its row.
    "distributed.scheduler.allowed-failures": 1,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.low-level-log-length": 100,
    "distributed.admin.log-length": 100,
}
# There is always an HTTP server, but nothing has to be served on it.
_PRIVATE: dict[str, list[str]] = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}


@dataclass(frozen=True)
class Done:
    """A job that has come back: its outcomes, in the order of its units; None where its worker died."""

    job: Job
    outcomes: list[Outcome] | None
    why: str = ""


class Crew:
    """Workers with jobs; see open_crew()."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._jobs: dict[str, tuple[Job, Future[list[Outcome]]]] = {}
        self._ended: SimpleQueue[str] = SimpleQueue()
        self._gone_since: float | None = None

    @property
    def size(self) -> int:
        """How many jobs can be done at once."""
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
        return sum(worker["nthreads"] for worker in workers.values())

    @property
    def waiting(self) -> int:
        """How many jobs have not come back."""
        return len(self._jobs)

    def submit(self, job: Job) -> None:
        """Give JOB to a worker."""
        future = self._client.submit(review_units, job, pure=False, retries=0)
        self._jobs[str(future.key)] = (job, future)
        future.add_done_callback(lambda done: self._ended.put(str(done.key)))

    def take(self, wait_s: float) -> Done | None:
        """Return a job that has come back, None if none does within WAIT_S seconds.

        Raises: ToolError when the scheduler has gone away.
        """
        try:
            key = self._ended.get(timeout=wait_s)
        except Empty:
            self._look()
            return None
        job, future = self._jobs[key]
        if future.status in {"cancelled", "lost"}:
            raise self._lost()
        done = _result(job, future, self._name)
        del self._jobs[key]
        return done

    def _look(self) -> None:
        if self._client.status == "running":
            self._gone_since = None
            return
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        if self._client.status == "closed" or now - self._gone_since > _GONE_S:
            raise self._lost()

    def _lost(self) -> ToolError:
        return ToolError(self._name, "the scheduler has gone away; what was finished is kept")


def _result(job: Job, future: Future[list[Outcome]], name: str) -> Done:
    from distributed import KilledWorker  # noqa: PLC0415
    from distributed.client import FuturesCancelledError  # noqa: PLC0415

    try:
        found = future.result(timeout=60)
    except KilledWorker:
        return Done(job, None, "the worker that reviewed it died, twice")
    except (FuturesCancelledError, TimeoutError, OSError) as problem:
        why = f"the scheduler has gone away ({type(problem).__name__}); what was finished is kept"
        raise ToolError(name, why) from problem
    except Exception as problem:  # noqa: BLE001  (whatever a worker of another make raises)
        text = " ".join(f"the worker failed: {type(problem).__name__}: {problem}".split())[:300]
        return Done(job, [Outcome(unit.key, State.FAILED, text) for unit in job.units])
    finally:
        future.release()
    if not isinstance(found, list) or not all(isinstance(one, Outcome) for one in found):
        return Done(job, None, "the worker gave no outcome")
    return Done(job, found)


@contextmanager
def open_crew(workers: int, scheduler: str | None, scratch: Path) -> Iterator[Crew]:
    """Give WORKERS processes of this machine, or those of the scheduler at the address SCHEDULER.

    scratch: a private folder for what they leave; the caller removes it.
    Raises: InputError where distributed is not installed, or no scheduler answers at the address.
    """
    try:
        import dask  # noqa: PLC0415
        import distributed  # noqa: PLC0415
    except ImportError as problem:
        hint = "pip install 'reviewtool[batch]' brings it"
        raise InputError("dask.distributed", f"not installed: {hint}") from problem
    if scheduler is not None and not _ADDRESS.fullmatch(scheduler):
        raise InputError(f"--scheduler {scheduler}", "no address such as tls://host:8786")
    with ExitStack() as stack:
        # It has its own words, and many of them, for what is told in one line here.
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        stack.enter_context(dask.config.set(_SETTINGS))
        if scheduler is None:
            name = "the local workers"
            stack.enter_context(dask.config.set(_PRIVATE))
            cluster = stack.enter_context(_local(workers, scratch))
            client = distributed.Client(cluster, set_as_default=False)
        else:
            name = f"scheduler {scheduler}"
            _refuse_no_keys(scheduler)
            try:
                client = distributed.Client(scheduler, set_as_default=False, timeout=_CONNECT_S)
            except (
                OSError,
                TimeoutError,
                ValueError,
                TypeError,
                RuntimeError,
                KeyError,
            ) as problem:
                reason = f"no scheduler answers there ({type(problem).__name__})"
                raise InputError(f"--scheduler {scheduler}", reason) from problem
        crew = Crew(client, name)
        try:
            yield crew
        finally:
            with suppress(Exception):
                client.close(timeout=_CONNECT_S)


def _refuse_no_keys(address: str) -> None:
    """Refuse an address of TLS where nothing says by which keys.  Raises: InputError."""
    from distributed.security import Security  # noqa: PLC0415

    try:
        told = Security().get_connection_args("client")
    except (OSError, ValueError, TypeError) as problem:
        raise InputError(
            f"--scheduler {address}", f"its keys cannot be read: {problem}"
        ) from problem
    if address.startswith("tls:") and told.get("ssl_context") is None:
        reason = "no keys: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, and so on"
        raise InputError(f"--scheduler {address}", reason)


@contextmanager
def _local(workers: int, scratch: Path) -> Iterator[object]:
    from distributed import LocalCluster  # noqa: PLC0415
    from distributed.security import Security  # noqa: PLC0415

    try:
        security = Security.temporary()
    except ImportError as problem:
        hint = "pip install 'reviewtool[batch]' brings it"
        raise InputError("cryptography", f"not installed: {hint}") from problem
    with warnings.catch_warnings(), _uninterrupted():
        # "Setting dashboard is discouraged": a worker would serve one where bokeh is installed.
        warnings.simplefilter("ignore")
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            protocol="tls",
            security=security,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            dashboard=False,
            memory_limit=0,
            local_directory=str(scratch),
            silence_logs=logging.CRITICAL + 1,
            env={"TMPDIR": str(scratch)},
        )
    try:
        yield cluster
    finally:
        with suppress(Exception):
            cluster.close(timeout=_CONNECT_S)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Block SIGINT in all threads that are begun inside, and so in the processes that these start.

    Who presses Ctrl-C interrupts the whole process group, and it is for us to end the workers.
    """
    resource_tracker.ensure_running()  # its start would let SIGINT through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
