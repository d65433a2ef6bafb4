"""`python -m benchmarks kills`: commands killed at random moments, and disks, folders and runs that are in the way."""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import resource
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.robustness.forked import Ending, clear, load_libraries, run_forked, start_command, wait_for
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import write_cohort

__all__ = [
    "COMMANDS",
    "Command",
    "Killed",
    "add_kill_options",
    "in_the_way",
    "inputs_of_commands",
    "kill",
    "run_kills",
    "whole_outputs",
]

_OLD = b"what stood here before\n"
_SAID = "stdout"
"""What a command is compared by that writes no file."""
_TABLES = "--genotypes {in}/g --responses {in}/r --samples {in}/s"
_JUDGED = f"evaluate {_TABLES} --learner covariates ridge --folds 3 --shuffles 0 --threads 1 --resume {{in}}/kept"


@dataclass(frozen=True)
class Command:
    """A command that is killed.

    Attributes
    ----------
    words
        Those of the command line, without its outputs.
    files, folders
        Options that name outputs. Where there are none, what it says is compared.
    before
        What its process does first.
    """

    words: str
    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    before: Callable[[], None] | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """All options that name outputs."""
        return (*self.files, *self.folders)

    @property
    def overwrites_nothing(self) -> bool:
        """Whether it refuses outputs that are there."""
        return bool(self.folders) and not self.files


def _check_refusals_alone() -> None:
    """All checks would take a minute."""
    from drugresponse.validation import validate

    validate.results_of_checks = functools.partial(validate.results_of_checks, ["Refusals"])


COMMANDS: Mapping[str, Command] = {
    "train": Command(
        f"train {_TABLES} --learner ridge --folds 2 --threads 1", ("model", "metrics", "report"), ("figures",)
    ),
    "predict": Command("predict --model {in}/m --genotypes {in}/n --samples {in}/t", ("predictions", "report")),
    "evaluate": Command(_JUDGED, ("metrics", "predictions", "verdicts", "report")),
    "explain": Command(f"explain --model {{in}}/m {_TABLES} --refits 0 --threads 1", ("attributions", "associations")),
    "prepare": Command("prepare --genotypes {in}/v", ("dataset", "summary")),
    "curves": Command("curves --doses {in}/d", ("responses", "fits")),
    "adapt": Command("adapt --model {in}/m --responses {in}/p --genotypes {in}/n --samples {in}/t", ("predictions",)),
    "describe": Command("describe --model {in}/m", ("output", "card")),
    "simulate": Command("simulate --n-samples 300 --n-drugs 10 --n-features 300", folders=("directory",)),
    "import": Command("import beataml {in}/c {in}/u", folders=("directory",)),
    "reproduce": Command(f"reproduce --model {{in}}/m {_TABLES} --threads 1"),
    "validate": Command("validate", ("checks",), before=_check_refusals_alone),
}
"""All that write anything, or compute for long."""


@dataclass(frozen=True)
class Killed:
    """What a kill left, and what a run after it made.

    Attributes
    ----------
    command
        Name of the command.
    ended_first
        Whether it had ended before it was killed.
    torn
        Outputs that were neither the old file nor the new one, folders that were not whole, and inputs that were
        changed.
    mixed
        Whether some outputs were new and some were old.
    other
        Outputs of the run after it that differ from those of an undisturbed one, or what else went wrong.
    """

    command: str
    ended_first: bool
    torn: tuple[str, ...]
    mixed: bool
    other: tuple[str, ...]


