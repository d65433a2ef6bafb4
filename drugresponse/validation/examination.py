"""All checks, one after the other, in a process of its own, so that a library that crashes ends no report."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from drugresponse.errors import one_line
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check

__all__ = ["AREAS", "examine", "main"]

AREAS = {
    "Installation": "_installation",
    "Reading": "_reading",
    "Learning": "_learning",
    "Outcomes": "_outcomes",
    "Statistics": "_statistics",
    "Commands": "_commands",
    "Refusals": "_refusals",
}
"""Areas in the order in which they are checked, and the module of this room that checks each."""

CheckFunction = Callable[[Bench], Iterable[Check]]


def examine(bench: Bench, areas: Iterable[str] = tuple(AREAS)) -> Iterator[tuple[str, str, Check | None]]:
    """Every check: its area, what it is about, and its result; without a result where the work on it begins.

    What goes wrong within a check is a result that does not hold, and the others are made all the same.
    """
    for area in areas:
        try:
            functions = importlib.import_module(f"drugresponse.validation.{AREAS[area]}").CHECKS
        except Exception as error:
            yield area, "", Check("Its modules can be loaded", "nothing is missing", _named(error), "none", False)
            continue
        for function in functions:
            about = one_line((function.__doc__ or function.__name__).partition("\n")[0]).rstrip(".")
            yield area, about, None
            yield from ((area, about, check) for check in _results(function, about, bench))


def _results(function: CheckFunction, about: str, bench: Bench) -> Iterator[Check]:
    try:
        yield from function(bench)
    except Exception as error:
        yield Check(about, "done to the end", _named(error), "none", False)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {one_line(error)}"[:300]


def main(scratch: Path, lines: TextIO, areas: Iterable[str] = ()) -> None:
    """Write each result as a line of JSON as soon as it is there; without areas, of all."""
    bench = Bench(scratch)
    for area, about, check in examine(bench, areas or tuple(AREAS)):
        result = {} if check is None else asdict(check)
        for folder in (bench.scratch, bench.pack):
            # where temporary files lie differs from run to run
            result |= {name: text.replace(f"{folder}/", "") for name, text in result.items() if isinstance(text, str)}
        lines.write(json.dumps({"area": area, "about": about, **result}) + "\n")
        lines.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("drugresponse").setLevel(logging.ERROR)
    # temporary files go with the folder
    tempfile.tempdir = sys.argv[2]
    with Path(sys.argv[1]).open("w", encoding="utf-8") as results:
        main(Path(sys.argv[2]), results, sys.argv[3:])
