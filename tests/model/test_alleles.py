"""Whatever way the alleles of new samples are written, and in whatever format, the predictions are equal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bed_reader import to_bed

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.features.alignment import align
from drugresponse.learners.registry import LEARNERS
from drugresponse.model.feature_weights import share_of_weight, weights_of_rows
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.readers import read_genotypes
from drugresponse.simulation.cohort import Cohort, simulate_cohort
from tests.learners.cohorts import STRUCTURES

FAST = {"folds": 0, "rank": 3, "trees": 6, "epochs": 2, "minimum_features": 0.0}
USES_GENOTYPE = [learner.name for learner in LEARNERS.values() if learner.uses_genotype]
OTHER = dict(zip("ACGT", "TGCA", strict=True))


def known_share(weights: np.ndarray, genotypes: Genotypes, trained: pd.DataFrame) -> np.ndarray:
    return share_of_weight(weights, genotypes, align(genotypes.features, trained))


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    made = simulate_cohort("germline", n_samples=60, n_features=40)
    calls = made.genotypes.dense()
    calls[::7, ::5] = np.nan
    genotypes = Genotypes.build(calls, list(made.genotypes.sample_ids), made.genotypes.features)
    table, drugs = made.responses.table, pd.Index(["d0", "d1", "d2", "d3"], name="drug_id")
    rows = [
        table.assign(drug_id=drug, response=table["response"] * scale)
        for drug, scale in zip(drugs, (1, 2, -1, 3), strict=True)
    ]
    responses = replace(made.responses, table=pd.concat(rows, ignore_index=True))
    structures = pd.DataFrame({"smiles": STRUCTURES[: len(drugs)]}, index=drugs)
    return replace(made, genotypes=genotypes, responses=responses, drugs=structures)


_fitted: dict[str, DrugResponseModel] = {}


def fitted(name: str, cohort: Cohort) -> DrugResponseModel:
    """Each learner fitted once for all tests."""
    if name not in _fitted:
        model = DrugResponseModel(learner=name, **FAST)  # type: ignore[arg-type]
        _fitted[name] = model.fit(cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples)
    return _fitted[name]


def half_swapped(genotypes: Genotypes, seed: int, *, flips: bool = False) -> Genotypes:
    """Half of the sites with reference and alternate swapped; with flips, a fifth also from the other strand."""
    rng = np.random.default_rng(seed)
    table, calls = genotypes.features.copy(), genotypes.dense()
    swapped = rng.permutation(len(table)) < len(table) / 2
    turned = rng.random(len(table)) < (0.2 if flips else 0)
    ref = np.where(swapped, table["alt"], table["ref"])
    alt = np.where(swapped, table["ref"], table["alt"])
    table["ref"] = [OTHER[each] if yes else each for each, yes in zip(ref, turned, strict=True)]
    table["alt"] = [OTHER[each] if yes else each for each, yes in zip(alt, turned, strict=True)]
    calls[:, swapped] = 2 - calls[:, swapped]
    table.index = [":".join(map(str, row)) for row in zip(*(table[each] for each in _NAMED), strict=True)]
    order = rng.permutation(len(table))
    return Genotypes.build(calls[:, order], list(genotypes.sample_ids), table.iloc[order])


_NAMED = ("chromosome", "position", "ref", "alt")


def as_vcf(genotypes: Genotypes, folder: Path) -> Genotypes:
    words = {0.0: "0/0", 1.0: "0/1", 2.0: "1/1"}
    table = genotypes.features.assign(place=range(genotypes.shape[1]))
    chromosomes = dict.fromkeys(table["chromosome"])
    lines = ["##fileformat=VCFv4.2", *(f"##contig=<ID={each}>" for each in chromosomes)]
    lines += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    lines += ["\t".join(["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT".replace(" ", "\t"), *genotypes.sample_ids])]
    for row, calls in zip(table.itertuples(), genotypes.dense().T, strict=True):
        called = [words.get(float(each), "./.") for each in calls]
        site = [row.chromosome, str(row.position), ".", row.ref, row.alt, ".", "PASS", ".", "GT"]
        lines.append("\t".join([*site, *called]))
    (folder / "new.dat").write_text("\n".join(lines) + "\n")
    return read_genotypes(folder / "new.dat")


def as_plink(genotypes: Genotypes, folder: Path) -> Genotypes:
    table = genotypes.features
    alleles = {"allele_1": table["alt"].tolist(), "allele_2": table["ref"].tolist()}
    places = {"chromosome": table["chromosome"].tolist(), "bp_position": table["position"].tolist()}
    samples = {"iid": genotypes.sample_ids.tolist()}
    to_bed(folder / "new.bed", genotypes.dense(), properties={**samples, **alleles, **places}, num_threads=1)
    return read_genotypes(folder / "new.bed")


def as_matrix(genotypes: Genotypes, folder: Path) -> Genotypes:
    names = [f"column {at}" for at in range(genotypes.shape[1])]
    matrix = pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=names)
    matrix.rename_axis("sample_id").to_csv(folder / "new.tsv", sep="\t")
    table = genotypes.features.set_axis(names).rename_axis("feature_id")[["kind", *_NAMED]]
    table.to_csv(folder / "features.tsv", sep="\t")
    return read_genotypes(folder / "new.tsv", features=folder / "features.tsv")


@pytest.mark.parametrize("name", USES_GENOTYPE)
def test_predict__half_of_the_sites_swapped(name, cohort):
    model = fitted(name, cohort)
    expected = model.predict(cohort.genotypes, samples=cohort.samples)
    assert expected["prediction"].groupby(expected["drug_id"]).nunique().min() > 10
    found = model.predict(half_swapped(cohort.genotypes, 0), samples=cohort.samples)
    pd.testing.assert_frame_equal(found.drop(columns="features_found"), expected.drop(columns="features_found"))


@pytest.mark.parametrize("read", [as_vcf, as_plink, as_matrix])
def test_predict__half_of_the_sites_swapped_in_every_format(read, cohort, tmp_path):
    model = fitted("ridge", cohort)
    new = read(half_swapped(cohort.genotypes, 1), tmp_path)
    assert not set(new.features.index) & set(cohort.genotypes.features.index) or read is not as_matrix
    expected = model.predict(cohort.genotypes, samples=cohort.samples)["prediction"]
    found = model.predict(new, samples=cohort.samples)["prediction"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_predict__sites_of_either_strand_swapped_and_in_any_order(seed, cohort, tmp_path):
    pairs = cohort.genotypes.features[["ref", "alt"]].agg("".join, axis=1)
    plain = np.flatnonzero(~pairs.isin(["AT", "TA", "CG", "GC"]))
    genotypes = Genotypes.build(
        cohort.genotypes.values[:, plain], list(cohort.genotypes.sample_ids), cohort.genotypes.features.iloc[plain]
    )
    if "plain" not in _fitted:
        model = DrugResponseModel(learner="ridge", **FAST)  # type: ignore[arg-type]
        _fitted["plain"] = model.fit(genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples)
    expected = _fitted["plain"].predict(genotypes, samples=cohort.samples)["prediction"]
    turned = half_swapped(genotypes, seed, flips=True)
    np.testing.assert_allclose(
        _fitted["plain"].predict(turned, samples=cohort.samples)["prediction"], expected, rtol=1e-9, atol=1e-10
    )


def test_predict__swapped_after_the_model_went_through_a_file(cohort, tmp_path):
    model = fitted("ridge", cohort)
    model.save(tmp_path / "model")
    new = half_swapped(cohort.genotypes, 2)
    expected = model.predict(cohort.genotypes, samples=cohort.samples)["prediction"]
    found = load_model(tmp_path / "model").predict(new, samples=cohort.samples)["prediction"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


def test_predict__other_alleles_under_the_same_id_count_as_missing(cohort):
    model = fitted("ridge", cohort)
    table = cohort.genotypes.features
    doubtful = table.index[[3, 8]]
    told = table.assign(alt=np.where(table.index.isin(doubtful), "<DEL>", table["alt"]))
    new = Genotypes(cohort.genotypes.values, cohort.genotypes.sample_ids, told)
    lost = cohort.genotypes.dense()
    lost[:, [3, 8]] = np.nan
    without = Genotypes.build(lost, list(cohort.genotypes.sample_ids), table)
    found, expected = (model.predict(each, samples=cohort.samples)["prediction"] for each in (new, without))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)
    weights = weights_of_rows(model.regressor_, table)
    assert weights[table.index.isin(doubtful)].sum() > 0
    np.testing.assert_allclose(known_share(weights, new, table), known_share(weights, without, table), atol=1e-9)


def test_share_of_weight__of_swapped_alleles_is_that_of_the_training(cohort):
    trained = cohort.genotypes.features
    weights = weights_of_rows(fitted("boosted-trees", cohort).regressor_, trained)
    expected = known_share(weights, cohort.genotypes, trained)
    assert expected.min() < 1 == expected.max()
    new = half_swapped(cohort.genotypes, 3)
    np.testing.assert_allclose(known_share(weights, new, trained), expected, rtol=1e-9, atol=1e-10)


def test_predict__arm_from_swapped_alleles(cohort):
    arm = cohort.samples.assign(arm=np.random.default_rng(0).choice(["A", "B"], len(cohort.samples)))
    model = dr.DrugResponseModel(learner="ridge", arm="arm", **FAST)  # type: ignore[arg-type]
    model.fit(cohort.genotypes, cohort.responses, samples=arm)
    expected = model.predict(cohort.genotypes, samples=arm)["prediction"]
    found = model.predict(half_swapped(cohort.genotypes, 4), samples=arm)["prediction"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("name", LEARNERS)
def test_trained_features__of_every_learner(name, cohort):
    learner = fitted(name, cohort).regressor_
    found, features = learner.trained_features(), cohort.genotypes.features
    assert found.columns.equals(features.columns)
    assert found.index.equals(features.index) or not learner.feature_weights()[1].any()
