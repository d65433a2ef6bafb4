"""Reading PLINK filesets against bare libraries, timed in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from drugresponse.readers.plink.reader import read_plink

__all__ = ["fastest_seconds", "plink_ratios", "write_plink"]

_ROUNDS = 5
_BATCH = 5000


def write_plink(folder: Path, n_samples: int, n_variants: int, seed: int = 0) -> Path:
    """Simulate the same calls as PLINK 1 and PLINK 2 files named cohort; mostly rare alleles, 1 % of calls missing."""
    from pgenlib import PgenWriter

    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    frequencies = generator.beta(0.5, 2, n_variants) / 2
    places = [(1 + at * 22 // n_variants, 1000 + 100 * at) for at in range(n_variants)]
    with (
        (folder / "cohort.bed").open("wb") as bed,
        PgenWriter(bytes(folder / "cohort.pgen"), n_samples, variant_ct=n_variants, nonref_flags=False) as pgen,
    ):
        bed.write(b"\x6c\x1b\x01")
        for start in range(0, n_variants, _BATCH):
            part = frequencies[start : start + _BATCH, None]
            calls = (generator.random((len(part), n_samples)) < part).astype(np.int8)
            calls += generator.random(calls.shape) < part
            calls[generator.random(calls.shape) < 0.01] = -9
            pgen.append_biallelic_batch(calls)
            bed.write(_packed(calls).tobytes())
    lines = [f"{chromosome}\trs{at}\t0\t{place}\tC\tA\n" for at, (chromosome, place) in enumerate(places)]
    (folder / "cohort.bim").write_text("".join(lines))
    lines = [f"{chromosome}\t{place}\trs{at}\tA\tC\n" for at, (chromosome, place) in enumerate(places)]
    (folder / "cohort.pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\n" + "".join(lines))
    (folder / "cohort.fam").write_text("".join(f"f{at} s{at} 0 0 0 -9\n" for at in range(n_samples)))
    (folder / "cohort.psam").write_text("#IID\n" + "".join(f"s{at}\n" for at in range(n_samples)))
    return folder


def plink_ratios(folder: Path) -> dict[str, float]:
    """CPU seconds of `read_plink` over those of a bare library, for the filesets named cohort in a folder.

    The whole of `read_plink` (samples, feature table, sparse matrix) is set against bed-reader with its labels, and
    against pgenlib called variant by variant, to which bed-reader's time for the labels is added.
    """
    bed, pgen = folder / "cohort.bed", folder / "cohort.pgen"
    works: Mapping[str, Callable[[], object]] = {
        "ours, bed": lambda: read_plink(bed),
        "ours, pgen": lambda: read_plink(pgen),
        "int8": lambda: _bare_bed(bed, "int8"),
        "float32": lambda: _bare_bed(bed, "float32"),
        "labels": lambda: _bare_labels(bed),
        "pgen": lambda: _bare_pgen(pgen),
    }
    fastest = fastest_seconds(works)
    return {
        "PLINK 1 / bed-reader as int8": fastest["ours, bed"] / fastest["int8"],
        "PLINK 1 / bed-reader as float32": fastest["ours, bed"] / fastest["float32"],
        "PLINK 2 / loop over pgenlib, and labels": fastest["ours, pgen"] / (fastest["pgen"] + fastest["labels"]),
    }


def fastest_seconds(works: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """CPU seconds of each work, the fastest of several rounds in which they take turns."""
    fastest = dict.fromkeys(works, np.inf)
    for _ in range(_ROUNDS):
        for name, work in works.items():
            start = time.process_time()
            work()
            fastest[name] = min(fastest[name], time.process_time() - start)
    return fastest


def _packed(calls: np.ndarray) -> np.ndarray:
    codes = np.array([3, 2, 0, 1], dtype=np.uint8)[np.where(calls < 0, 3, calls)]
    codes = np.pad(codes, ((0, 0), (0, -calls.shape[1] % 4)))
    return codes[:, 0::4] | codes[:, 1::4] << 2 | codes[:, 2::4] << 4 | codes[:, 3::4] << 6


def _bare_bed(file: Path, dtype: str) -> object:
    from bed_reader import open_bed

    with open_bed(file, num_threads=1) as bed:
        return bed.read(dtype=dtype, num_threads=1), bed.iid, bed.sid, bed.chromosome, bed.bp_position, bed.allele_1


def _bare_labels(file: Path) -> object:
    from bed_reader import open_bed

    with open_bed(file, num_threads=1) as bed:
        return bed.iid, bed.sid, bed.chromosome, bed.bp_position, bed.allele_1


def _bare_pgen(file: Path) -> object:
    from pgenlib import PgenReader

    reader = PgenReader(bytes(file))
    calls = np.empty((reader.get_variant_ct(), reader.get_raw_sample_ct()), dtype=np.int8)
    for at, row in enumerate(calls):
        reader.read(at, row)
    return calls
