"""`python -m benchmarks fuzz`: damage by a seed, run, count; one case again by its name and number."""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.robustness.corpus import Target, corpus, whole_files
from benchmarks.robustness.damage import bomb, damaged
from benchmarks.robustness.forked import BAD, KINDS, Ending, clear, load_libraries, run_forked

__all__ = ["add_fuzz_options", "damaged_file", "run_case", "run_fuzz"]

_BOMB_EVERY = 25


def add_fuzz_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks fuzz`."""
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cases", type=int, default=10**9, help="at most so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of formats; all when left out")
    parser.add_argument("--replay", metavar="FORMAT:NUMBER", help="one case again, with all that it said")
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"), help="where inputs of bad endings are kept")


def run_case(target: Target, content: bytes, folder: Path) -> Ending:
    """Run the command of a target in a cleared folder with other bytes in its file."""
    clear(folder)
    for name, whole in target.files.items():
        file = folder / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if name == target.file else whole)
    words = [word.format(**{"in": folder / "in", "out": folder / "out"}) for word in target.command.split()]
    return run_forked([*words, "-q"], folder)


def damaged_file(targets: Mapping[str, Target], name: str, number: int, seed: int) -> bytes:
    """What a case puts in the place of a whole file; number 0 is the whole file."""
    whole = targets[name].whole
    if number == 0:
        return whole
    draw = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    if number % _BOMB_EVERY == 0:
        return bomb(whole, draw)
    return damaged(whole, whole_files(targets)(int(draw.integers(1000))), draw)


def run_fuzz(options: argparse.Namespace) -> int:
    """Print the cases that end badly as they come, then how many ended how; returns an exit code."""
    load_libraries()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "corpus").mkdir()
        targets = corpus(folder / "corpus")
        if options.replay:
            return _replay(options, targets, folder / "case")
        counts = {
            name: Counter[str]() for name in targets if not options.only or any(word in name for word in options.only)
        }
        ends, slowest = time.monotonic() + 60 * options.minutes, 0.0
        for number, name in _turns(list(counts), options.cases):
            if time.monotonic() > ends:
                break
            content = damaged_file(targets, name, number, options.seed)
            ending = run_case(targets[name], content, folder / "case")
            counts[name][ending.kind] += 1
            slowest = max(slowest, ending.seconds)
            if ending.kind in BAD or (number == 0 and ending.kind != "done"):
                _keep(options.keep / f"{name} {number}", targets[name], content)
                print(_told(name, number, ending, 600), flush=True)
    for line in _table(counts):
        print(line)
    print(f"Seed {options.seed}; the slowest took {slowest:.1f} s.")
    return int(any(ended[kind] for ended in counts.values() for kind in BAD))


def _turns(names: Sequence[str], most: int) -> Iterator[tuple[int, str]]:
    """Case 0 of every format, then case 1 of every format ..."""
    turns = ((number, name) for number in itertools.count() for name in names)
    return itertools.islice(turns, most)


def _replay(options: argparse.Namespace, targets: Mapping[str, Target], folder: Path) -> int:
    name, _, number = options.replay.rpartition(":")
    content = damaged_file(targets, name, int(number), options.seed)
    _keep(options.keep / f"{name} {number}", targets[name], content)
    ending = run_case(targets[name], content, folder)
    print(_told(name, int(number), ending, 1 << 20))
    return int(ending.kind in BAD)


def _told(name: str, number: int, ending: Ending, most: int) -> str:
    return f"{name}:{number}: {ending.kind}, code {ending.code}, {ending.seconds:.1f} s: {ending.text[-most:].strip()}"


def _keep(folder: Path, target: Target, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, whole in target.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if name == target.file else whole)
    (folder / "command.txt").write_text(target.command + "\n", "utf-8")


def _table(counts: Mapping[str, Counter[str]]) -> Iterator[str]:
    yield f"| damaged file | cases | {' | '.join(KINDS)} |"
    yield f"|---|{'---|' * (len(KINDS) + 1)}"
    total: Counter[str] = Counter()
    for name, ended in counts.items():
        total += ended
        yield f"| {name} | {ended.total()} | {' | '.join(str(ended[kind]) for kind in KINDS)} |"
    yield f"| all | {total.total()} | {' | '.join(str(total[kind]) for kind in KINDS)} |"
