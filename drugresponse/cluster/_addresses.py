"""Addresses of schedulers: what is one, and whether a scheduler answers there, before a client waits for it."""

from __future__ import annotations

import json
import re
import socket
from contextlib import ExitStack
from pathlib import Path

from drugresponse.errors import InputError, one_line, quoted

__all__ = ["address_of", "no_scheduler"]

_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[[0-9A-Fa-f:.%]+\]|[\w.-]+):\d{1,5}")
_LONGEST_GREETING = 1 << 20
"""Bytes; words of other protocols are, as a number, much more."""
_OR_LOCAL = "or take local, for processes on this machine."


def address_of(where: str) -> str:
    """The address of a scheduler, or what stands in the file that it wrote."""
    address = where
    if Path(where).is_file():
        try:
            address = str(json.loads(Path(where).read_text(encoding="utf-8"))["address"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise InputError(
                f"`dask`: {quoted(where)} tells no address (expected the file that dask scheduler --scheduler-file "
                "writes). Name that file, or the address."
            ) from error
    if not _ADDRESS.fullmatch(address):
        raise InputError(
            f"`dask`: {quoted(address)} is no address of a scheduler (expected one such as tcp://10.0.0.5:8786). Name "
            f"one, or the file into which the scheduler wrote it; {_OR_LOCAL}"
        )
    _refuse_other_servers(address)
    return address


def _refuse_other_servers(address: str) -> None:
    """Refuse what does not answer as a scheduler: a client of it may wait for ever, or for a minute at its end."""
    import dask
    from dask.utils import parse_timedelta
    from distributed.security import Security

    host, _, port = address.rpartition("://")[2].rpartition(":")
    timeout = parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout) as plain, ExitStack() as stack:
            speaking = plain
            if address.startswith("tls:"):
                context = Security().get_connection_args("client")["ssl_context"]
                if context is None:
                    raise InputError(
                        f"`dask`: {quoted(address)} needs certificates (found none). Name them in Dask's settings, "
                        "distributed.comm.tls."
                    )
                speaking = stack.enter_context(context.wrap_socket(plain))
            # a scheduler speaks first: the length of its greeting
            length = int.from_bytes(speaking.recv(8), "little")
    except (OSError, OverflowError, UnicodeError) as error:
        raise no_scheduler(address, error) from error
    if not 0 < length < _LONGEST_GREETING:
        raise no_scheduler(address, "what answers there is something else, perhaps its page of status")


def no_scheduler(address: object, why: object) -> InputError:
    return InputError(
        f"`dask`: found no scheduler at {quoted(address)} ({one_line(why)}). Start one there, or name the address that "
        f"it tells; {_OR_LOCAL}"
    )
