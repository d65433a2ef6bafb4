"""Reading genotypes beside the bare libraries, as ratios in one run, and the memory that it takes.

    python -m benchmarks.reading_speed [--samples 1000] [--variants 100000] [--large 1000000] [--only vcf plink]

Files are simulated into a temporary folder. CPU seconds count, since they do not depend on who else uses the machine,
and of several rounds the fastest. Memory is how much more a fresh process holds at its peak than before, less the
matrix that is kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import struct
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.plink_speed import fastest_seconds, plink_ratios, write_plink
from drugresponse.readers import read_genotypes
from drugresponse.readers.variants.regions import read_regions
from drugresponse.readers.variants.site_filter import SiteFilter

__all__ = ["reading_memory", "reading_page", "vcf_ratios", "write_vcf"]

_BATCH = 4096
_BGZF_BLOCK = 65280
_CALLS = np.array([b"0/0\t", b"0/1\t", b"1/1\t", b"./.\t"], dtype="S4").view("V4")
_HEADER = """##fileformat=VCFv4.2
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
"""
FILTERS: Mapping[str, SiteFilter | None] = {
    "all": None,
    "minor allele 20 % or more": SiteFilter(minimum_frequency=0.2),
    "two regions": SiteFilter(regions=read_regions("7,9")),
}


def write_vcf(file: Path, n_samples: int, n_variants: int, seed: int = 0) -> Path:
    """Simulate a bgzipped VCF; mostly rare alleles, 1 % of calls missing."""
    generator = np.random.default_rng(seed)
    samples = "\t".join(f"s{at}" for at in range(n_samples))
    contigs = "".join(f"##contig=<ID={at}>\n" for at in range(1, 23))
    with file.open("wb") as stream:
        _pack(stream, f"{_HEADER}{contigs}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{samples}\n".encode())
        for start in range(0, n_variants, _BATCH):
            places = range(start, min(start + _BATCH, n_variants))
            frequency = generator.beta(0.5, 2, (len(places), 1)) / 2
            calls = generator.binomial(2, frequency, (len(places), n_samples))
            calls[generator.random(calls.shape) < 0.01] = 3
            rows = [row.tobytes()[:-1] for row in _CALLS[calls]]
            heads = [f"{1 + at * 22 // n_variants}\t{1000 + 100 * at}\trs{at}\tA\tC\t.\t.\t.\tGT\t" for at in places]
            _pack(stream, b"".join(head.encode() + row + b"\n" for head, row in zip(heads, rows, strict=True)))
        _pack(stream, b"")
    return file


def vcf_ratios(file: Path) -> dict[str, float]:
    """CPU seconds of `read_genotypes` for a VCF over those of bare loops of cyvcf2 over its genotypes.

    The whole of `read_genotypes` (samples, feature table, sparse matrix) is set against loops that take the alleles of
    each record (`genotype.array()`, the cheapest), or the type of each call (`gt_types`), and keep nothing.
    """
    works: Mapping[str, Callable[[], object]] = {
        "ours": lambda: read_genotypes(file),
        "genotype.array()": lambda: _bare_loop(file, lambda record: record.genotype.array()),
        "gt_types": lambda: _bare_loop(file, lambda record: record.gt_types),
    }
    fastest = fastest_seconds(works)
    return {f"VCF / loop over {name}": fastest["ours"] / fastest[name] for name in works if name != "ours"}


def reading_memory(file: Path, site_filter: SiteFilter | None = None) -> tuple[float, float]:
    """Megabytes of the matrix that is kept, and by how much more the memory of a fresh process grew at its peak."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_grown, (file, site_filter))


def reading_page(folder: Path, n_samples: int, n_variants: int, n_large: int, only: list[str]) -> str:
    """Lines for people: the ratios, and the memory for a larger file and each filter."""
    lines = [f"{n_samples} samples x {n_variants} variants, CPU seconds / CPU seconds"]
    ratios: dict[str, float] = {}
    if "vcf" in only:
        ratios |= vcf_ratios(write_vcf(folder / "cohort.vcf.gz", n_samples, n_variants))
    if "plink" in only:
        ratios |= plink_ratios(write_plink(folder, n_samples, n_variants))
    lines += [f"{name}: {ratio:.2f}" for name, ratio in ratios.items()]
    lines.append(f"{n_samples} samples x {n_large} variants, MB of the matrix kept, and what the peak is above it")
    if "vcf" in only:
        large = write_vcf(folder / "cohort.vcf.gz", n_samples, n_large)
        lines += [_memory_line("VCF", name, reading_memory(large, each)) for name, each in FILTERS.items()]
    if "plink" in only:
        large = write_plink(folder, n_samples, n_large) / "cohort.bed"
        lines += [_memory_line("PLINK 1", name, reading_memory(large, each)) for name, each in FILTERS.items()]
    return "\n".join(lines) + "\n"


def _memory_line(what: str, name: str, found: tuple[float, float]) -> str:
    return f"{what}, {name}: {found[0]:.0f} + {found[1]:.0f}"


def _bare_loop(file: Path, take: Callable[[object], object]) -> None:
    from cyvcf2 import VCF

    for record in VCF(str(file)):
        take(record)


def _grown(file: Path, site_filter: SiteFilter | None) -> tuple[float, float]:
    before = _status("VmRSS")
    values = read_genotypes(file, site_filter=site_filter).values
    kept = (values.data.nbytes + values.indices.nbytes + values.indptr.nbytes) / 2**20
    return kept, _status("VmHWM") - before - kept


def _status(name: str) -> float:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[name].split()[0]) / 1024


def _pack(stream: IO[bytes], content: bytes) -> None:
    """Write BGZF: gzip members that tell their size, as the specification of SAM describes them."""
    for start in range(0, max(1, len(content)), _BGZF_BLOCK):
        part = content[start : start + _BGZF_BLOCK]
        body = zlib.compress(part, 1, wbits=-15)
        stream.write(struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25))
        stream.write(body + struct.pack("<II", zlib.crc32(part), len(part)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--variants", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=["vcf", "plink"], default=["vcf", "plink"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = reading_page(Path(folder), options.samples, options.variants, options.large, options.only)
    sys.stdout.write(page)


if __name__ == "__main__":
    main()
