"""One thread where a result is made, so that the same seed gives the same bytes on any number of cores."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from numbers import Integral
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from drugresponse.errors import InputError

__all__ = ["available_cores", "count_jobs", "one_job", "one_thread", "run_in_order"]

Item = TypeVar("Item")
Made = TypeVar("Made")


class _Object(ctypes.Structure):
    """`struct dl_phdr_info`: a loaded library, and how many were loaded and unloaded in all."""

    _fields_ = (
        *(("address", ctypes.c_void_p), ("name", ctypes.c_char_p), ("headers", ctypes.c_void_p)),
        *(("n_headers", ctypes.c_uint16), ("n_loaded", ctypes.c_ulonglong), ("n_unloaded", ctypes.c_ulonglong)),
    )


_VISIT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Object), ctypes.c_size_t, ctypes.c_void_p)


def _loads() -> tuple[int, int] | None:
    """How often this process has loaded and unloaded a library; None where its loader does not count."""
    if sys.platform != "linux":
        return None
    counts: list[tuple[int, int]] = []

    def first(each: Any, size: int, _: object) -> int:
        if size >= ctypes.sizeof(_Object):
            counts.append((each.contents.n_loaded, each.contents.n_unloaded))
        return 1

    ctypes.CDLL(None).dl_iterate_phdr(_VISIT(first), None)
    return counts[0] if counts else None


class _Limits:
    """How many threads linear algebra had before the first of the sections that run now.

    The number is one for the whole process: what one section restored at its end would set those free that still run.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sections = 0
        self.before: list[tuple[Any, int]] = []
        self.loads: tuple[int, int] | None = None
        self.libraries: list[Any] = []

    def loaded(self) -> list[Any]:
        """The libraries with threads; a look at all that is loaded takes milliseconds, many for a small prediction."""
        loads = _loads()
        if loads is None or loads != self.loads:
            self.libraries, self.loads = ThreadpoolController().lib_controllers, loads
        return self.libraries

    def enter(self) -> list[tuple[Any, int]]:
        """Begin a section; what it alone has to restore is returned."""
        own: list[tuple[Any, int]] = []
        with self.lock:
            self.sections += 1
            for library in self.loaded():
                if library.num_threads > 1:
                    # OpenMP keeps its number for each thread that calls it
                    before = own if library.user_api == "openmp" else self.before
                    before.append((library, library.num_threads))
                    _set_threads(library, 1)
        return own

    def leave(self, own: list[tuple[Any, int]]) -> None:
        for library, number in own:
            _set_threads(library, number)
        with self.lock:
            self.sections -= 1
            while self.before and not self.sections:
                _set_threads(*self.before.pop())


def _set_threads(library: Any, number: int) -> None:
    """By threadpoolctl's setter beneath the one that obeys only the first thread of Python that asked."""
    getattr(library, "_real_set_num_threads", library.set_num_threads)(number)


_limits = _Limits()

_ONE_JOB: ContextVar[bool] = ContextVar("_ONE_JOB", default=False)


@contextmanager
def one_job() -> Iterator[None]:
    """Whatever number of jobs is asked for, one runs inside: who runs this runs others beside it."""
    before = _ONE_JOB.set(True)
    try:
        yield
    finally:
        _ONE_JOB.reset(before)


@contextmanager
def one_thread() -> Iterator[None]:
    """Products, factorisations and torch run with one thread inside; after the last of several what was is restored.

    Sums over threads are added in another order for another number of threads, and differ in the last bits. A function
    can be decorated with it.
    """
    torch = _loaded_torch()
    before = torch.get_num_threads() if torch else None
    own = _limits.enter()
    _set_torch_threads(1)
    try:
        yield
    finally:
        if before is not None:
            _set_torch_threads(before)
        _limits.leave(own)


def run_in_order(work: Callable[[Item], Made], items: Iterable[Item], n_jobs: int | None) -> list[Made]:
    """Independent units on several threads, their results in the order of the items."""
    units = list(items)
    width = min(count_jobs(n_jobs), len(units))
    if width <= 1:
        return [work(unit) for unit in units]
    # torch keeps its number of threads for each thread that calls it
    pool = ThreadPoolExecutor(width, initializer=_set_torch_threads, initargs=(1,))
    try:
        return list(pool.map(work, units))
    finally:
        # when something went wrong, units that run cannot be stopped, and outputs are not to wait for them
        pool.shutdown(wait=sys.exc_info()[0] is None, cancel_futures=True)


def count_jobs(n_jobs: int | None) -> int:
    """How many units run at once, from `n_jobs` as every function and estimator of this package takes it.

    None and -1 are all cores that this process may use; -2 is all but one of them, and so on, as in scikit-learn; a
    number above 0 is that many. No result depends on it. Within `one_job` it is one.

    Raises
    ------
    InputError
        It is 0, or no whole number.

    Examples
    --------
    >>> count_jobs(3), count_jobs(None) == count_jobs(-1) == available_cores(), count_jobs(-10_000)
    (3, True, 1)
    """
    if n_jobs is None:
        n_jobs = -1
    if not isinstance(n_jobs, Integral) or n_jobs == 0:
        raise InputError(
            f"`n_jobs`: found {n_jobs!r} (expected a whole number above 0, or -1 for all cores). Give one, or None."
        )
    if _ONE_JOB.get():
        return 1
    return int(n_jobs) if n_jobs > 0 else max(1, available_cores() + 1 + int(n_jobs))


def available_cores() -> int:
    """Cores that this process may use: under a batch system fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _set_torch_threads(number: int) -> None:
    torch = _loaded_torch()
    if torch is not None:
        torch.set_num_threads(number)


def _loaded_torch() -> Any:
    """The module torch where it is loaded to its end; another thread may be loading it just now."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "set_num_threads") and hasattr(torch, "get_num_threads") else None
