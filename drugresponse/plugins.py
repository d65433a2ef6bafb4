"""What other distributions bring: found through entry points by the name that a person writes, never by a file's."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from operator import attrgetter
from traceback import walk_tb
from types import TracebackType
from typing import TYPE_CHECKING, Any

from drugresponse.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

__all__ = [
    "LEARNER_GROUP",
    "READER_GROUP",
    "Plugin",
    "find_plugin",
    "load_place",
    "names_of",
    "origin_of",
    "plugin_names",
]

LEARNER_GROUP = "drugresponse.learners"
READER_GROUP = "drugresponse.readers"


@dataclass(frozen=True)
class Plugin:
    """A learner or a reader of genotypes of another distribution.

    Attributes
    ----------
    name
        As people write it.
    place
        Module and attribute, `module:attribute`; imported only when it is used.
    distribution, version
        Of what was installed.
    """

    name: str
    place: str
    distribution: str
    version: str

    def load(self) -> Any:
        """What stands at its place.

        Raises
        ------
        InputError
            It cannot be imported.
        """
        try:
            return load_place(self.place)
        except (Exception, SystemExit) as error:  # whatever its module does when it is imported
            raise InputError(
                f'"{self.name}" of {self.distribution} {self.version}: {self.place} cannot be imported ({error!r}). '
                "Install that distribution again, or tell its authors."
            ) from error


def load_place(place: str) -> Any:
    """The attribute of a module, both named as `module:attribute`.

    Examples
    --------
    >>> load_place("math:sqrt")(4.0)
    2.0
    """
    module, _, attribute = place.partition(":")
    return attrgetter(attribute)(importlib.import_module(module))


def _entries(group: str) -> EntryPoints:
    from importlib.metadata import entry_points  # every start would wait for it, and few ask for a plug-in

    return entry_points(group=group)


def plugin_names(group: str) -> tuple[str, ...]:
    """Names that installed distributions give in a group of entry points.

    Examples
    --------
    >>> plugin_names("a group that nobody uses")
    ()
    """
    return tuple(sorted(_entries(group).names))


def names_of(group: str, kind: type) -> tuple[str, ...]:
    """The names under which installed distributions give a class; only the package that it is of is looked at.

    Examples
    --------
    >>> names_of(LEARNER_GROUP, dict)
    ()
    """
    package = kind.__module__.partition(".")[0]
    entries = [entry for entry in _entries(group) if entry.module.partition(".")[0] == package]
    return tuple(sorted(entry.name for entry in entries if _gives(entry, kind)))


def _gives(entry: EntryPoint, kind: type) -> bool:
    try:
        return load_place(_place(entry)) is kind
    except (Exception, SystemExit):  # as in `Plugin.load`
        return False


def _place(entry: EntryPoint) -> str:
    """Module and attribute, without the extras that an entry point may ask for."""
    return f"{entry.module}:{entry.attr or ''}"


def find_plugin(group: str, name: str) -> Plugin | None:
    """What an installed distribution gives under this name; None where none does.

    Parameters
    ----------
    group
        `LEARNER_GROUP` or `READER_GROUP`.
    name
        As a person wrote it.

    Raises
    ------
    InputError
        Two distributions give this name.

    Examples
    --------
    >>> find_plugin(LEARNER_GROUP, "a learner that nobody wrote") is None
    True
    """
    plugins = [
        Plugin(name, _place(entry), entry.dist.name, entry.dist.version)
        for entry in _entries(group).select(name=name)
        if entry.dist is not None
    ]
    if len(plugins) > 1:
        distributions = " and ".join(sorted(plugin.distribution for plugin in plugins))
        raise InputError(f'"{name}": is given by {distributions} (expected one of them). Uninstall the others.')
    return plugins[0] if plugins else None


def origin_of(raised: TracebackType | None) -> str | None:
    """The distribution, with its version, whose plug-in's code an error went through; None for no plug-in's.

    Examples
    --------
    >>> origin_of(None) is None
    True
    """
    frames = {frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(raised)}
    entries = [*_entries(LEARNER_GROUP), *_entries(READER_GROUP)]
    origins = (entry.dist for entry in entries if entry.module.partition(".")[0] in frames)
    return next((f"{dist.name} {dist.version}" for dist in origins if dist is not None), None)
