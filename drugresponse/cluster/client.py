"""A client of a cluster that is named by a text: processes of this machine, an address, or a scheduler's file."""

from __future__ import annotations

import logging
import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from drugresponse.cluster._addresses import address_of, no_scheduler
from drugresponse.errors import InputError, require
from drugresponse.threads import count_jobs

__all__ = ["PURPOSE", "open_client"]

PURPOSE = ("run on a Dask cluster", "dask")
"""What Dask is needed for, and the extra that installs it."""
_LOCAL = re.compile(r"local(?::(\d+))?")
_MOST_WORKERS = 1024
_NOISY = ("distributed", "distributed.client", "tornado", "tornado.application", "asyncio")
_SAY_NOTHING = logging.CRITICAL + 1


@contextmanager
def open_client(where: str | None, n_jobs: int | None = None) -> Iterator[Any]:
    """A client of the cluster that is named, closed at the end; None where none is named.

    What Dask itself has to say is not shown: what goes wrong is told as an error of this package.

    Parameters
    ----------
    where
        `local` or `local:4` starts so many worker processes on this machine, which end with the block; else the address
        of a scheduler, such as `tcp://10.0.0.5:8786`, or the file into which it wrote that.
    n_jobs
        Processes of `local` alone, as `count_jobs` has it.

    Raises
    ------
    MissingDependencyError
        Dask is not installed.
    InputError
        Nothing answers at the address, or it is none.
    """
    if where is None:
        yield None
        return
    require("distributed", *PURPOSE)
    local = _LOCAL.fullmatch(where)
    with _quiet(), ExitStack() as stack:
        if local:
            scheduler = stack.enter_context(_local_cluster(count_jobs(n_jobs) if local[1] is None else int(local[1])))
        else:
            scheduler = address_of(where)
        yield stack.enter_context(_client(scheduler))


@contextmanager
def _client(scheduler: Any) -> Iterator[Any]:
    from distributed import Client

    try:
        client = Client(scheduler, set_as_default=False)
    except Exception as error:  # timeouts, certificates and versions: Dask has no error of its own for them
        raise no_scheduler(scheduler, error) from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _local_cluster(n_workers: int) -> Iterator[Any]:
    """Processes on this machine that only this process can give work to: others know neither key nor certificate."""
    if not 1 <= n_workers <= _MOST_WORKERS:
        raise InputError(f"`dask`: found local:{n_workers} (expected 1 to {_MOST_WORKERS} processes). Correct it.")
    require("cryptography", *PURPOSE)
    import dask
    from distributed import LocalCluster
    from distributed.security import Security

    asked = {
        # no pages: nobody is told of them
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        # else data that no unit waits for just now are dropped, and sent again for the next ones
        "distributed.scheduler.active-memory-manager.start": False,
    }
    with (
        tempfile.TemporaryDirectory(prefix="drugresponse-") as folder,
        dask.config.set(asked),
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            # the limit of the job counts, as without Dask
            memory_limit=None,
            security=Security.temporary(),
            silence_logs=_SAY_NOTHING,
            local_directory=folder,
            preload="drugresponse.cluster._local_worker",
            env={"PYTHONWARNINGS": "ignore"},
        ) as cluster,
    ):
        yield cluster


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask, which writes on stderr on its own, from it."""
    loggers = [logging.getLogger(name) for name in _NOISY]
    before = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(_SAY_NOTHING)
    try:
        yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)
