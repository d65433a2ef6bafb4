"""`python -m benchmarks traps`: every trap and every clean cohort through train and evaluate, counted."""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.traps.cohorts import Tables, clean_cohorts
from benchmarks.traps.planted import TRAPS
from drugresponse.cli import main

__all__ = ["add_trap_options", "lines_of", "trap_lines"]

_WORDS = ("warning:", "error:", "Warning:", "Leak:")
_TRUE = "repeat a (sample, drug) pair"
"""Clean cohorts have such rows."""


def add_trap_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks traps`."""
    parser.add_argument("--clean", type=int, default=50, help="clean cohorts")
    parser.add_argument("--commands", nargs="+", default=["train", "evaluate"])
    parser.add_argument("--only", nargs="*", default=[], help="words of the traps to plant; all when left out")


def lines_of(command: str, tables: Tables) -> list[str]:
    """What a command says of a cohort that is a leak, a warning or a refusal, a line each."""
    checks = {"train": ["--learner", "ridge", "--folds", "3"], "evaluate": ["--learner", "ridge", "--folds", "3"]}
    out, err = io.StringIO(), io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        words = [command, *tables.write(Path(folder)), *checks[command]]
        words += ["--model", f"{folder}/m.safetensors"] if command == "train" else ["--shuffles", "0"]
        words += ["--metrics", f"{folder}/metrics.tsv"]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(words)
    said = [*out.getvalue().splitlines(), *err.getvalue().splitlines()]
    return [line for line in said if any(word in line for word in _WORDS) and _TRUE not in line]


def trap_lines(commands: Sequence[str], n_clean: int, only: Sequence[str] = ()) -> Iterator[str]:
    """Rows of Markdown: each trap with the line that tells of it, then each clean cohort with a line too many."""
    chosen = {name: trap for name, trap in TRAPS.items() if not only or any(word in name for word in only)}
    yield f"| trap | {' | '.join(commands)} | the line |"
    yield f"|---{'|---' * len(commands)}|---|"
    n_told = 0
    for name, trap in chosen.items():
        said = {command: lines_of(command, trap.cohort(1)) for command in commands}
        told = {command: [line for line in lines if trap.told_by in line] for command, lines in said.items()}
        n_told += all(told.values())
        line = next(
            (lines[0] for lines in told.values() if lines),
            "; ".join(line for lines in said.values() for line in lines) or "nothing",
        )
        yield f"| {name} | {' | '.join('told' if told[each] else 'NOT TOLD' for each in commands)} | {line} |"
    yield ""
    yield f"{n_told} of {len(chosen)} traps told by each of {', '.join(commands)}."
    n_false = 0
    for name, tables in clean_cohorts(n_clean):
        false = {line for command in commands for line in lines_of(command, tables)}
        n_false += bool(false)
        for line in sorted(false):
            yield f"- {name}: {line}"
    yield f"{n_false} of {n_clean} clean cohorts with a warning."
