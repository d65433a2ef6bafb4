from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc._summary import FREQUENCY_BINS, summarise_genotypes

NAN = float("nan")
SAMPLES = ["s1", "s2", "s3", "s4"]


def mixed() -> Genotypes:
    dosages = [[0, 2, NAN, 2], [1, 2, NAN, 2], [1, NAN, NAN, 2], [0, 0.9, NAN, 2]]
    altered = [[1, 0], [0, 0], [NAN, 0], [1, 0]]
    scores = [[2.5], [-1.0], [NAN], [0.0]]
    return Genotypes.join(
        [
            Genotypes.from_dense(dosages, SAMPLES, ["rs1", "rs2", "rs3", "rs4"], kind="dosage"),
            Genotypes.from_dense(altered, SAMPLES, ["TP53", "KRAS"], kind="altered", block="mutations"),
            Genotypes.from_dense(scores, SAMPLES, ["EGFR"], kind="score", block="expression"),
        ]
    )


def test_blocks__counts_missing_and_constant():
    blocks = summarise_genotypes(mixed()).blocks
    assert blocks.index.tolist() == ["dosage", "expression", "mutations"]
    assert blocks["kind"].tolist() == ["dosage", "score", "altered"]
    assert blocks["n_features"].tolist() == [4, 1, 2]
    assert blocks["missing"].tolist() == pytest.approx([5 / 16, 0.25, 0.125])
    # nothing is called of rs3, all are 2 of rs4, and none bears KRAS
    assert blocks["constant"].tolist() == [2, 0, 1]


def test_samples__missing_altered_and_heterozygous():
    samples = summarise_genotypes(mixed()).samples
    assert samples["missing"].tolist() == pytest.approx([1 / 7, 1 / 7, 4 / 7, 1 / 7])
    # scores are never counted as altered
    assert samples["n_altered"].tolist() == [3, 3, 2, 3]
    assert samples["heterozygosity"].tolist() == pytest.approx([0, 1 / 3, 1 / 2, 1 / 3])


def test_frequency__is_of_the_minor_allele_or_of_carriers():
    genotypes = mixed()
    found = pd.Series(summarise_genotypes(genotypes).frequency, index=genotypes.features.index)
    assert found["rs1"] == pytest.approx(0.25)
    assert found["rs2"] == pytest.approx(1 - 4.9 / 6)
    assert found["TP53"] == pytest.approx(2 / 3)
    assert (found["rs4"], found["KRAS"]) == (0, 0)
    assert found[["rs3", "EGFR"]].isna().all()


def test_spectrum__every_called_feature_stands_in_one_bin():
    spectrum = summarise_genotypes(mixed()).spectrum
    assert spectrum.groupby("block")["n_features"].sum().to_dict() == {"dosage": 3, "mutations": 2}
    dosage = spectrum[spectrum["block"] == "dosage"]
    assert dosage["to"].tolist() == list(FREQUENCY_BINS)
    assert dosage.set_index("to")["n_features"].to_dict() == {
        each: {0.0: 1, 0.2: 1, 0.3: 1}.get(each, 0) for each in FREQUENCY_BINS
    }
    assert spectrum[spectrum["block"] == "mutations"]["to"].iloc[-1] == 1.0


def test_bins__hold_their_upper_edge():
    dosages = np.zeros((10, 2))
    dosages[0, 0] = 1  # 0.05
    dosages[:2, 1] = 1  # 0.1
    ids = [f"s{i}" for i in range(10)]
    spectrum = summarise_genotypes(Genotypes.from_dense(dosages, ids, ["a", "b"], kind="dosage")).spectrum
    assert spectrum.set_index("to").loc[[0.05, 0.1, 0.2], "n_features"].tolist() == [1, 1, 0]


def test_summary__of_no_features():
    found = summarise_genotypes(Genotypes.from_dense(np.empty((2, 0)), ["a", "b"], [], kind="altered"))
    assert found.samples["missing"].tolist() == [0, 0]
    assert (len(found.blocks), len(found.spectrum)) == (0, 0)
