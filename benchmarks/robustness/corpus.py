"""A small whole file of every format that is read, with its companions and the command that reads it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.robustness.damage import packed_blocks, zipped
from benchmarks.robustness.forked import run_forked
from benchmarks.robustness.texts import TEXTS
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import write_cohort

__all__ = ["Target", "corpus", "whole_files"]

_ROOT = Path(__file__).resolve().parents[2]
_MODELS = _ROOT / "test-data" / "models" / "format-1"
_GENOTYPES_READ = "prepare --genotypes {in}/FILE --dataset {out}/a.h5ad"
_TRAINED = "train --learner ridge --folds 0 --model {out}/m --genotypes {in}/g --responses {in}/r --samples {in}/s"
_SETTINGS = "learner: ridge\nfolds: 0\nseed: 3\ncovariates: [tissue]\nrank: 2\nminimum-features: 0.4\nunit: uM\n"


@dataclass(frozen=True)
class Target:
    """What is damaged, and what reads it.

    Attributes
    ----------
    name
        Of the format.
    file
        Name of the file that is damaged.
    files
        All files that the command is given, by name.
    command
        Words after `drugresponse`, where `{in}` and `{out}` stand for the folders of inputs and outputs.
    """

    name: str
    file: str
    files: Mapping[str, bytes]
    command: str

    @property
    def whole(self) -> bytes:
        """The file before it is damaged."""
        return self.files[self.file]


def corpus(folder: Path) -> dict[str, Target]:
    """Every target by its name, made of simulated cohorts; the same bytes each time.

    Parameters
    ----------
    folder
        An empty one to write to.
    """
    write_cohort(simulate_cohort(n_samples=24, n_drugs=4, n_features=20), folder / "lines")
    write_cohort(simulate_cohort("germline", n_samples=24, n_features=20), folder / "patients")
    lines, patients = (
        {file.stem if file.suffix == ".tsv" else file.name: file.read_bytes() for file in (folder / name).iterdir()}
        for name in ("lines", "patients")
    )
    made = [
        *_texts(),
        *_tables(lines),
        *_variants(patients),
        *_plink(folder / "patients"),
        *_containers(folder, lines),
        *_models(),
        *_kept_units(folder, lines),
    ]
    return {target.name: target for target in made}


def _texts() -> list[Target]:
    """The small texts of genotypes."""
    names = list(TEXTS)[: list(TEXTS).index("responses")]
    return [_genotypes(name, TEXTS[name].encode()) for name in names]


def _genotypes(name: str, content: bytes, more: str = "", files: Mapping[str, bytes] | None = None) -> Target:
    return Target(name, "g", {"g": content, **(files or {})}, f"{_GENOTYPES_READ.replace('FILE', 'g')} {more}".strip())


def _tables(lines: Mapping[str, bytes]) -> list[Target]:
    """What stands beside genotypes: each as the damaged one among whole ones."""
    files = {"g": lines["genotypes"], "r": lines["responses"], "s": lines["samples"]}
    wide = pd.read_table(io.BytesIO(lines["responses"])).pivot(index="sample_id", columns="drug_id", values="response")
    times = pd.read_table(io.BytesIO(lines["responses"]))[["sample_id"]].drop_duplicates()
    times = times.assign(time=np.arange(len(times)) * 7 % 50 + 5, event=np.arange(len(times)) % 3 > 0)
    samples = [row.split(b"\t")[0].decode() for row in lines["samples"].splitlines()[1:]]
    folds = "fold\tsample_id\n" + "".join(f"{at % 3}\t{sample}\n" for at, sample in enumerate(samples))
    rule = "drug_id\tfeature_id\tscore\n\tKEAP1_mut\t30\n"
    judged = (
        "evaluate --learner covariates --genotypes {in}/g --responses {in}/r --metrics {out}/m --shuffles 0 --threads 1"
    )
    explained = (
        "explain --model {in}/model --genotypes {in}/g --responses {in}/r --attributions {out}/a --refits 0 --threads 1"
    )
    model = {"model": (_ROOT / "test-data" / "cell_lines" / "model.safetensors").read_bytes()}
    predicted = "predict --model {in}/model --genotypes {in}/g --predictions {out}/p --minimum-features 0"
    vcf = {"g": lines["genotypes.vcf"]}
    return [
        Target("responses", "r", files, _TRAINED),
        Target("wide responses", "r", {**files, "r": wide.to_csv(sep="\t").encode()}, _TRAINED),
        Target("times", "r", {**files, "r": times.to_csv(sep="\t", index=False).encode()}, _TRAINED),
        Target("samples", "s", files, _TRAINED),
        Target("drugs", "d", {**files, "d": lines["drugs"]}, f"{_TRAINED} --drugs {{in}}/d"),
        Target("features", "f", {**files, "f": lines["features"]}, f"{_TRAINED} --features {{in}}/f"),
        Target("settings", "c", {**files, "c": _SETTINGS.encode()}, f"{_TRAINED} --config {{in}}/c"),
        Target("doses", "d", {"d": TEXTS["doses"].encode() + _DOSES}, "curves --doses {in}/d --responses {out}/r"),
        Target("splits", "f", {**files, "f": folds.encode()}, f"{judged} --splits {{in}}/f"),
        Target("rule", "f", {**files, "f": rule.encode()}, f"{judged} --folds 2 --rule {{in}}/f"),
        Target("gene sets", "f", {**files, **model, "f": _SETS},
               f"{explained} --pathways {{out}}/p --gene-sets {{in}}/f"),
        Target("pairs", "f", {**files, **model, "f": b"sample_id\tdrug_id\nL0001\tD001\nL0002\tD002\n"},
               f"{predicted} --pairs {{in}}/f"),
        Target("aliases", "f", {**files, "f": TEXTS["gene names"].encode()},
               f"{_GENOTYPES_READ.replace('FILE', 'g')} --aliases {{in}}/f"),
        Target("gene list", "f", {**files, "f": b"gene\nTP53\nKRAS\nEGFR\nBRAF\n"},
               f"{_GENOTYPES_READ.replace('FILE', 'g')} --gene-list {{in}}/f"),
        _genotypes("regions", vcf["g"], "--regions {in}/f", {"f": b"simulated\t0\t900000\tA\n"}),
        _genotypes("list of files", b"path\tsample_id\ng1.vcf\tS9\ng2.vcf\tS8\n", "",
                   {"g1.vcf": _PATIENT, "g2.vcf": _PATIENT.replace(b"0/1", b"1/1")}),
    ]  # fmt: skip


_DOSES = b"".join(
    f"s{line}\td{drug}\t{dose}\t{1 / (1 + (dose / (line + 1)) ** 1.3):.4f}\n".encode()
    for line in range(3)
    for drug in (1, 2)
    for dose in (0.01, 0.1, 1, 10, 100)
)
_SETS = b"KINASES\tmade up\tALK\tBRAF\tEGFR\tERBB2\nCHROMATIN\tmade up\tARID1A\tASXL1\tBAP1\tTP53\tKRAS\n"
_PATIENT = (
    b"##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\n'
    b"chr1\t10\trs1\tA\tC\t50\tPASS\t.\tGT\t0/1\nchr1\t30\trs2\tG\tT\t9\tPASS\t.\tGT\t0/0\n"
)
_BLOCKS = (
    b"##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n"
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="g">\n##INFO=<ID=END,Number=1,Type=Integer,Description="e">\n'
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n"
    b"chr1\t10\trs1\tA\tC,<NON_REF>\t50\tPASS\t.\tGT\t0/1\t0/0\n"
    b"chr1\t11\t.\tG\t<NON_REF>\t.\t.\tEND=300\tGT\t0/0\t0/0\nchr1\t301\trs2\tG\tT\t9\tPASS\t.\tGT\t1/1\t0/1\n"
)


def _variants(patients: Mapping[str, bytes]) -> list[Target]:
    vcf = patients["genotypes.vcf"]
    return [
        _genotypes("vcf", vcf),
        _genotypes("vcf.gz", packed_blocks(vcf)),
        _genotypes("bcf", _bcf(vcf)),
        _genotypes("gvcf", _BLOCKS),
    ]


def _bcf(vcf: bytes) -> bytes:
    from tempfile import TemporaryDirectory

    from cyvcf2 import VCF, Writer

    with TemporaryDirectory() as folder:
        file, written = Path(folder, "a.vcf"), Path(folder, "a.bcf")
        file.write_bytes(vcf)
        records = VCF(str(file))
        writer = Writer(str(written), records, mode="wb")
        for record in records:
            writer.write_record(record)
        writer.close()
        records.close()
        return written.read_bytes()


def _plink(folder: Path) -> list[Target]:
    from bed_reader import to_bed
    from pgenlib import PgenWriter

    calls = pd.read_table(folder / "genotypes.tsv", index_col=0)
    n_samples, n_variants = calls.shape
    places = [(1 + at % 3, f"rs{at}", 100 + at) for at in range(n_variants)]
    values = calls.to_numpy(np.float32)
    to_bed(folder / "c.bed", values, num_threads=1)
    coded = np.where(np.isnan(values), -9, values).T.astype(np.int8)
    with PgenWriter(bytes(folder / "c.pgen"), n_samples, variant_ct=n_variants, nonref_flags=False) as writer:
        writer.append_biallelic_batch(np.ascontiguousarray(coded))
    bim = "".join(f"{name}\t{variant}\t0\t{at}\tC\tA\n" for name, variant, at in places).encode()
    fam = "".join(f"f {sample} 0 0 0 -9\n" for sample in calls.index).encode()
    pvar = b"#CHROM\tPOS\tID\tREF\tALT\n" + b"".join(f"{a}\t{c}\t{b}\tA\tC\n".encode() for a, b, c in places)
    psam = b"#IID\n" + "".join(f"{sample}\n" for sample in calls.index).encode()
    first = {"c.bed": (folder / "c.bed").read_bytes(), "c.bim": bim, "c.fam": fam}
    second = {"c.pgen": (folder / "c.pgen").read_bytes(), "c.pvar": pvar, "c.psam": psam}
    raw = "FID IID PAT MAT SEX PHENOTYPE " + " ".join(f"{name}_C" for _, name, _ in places) + "\n"
    raw += "".join(f"f {row[0]} 0 0 0 -9 {' '.join(map(_call, row[1:]))}\n" for row in calls.itertuples())
    targets = [_genotypes("raw", raw.encode())]
    for files in (first, second):
        door = next(iter(files))
        targets += [Target(name[2:], name, files, _GENOTYPES_READ.replace("FILE", door)) for name in files]
    return targets


def _call(value: float) -> str:
    return "NA" if np.isnan(value) else str(int(value))


def _containers(folder: Path, lines: Mapping[str, bytes]) -> list[Target]:
    """Tables in files that other programs pack."""
    table = pd.read_table(io.BytesIO(lines["genotypes"]), index_col=0)
    arrow = table.reset_index()
    kept: dict[str, bytes] = {}
    for name, values in {"dense": table.to_numpy("f4"), "sparse": sparse.csr_matrix(table.to_numpy("f4"))}.items():
        stored = anndata.AnnData(values, obs=pd.DataFrame(index=table.index), var=pd.DataFrame(index=table.columns))
        stored.obs["tissue"] = pd.Categorical(["lung", "skin"] * 9 + ["lung"] * (len(table) - 18))
        stored.write_h5ad(folder / "a.h5ad", compression="gzip" if name == "dense" else None)
        kept[f"h5ad, {name}"] = (folder / "a.h5ad").read_bytes()
    for name, options in {"parquet": {}, "parquet, gzip": {"compression": "gzip", "use_dictionary": False}}.items():
        arrow.to_parquet(folder / "a.parquet", index=False, **options)
        kept[name] = (folder / "a.parquet").read_bytes()
    data = b"Sample\tGene\tGenotype\tPhenotype\ns1\tCYP2D6\t*1/*4\tIntermediate Metabolizer\n"
    told = b"Gene=CYP2D6\nAssembly=GRCh38\nSemanticType=SampleTable[Results]\n"
    kept["pypgx"] = zipped([("tmp1/metadata.txt", told), ("tmp1/data.tsv", data)])
    targets = [_genotypes(name, content) for name, content in kept.items()]
    files = {"g": lines["genotypes"], "s": lines["samples"]}
    responses = pd.read_table(io.BytesIO(lines["responses"]))
    for name, content in {"xlsx": _workbook(responses), "ods": _open_document(responses)}.items():
        targets.append(Target(name, "r", {**files, "r": content}, _TRAINED))
    return targets


def _workbook(table: pd.DataFrame) -> bytes:
    import zipfile

    content = io.BytesIO()
    table.to_excel(content, index=False)
    with zipfile.ZipFile(content) as book:
        # when it was written stands in it
        return zipped([(name, book.read(name)) for name in book.namelist() if name != "docProps/core.xml"])


def _open_document(table: pd.DataFrame) -> bytes:
    def cell(value: object) -> str:
        kind = f'float" office:value="{value}' if isinstance(value, float) else "string"
        return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'

    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    rows = [list(table.columns), *table.itertuples(index=False)]
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    sheet = f'<office:spreadsheet><table:table table:name="r">{lines}</table:table></office:spreadsheet>'
    body = f"<office:document-content {spaces}><office:body>{sheet}</office:body></office:document-content>"
    return zipped(
        [
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            ("META-INF/manifest.xml", b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'),
            ("content.xml", body.encode()),
        ]
    )


def _models() -> list[Target]:
    """Models of every learner and outcome, as they predict and as they are described."""
    files = {"g": _MODELS / "genotypes.tsv", "f": _MODELS / "features.tsv", "s": _MODELS / "samples.tsv"}
    beside = {name: file.read_bytes() for name, file in files.items()}
    words = "predict --model {in}/m --genotypes {in}/g --features {in}/f --samples {in}/s --predictions {out}/p"
    found = {file.stem: file.read_bytes() for file in sorted(_MODELS.glob("*.safetensors"))}
    targets = [Target(f"model, {name}", "m", {**beside, "m": model}, words) for name, model in found.items()]
    told = Target("model, described", "m", {"m": found["ridge"]}, "describe --model {in}/m --card {out}/c")
    return [*targets, told]


def _kept_units(folder: Path, lines: Mapping[str, bytes]) -> list[Target]:
    """A unit that an interrupted evaluation has kept."""
    files = {"g": lines["genotypes"], "r": lines["responses"]}
    inputs = folder / "evaluated" / "in"
    inputs.mkdir(parents=True)
    for name, content in files.items():
        (inputs / name).write_bytes(content)
    command = "evaluate --learner covariates --folds 2 --shuffles 0 --threads 1 --genotypes {in}/g --responses {in}/r"
    command += " --metrics {out}/m --resume {in}/kept"
    words = [word.format(**{"in": inputs, "out": inputs.parent / "out"}) for word in command.split()]
    run_forked(words, inputs.parent)
    files |= {f"kept/{file.name}": file.read_bytes() for file in sorted((inputs / "kept").iterdir())}
    unit = next(name for name in files if name.startswith("kept/"))
    return [Target("kept unit", unit, files, command)]


def whole_files(targets: Mapping[str, Target]) -> Callable[[int], bytes]:
    """One of the whole files of the corpus by a number, to borrow parts of."""
    kept = [targets[name].whole for name in sorted(targets)]
    return lambda number: kept[number % len(kept)]
