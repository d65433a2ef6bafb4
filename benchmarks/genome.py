"""Training and predicting from PLINK files of genome-wide size: peak memory and time beside a bare kernel or reading.

Files are simulated in batches of variants: one drug, whose response follows a hundred variants. Each work runs in a
process of its own, after a small one of its kind: memory is how much more it holds at its peak than after that, so that
the interpreter and the libraries do not count. Works run one after another; beside seconds of the wall stand those of
the processors, which depend less on who else uses the machine, and ratios are of both.
"""

from __future__ import annotations

import contextlib
import io
import logging
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.level_sizes import MOST_KERNEL_SAMPLES

__all__ = ["GenomeSize", "bare_kernel", "bare_reading", "genome_lines", "status_megabytes", "write_cohort"]

_BATCH_CELLS = 1 << 25
_CLASSES = 64
"""Variants have one of so many frequencies, so that four calls are drawn with one number."""
_CAUSAL = 100
_MISSING = 0.005
_NEW = 10_000
_SMALL = (60, 400)
_KERNEL_CELLS = 1 << 23
_TO_RESET_PEAK = "5"


@dataclass(frozen=True)
class GenomeSize:
    """Numbers of samples, of variants, and of new samples to predict for; 0 predicts for none."""

    n_samples: int
    n_variants: int
    n_new: int = 0


