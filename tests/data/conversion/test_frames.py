"""Tables of polars, pyarrow and pandas: the same wherever a table is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import polars
import pyarrow
import pytest

import drugresponse as dr
from drugresponse.data.conversion.frames import as_pandas, is_frame
from drugresponse.data.tables import as_responses, index_by_id

KINDS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "polars": polars.from_pandas,
    "lazy": lambda table: polars.from_pandas(table).lazy(),
    "pyarrow": pyarrow.Table.from_pandas,
}
each_kind = pytest.mark.parametrize("of", KINDS.values(), ids=KINDS.keys())


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)


@each_kind
def test_model__takes_frames_of_every_library_alike(cohort, of):
    responses, drugs, samples = cohort.responses.table, cohort.drugs.reset_index(), cohort.samples.reset_index()
    genotypes = pd.DataFrame(cohort.genotypes.dense(), columns=cohort.genotypes.features.index)
    genotypes.insert(0, "sample_id", cohort.genotypes.sample_ids)
    pairs = responses[["sample_id", "drug_id"]].head(3)
    tables = {"drugs": drugs, "samples": samples}
    plain = dr.DrugResponseModel("ridge", folds=0).fit(genotypes, responses, **tables)
    others = {name: of(table) for name, table in tables.items()}
    other = dr.DrugResponseModel("ridge", folds=0).fit(of(genotypes), of(responses), **others)
    wanted = plain.predict(genotypes, pairs=pairs, **tables)
    assert len(wanted) == 3
    pd.testing.assert_frame_equal(other.predict(of(genotypes), pairs=of(pairs), **others), wanted)


@each_kind
def test_as_pandas__whole_numbers_stay_whole_where_some_are_missing(of):
    table = of(pd.DataFrame({"drug_id": pd.array([7, 8], "Int64"), "age": pd.array([50, None], "Int64")}))
    read = as_pandas(table, "drugs")
    assert list(map(str, read["age"])) == ["50", "<NA>"]
    assert index_by_id(table, "drug_id", where="drugs").index.tolist() == ["7", "8"]


@each_kind
def test_doses_and_curves(of):
    rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": [0.1, 1, 10, 100], "response": [1, 0.9, 0.4, 0.1]})
    pd.testing.assert_frame_equal(dr.fit_curves(of(rows)).table, dr.fit_curves(rows).table)


def test_functions_of_genotypes__take_frames_too(cohort, tmp_path):
    table = pd.DataFrame(cohort.genotypes.dense(), columns=cohort.genotypes.features.index)
    table.insert(0, "sample_id", cohort.genotypes.sample_ids)
    frame, samples = polars.from_pandas(table), polars.from_pandas(cohort.samples.reset_index())
    assert dr.overview_of(frame).n_samples == 40
    assert dr.with_named_parents(frame).shape == dr.prepare(frame).shape == (40, 20)
    assert dr.to_anndata(frame, samples=samples).obs["tissue"].tolist() == cohort.samples["tissue"].tolist()
    dr.write_genotypes(frame, tmp_path / "cohort.h5ad", samples=samples)
    assert dr.read_genotypes(tmp_path / "cohort.h5ad").equals(dr.as_genotypes(frame))


def test_as_responses__order_of_an_enum_is_that_of_its_classes():
    kind = polars.Enum(["S", "I", "R"])
    table = polars.DataFrame(
        {"sample_id": ["a", "b", "c"], "response": ["R", "I", "S"]}, schema_overrides={"response": kind}
    )
    assert as_responses(table).outcome.classes == ("S", "I", "R")


def test_as_genotypes__frame_without_an_index_needs_the_ids():
    with pytest.raises(dr.InputError, match='found no column "sample_id"'):
        dr.as_genotypes(polars.DataFrame({"TP53": [0, 1]}))


@pytest.mark.parametrize("table", [{"sample_id": ["s1"]}, [1], polars.Series([1]), None])
def test_as_pandas__what_is_no_table(table):
    assert not is_frame(table)
    with pytest.raises(dr.InputError, match=f"samples: found {type(table).__name__} .expected a DataFrame"):
        as_pandas(table, "samples")
