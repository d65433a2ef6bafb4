"""Reading genotypes beside the bare libraries, as ratios in one run.

    python -m benchmarks.reading [--samples 1000] [--variants 100000] [--formats bed pgen vcf]

Files are simulated into a temporary folder. Each work runs in fresh processes, in turn with what it is compared with;
CPU seconds count, because they do not depend on who else uses the machine, and the fastest of several runs.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_TIMES = 3
_BLOCK = 4096


def bare_bed(folder: Path) -> Any:
    from bed_reader import open_bed

    bed = open_bed(folder / "cohort.bed", num_threads=1)
    labels = (bed.iid, bed.chromosome, bed.sid, bed.bp_position, bed.allele_1, bed.allele_2)
    return labels, bed.read(dtype="float32")


def bare_bed_sparse(folder: Path) -> Any:
    from bed_reader import open_bed

    bed = open_bed(folder / "cohort.bed", num_threads=1)
    labels = (bed.iid, bed.chromosome, bed.sid, bed.bp_position, bed.allele_1, bed.allele_2)
    return labels, bed.read_sparse(dtype="float32", format="csr")


def bare_pgen(folder: Path) -> Any:
    import pgenlib

    variants = pgenlib.PvarReader(bytes(folder / "cohort.pvar"))
    reader = pgenlib.PgenReader(bytes(folder / "cohort.pgen"), pvar=variants)
    found = np.empty((reader.get_variant_ct(), reader.get_raw_sample_ct()), dtype=np.float32)
    reader.read_dosages_range(0, len(found), found)
    return found


def bare_vcf(folder: Path) -> Any:
    from cyvcf2 import VCF

    return sum(int(record.genotype.array().shape[0]) for record in VCF(str(folder / "cohort.vcf.gz")))


def ours(name: str) -> Callable[[Path], Any]:
    def read(folder: Path) -> Any:
        from drugresponse.readers import read_genotypes

        return read_genotypes(folder / name)

    return read


WORKS: dict[str, dict[str, Callable[[Path], Any]]] = {
    "bed": {"ours": ours("cohort.bed"), "bed-reader, dense": bare_bed, "bed-reader, sparse": bare_bed_sparse},
    "pgen": {"ours": ours("cohort.pgen"), "Pgenlib, dense": bare_pgen},
    "vcf": {"ours": ours("cohort.vcf.gz"), "cyvcf2, a loop": bare_vcf},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--variants", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=list(WORKS), default=["bed", "pgen"])
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        format_name, work, folder = options.measure
        print(json.dumps(_measured(WORKS[format_name][work], Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        _simulate(Path(folder), options.samples, options.variants, options.formats)
        print(f"{options.samples} samples x {options.variants} variants")
        print("| format | read by | CPU seconds | ours / this | peak above imports, MB |\n|---|---|---|---|---|")
        for name in options.formats:
            _print_rows(name, folder)


def _print_rows(name: str, folder: str) -> None:
    runs: dict[str, list[dict[str, float]]] = {work: [] for work in WORKS[name]}
    for _ in range(_TIMES):
        for work, found in runs.items():
            words = [sys.executable, "-m", "benchmarks.reading", "--measure", name, work, folder]
            found.append(json.loads(subprocess.run(words, capture_output=True, check=True).stdout.splitlines()[-1]))
    best = {work: min(each["seconds"] for each in found) for work, found in runs.items()}
    for work, found in runs.items():
        peak = min(each["megabytes"] for each in found)
        print(f"| {name} | {work} | {best[work]:.2f} | {best['ours'] / best[work]:.2f} | {peak:.0f} |")
    kept = runs["ours"][0]["kept"]
    print(f"| {name} | size of the matrix that is kept | | | {kept:.0f} |", flush=True)


def _measured(work: Callable[[Path], Any], folder: Path) -> dict[str, float]:
    import drugresponse.readers  # noqa: F401  (imports are not what is measured)

    for library in ("bed_reader", "pgenlib", "cyvcf2", "scipy.sparse", "anndata"):
        __import__(library)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = work(folder)
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    values = getattr(found, "values", None)
    kept = 0 if values is None else values.data.nbytes + values.indices.nbytes + values.indptr.nbytes
    return {"seconds": seconds, "megabytes": (after - before) / 1024, "kept": kept / 1024**2}


def _simulate(folder: Path, n_samples: int, n_variants: int, formats: list[str]) -> None:
    """One cohort, most alternates rare, 1 % of the calls missing, written block by block."""
    from pgenlib import PgenWriter

    generator = np.random.default_rng(0)
    chromosomes = np.sort(generator.integers(1, 23, n_variants))
    positions = np.arange(1, n_variants + 1) * 100
    samples = [f"s{number}" for number in range(n_samples)]
    (folder / "cohort.fam").write_text("".join(f"0 {each} 0 0 0 -9\n" for each in samples))
    (folder / "cohort.psam").write_text("#IID\n" + "".join(f"{each}\n" for each in samples))
    calls_of = {0: "0/0", 1: "0/1", 2: "1/1", -9: "./."}
    words = np.array([calls_of.get(code, "") for code in (0, 1, 2, -9)], dtype=object)
    with (
        (folder / "cohort.bed").open("wb") as bed,
        (folder / "cohort.bim").open("w") as bim,
        (folder / "cohort.pvar").open("w") as pvar,
        gzip.open(folder / "cohort.vcf.gz", "wt", compresslevel=1) as vcf,
        PgenWriter(bytes(folder / "cohort.pgen"), n_samples, variant_ct=n_variants, nonref_flags=False) as pgen,
    ):
        bed.write(b"\x6c\x1b\x01")
        pvar.write("#CHROM\tPOS\tID\tREF\tALT\n")
        vcf.write("##fileformat=VCFv4.2\n" + "".join(f"##contig=<ID={number}>\n" for number in range(1, 23)))
        vcf.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n')
        vcf.write("\t".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".replace(" ", "\t"), *samples]) + "\n")
        for start in range(0, n_variants, _BLOCK):
            block = slice(start, min(start + _BLOCK, n_variants))
            frequency = generator.beta(0.4, 1.6, block.stop - start)[:, None] * 0.5 + 0.001
            calls = generator.binomial(2, frequency, (block.stop - start, n_samples)).astype(np.int8)
            calls[generator.random(calls.shape) < 0.01] = -9
            bed.write(_packed(calls).tobytes())
            pgen.append_biallelic_batch(calls)
            for at, place in enumerate(zip(chromosomes[block], positions[block], strict=True), start=start):
                bim.write(f"{place[0]}\trs{at}\t0\t{place[1]}\tC\tA\n")
                pvar.write(f"{place[0]}\t{place[1]}\trs{at}\tA\tC\n")
                if "vcf" in formats:
                    row = "\t".join(words[np.where(calls[at - start] < 0, 3, calls[at - start])])
                    vcf.write(f"{place[0]}\t{place[1]}\trs{at}\tA\tC\t.\t.\t.\tGT\t{row}\n")


def _packed(calls: np.ndarray) -> np.ndarray:
    codes = np.zeros((len(calls), (calls.shape[1] + 3) // 4 * 4), dtype=np.uint8)
    codes[:, : calls.shape[1]] = np.array([3, 2, 0, 1], dtype=np.uint8)[np.where(calls < 0, 3, calls)]
    return codes[:, 0::4] | codes[:, 1::4] << 2 | codes[:, 2::4] << 4 | codes[:, 3::4] << 6


if __name__ == "__main__":
    main()