def write_cohort(folder: Path, n_samples: int, n_variants: int, seed: int = 0, *, new: bool = False) -> Path:
    """Simulate a fileset `cohort.bed`, `.bim`, `.fam` and `responses.tsv`, batch by batch; returns the .bed file.

    Parameters
    ----------
    folder
        Made where it is absent; what is there already, of the same size and seed, stays.
    n_samples, n_variants, seed
        Of the cohort. Half a per cent of the calls are missing.
    new
        Other samples of the same variants.
    """
    folder = folder / f"{n_samples}x{n_variants}-{seed}{'-new' if new else ''}"
    folder.mkdir(parents=True, exist_ok=True)
    bed, responses = folder / "cohort.bed", folder / "responses.tsv"
    if responses.is_file():
        return bed
    of_variants, of_samples = np.random.default_rng(seed), np.random.default_rng([seed, int(new)])
    classes = of_variants.integers(_CLASSES, size=n_variants)
    causal = np.sort(of_variants.choice(n_variants, min(_CAUSAL, n_variants), replace=False))
    effects = of_variants.normal(size=len(causal))
    score = np.zeros(n_samples)
    patterns = np.stack([_patterns(0.02 + 0.46 * at / _CLASSES) for at in range(_CLASSES)])
    width = (n_samples + 3) // 4
    step = max(1, _BATCH_CELLS // (4 * width))
    with bed.open("wb") as stream:
        stream.write(b"\x6c\x1b\x01")
        for start in range(0, n_variants, step):
            part = classes[start : start + step]
            drawn = of_samples.integers(1 << 16, size=(len(part), width), dtype=np.uint16)
            packed = patterns[part[:, None], drawn]
            packed[:, -1] &= 255 >> 2 * (4 * width - n_samples)  # what is beyond the last sample is 0
            stream.write(packed.tobytes())
            mine = (causal >= start) & (causal < start + len(part))
            score += effects[mine] @ _standardised(packed[causal[mine] - start], n_samples)
    _write_labels(folder, n_samples, n_variants, "n" if new else "s")
    y = score / np.sqrt(len(causal)) + of_samples.normal(size=n_samples)
    lines = [f"{'n' if new else 's'}{at}\tdrug\t{value:.4f}\n" for at, value in enumerate(y)]
    responses.write_text("sample_id\tdrug_id\tresponse\n" + "".join(lines))
    return bed


def bare_reading(bed: Path, n_samples: int, n_variants: int) -> None:
    """Read all calls with Pgenlib in blocks of float32, NaN where missing, and keep nothing."""
    for _ in _blocks(bed, n_samples, n_variants):
        pass


def bare_kernel(bed: Path, n_samples: int, n_variants: int) -> NDArray[np.float32]:
    """`(n_samples, n_samples)` products of the calls, less their mean and 0 where missing, of all variants."""
    kernel = np.zeros((n_samples, n_samples), dtype=np.float32)
    for block in _blocks(bed, n_samples, n_variants):
        missing = np.isnan(block)
        block -= np.nanmean(block, axis=1, keepdims=True)
        block[missing] = 0
        kernel += block.T @ block
    return kernel


def genome_lines(folder: Path, size: GenomeSize, learner: str = "ridge", folds: int = 3) -> Iterator[str]:
    """Rows for people: training and predicting beside a bare kernel and bare reading, each as soon as it is done."""
    bed, small = (write_cohort(folder, *shape) for shape in ((size.n_samples, size.n_variants), _SMALL))
    model, small_model = (file.with_name(f"{learner}.safetensors") for file in (bed, small))
    shape = f"{size.n_samples:,} x {size.n_variants:,}"
    # of more samples none is formed by a training either
    bare, name = (bare_kernel, "kernel") if size.n_samples <= MOST_KERNEL_SAMPLES else (bare_reading, "reading")
    beside = _measured(bare, (bed, size.n_samples, size.n_variants), (small, *_SMALL))
    yield _line(f"bare {name}, {shape}", beside)
    trained = _measured(_train, (bed, model, learner, folds), (small, small_model, learner, folds))
    yield _line(f"train, {shape}", trained, beside, f"of the {name}")
    if size.n_new:
        new = write_cohort(folder, size.n_new, size.n_variants, new=True)
        shape = f"{size.n_new:,} x {size.n_variants:,}"
        read = _measured(bare_reading, (new, size.n_new, size.n_variants), (small, *_SMALL))
        yield _line(f"bare reading, {shape}", read)
        predicted = _measured(_predict, (new, model), (small, small_model))
        yield _line(f"predict, {shape}", predicted, read, "of reading")


class _Measured(NamedTuple):
    megabytes: float
    wall: float
    cpu: float


def _line(work: str, measured: _Measured, against: _Measured | None = None, what: str = "") -> str:
    ratio = f"{measured.wall / against.wall:.2f} and {measured.cpu / against.cpu:.2f} {what}" if against else ""
    return f"| {work} | {measured.megabytes:,.0f} | {measured.wall:.1f} | {measured.cpu:.1f} | {ratio} |"


def _measured(work: Callable[..., object], arguments: tuple, small: tuple) -> _Measured:
    """Megabytes at the peak above what is held after the small work, and its seconds, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, arguments, small))


def _measure(work: Callable[..., object], arguments: tuple, small: tuple) -> _Measured:
    logging.disable(logging.WARNING)
    work(*small)
    before = status_megabytes("VmRSS")
    Path("/proc/self/clear_refs").write_text(_TO_RESET_PEAK)
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    later = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # the largest process that the work started counts whole
    return _Measured(status_megabytes("VmHWM") - before + (later / 1024 if later > of_children else 0.0), wall, cpu)


def status_megabytes(name: str) -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


def _train(bed: Path, model: Path, learner: str, folds: int) -> None:
    files = ("--genotypes", bed, "--responses", bed.with_name("responses.tsv"), "--model", model)
    _command("train", *files, "--learner", learner, "--folds", folds)


def _predict(bed: Path, model: Path) -> None:
    _command("predict", "--model", model, "--genotypes", bed, "--predictions", bed.with_name("predictions.tsv"))


def _command(*words: object) -> None:
    from drugresponse.cli import main

    with contextlib.redirect_stdout(io.StringIO()):
        failed = main([*map(str, words), "--quiet"])
    if failed:
        raise RuntimeError(f"the command failed: {words[0]}")


def _patterns(frequency: float) -> NDArray[np.uint8]:
    """`(65536,)` bytes of .bed, four calls each, as often as alleles of this frequency make them."""
    of_call = np.array([frequency**2, _MISSING, 2 * frequency * (1 - frequency), (1 - frequency) ** 2])
    of_call[[0, 2, 3]] *= (1 - _MISSING) / of_call[[0, 2, 3]].sum()
    of_byte = np.einsum("a,b,c,d->dcba", *[of_call] * 4).ravel()
    ends = np.round(np.cumsum(of_byte) * (1 << 16)).astype(int)
    return np.repeat(np.arange(256, dtype=np.uint8), np.diff(ends, prepend=0))


def _standardised(packed: NDArray[np.uint8], n_samples: int) -> NDArray[np.float64]:
    codes = (packed[:, :, None] >> np.array([0, 2, 4, 6], dtype=np.uint8)) & 3
    copies = np.array([2.0, np.nan, 1.0, 0.0])[codes.reshape(len(packed), 4 * packed.shape[1])[:, :n_samples]]
    centred = copies - np.nanmean(copies, axis=1, keepdims=True)
    return np.nan_to_num(centred / np.maximum(np.nanstd(copies, axis=1, keepdims=True), 0.01))


def _write_labels(folder: Path, n_samples: int, n_variants: int, prefix: str) -> None:
    with (folder / "cohort.bim").open("w") as stream:
        for at in range(n_variants):
            stream.write(f"{1 + at * 22 // n_variants}\trs{at}\t0\t{1000 + 100 * at}\tC\tA\n")
    (folder / "cohort.fam").write_text("".join(f"f{at} {prefix}{at} 0 0 0 -9\n" for at in range(n_samples)))


def _blocks(bed: Path, n_samples: int, n_variants: int) -> Iterator[NDArray[np.float32]]:
    from pgenlib import PgenReader

    reader = PgenReader(bytes(bed), raw_sample_ct=n_samples, variant_ct=n_variants)
    step = max(1, _KERNEL_CELLS // n_samples)
    for start in range(0, n_variants, step):
        calls = np.empty((min(step, n_variants - start), n_samples), dtype=np.int8)
        reader.read_range(start, start + len(calls), calls)
        block = calls.astype(np.float32)
        block[calls < 0] = np.nan
        yield block
