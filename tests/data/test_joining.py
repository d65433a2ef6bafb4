from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError

SAMPLES = [f"s{i:02d}" for i in range(12)]


def joined(**columns: object) -> TrainingRows:
    """Rows in an order of their own, of which the last sample has no genotype."""
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d", "response": np.arange(12.0), **columns})
    genotypes = Genotypes.from_dense(np.eye(11), SAMPLES[:11], [f"g{i}" for i in range(11)])
    return join_training_rows(genotypes, Responses.build(table.iloc[::-1], outcome="continuous"), None, None)


def test_join_training_rows__censored_rows_are_known_by_their_pair():
    rows = joined(censor=["right", "none", "left"] * 4)
    assert rows.pairs.censor.dtype == np.int8
    expected = dict(zip(SAMPLES, [1, 0, -1] * 4, strict=True))
    assert dict(zip(rows.pairs.sample_ids, rows.pairs.censor.tolist(), strict=True)) == {
        sample: expected[sample] for sample in SAMPLES[:11]
    }


def test_join_training_rows__none_censored_is_no_column():
    assert joined().pairs.censor is None
    assert joined(censor="none").pairs.censor is None
    # the one censored row is of the sample without genotype
    assert joined(censor=["none"] * 11 + ["left"]).pairs.censor is None


def test_join_training_rows__an_arm_beside_covariates_of_a_model_must_be_one():
    genotypes = Genotypes.from_dense(np.eye(12), SAMPLES, [f"g{i}" for i in range(12)])
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d", "response": np.arange(12.0)})
    samples = pd.DataFrame({"arm": ["active", "control"] * 6}, index=pd.Index(SAMPLES, name="sample_id"))
    rows = join_training_rows(genotypes, Responses.build(table), None, samples, samples, "arm")
    assert rows.pairs.arm == "arm"
    for wrong, message in (
        (samples[[]], 'found no column "arm"'),
        (samples.assign(arm="active"), 'found only "active"'),
    ):
        with pytest.raises(InputError, match=message):
            join_training_rows(genotypes, Responses.build(table), None, wrong, samples, "arm")


def test_join_training_rows__lost_ids_are_shown_from_both_sides(caplog):
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "Erlotinib", "response": np.arange(12.0)})
    table.loc[10:, "sample_id"] = ["S10", "11.0"]
    genotypes = Genotypes.from_dense(np.eye(12), [*SAMPLES[:11], "11"], [f"g{i}" for i in range(12)])
    samples = pd.DataFrame({"age": 1.0}, index=pd.Index([*SAMPLES[:9], "S-09"], name="sample_id"))
    drugs = pd.DataFrame({"smiles": ["C"]}, index=pd.Index(["erlotinib"], name="drug_id"))
    rows = join_training_rows(genotypes, Responses.build(table), drugs, samples)
    assert rows.loss.samples_without_genotype == 2
    assert "responses: 2 of its 12 samples are not among the 12 of the genotypes; they are left out." in caplog.text
    assert '"11.0" may be "11", "S10" may be "s10": write them alike.' in caplog.text
    assert '"s09" may be "S-09": write them alike.' in caplog.text
    assert '"Erlotinib" may be "erlotinib": write them alike.' in caplog.text


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"response": ["S"] * 11 + ["R"]}, 'all 11 responses are "S"'),
        ({"response": ["<=2"] * 11 + [">2"]}, "all 11 responses equal 2 "),
        ({"time": np.arange(12.0), "event": [0] * 11 + [1]}, "happened in none of 11 responses"),
    ],
)
def test_join_training_rows__responses_that_all_say_the_same_are_refused(columns, message):
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d", **columns})
    genotypes = Genotypes.from_dense(np.eye(11), SAMPLES[:11], [f"g{i}" for i in range(11)])
    with pytest.raises(InputError, match=message):
        join_training_rows(genotypes, Responses.build(table), None, None)


def test_join_training_rows__what_was_observed_goes_with_its_pair():
    table = pd.DataFrame({"sample_id": SAMPLES, "time": np.arange(12.0), "event": [0, 1] * 6, "entry": 0.0})
    genotypes = Genotypes.from_dense(np.eye(11), SAMPLES[:11][::-1], [f"g{i}" for i in range(11)])
    pairs = join_training_rows(genotypes, Responses.build(table.iloc[::-1]), None, None).pairs
    assert pairs.observed is not None
    assert pairs.observed.happened is not None
    happened = dict(zip(pairs.sample_ids, pairs.observed.happened.tolist(), strict=True))
    assert happened == {sample: i % 2 == 1 for i, sample in enumerate(SAMPLES[:11])}


def cloned(scheme: str, column: str = "Clone", **settings: object) -> TrainingRows:
    """Four clones of three samples, the last of which is in no table."""
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d", "response": np.arange(12.0)})
    calls = np.repeat(np.eye(4), 3, axis=0)
    genotypes = Genotypes.from_dense(calls, SAMPLES, [f"g{i}" for i in range(4)])
    samples = pd.DataFrame(
        {"age": np.arange(12.0) % 5, column: np.repeat([1, 0, 1, 0], 3)}, index=pd.Index(SAMPLES, name="sample_id")
    ).iloc[:11]
    return join_training_rows(genotypes, Responses.build(table), None, samples, scheme=scheme, **settings)


def test_join_training_rows__lineages_of_a_column_are_known_in_every_scheme():
    for scheme in ("new-samples", "new-lineages"):
        rows = cloned(scheme)
        assert rows.pairs.lineages.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 2]
        assert (rows.lineages.column, rows.lineages.n_unknown) == ("Clone", 1)


def test_join_training_rows__lineages_are_made_only_where_they_are_held_out(caplog):
    assert cloned("new-samples", "row").pairs.lineages is None
    assert "lineages" not in caplog.text
    rows = cloned("new-lineages", "row")
    assert rows.pairs.lineages.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert "Lineages: made from genotype, 4 of 12 samples, the largest of 3" in caplog.text


def test_join_training_rows__lineages_that_are_held_out_are_no_covariate():
    # of 0 and 1, a column is one of yes and no
    assert list(cloned("new-samples").pairs.covariates) == ["age", "Clone"]
    rows = cloned("new-lineages")
    assert list(rows.pairs.covariates) == ["age"]
    assert rows.covariates.unused["Clone"] == "held out as lineage"
    assert list(cloned("new-lineages", covariates=["age"]).pairs.covariates) == ["age"]
    for named in ({"covariates": ["Clone"]}, {"arm": "Clone"}):
        with pytest.raises(
            InputError, match=rf'"Clone": holds the lineages, .*`{next(iter(named))}`, or choose another'
        ):
            cloned("new-lineages", **named)
        assert "Clone" in cloned("new-samples", **named).pairs.covariates


def test_join_training_rows__named_lineages_come_before_usual_ones():
    rows = cloned("new-lineages", lineage_column="age")
    assert rows.lineages.column == "age"
    assert list(rows.pairs.covariates) == ["Clone"]
    with pytest.raises(InputError, match="`lineage_column`"):
        cloned("new-samples", lineage_column="absent")
