"""Units of work: one function over many items, on threads, on processes, or on the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from drugresponse.cluster.workers import Cluster
from drugresponse.progress import Count, counted
from drugresponse.threads import count_jobs, run_in_order

__all__ = ["units_as_done", "units_in_order", "units_on"]

Item = TypeVar("Item")
Made = TypeVar("Made")
Work = Callable[..., Made]

_CLUSTER: ContextVar[Cluster | None] = ContextVar("_CLUSTER", default=None)
"""Where the units of the call that runs go; the threads and processes of a unit see none."""
_WITHIN: ContextVar[bool] = ContextVar("_WITHIN", default=False)
"""Whether a unit runs just now: one within another one is not counted on stderr."""


@contextmanager
def units_on(client: Any) -> Iterator[None]:
    """Inside, units go to the workers of a cluster.

    Parameters
    ----------
    client
        A `dask.distributed.Client`; None leaves units on this machine.

    Raises
    ------
    InputError
        It is no client, has no worker, or a worker does not run this version of this package.
    """
    if client is None:
        yield
        return
    with Cluster.of(client) as cluster:
        before = _CLUSTER.set(cluster)
        try:
            yield
        finally:
            _CLUSTER.reset(before)


def units_as_done(
    work: Work[Made],
    items: Sequence[Item],
    shared: Mapping[str, Any],
    n_jobs: int | None,
    *,
    processes: bool = False,
    count: Count | None = None,
    named: Callable[[Item], str] = lambda _item: "",
) -> Iterator[tuple[int, Made]]:
    """The place of each unit among the items and what it made: on a cluster as soon as it is made, else in order.

    No result depends on where it is made.

    Parameters
    ----------
    work
        A function of a module, called with an item, and with what is shared by its names.
    items
        Small: each goes with its unit.
    shared
        What all units look at, by name. It goes to each worker once, and never again where it is the same in later
        units.
    n_jobs
        Units run at once on this machine, as `count_jobs` has it; a cluster runs as many as it has threads.
    processes
        On this machine, run them in processes and not in threads.
    count
        Of those that are done.
    named
        What an item is called there.

    Examples
    --------
    >>> list(units_as_done(pow, [2, 3], {"exp": 2}, n_jobs=1))
    [(0, 4), (1, 9)]
    """
    count = Count(len(items)) if count is None else count
    cluster = _CLUSTER.get()
    if cluster is None and not processes:

        def counted_unit(item: Item) -> Made:
            count.begin(named(item))
            made = _unit(work, item, **shared)
            count.done(named(item))
            return made

        yield from enumerate(run_in_order(counted_unit, items, n_jobs))
        return
    if cluster is not None:
        for at, one in cluster.run(partial(_unit, work), items, shared):
            count.done(named(items[at]))
            yield at, one
        return
    # it takes half a second to import
    from joblib import Parallel, delayed

    width = min(count_jobs(n_jobs), max(len(items), 1))
    begun = iter(items)  # processes take them in this order, and do not tell
    for item in islice(begun, width):
        count.begin(named(item))
    run = Parallel(n_jobs=width, return_as="generator")
    for at, one in enumerate(run(delayed(_unit)(work, item, **shared) for item in items)):
        count.done(named(items[at]))
        for item in islice(begun, 1):
            count.begin(named(item))
        yield at, one


def units_in_order(
    work: Work[Made],
    items: Sequence[Item],
    shared: Mapping[str, Any],
    n_jobs: int | None,
    called: str = "",
    named: Callable[[Item], str] = lambda _item: "",
) -> list[Made]:
    """What the units made, in the order of the items.

    Parameters
    ----------
    work, items, shared, n_jobs
        As for `units_as_done`.
    called
        What several are called; progress counts them under this name.
    named
        What an item is called there.

    Examples
    --------
    >>> units_in_order(pow, [2, 3], {"exp": 2}, n_jobs=2)
    [4, 9]
    """
    with counted(len(items), "" if _WITHIN.get() else called) as count:
        made = dict(units_as_done(work, items, shared, n_jobs, count=count, named=named))
    return [made[at] for at in range(len(items))]


def _unit(work: Work[Made], item: Item, **shared: Any) -> Made:
    before = _WITHIN.set(True)
    try:
        return work(item, **shared)
    finally:
        _WITHIN.reset(before)
