"""One chromosome has one name, whatever a file calls it."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse.readers import read_genotypes
from drugresponse.readers.variants.regions import read_regions
from drugresponse.readers.variants.site_filter import SiteFilter

NAMES = {
    "X": ["23", "chr23", "X", "chrX", "x", "25", "XY", "NC_000023.11", "chromosomeX"],
    "Y": ["24", "chrY"],
    "MT": ["26", "M", "chrM"],
}
SPELLINGS = [(name, plain) for plain, names in NAMES.items() for name in names]


def written(folder, name):
    """One heterozygous call on this chromosome, in every format that tells a place."""
    lines = [
        "##fileformat=VCFv4.2",
        "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1",
        f"{name} 7 rs1 A C . . . GT 0/1",
    ]
    (folder / "vcf").write_text("\n".join([lines[0], *(line.replace(" ", "\t") for line in lines[1:])]) + "\n")
    (folder / "one.fam").write_text("f s1 0 0 2 -9\n")
    (folder / "one.bim").write_text(f"{name}\trs1\t0\t7\tC\tA\n")
    (folder / "one.bed").write_bytes(bytes.fromhex("6c1b0102"))
    row = {"kind": "dosage", "chromosome": name, "position": 7, "ref": "A", "alt": "C"}
    table = pd.DataFrame(row, index=pd.Index(["v"], name="feature_id"))
    table.to_csv(folder / "features", sep="\t")
    pd.DataFrame({"sample_id": ["s1"], "v": [1]}).to_csv(folder / "matrix", sep="\t", index=False)
    anndata.AnnData(np.ones((1, 1)), obs=pd.DataFrame(index=["s1"]), var=table).write_h5ad(folder / "h5ad")


@pytest.mark.parametrize(("name", "plain"), SPELLINGS)
def test_read_genotypes__a_chromosome_has_one_name_in_every_format(tmp_path, name, plain):
    written(tmp_path, name)
    read = [read_genotypes(tmp_path / each) for each in ("vcf", "one.bed", "h5ad")]
    read.append(read_genotypes(tmp_path / "matrix", features=tmp_path / "features"))
    assert [each.features["chromosome"].item() for each in read] == [plain] * 4
    assert [each.features.index.item() for each in read] == [f"{plain}:7:A:C"] * 2 + ["v"] * 2
    (tmp_path / "regions").write_text(f"{name}\t0\t10\n")
    wanted = SiteFilter(regions=read_regions(tmp_path / "regions"))
    assert all(
        read_genotypes(tmp_path / each, site_filter=wanted).shape == (1, 1) for each in ("vcf", "one.bed", "h5ad")
    )


def test_read_genotypes__numbers_of_other_species_are_no_codes(tmp_path):
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=29>",
        "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1",
        "23 7 . A C . . . GT 0/1",
    ]
    (tmp_path / "cow").write_text(
        "\n".join(line if line.startswith("##") else line.replace(" ", "\t") for line in lines) + "\n"
    )
    assert read_genotypes(tmp_path / "cow").features.index.item() == "23:7:A:C"
