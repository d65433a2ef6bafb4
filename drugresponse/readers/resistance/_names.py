"""Which sample a file is of, where nothing but its name or its folder tells."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from drugresponse.data.ids import is_missing_id
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.source.source import Source

__all__ = ["refuse_second_file", "sample_of_file"]

logger = logging.getLogger(__name__)

_EXTENSIONS = (".gz", ".tsv", ".txt", ".csv", ".tab", ".tabular", ".json")
_NAMED_BY_PROGRAM = frozenset(
    {"resfinder_results_tab", "pointfinder_results", "results_tab", "results", "report", "output", "amrfinder", "rgi"}
)
"""Names that a program gives to every file of a kind: then the folder tells the sample."""


def sample_of_file(source: Source, endings: Iterable[str], known_samples: Collection[str] | None) -> str:
    """The sample of a file that does not name it: the name of the file, or that of its folder.

    Parameters
    ----------
    source
        The file.
    endings
        What a program or a laboratory adds to the name of the sample, such as `_amrfinder`.
    known_samples
        Sample ids of the other tables: the longest part of the name that is one of them is taken.

    Raises
    ------
    InputError
        No part of the name is known.

    Examples
    --------
    >>> sample_of_file(Source("run1/S7.amrfinder.tsv"), [".amrfinder"], None)
    'S7'
    >>> sample_of_file(Source("S8/ResFinder_results_tab.txt"), [], ["S8", "S9"])
    'S8'
    """
    names = _names(source, tuple(endings))
    known = known_samples
    if known is not None and not isinstance(known, set | frozenset):
        known = {str(sample) for sample in known}
    sample = names[-1] if known is None else next((name for name in names if name in known), "")
    if is_missing_id(sample):
        others = "" if known is None else f" is none of the samples of the other tables ({show_ids(sorted(known))})"
        raise InputError(
            f"{source.name}: found no column of samples, and {quoted(names[-1])}, after the file or its folder,"
            f"{others or ' is no id'}. Name the file after its sample, or add a column sample_id."
        )
    logger.debug("%s: taken as those of %s, after the file.", source.name, quoted(sample))
    return sample


def refuse_second_file(files: dict[str, Source], sample: str, source: Source) -> None:
    """Note the file of a sample, and refuse another one of the same sample.

    Raises
    ------
    InputError
        The sample has a file already.

    Examples
    --------
    >>> refuse_second_file({}, "S7", Source("S7.tsv"))
    """
    first = files.setdefault(sample, source)
    if first is not source:
        shown = f"{first.path} and {source.path}" if first.name == source.name else f"{first.name} and {source.name}"
        raise InputError(
            f"{shown}: both are of the sample {quoted(sample)} (expected one file a sample). Rename the sample of one "
            "of them, or leave one out."
        )


def _names(source: Source, endings: tuple[str, ...]) -> list[str]:
    """What the sample may be called, from the whole name of the file to what is left of it."""
    name = source.path.name
    names = [name]
    while True:
        ending = next(
            (each for each in (*_EXTENSIONS, *endings) if name.lower().endswith(each) and len(each) < len(name)), None
        )
        if ending is None:
            break
        name = name[: -len(ending)]
        names.append(name)
    if any(each.lower() in _NAMED_BY_PROGRAM for each in names):
        return [source.path.absolute().parent.name]
    return names
