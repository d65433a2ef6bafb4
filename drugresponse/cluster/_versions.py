"""What workers have installed: refused where their answers could be others than ours."""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Mapping
from typing import Any

from drugresponse.errors import InputError
from drugresponse.version import __version__

__all__ = ["PACKAGE", "other_version", "refuse_other_workers"]

logger = logging.getLogger(__name__)

PACKAGE = __name__.partition(".")[0]
_LIBRARIES = ("numpy", "scipy", "scikit-learn", "xgboost", "torch")
"""Whose versions may change the last bits of a result."""


def refuse_other_workers(client: Any) -> None:
    """Refuse workers whose answers could be others than ours; those that join later are proved unit by unit."""
    workers = client.get_versions()["workers"]
    if not workers:
        raise InputError("dask: found no worker (expected one or more). Start workers, and begin again.")
    ours = ".".join(platform.python_version_tuple()[:2])
    for address, versions in workers.items():
        python = ".".join(str(versions["packages"]["python"]).split(".")[:2])
        if python != ours:
            raise InputError(
                f"dask: the worker at {address} runs Python {python} (expected {ours}, as here). Start workers from "
                "the same environment."
            )
    installed = client.run(_probe(), on_error="return")
    for address, there in installed.items():
        if isinstance(there, Exception) or there[PACKAGE] != __version__:
            version = None if isinstance(there, Exception) else there[PACKAGE]
            raise InputError(other_version(f"the worker at {address}", version))
    _tell_of_other_libraries(installed)


def _probe() -> Callable[[], dict[str, str | None]]:
    """A function that travels as it is, so that it runs where this package cannot be imported."""
    package, libraries = PACKAGE, _LIBRARIES

    def installed() -> dict[str, str | None]:
        import importlib
        import importlib.metadata

        found: dict[str, str | None] = {}
        for name in libraries:
            try:
                found[name] = importlib.metadata.version(name)
            except importlib.metadata.PackageNotFoundError:
                found[name] = None
        try:
            found[package] = importlib.import_module(f"{package}.version").__version__
        except Exception:
            found[package] = None
        return found

    return installed


def _tell_of_other_libraries(installed: Mapping[str, Mapping[str, str | None]]) -> None:
    ours = _probe()()
    for address, there in installed.items():
        other = [name for name in _LIBRARIES if there[name] != ours[name]]
        if other:
            logger.warning(
                f"dask: the worker at {address} has {other[0]} {there[other[0]]}, not {ours[other[0]]} as here; "
                "results may differ in their last digits from those of this machine alone."
            )
            return


def other_version(who: str, version: str | None) -> str:
    what = f"cannot import {PACKAGE}" if version is None else f"runs {PACKAGE} {version}"
    return (
        f"dask: {who} {what} (expected version {__version__}, as here). Install it there, or start workers from the "
        "same environment."
    )
