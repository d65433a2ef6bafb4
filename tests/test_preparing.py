"""Genotypes prepared in Python: the same as by the command, without a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import cli
from drugresponse.preparing import BY_GENE
from drugresponse.settings import COMMANDS
from tests.galaxy_tools import TEST_DATA

VCF = TEST_DATA / "prepare" / "annotated.vcf"


def assert_equal(one: dr.Genotypes, other: dr.Genotypes) -> None:
    assert one.sample_ids.equals(other.sample_ids)
    pd.testing.assert_frame_equal(one.features, other.features)
    assert pd.DataFrame(one.dense()).equals(pd.DataFrame(other.dense()))


@pytest.mark.parametrize("by_gene", BY_GENE)
@pytest.mark.parametrize(
    ("words", "site_filter"),
    [
        ([], None),
        (["--minimum-frequency=0.2"], dr.SiteFilter(minimum_frequency=0.2)),
        (["--maximum-missing=0.1"], dr.SiteFilter(maximum_missing=0.1)),
    ],
)
def test_prepare__is_what_the_command_writes(tmp_path, by_gene, words, site_filter):
    told = [f"--genotypes={VCF}", f"--by-gene={by_gene}", f"--dataset={tmp_path}/g.h5ad"]
    assert cli.main(["prepare", *told, *words, "-q"]) == 0
    prepared = dr.prepare(dr.read_genotypes(VCF), site_filter=site_filter, by_gene=by_gene)
    assert_equal(prepared, dr.read_genotypes(tmp_path / "g.h5ad"))


def test_prepare__in_the_features_of_a_training():
    trained = dr.read_genotypes(VCF)
    new = dr.as_genotypes(pd.DataFrame({str(trained.features.index[0]): [1.0]}, index=["new"]), kind="dosage")
    prepared = dr.prepare(new, like=trained)
    pd.testing.assert_frame_equal(prepared.features, trained.features)
    assert prepared.dense()[0, 0] == 1.0 and pd.isna(prepared.dense()[0, 1:]).all()
    assert (dr.prepare(new, like=trained, absent_means="reference").dense()[0, 1:] == 0).all()


def test_prepare__new_alleles_of_known_families_count_to_them():
    table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1", "qnrS2"])
    trained = dr.Genotypes.build([[1, 0], [0, 1]], ["s1", "s2"], table)
    new = dr.as_genotypes(pd.DataFrame({"qnrS1": [0, 1], "qnrS7": [1, 0]}, index=["n1", "n2"]))
    prepared = dr.prepare(new, like=trained, absent_means="reference")
    assert prepared.features.index.tolist() == ["qnrS1", "qnrS2", "qnrS (family)"]
    assert prepared.dense().tolist() == [[0, 0, 1], [1, 0, 1]]
    model = dr.DrugResponseModel("ridge", folds=0).fit(*_cohort_of(trained))
    pd.testing.assert_frame_equal(model.predict(prepared), model.predict(dr.prepare(prepared, like=trained)))
    told = model.predict(dr.prepare(new, like=trained))["prediction"].to_numpy()
    np.testing.assert_allclose(told, model.predict(new)["prediction"].to_numpy())


def _cohort_of(trained: dr.Genotypes) -> tuple[dr.Genotypes, pd.DataFrame]:
    """Samples with the features of a training, whose response is the number of alleles but for noise."""
    rng = np.random.default_rng(0)
    calls = rng.binomial(1, 0.4, (40, trained.shape[1]))
    ids = [f"s{at}" for at in range(len(calls))]
    response = calls.sum(axis=1) + rng.normal(0, 0.1, len(calls))
    responses = pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": response})
    return dr.Genotypes.build(calls, ids, trained.features), responses


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by_gene": "gene"}, r'^`by_gene`: "gene" is unknown\. Choose from'),
        ({"absent_means": "ref"}, r'^`absent_means`: "ref" is unknown\. Did you mean "reference"\?'),
        (
            {"like": dr.read_genotypes(VCF), "site_filter": dr.SiteFilter(minimum_frequency=0.1)},
            "^`like`: found a limit",
        ),
    ],
)
def test_prepare__refuses_in_one_line(options, message):
    with pytest.raises(dr.InputError, match=message):
        dr.prepare(dr.read_genotypes(VCF), **options)


def test_by_gene__choices_are_those_of_the_command():
    assert tuple(COMMANDS["prepare"].parameter("by_gene").choices) == BY_GENE


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by_gene": None}, '^`by_gene`: "None" is unknown'),
        ({"by_gene": ["no"]}, "^`by_gene`: .* is unknown"),
        ({"absent_means": 3}, '^`absent_means`: "3" is unknown'),
        ({"site_filter": {"minimum_frequency": 0.1}}, "^`site_filter`: found dict"),
    ],
)
def test_prepare__options_of_another_kind(options, message):
    genotypes = dr.Genotypes.from_dense([[0, 2], [1, 0]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    with pytest.raises(dr.InputError, match=message):
        dr.prepare(genotypes, **options)