def add_kill_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks kills`."""
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)


def inputs_of_commands(folder: Path) -> Mapping[str, bytes]:
    """The inputs that the commands name, of a small simulated cohort."""
    write_cohort(simulate_cohort(n_samples=30, n_drugs=4, n_features=20), folder / "cohort")
    names = {"g": "genotypes", "r": "responses", "s": "samples", "n": "new_genotypes", "t": "new_samples"}
    inputs = {short: (folder / "cohort" / f"{name}.tsv").read_bytes() for short, name in names.items()}
    inputs |= {"p": (folder / "cohort" / "new_responses.tsv").read_bytes()}
    inputs |= {"v": (folder / "cohort" / "genotypes.vcf").read_bytes(), "d": _doses()}
    inputs |= {"c": _published_curves(), "u": _PUBLISHED_MUTATIONS}
    _fill(folder / "trained", inputs)
    ending = _run(folder / "trained", "train")
    if ending.code:
        raise RuntimeError(ending.text)
    return {**inputs, "m": (folder / "trained" / "out" / "model").read_bytes()}


def kill(command: str, inputs: Mapping[str, bytes], folder: Path, whole: Mapping[str, bytes], seconds: float) -> Killed:
    """Kill a command after some seconds, look at what it left, and run it again to its end.

    Parameters
    ----------
    command
        A key of `COMMANDS`.
    inputs
        By name.
    folder
        Scratch.
    whole
        Outputs of an undisturbed run.
    seconds
        When it is killed.
    """
    clear(folder)
    _fill(folder, inputs)
    _put_old(folder, command)
    first = _run(folder, command, seconds)
    left = _written(folder, command)
    torn = _torn(command, left, whole)
    torn += [name for name, content in inputs.items() if (folder / "in" / name).read_bytes() != content]
    mixed = len({left.get(name) == _OLD for name in COMMANDS[command].files}) > 1
    clear(folder / "tmp")  # what the system clears away
    for hidden in filter(Path.is_dir, (folder / "out").iterdir()):
        if _is_hidden(hidden.name):
            os.utime(hidden, (0, 0))  # the next run comes later: what has no lock yet is removed after a day
    if COMMANDS[command].overwrites_nothing and {name: left[name] for name in left if not _is_hidden(name)} == whole:
        # it was already done, and the next run would say so
        return Killed(command, first.kind != "hang", tuple(torn), mixed, ())
    second = _run(folder, command)
    after = _written(folder, command)
    other = tuple(name for name in sorted({*whole, *after}) if after.get(name) != whole.get(name))
    failed = (f"code {second.code}: {second.text[-300:]}",) if second.kind != "done" else ()
    return Killed(command, first.kind != "hang", tuple(torn), mixed, (*other, *failed))


def _torn(command: str, left: Mapping[str, bytes], whole: Mapping[str, bytes]) -> list[str]:
    """Outputs that are neither as they were before nor as they will be, files of folders among them."""
    there = [name for name in left if left[name] != _OLD and not _is_hidden(name) and name != _SAID]
    begun = {str(Path(name).parent) for name in there} - {"."}
    return [
        *(name for name in there if left[name] != whole.get(name)),
        *(name for name in COMMANDS[command].files if name not in left),
        *(name for name in whole if str(Path(name).parent) in begun and name not in left),
    ]


def whole_outputs(command: str, inputs: Mapping[str, bytes], folder: Path) -> tuple[dict[str, bytes], float]:
    """Outputs of an undisturbed run, and how many seconds it took."""
    clear(folder)
    _fill(folder, inputs)
    ending = _run(folder, command)
    if ending.kind != "done":
        raise RuntimeError(f"{command}: {ending}")
    return _written(folder, command), ending.seconds


def _written(folder: Path, command: str) -> dict[str, bytes]:
    """What stands among the outputs, in folders too, or what was said."""
    if not COMMANDS[command].outputs:
        return {_SAID: (folder / _SAID).read_bytes()}
    out = folder / "out"
    return {str(file.relative_to(out)): file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()}


def _is_hidden(name: str) -> bool:
    """Whether it stands in the hidden folder of a run."""
    return name.startswith(".drugresponse-")


def _put_old(folder: Path, command: str) -> None:
    """Outputs of an earlier run; folders are new, since some commands overwrite nothing there."""
    (folder / "out").mkdir()
    for name in COMMANDS[command].files:
        (folder / "out" / name).write_bytes(_OLD)


def in_the_way(
    inputs: Mapping[str, bytes], folder: Path, commands: Iterable[str] = tuple(COMMANDS)
) -> Iterator[tuple[str, str]]:
    """What is in a command's way, and "" where it ended as it should, else what went wrong."""
    for command in commands:
        outputs = COMMANDS[command].outputs
        if not outputs:
            continue
        if command != "validate":  # to which a full disk is a check that does not hold
            yield f"{command}: disk full", _refused(command, inputs, folder, lambda: _limit_files(300))
        yield f"{command}: folder that cannot be written to", _refused(command, inputs, folder, _be_nobody, mode=0o555)
        clear(folder)
        _fill(folder, inputs)
        over = next((name for name in inputs if f"{{in}}/{name}" in COMMANDS[command].words), "")
        if not over:
            continue
        ending = _run(folder, command, more=f" --{outputs[0]} {folder}/in/{over}")
        kept = (folder / "in" / over).read_bytes() == inputs[over]
        yield f"{command}: output that is an input", "" if _is_line(ending) and kept else str(ending)
    yield "evaluate: two at once in one folder", _two_at_once(inputs, folder)


def run_kills(options: argparse.Namespace) -> int:
    """Print what went wrong as it comes, then counts; returns an exit code."""
    load_libraries()
    draw = np.random.default_rng(options.seed)
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        scratch.chmod(0o755)
        inputs = inputs_of_commands(scratch)
        wholes = {command: whole_outputs(command, inputs, scratch / "case") for command in COMMANDS}
        counts: Counter[str] = Counter()
        for command in itertools.cycle(COMMANDS):
            if counts["kills"] == options.kills:
                break
            whole, seconds = wholes[command]
            found = kill(command, inputs, scratch / "case", whole, float(draw.uniform(0.02, 0.9 * seconds)))
            counts["kills"] += not found.ended_first
            counts["outputs torn"] += bool(found.torn)
            counts["some outputs new, some old, each whole"] += found.mixed
            counts["the run after it differs"] += bool(found.other)
            if found.torn or found.other:
                print(found, flush=True)
        print(f"{len(COMMANDS)} commands: {dict(counts)}", flush=True)
        ways = list(in_the_way(inputs, scratch / "case"))
    for name, wrong in ways:
        if wrong:
            print(f"{name}: {wrong}")
    n_bad = sum(bool(wrong) for _, wrong in ways)
    print(f"{len(ways)} things in the way: {len(ways) - n_bad} met by one line, with all files as they were.")
    return int(bool(counts["outputs torn"] + counts["the run after it differs"] + n_bad))


def _run(
    folder: Path,
    command: str,
    seconds: float = 200,
    before: Callable[[], None] | None = None,
    more: str = "",
) -> Ending:
    def first() -> None:
        for each in (COMMANDS[command].before, before):
            if each is not None:
                each()

    return run_forked(_words(folder, command, more), folder, seconds=seconds, before=first)


def _words(folder: Path, command: str, more: str = "") -> list[str]:
    each = COMMANDS[command]
    written = "" if more else "".join(f" --{name} {{out}}/{name}" for name in each.outputs)
    words = [word.format(**{"in": folder / "in", "out": folder / "out"}) for word in (each.words + written).split()]
    return [*words, *more.split(), *(["-q"] if each.outputs else [])]


def _fill(folder: Path, inputs: Mapping[str, bytes]) -> None:
    (folder / "in").mkdir(parents=True, exist_ok=True)
    for name, content in inputs.items():
        (folder / "in" / name).write_bytes(content)


def _doses() -> bytes:
    doses = (0.001, 0.01, 0.1, 1, 10)
    rows = [
        f"s{at}\td{drug}\t{dose}\t{1 / (1 + dose * (at + 1)):.4f}"
        for at in range(6)
        for drug in (1, 2)
        for dose in doses
    ]
    return ("sample_id\tdrug_id\tdose\tresponse\n" + "\n".join(rows) + "\n").encode()


_PUBLISHED_MUTATIONS = b"dbgap_sample_id\tsymbol\nB1D\tFLT3\nB1D\tNPM1\nB2D\tTP53\n"


def _published_curves() -> bytes:
    """As BeatAML gives curves out; nothing in it was measured."""
    names = ("dbgap_subject_id", "dbgap_dnaseq_sample", "dbgap_rnaseq_sample", "inhibitor", "converged", "ic50", "auc")
    rows = [
        f"{at}\tB{at}D\t\tdrug {drug}\tTRUE\t{at / 10}\t{100 + at + drug}" for at in range(1, 41) for drug in (1, 2)
    ]
    return ("\t".join(names) + "\n" + "\n".join(rows) + "\n").encode()


def _is_line(ending: Ending) -> bool:
    return ending.kind == "refused" and ending.code == 2


def _refused(
    command: str, inputs: Mapping[str, bytes], folder: Path, before: Callable[[], None], mode: int = 0o755
) -> str:
    """ "" where it ended with one line, and the old outputs stand."""
    clear(folder)
    _fill(folder, inputs)
    _put_old(folder, command)
    (folder / "in").chmod(0o777)  # what is kept to be resumed is written there
    (folder / "out").chmod(mode)
    ending = _run(folder, command, before=before)
    (folder / "out").chmod(0o755)
    lost = [name for name, content in _written(folder, command).items() if content != _OLD]
    return "" if ending.code == 2 and ": error: " in ending.text and not lost else f"{lost} {ending}"


def _limit_files(size: int) -> None:
    """No file may grow beyond so many bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _be_nobody() -> None:
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


def _two_at_once(inputs: Mapping[str, bytes], folder: Path) -> str:
    """Two runs that keep their units in one folder: both give what one gives alone."""
    whole, _ = whole_outputs("evaluate", inputs, folder)
    clear(folder)
    places = [folder / "first", folder / "second"]
    for place in places:
        _fill(place, inputs)
    words = [_words(place, "evaluate") for place in places]
    words[1][words[1].index("--resume") + 1] = str(places[0] / "in" / "kept")
    started = [start_command(each, place) for each, place in zip(words, places, strict=True)]
    endings = [wait_for(pid, place, 200) for pid, place in zip(started, places, strict=True)]
    # the second one writes into a folder of the first, as it is to
    wrong = [str(each) for each in endings if each.code and not _is_line(each)]
    for place, ending in zip(places, endings, strict=True):
        if ending.code == 0:
            wrong += [name for name in whole if (place / "out" / name).read_bytes() != whole[name]]
    return "; ".join(wrong)
