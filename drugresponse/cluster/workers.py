"""Workers of a cluster: proved to run this package, given data once, and units that are run again where one is lost."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from drugresponse.cluster._unit import Answer, OtherVersionError, make_unit
from drugresponse.cluster._versions import PACKAGE, other_version, refuse_other_workers
from drugresponse.cluster.client import PURPOSE
from drugresponse.errors import InputError, count, one_line, quoted, require
from drugresponse.version import __version__

__all__ = ["Cluster"]

Item = TypeVar("Item")
Made = TypeVar("Made")

_GLANCE = 10
"""Seconds after which it is looked whether there are workers at all."""
_PATIENCE = 300
"""Seconds for which there may be none."""
_ROUNDS = 4
"""How often units are sent whose data were lost with all workers that held them."""
_AGAIN = "Begin again; with `resume` (evaluate), units that are done are kept."


@dataclass(eq=False)
class Cluster:
    """Workers that were proved to run this package, and what was sent to them.

    Attributes
    ----------
    client
        A `dask.distributed.Client`.
    sent
        Data that the workers hold, by their content.
    """

    client: Any
    sent: dict[str, Any] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def of(cls, client: Any) -> Iterator[Cluster]:
        """The cluster of a client, whose workers forget the data at the end.

        Raises
        ------
        InputError
            It is no client or closed, there is no worker, or one runs another version.
        """
        distributed = require("distributed", *PURPOSE)
        if not isinstance(client, distributed.Client) or client.asynchronous or client.status != "running":
            raise InputError(
                f"`client`: found {quoted(client)} (expected a dask.distributed.Client that is connected and not "
                "asynchronous). Make one, or leave it out."
            )
        refuse_other_workers(client)
        cluster = cls(client)
        try:
            yield cluster
        finally:
            cluster.sent.clear()

    def run(
        self, work: Callable[..., Made], items: Sequence[Item], shared: Mapping[str, Any]
    ) -> Iterator[tuple[int, Made]]:
        """The place of each item and what was made of it, as soon as it is made.

        A unit whose worker was lost is run again by another one; so are units whose data were lost with their last
        holder.

        Raises
        ------
        InputError
            The scheduler or all workers are lost, a worker runs another version, or a unit was lost too often.
        """
        todo = list(range(len(items)))
        for _ in range(_ROUNDS):
            lost: list[int] = []
            values = self._send(shared)
            pending = {
                self.client.submit(
                    make_unit, __version__, work, items[at], list(shared), *values, pure=False,
                    key=f"drugresponse-{uuid.uuid4().hex}",
                ): at
                for at in todo
            }  # fmt: skip
            try:
                for future, at in self._as_done(pending):
                    answer = None if future.status == "cancelled" else self._answer_of(future)
                    if answer is None:
                        lost.append(at)
                    else:
                        answer.say()
                        yield at, answer.made
            finally:
                self.client.cancel(list(pending))
            if not lost:
                return
            todo = sorted(lost)
            self.sent.clear()
        raise InputError(
            f"dask: {count(len(todo), 'unit')} lost the data with all workers that held them, {_ROUNDS} times "
            f"(expected workers that stay). {_AGAIN}"
        )

    def _send(self, shared: Mapping[str, Any]) -> list[Any]:
        """Futures of the shared values, which every worker holds from here on."""
        from dask.tokenize import tokenize

        keys = [f"drugresponse-{name}-{tokenize(value)}" for name, value in shared.items()]
        new = {key: value for key, value in zip(keys, shared.values(), strict=True) if key not in self.sent}
        try:
            if new:
                self.sent.update(self.client.scatter(new, broadcast=True))
        except TypeError as error:
            raise InputError(
                f"dask: data cannot be sent to other processes ({one_line(error)}). Run it without Dask, or give "
                "learners of your own that can be pickled."
            ) from error
        except (TimeoutError, OSError) as error:
            raise self._gone(error) from error
        return [self.sent[key] for key in keys]

    def _as_done(self, pending: dict[Any, int]) -> Iterator[tuple[Any, int]]:
        """Futures and places as they end; those that ended are taken out."""
        from distributed import TimeoutError as NothingYet
        from distributed import as_completed

        without = 0
        while pending:
            try:
                for future in as_completed(list(pending), loop=self.client.loop, timeout=_GLANCE):
                    yield future, pending.pop(future)
            except NothingYet:
                without = 0 if self._has_workers() else without + _GLANCE
                if without >= _PATIENCE:
                    raise InputError(
                        f"dask: found no worker for {without} s (expected one or more). Start workers. {_AGAIN}"
                    ) from None

    def _has_workers(self) -> bool:
        try:
            return bool(self.client.scheduler_info()["workers"])
        except Exception as error:
            raise self._gone(error) from error

    def _answer_of(self, future: Any) -> Answer | None:
        """What came back; None where it was lost on the way."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            answer: Answer = future.result()
        except CancelledError:
            return None
        except KilledWorker as error:
            raise InputError(
                f"dask: a unit was lost with {error.allowed_failures + 1} workers one after the other (expected none "
                f"or few). Most often they lack memory: give them more. {_AGAIN}"
            ) from error
        except OtherVersionError as error:
            raise InputError(other_version("a worker", str(error))) from error
        except ImportError as error:
            if str(error.name).partition(".")[0] != PACKAGE:
                raise
            raise InputError(other_version("a worker", None)) from error
        return answer

    def _gone(self, error: Exception) -> InputError:
        return InputError(f"dask: the cluster does not answer any more ({one_line(error)}). {_AGAIN}")
